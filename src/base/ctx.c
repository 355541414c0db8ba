#include "base/ctx.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static int64_t system_now(void *arg)
{
	(void)arg;
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void system_random(void *arg, void *out, size_t n)
{
	(void)arg;
	char *p = out;
	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);
		if (got < 0) {
			if (errno == EINTR)
				continue;
			abort(); /* no randomness: going on would hand out guessable secrets */
		}
		p += got;
		n -= (size_t)got;
	}
}

static const struct clock system_clock = {.now_ms = system_now, .random = system_random, .arg = NULL};

const struct clock *clock_system(void)
{
	return &system_clock;
}

void ctx_init(struct ctx *ctx, struct arena *arena, const struct clock *clock)
{
	/* all but the fault list, which is large and guarded by its count: not worth zeroing per request */
	memset(ctx, 0, offsetof(struct ctx, faults));
	ctx->arena = arena;
	ctx->clock = clock;
	ctx->locale = LOCALE_EN;
	ctx->request_id = "-";
	faults_clear(ctx);
}

int64_t ctx_now(const struct ctx *ctx)
{
	return ctx->clock->now_ms(ctx->clock->arg);
}

void ctx_random(const struct ctx *ctx, void *out, size_t n)
{
	ctx->clock->random(ctx->clock->arg, out, n);
}

bool ctx_expired(const struct ctx *ctx)
{
	return ctx->deadline_ms != 0 && ctx_now(ctx) > ctx->deadline_ms;
}
