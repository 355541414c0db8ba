#include "base/ctx.h"

/* Who finds no memory may take it for something else: a name that could not be copied
 * for one that is not there.  The arena knows better. */
static bool no_memory(const struct ctx *ctx, enum err code)
{
	return ctx->arena->failed && code != ERR_LIMIT && code != ERR_RETRY && code != ERR_UPSTREAM;
}

enum err fail_arg(struct ctx *ctx, enum err code, const char *field, const char *key, const char *arg)
{
	enum err told = no_memory(ctx, code) ? ERR_LIMIT : code;
	fault_add(ctx, code, field, key, arg);
	return told;
}

enum err fail(struct ctx *ctx, enum err code, const char *field, const char *key)
{
	return fail_arg(ctx, code, field, key, NULL);
}

/* A fault must be reportable even when the arena is full, so a copy that fails
 * falls back to a constant. */
static const char *keep(struct ctx *ctx, const char *text, const char *fallback)
{
	if (text == NULL)
		return fallback;
	const char *copy = arena_strdup(ctx->arena, text);
	return copy != NULL ? copy : fallback;
}

void fault_add(struct ctx *ctx, enum err code, const char *field, const char *key, const char *arg)
{
	struct faults *f = &ctx->faults;
	if (no_memory(ctx, code)) {
		code = ERR_LIMIT;
		field = "";
		key = "memory";
		arg = NULL;
	}
	if (f->count == 0)
		f->code = code;
	if (f->count >= FAULTS_MAX) {
		f->more = true;
		return;
	}
	f->list[f->count++] = (struct fault){
		.field = keep(ctx, field, ""),
		.key = keep(ctx, key, "memory"),
		.arg = keep(ctx, arg, NULL),
	};
}

void faults_keep(struct ctx *ctx)
{
	for (size_t i = 0; i < ctx->faults.count; i++) {
		struct fault *fault = &ctx->faults.list[i];
		fault->field = keep(ctx, fault->field, "");
		fault->key = keep(ctx, fault->key, "memory");
		fault->arg = keep(ctx, fault->arg, NULL);
	}
}

void faults_clear(struct ctx *ctx)
{
	ctx->faults.code = OK;
	ctx->faults.count = 0;
	ctx->faults.more = false;
}

enum err faults_code(const struct ctx *ctx)
{
	return ctx->faults.count == 0 ? OK : ctx->faults.code;
}
