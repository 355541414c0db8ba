/* What every working function gets first: memory, database, who acts, the clock. */
#ifndef GUANXI_BASE_CTX_H
#define GUANXI_BASE_CTX_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct db;       /* core/store: one connection */
struct store;    /* core/store: the engine */
struct actor;    /* core/gate: who acts, and what they may do */
struct registry; /* core/entity: all entities */
struct app;      /* the program's services, for capabilities' hooks */
struct machine;   /* core/machine: what this machine alone knows */
struct settings;  /* core/settings: what the firm, its branches and users have set */
struct gathering; /* core/entity: new records of a write job that wait for its end */
struct granted;   /* core/approvals: what was approved of what is written now */

enum locale { LOCALE_EN, LOCALE_ZH_HANS, LOCALE_ZH_HANT, LOCALE_COUNT };

/* Time and randomness come from here, so that tests control them. */
struct clock {
	int64_t (*now_ms)(void *arg); /* UTC, milliseconds since 1970 */
	void (*random)(void *arg, void *out, size_t n);
	void *arg;
};

struct ctx {
	struct arena *arena;
	struct db *db;
	struct store *store;
	struct registry *registry;
	const struct actor *actor; /* NULL: nobody has signed in */
	const struct clock *clock;
	struct app *app;
	struct settings *settings; /* NULL: defaults hold */
	const struct machine *machine; /* NULL: nothing is sealed or called */
	struct gathering *gathering; /* NULL: records are written as they are made */
	struct granted *granted; /* NULL: nothing was */
	enum locale locale;
	uint32_t door;          /* capabilities that let the request in: whoever writes must still have them */
	int64_t deadline_ms;    /* 0: none; past it long work stops with ERR_LIMIT */
	const char *request_id; /* never NULL: "-" outside a request */
	struct faults faults;
};

/* A context with nothing but memory and a clock; the rest is filled in by whoever owns it. */
void ctx_init(struct ctx *ctx, struct arena *arena, const struct clock *clock);

int64_t ctx_now(const struct ctx *ctx);
void ctx_random(const struct ctx *ctx, void *out, size_t n);
bool ctx_expired(const struct ctx *ctx);

/* The real clock and the operating system's randomness. */
const struct clock *clock_system(void);

#endif
