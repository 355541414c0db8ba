/* The change log: every write appends here, in the same transaction.  Audit trail,
 * timelines, live updates, webhooks, automation, search and warehouse read it,
 * each with a durable position of its own.
 *
 * Each entry carries the hash of the one before it, so that a changed or missing
 * entry shows: hash = BLAKE2b-256(previous hash, canonical form of this entry).  The
 * canonical form holds a salted hash of `diff`, so that personal data can be erased
 * from the log (change_erase) and the chain still holds.
 *
 * Table `change`: seq (1, 2, 3 … without gaps), at, grp, actor_id, actor_kind, entity
 * (text), record_id, action, diff, request_id, salt, erased, hash.  Rows cannot be
 * changed or deleted with SQL.  On PostgreSQL transactions end in another order than
 * they began: entries wait in `change_new`, under a number above CHANGE_UNSEALED, until
 * no older transaction is open; then the sealer numbers them and chains them into
 * `change`.  change_history shows both; everything else reads sealed entries only. */
#ifndef GUANXI_CORE_EVENTS_EVENTS_H
#define GUANXI_CORE_EVENTS_EVENTS_H

#include "base/buf.h"
#include "core/store/store.h"

/* Above it stand the passing numbers of entries not yet sealed (PostgreSQL). */
#define CHANGE_UNSEALED ((int64_t)1 << 52)

/* The first four change a record's content. */
enum change_action {
	CHANGE_CREATE,
	CHANGE_UPDATE,
	CHANGE_DELETE,
	CHANGE_RESTORE,
	CHANGE_READ,    /* who saw what: views of sensitive values */
	CHANGE_EXPORT,
	CHANGE_LOGIN,   /* and other things of access: the text says which */
	CHANGE_DENIED,
	CHANGE_ACTION_COUNT
};

struct change {
	int64_t seq; /* set by the log */
	int64_t at_ms;
	int64_t group; /* what one request or job changed together; set by the log */
	int64_t actor_id;
	int actor_kind; /* enum actor_kind */
	const char *entity; /* "" for changes of no entity */
	int64_t record_id;
	enum change_action action;
	const char *diff; /* JSON {"field":[before,after],…}; create: {"field":[null,after]}; delete: full content; never F_SECRET */
	const char *request_id;
};

/* Within a write job: appends; at_ms, actor and request come from ctx. */
enum err change_append(struct ctx *ctx, const char *entity, int64_t record_id, enum change_action action, const char *diff) MUST_CHECK;
const char *change_action_name(enum change_action action);

/* The content of an entry, made ready on any thread: for who writes very many. */
struct change_text {
	const char *diff; /* borrowed */
	int64_t salt;
	unsigned char digest[32]; /* of both, SQLite; PostgreSQL's sealer makes its own */
};
void change_text_make(const struct ctx *ctx, const char *diff, size_t n, struct change_text *ret);
enum err change_append_text(struct ctx *ctx, const char *entity, int64_t record_id, enum change_action action,
                            const struct change_text *text) MUST_CHECK;

/* Reads forward from after_seq; entries are complete (no gaps that later fill). Stops at `max`. */
typedef enum err (*change_fn)(struct ctx *ctx, const struct change *change, void *arg);
enum err change_read(struct ctx *ctx, int64_t after_seq, size_t max, change_fn fn, void *arg, int64_t *ret_last) MUST_CHECK;
/* History of one record, newest first, before `before_seq` (0: from the end). */
enum err change_history(struct ctx *ctx, const char *entity, int64_t record_id, int64_t before_seq, size_t max, change_fn fn, void *arg) MUST_CHECK;
/* The same of what changed its content alone: looks at it, exports and refusals are passed over, however many. */
enum err change_history_content(struct ctx *ctx, const char *entity, int64_t record_id, size_t max, change_fn fn, void *arg) MUST_CHECK;
enum err change_last_seq(struct ctx *ctx, int64_t *ret) MUST_CHECK;

/* Newest first, for the audit trail; zero and NULL members do not filter. */
struct change_filter {
	const char *entity;
	int64_t record_id;
	int64_t actor_id;
	bool by_action;
	enum change_action action;
	int64_t from_ms, to_ms; /* from <= at < to */
	int64_t before_seq;
	size_t max;
};
enum err change_find(struct ctx *ctx, const struct change_filter *filter, change_fn fn, void *arg) MUST_CHECK;

/* All entries of one group (see struct change), in order. */
enum err change_group(struct ctx *ctx, int64_t group, change_fn fn, void *arg) MUST_CHECK;

/* In a write job: takes the content out of all entries about a record (their diff
 * becomes ""), for the erasure of a person. Who, when and what kind stay. */
enum err change_erase(struct ctx *ctx, const char *entity, int64_t record_id, int64_t *ret_count) MUST_CHECK;

/* Verifies the chain from `from_seq`; *ret_bad is the first wrong entry or 0. */
enum err change_verify(struct ctx *ctx, int64_t from_seq, int64_t *ret_checked, int64_t *ret_bad, char ret_head_hex[65]) MUST_CHECK;

/* Durable positions of log readers. */
enum err reader_position(struct ctx *ctx, const char *reader, int64_t *ret_seq) MUST_CHECK;
enum err reader_advance(struct ctx *ctx, const char *reader, int64_t seq) MUST_CHECK; /* in a write job */

/* Wakes sleeping readers (SSE, jobs) after commits: called with the newest seq on
 * the writer's thread; must not block. */
typedef void (*events_wake_fn)(void *arg, int64_t last_seq);
enum err events_subscribe(struct store *store, events_wake_fn fn, void *arg) MUST_CHECK;
/* When this returns `fn` is not running and will not be called again. Not from within `fn`. */
void events_unsubscribe(struct store *store, events_wake_fn fn, void *arg);
/* Called for each committed change before its request is answered, so that caches
 * of rights are dropped in time.  On PostgreSQL from several threads at once, and once
 * more after sealing, for changes of other nodes. */
typedef void (*events_commit_fn)(void *arg, const char *entity, int64_t record_id, enum change_action action);
enum err events_on_commit(struct store *store, events_commit_fn fn, void *arg) MUST_CHECK;

/* Starts and stops the sealer (a thread; PostgreSQL only, nothing on SQLite).  It also
 * hears of other nodes' changes and passes them to the listeners above, within a second.
 * Stop it before store_free. */
enum err events_start(struct ctx *ctx, struct store *store) MUST_CHECK;
void events_stop(struct store *store);
/* In a write job: seals what can be sealed now; *ret_more: some must wait. For tests and tools; the sealer does it. */
enum err events_seal(struct ctx *ctx, int64_t *ret_sealed, bool *ret_more) MUST_CHECK;
/* How many entries of one request's still wait to be sealed, because some transaction in the cluster is older. */
enum err events_waiting(struct ctx *ctx, const char *request_id, int64_t *ret) MUST_CHECK;

extern const char *const events_ddl_sqlite;
extern const char *const events_ddl_postgres;
/* A schema step, for both engines: the index of deletions. */
extern const char *const events_ddl_deleted;

#endif
