/* Readers of the change log: what a folder does after the fact, each at a position of its own.
 *
 * A reader runs in the turns of a service (core/services), which gives it a thread and, among nodes, a lease.  It looks at a batch
 * of entries with a read connection (`look`, where all the work is), and writes what follows in one job (`apply`) that moves its
 * position too: whatever becomes of the program in between, effects in the store happen once.  Where nothing follows, the position
 * is written now and then.
 *
 * An entry that fails READER_TRIES times is set aside with a note, and the others go on; administrators see it and give it up, with a reason. */
#ifndef GUANXI_CORE_READERS_READERS_H
#define GUANXI_CORE_READERS_READERS_H

#include "core/events/events.h"
#include "core/http/http.h"
#include "core/services/services.h"

enum { READER_TRIES = 3, READER_BATCH_MAX = 1000 };

struct reader {
	const char *name; /* of all readers: never changed */
	size_t batch;     /* entries at once, at most READER_BATCH_MAX */
	/* As the system. `list` lives until the turn ends. *ret_any: there is something to apply. ERR_RETRY: later. */
	enum err (*look)(struct ctx *ctx, void *arg, const struct change *list, size_t n, bool *ret_any);
	/* In a write job, as the system: may be run again after a rollback. */
	enum err (*apply)(struct ctx *ctx, void *arg);
};

/* Between turns. */
struct reader_state {
	bool known;
	int64_t seen;       /* the last entry that was dealt with */
	int64_t written;    /* where its position stands in the store */
	int64_t written_ms;
	int tries;          /* of the batch at hand */
};

/* One turn: at most one batch; sets turn->wait_ms to 0 while there is more. A new reader begins at the log's end. */
enum err reader_turn(struct ctx *ctx, const struct reader *reader, struct reader_state *state, void *arg, struct service_turn *turn) MUST_CHECK;

/* GET /api/v1/readers, POST …/skip: for administrators. */
extern const struct route readers_routes[];
extern const struct migration readers_steps[];
enum { READERS_STEPS = 1 };

#endif
