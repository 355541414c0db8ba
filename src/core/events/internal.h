/* What the files of this folder share; nobody else includes it. */
#ifndef GUANXI_CORE_EVENTS_INTERNAL_H
#define GUANXI_CORE_EVENTS_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/events/events.h"

enum { HASH_SIZE = 32, LISTENERS_MAX = 16 };

/* In the write connection's scratch: where the chain stands (SQLite) and the job's
 * group.  A rollback takes it back together with the rows. */
struct chain {
	bool known;
	int64_t seq;
	int64_t job;       /* that the group belongs to */
	int64_t group;
	int64_t woken_job; /* its wake-up is registered */
	unsigned char hash[HASH_SIZE];
};
_Static_assert(sizeof(struct chain) <= DB_SCRATCH, "the chain fits the connection's scratch");

struct waker {
	events_wake_fn fn;
	void *arg;
};

struct listener {
	events_commit_fn fn;
	void *arg;
};

/* Attached to the store.  The lists only grow; readers look at the counts without the lock. */
struct events {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct waker wakers[LISTENERS_MAX];
	struct listener listeners[LISTENERS_MAX];
	atomic_size_t n_wakers, n_listeners;
	atomic_int_fast64_t woken; /* newest seq that was told */
	/* the sealer, PostgreSQL */
	struct store *store;
	pthread_t thread;
	bool thread_runs, stopping, due;
	int64_t seen; /* newest sealed entry passed to the listeners */
};

/* The store's listeners, made when first asked for; NULL without memory. */
struct events *events_of(struct store *store);
void events_tell(struct events *events, int64_t last_seq);

/* H(salt, diff), which is what the chain holds of the content. */
void events_digest(int64_t salt, const char *diff, size_t n, unsigned char ret[HASH_SIZE]);
/* The entry's own hash. `erased`: the digest of content that is gone, or NULL. */
void events_hash(const unsigned char previous[HASH_SIZE], const struct change *change, int64_t salt,
                 const void *erased, unsigned char ret[HASH_SIZE]);
/* Columns 0 to 9 of the SELECTs in change.sql; texts are borrowed from the statement. */
void events_row(const struct stmt *stmt, struct change *ret);
/* Seq and hash of the newest sealed entry; zeros when there is none. */
enum err events_head(struct ctx *ctx, int64_t *ret_seq, unsigned char ret_hash[HASH_SIZE]) MUST_CHECK;

#endif
