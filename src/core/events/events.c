/* Appending to the change log, and telling who listens. */
#include "core/events/events.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/events/internal.h"
#include "core/gate/gate.h"
#include "sql_events.h"

static const char *const action_names[CHANGE_ACTION_COUNT] = {
	[CHANGE_CREATE] = "create",   [CHANGE_UPDATE] = "update", [CHANGE_DELETE] = "delete",
	[CHANGE_RESTORE] = "restore", [CHANGE_READ] = "read",     [CHANGE_EXPORT] = "export",
	[CHANGE_LOGIN] = "login",     [CHANGE_DENIED] = "denied",
};

const char *change_action_name(enum change_action action)
{
	return (unsigned)action < CHANGE_ACTION_COUNT ? action_names[action] : "";
}

/* --- listeners ------------------------------------------------------------- */

static void events_release(void *data)
{
	struct events *events = data;
	pthread_cond_destroy(&events->wake);
	pthread_mutex_destroy(&events->lock);
	free(events);
}

struct events *events_of(struct store *store)
{
	struct events *events = store_attached(store);
	if (events)
		return events;
	events = calloc(1, sizeof *events);
	if (!events)
		return NULL;
	events->store = store;
	pthread_mutex_init(&events->lock, NULL);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&events->wake, &attr);
	pthread_condattr_destroy(&attr);
	struct events *first = store_attach(store, events, events_release);
	if (first != events)
		events_release(events);
	return first;
}

enum err events_subscribe(struct store *store, events_wake_fn fn, void *arg)
{
	struct events *events = events_of(store);
	if (!events)
		return ERR_LIMIT;
	pthread_mutex_lock(&events->lock);
	size_t n = atomic_load(&events->n_wakers);
	if (n < LISTENERS_MAX) {
		events->wakers[n] = (struct waker){fn, arg};
		atomic_store(&events->n_wakers, n + 1);
	}
	pthread_mutex_unlock(&events->lock);
	return n < LISTENERS_MAX ? OK : ERR_LIMIT;
}

void events_unsubscribe(struct store *store, events_wake_fn fn, void *arg)
{
	struct events *events = events_of(store);
	if (!events)
		return;
	pthread_mutex_lock(&events->lock);
	size_t n = atomic_load(&events->n_wakers);
	for (size_t i = 0; i < n; i++) {
		if (events->wakers[i].fn != fn || events->wakers[i].arg != arg)
			continue;
		events->wakers[i] = events->wakers[n - 1];
		atomic_store(&events->n_wakers, n - 1);
		break;
	}
	pthread_mutex_unlock(&events->lock);
}

enum err events_on_commit(struct store *store, events_commit_fn fn, void *arg)
{
	struct events *events = events_of(store);
	if (!events)
		return ERR_LIMIT;
	pthread_mutex_lock(&events->lock);
	size_t n = atomic_load(&events->n_listeners);
	if (n < LISTENERS_MAX) {
		events->listeners[n] = (struct listener){fn, arg};
		atomic_store(&events->n_listeners, n + 1);
	}
	pthread_mutex_unlock(&events->lock);
	return n < LISTENERS_MAX ? OK : ERR_LIMIT;
}

void events_tell(struct events *events, int64_t last_seq)
{
	/* Several jobs of one batch end with the same newest entry: told once. */
	if (atomic_exchange(&events->woken, last_seq) == last_seq)
		return;
	/* under the lock, so that events_unsubscribe returns only when nobody is in a call */
	pthread_mutex_lock(&events->lock);
	size_t n = atomic_load(&events->n_wakers);
	for (size_t i = 0; i < n; i++)
		events->wakers[i].fn(events->wakers[i].arg, last_seq);
	pthread_mutex_unlock(&events->lock);
}

struct told {
	struct events *events;
	const char *entity;
	int64_t record_id;
	enum change_action action;
};

static void after_commit(struct store *store, void *arg)
{
	(void)store;
	const struct told *told = arg;
	size_t n = atomic_load(&told->events->n_listeners);
	for (size_t i = 0; i < n; i++)
		told->events->listeners[i].fn(told->events->listeners[i].arg, told->entity, told->record_id, told->action);
}

/* SQLite: the scratch of the one writer holds the newest entry of the whole batch by now. */
static void wake_from_chain(struct store *store, void *arg)
{
	const struct chain *chain = arg;
	events_tell(store_attached(store), chain->seq);
}

/* PostgreSQL: there is something to seal; the sealer tells the readers when it has. */
static void wake_sealer(struct store *store, void *arg)
{
	(void)arg;
	struct events *events = store_attached(store);
	pthread_mutex_lock(&events->lock);
	events->due = true;
	pthread_cond_signal(&events->wake);
	pthread_mutex_unlock(&events->lock);
}

static enum err tell_later(struct ctx *ctx, struct chain *chain, const struct change *change)
{
	struct events *events = store_attached(ctx->store);
	if (!events)
		return OK;
	if (chain->woken_job != chain->job) {
		bool lite = db_engine(ctx->db) == ENGINE_SQLITE;
		enum err err = db_on_commit(ctx, lite ? wake_from_chain : wake_sealer, chain);
		if (err)
			return err;
		chain->woken_job = chain->job;
	}
	if (atomic_load(&events->n_listeners) == 0)
		return OK;
	struct told *told = arena_alloc(ctx->arena, sizeof *told);
	char *entity = arena_strdup(ctx->arena, change->entity);
	if (!told || !entity)
		return fail(ctx, ERR_LIMIT, "", "memory");
	*told = (struct told){events, entity, change->record_id, change->action};
	return db_on_commit(ctx, after_commit, told);
}

/* --- the hash ---------------------------------------------------------------- */

static pthread_once_t sodium_once = PTHREAD_ONCE_INIT;

/* Without it libsodium works as well, but not with this processor's own instructions. */
static void sodium_start(void)
{
	if (sodium_init() < 0)
		return; /* then the portable code it is */
}

static void put_i64(unsigned char *out, int64_t value)
{
	for (int i = 0; i < 8; i++)
		out[i] = (unsigned char)((uint64_t)value >> (8 * i));
}

void events_digest(int64_t salt, const char *diff, size_t n, unsigned char ret[HASH_SIZE])
{
	crypto_generichash_state state;
	unsigned char head[8];
	pthread_once(&sodium_once, sodium_start);
	put_i64(head, salt);
	crypto_generichash_init(&state, NULL, 0, HASH_SIZE);
	crypto_generichash_update(&state, head, sizeof head);
	crypto_generichash_update(&state, (const unsigned char *)diff, n);
	crypto_generichash_final(&state, ret, HASH_SIZE);
}

void events_hash(const unsigned char previous[HASH_SIZE], const struct change *change, int64_t salt,
                 const void *erased, unsigned char ret[HASH_SIZE])
{
	/* previous, content digest, nine numbers, then the two texts, whose lengths stand among the numbers */
	unsigned char head[2 * HASH_SIZE + 9 * 8];
	unsigned char *at = head;
	memcpy(at, previous, HASH_SIZE);
	at += HASH_SIZE;
	if (erased)
		memcpy(at, erased, HASH_SIZE);
	else
		events_digest(salt, change->diff, strlen(change->diff), at);
	at += HASH_SIZE;
	size_t entity_len = strlen(change->entity), request_len = strlen(change->request_id);
	const int64_t numbers[9] = {change->seq, change->at_ms, change->group, change->actor_id, change->actor_kind,
	                            change->record_id, (int64_t)change->action, (int64_t)entity_len, (int64_t)request_len};
	for (size_t i = 0; i < 9; i++, at += 8)
		put_i64(at, numbers[i]);
	crypto_generichash_state state;
	crypto_generichash_init(&state, NULL, 0, HASH_SIZE);
	crypto_generichash_update(&state, head, sizeof head);
	crypto_generichash_update(&state, (const unsigned char *)change->entity, entity_len);
	crypto_generichash_update(&state, (const unsigned char *)change->request_id, request_len);
	crypto_generichash_final(&state, ret, HASH_SIZE);
}

enum err events_head(struct ctx *ctx, int64_t *ret_seq, unsigned char ret_hash[HASH_SIZE])
{
	struct stmt *stmt;
	bool row = false;
	*ret_seq = 0;
	memset(ret_hash, 0, HASH_SIZE);
	enum err err = db_prepare(ctx, ctx->db, &sql_change_head, &stmt);
	if (err)
		return err;
	err = stmt_step(ctx, stmt, &row);
	if (!err && row) {
		*ret_seq = stmt_i64(stmt, 0);
		const void *hash = stmt_blob(stmt, 1);
		if (hash && stmt_bytes(stmt, 1) == HASH_SIZE)
			memcpy(ret_hash, hash, HASH_SIZE);
	}
	stmt_done(stmt);
	return err;
}

/* --- appending ------------------------------------------------------------------ */

static enum err insert_lite(struct ctx *ctx, struct chain *chain, struct change *change, const struct change_text *text)
{
	if (!chain->known) {
		enum err err = events_head(ctx, &chain->seq, chain->hash);
		if (err)
			return err;
		chain->known = true;
	}
	int64_t number = db_job_number(ctx->db);
	unsigned char hash[HASH_SIZE];
	change->seq = chain->seq + 1;
	change->group = chain->job == number ? chain->group : change->seq;
	events_hash(chain->hash, change, text->salt, text->digest, hash);
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_change_insert, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, change->seq);
	stmt_bind_i64(stmt, 2, change->at_ms);
	stmt_bind_i64(stmt, 3, change->group);
	stmt_bind_i64(stmt, 4, change->actor_id);
	stmt_bind_i64(stmt, 5, change->actor_kind);
	stmt_bind_text(stmt, 6, change->entity);
	stmt_bind_i64(stmt, 7, change->record_id);
	stmt_bind_i64(stmt, 8, (int64_t)change->action);
	stmt_bind_text(stmt, 9, change->diff);
	stmt_bind_text(stmt, 10, change->request_id);
	stmt_bind_i64(stmt, 11, text->salt);
	stmt_bind_blob(stmt, 12, hash, HASH_SIZE);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	if (err)
		return err;
	chain->seq = change->seq;
	memcpy(chain->hash, hash, HASH_SIZE);
	chain->job = number;
	chain->group = change->group;
	return OK;
}

/* Number, group and hash come when it is sealed (events_seal.c). */
static enum err insert_postgres(struct ctx *ctx, struct chain *chain, const struct change *change, int64_t salt)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_change_insert, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, change->at_ms);
	stmt_bind_i64(stmt, 2, change->actor_id);
	stmt_bind_i64(stmt, 3, change->actor_kind);
	stmt_bind_text(stmt, 4, change->entity);
	stmt_bind_i64(stmt, 5, change->record_id);
	stmt_bind_i64(stmt, 6, (int64_t)change->action);
	stmt_bind_text(stmt, 7, change->diff);
	stmt_bind_text(stmt, 8, change->request_id);
	stmt_bind_i64(stmt, 9, salt);
	err = stmt_run_later(ctx, stmt);
	stmt_done(stmt);
	chain->job = db_job_number(ctx->db);
	return err;
}

_Static_assert(sizeof(((struct change_text *)0)->digest) == HASH_SIZE, "one size of hash");

void change_text_make(const struct ctx *ctx, const char *diff, size_t n, struct change_text *ret)
{
	ret->diff = diff;
	ctx_random(ctx, &ret->salt, sizeof ret->salt);
	if (store_engine(ctx->store) == ENGINE_SQLITE)
		events_digest(ret->salt, diff, n, ret->digest);
}

enum err change_append(struct ctx *ctx, const char *entity, int64_t record_id, enum change_action action, const char *diff)
{
	struct change_text text;
	const char *given = diff ? diff : "";
	change_text_make(ctx, given, strlen(given), &text);
	return change_append_text(ctx, entity, record_id, action, &text);
}

enum err change_append_text(struct ctx *ctx, const char *entity, int64_t record_id, enum change_action action,
                            const struct change_text *text)
{
	struct chain *chain = db_scratch(ctx->db);
	struct change change = {
		.at_ms = ctx_now(ctx),
		.actor_id = ctx->actor ? ctx->actor->user_id : 0,
		.actor_kind = ctx->actor ? (int)ctx->actor->kind : ACTOR_SYSTEM,
		.entity = entity ? entity : "",
		.record_id = record_id,
		.action = action,
		.diff = text->diff,
		.request_id = ctx->request_id ? ctx->request_id : "-",
	};
	enum err err = db_engine(ctx->db) == ENGINE_SQLITE ? insert_lite(ctx, chain, &change, text)
	                                                   : insert_postgres(ctx, chain, &change, text->salt);
	return err ? err : tell_later(ctx, chain, &change);
}

/* --- readers' positions ------------------------------------------------------------ */

enum err reader_position(struct ctx *ctx, const char *reader, int64_t *ret_seq)
{
	struct stmt *stmt;
	bool row = false;
	*ret_seq = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_change_reader_get, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, reader);
	err = stmt_step(ctx, stmt, &row);
	if (!err && row)
		*ret_seq = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

enum err reader_advance(struct ctx *ctx, const char *reader, int64_t seq)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_change_reader_set, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, reader);
	stmt_bind_i64(stmt, 2, seq);
	stmt_bind_i64(stmt, 3, ctx_now(ctx));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}
