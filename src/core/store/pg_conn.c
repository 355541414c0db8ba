/* A connection to PostgreSQL: opening, session settings, reconnecting, and what its errors mean. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/store/pg_internal.h"

#include "base/str.h"
#include "base/timeutil.h"

enum {
	VERSION_MIN = 150000,
	DEAD_MAX = 1 << 16,
	DOWN_PAUSE_US = 250000, /* after a failed attempt nobody tries again for this long */
	DEADLINE_STEP_MS = 5000, /* deadlines are rounded up, so that the timeout seldom changes */
};

/* --- errors ------------------------------------------------------------------- */

struct meaning {
	const char *state; /* SQLSTATE or its beginning; the first match counts */
	enum err err;
	const char *key;
	bool again;
};

static const struct meaning meanings[] = {
	{"23505", ERR_CONFLICT, "unique", false},
	{"23P01", ERR_CONFLICT, "unique", false},
	{"23503", ERR_CONFLICT, "reference", false},
	{"23001", ERR_CONFLICT, "reference", false},
	{"23502", ERR_INVALID, "required", false},
	{"23514", ERR_INVALID, "check", false},
	{"40", ERR_RETRY, "busy", true},
	{"55P03", ERR_RETRY, "busy", false},
	{"57014", ERR_LIMIT, "budget", false},
	{"53100", ERR_LIMIT, "disk_full", false},
	{"53200", ERR_LIMIT, "memory", false},
	{"53300", ERR_RETRY, "connection_lost", true},
	{"57P", ERR_RETRY, "connection_lost", true},
	{"08", ERR_RETRY, "connection_lost", true},
	{"25006", ERR_FORBIDDEN, "read_only", false},
	{"P0001", ERR_CONFLICT, "refused", false},
	{"22003", ERR_INVALID, "number_range", false},
	{"22", ERR_INVALID, "value", false},
	{"54", ERR_LIMIT, "too_large", false},
	{"58", ERR_UPSTREAM, "io", false},
	{"XX", ERR_UPSTREAM, "corrupt", false},
	{"28", ERR_UPSTREAM, "store_open", false},
	{"3D000", ERR_UPSTREAM, "store_open", false},
	{"42501", ERR_UPSTREAM, "store_rights", false},
};

/* "Key (a, b)=(1, 2) …" as "table.a, table.b". */
static const char *columns_of(struct ctx *ctx, const char *table, const char *start, const char *end)
{
	struct buf buf;
	buf_init(&buf, 1000);
	while (start < end) {
		size_t n = strcspn(start, ",)");
		size_t quotes = n >= 2 && *start == '"';
		buf_printf(&buf, "%s%s.", buf.len ? ", " : "", table);
		buf_add(&buf, start + quotes, n - 2 * quotes);
		start += n + (start[n] == ',' ? 2 : 0);
	}
	const char *found = arena_strdup(ctx->arena, buf_text(&buf));
	buf_release(&buf);
	return found;
}

/* "table.column[, table.column]" where the error tells the column or its detail lists them,
 * which it does in every language; else the constraint's name. */
static const char *place_of(struct ctx *ctx, const PGresult *res)
{
	const char *table = PQresultErrorField(res, PG_DIAG_TABLE_NAME);
	const char *column = PQresultErrorField(res, PG_DIAG_COLUMN_NAME);
	const char *constraint = PQresultErrorField(res, PG_DIAG_CONSTRAINT_NAME);
	const char *detail = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
	const char *found = NULL;
	if (table && column) {
		found = arena_printf(ctx->arena, "%s.%s", table, column);
	} else if (table && detail) {
		const char *start = strchr(detail, '(');
		const char *end = start ? strstr(start, ")=(") : NULL;
		if (end && !memchr(start + 1, '(', (size_t)(end - start - 1))) /* not an expression */
			found = columns_of(ctx, table, start + 1, end);
	}
	if (!found)
		found = constraint;
	return found ? found : "";
}

bool pg_is_lost(const struct pg_conn *pg)
{
	return pg->lost || PQstatus(pg->conn) != CONNECTION_OK;
}

static const struct meaning *meaning_of(const char *state)
{
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if (strncmp(state, meanings[i].state, strlen(meanings[i].state)) == 0)
			return &meanings[i];
	return NULL;
}

/* All statements are prepared anew, under other names. */
static void forget_prepared(struct pg_conn *pg)
{
	pg->generation++;
	buf_reset(&pg->dead);
	buf_puts(&pg->dead, "DEALLOCATE ALL;");
}

/* A server that ends the connection says why before libpq sees the end. */
static bool ends_connection(const struct pg_conn *pg, const PGresult *res)
{
	const char *severity = res ? PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED) : NULL;
	return pg_is_lost(pg) || str_equal(severity, "FATAL") || str_equal(severity, "PANIC");
}

/* What is prepared no longer fits: the statement is unknown, or its table was altered. */
static bool is_stale(const char *state, const char *message)
{
	return strcmp(state, "26000") == 0 || (strcmp(state, "0A000") == 0 && message && strstr(message, "cached plan"));
}

enum err pg_fail(struct ctx *ctx, struct pg_conn *pg, const PGresult *res)
{
	if (ends_connection(pg, res)) {
		pg->lost = pg->again = true;
		return fail(ctx, ERR_RETRY, "", "connection_lost");
	}
	const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
	if (!state)
		return fail_arg(ctx, ERR_UPSTREAM, "", "store", PQerrorMessage(pg->conn));
	const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	if (is_stale(state, message)) {
		forget_prepared(pg);
		pg->again = true;
		return fail(ctx, ERR_RETRY, "", "busy");
	}
	const struct meaning *m = meaning_of(state);
	if (!m)
		return fail_arg(ctx, ERR_BUG, state, "sql", message);
	pg->again |= m->again;
	bool placed = strncmp(state, "23", 2) == 0;
	bool tell = m->err == ERR_UPSTREAM || strcmp(m->key, "refused") == 0;
	return fail_arg(ctx, m->err, placed ? place_of(ctx, res) : "", m->key, tell ? message : NULL);
}

/* --- opening -------------------------------------------------------------------- */

static void ignore_notice(void *arg, const PGresult *res)
{
	(void)arg;
	(void)res;
}

static PGconn *dial(const struct store *store)
{
	/* What stands before dbname is a default, which the address may override. */
	static const char *const keys[] = {"connect_timeout", "gssencmode", "keepalives_idle", "tcp_user_timeout",
	                                   "dbname", "client_encoding", "fallback_application_name", NULL};
	const char *const values[] = {"5", "disable", "30", "15000", store->pg_url, "UTF8", "guanxi", NULL};
	return PQconnectdbParams(keys, values, 1);
}

enum err pg_run(struct ctx *ctx, struct pg_conn *pg, const char *text)
{
	PGresult *res = PQexec(pg->conn, text);
	ExecStatusType status = PQresultStatus(res);
	enum err err = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY ? OK : pg_fail(ctx, pg, res);
	PQclear(res);
	return err;
}

static enum err check_server(struct ctx *ctx, struct pg_conn *pg)
{
	if (PQserverVersion(pg->conn) < VERSION_MIN)
		return fail_arg(ctx, ERR_INVALID, "pg_url", "server_version", PQparameterStatus(pg->conn, "server_version"));
	const char *encoding = PQparameterStatus(pg->conn, "server_encoding");
	if (!str_equal(encoding, "UTF8"))
		return fail_arg(ctx, ERR_INVALID, "pg_url", "server_encoding", encoding);
	return OK;
}

enum err pg_session(struct ctx *ctx, struct pg_conn *pg)
{
	char text[1024];
	enum err err = check_server(ctx, pg);
	if (err)
		return err;
	/* Durable even where the server's default is not; stronger settings (remote_apply) stay. */
	(void)snprintf(text, sizeof text,
		"SET search_path TO \"%s\", public; SET client_min_messages TO warning; SET standard_conforming_strings TO on;"
		"SET TimeZone TO 'UTC'; SET bytea_output TO hex; SET jit TO off; SET statement_timeout TO 0;"
		"SET lock_timeout TO '%ds'; SET default_transaction_read_only TO %s;"
		"SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
		pg->store->pg_schema, pg->writer ? 10 : 0, pg->writer ? "off" : "on");
	err = pg_run(ctx, pg, text);
	if (err)
		return err;
	pg->generation++;
	pg->timeout_ms = 0;
	pg->streaming = NULL;
	pg->queued = 0;
	pg->piped = false;
	buf_reset(&pg->dead);
	pthread_mutex_lock(&pg->lock);
	PQfreeCancel(pg->cancel);
	pg->cancel = PQgetCancel(pg->conn);
	pthread_mutex_unlock(&pg->lock);
	return OK;
}

enum err pg_connect(struct ctx *ctx, struct store *store, bool writer, struct pg_conn **ret)
{
	struct pg_conn *pg = calloc(1, sizeof *pg);
	if (!pg)
		return fail(ctx, ERR_LIMIT, "", "memory");
	pg->store = store;
	pg->writer = writer;
	pthread_mutex_init(&pg->lock, NULL);
	buf_init(&pg->dead, DEAD_MAX);
	pg->conn = dial(store);
	enum err err = OK;
	if (!pg->conn || pg_is_lost(pg))
		err = fail_arg(ctx, ERR_UPSTREAM, "", "store_open", pg->conn ? PQerrorMessage(pg->conn) : NULL);
	if (!err) {
		PQsetNoticeReceiver(pg->conn, ignore_notice, NULL);
		err = pg_session(ctx, pg);
	}
	if (err) {
		pg_close(pg);
		return err;
	}
	*ret = pg;
	return OK;
}

void pg_close(struct pg_conn *pg)
{
	if (!pg)
		return;
	PQfreeCancel(pg->cancel);
	PQfinish(pg->conn);
	pg_copy_drop(pg);
	buf_release(&pg->dead);
	pthread_mutex_destroy(&pg->lock);
	free(pg);
}

enum err pg_reconnect(struct ctx *ctx, struct pg_conn *pg)
{
	/* While the server is away, one attempt at a time is enough for all. */
	int64_t now = time_monotonic_us();
	if (now < atomic_load(&pg->store->down_until_us))
		return fail(ctx, ERR_RETRY, "", "connection_lost");
	PQreset(pg->conn);
	pg->lost = false;
	if (pg_is_lost(pg)) {
		atomic_store(&pg->store->down_until_us, time_monotonic_us() + DOWN_PAUSE_US);
		return fail(ctx, ERR_RETRY, "", "connection_lost");
	}
	enum err err = pg_session(ctx, pg);
	if (err)
		return err;
	atomic_fetch_add_explicit(&pg->store->reconnects, 1, memory_order_relaxed);
	return OK;
}

void pg_interrupt(struct pg_conn *pg)
{
	char why[256];
	pthread_mutex_lock(&pg->lock);
	if (pg->cancel)
		(void)PQcancel(pg->cancel, why, sizeof why);
	pthread_mutex_unlock(&pg->lock);
}

/* --- commands --------------------------------------------------------------------- */

/* A read connection that broke while idle is made anew before it is used. */
static enum err ready(struct ctx *ctx, struct db *db)
{
	struct pg_conn *pg = db->pg;
	if (pg_is_lost(pg) && !pg->writer) {
		if (db->in_read)
			return fail(ctx, ERR_RETRY, "", "connection_lost");
		return pg_reconnect(ctx, pg);
	}
	return pg_make_free(ctx, pg);
}

/* A savepoint is released together with what was sent ahead in it, in one round trip. */
static bool goes_along(const struct pg_conn *pg, const char *text)
{
	return pg->queued && !pg->piped && !pg->copied && !pg_is_lost(pg) && str_starts(text, "RELEASE ");
}

enum err pg_command(struct ctx *ctx, struct db *db, const char *text)
{
	if (goes_along(db->pg, text)) {
		enum err queued = pg_queue_text(ctx, db->pg, text), end = pg_finish_queue(ctx, db->pg, NULL);
		return queued ? queued : end;
	}
	size_t known = ctx->faults.count;
	enum err err = ready(ctx, db);
	if (err && !pg_is_lost(db->pg) && str_starts(text, "ROLLBACK TO")) {
		/* What was sent ahead and failed is just what is undone. */
		ctx->faults.count = known;
		err = OK;
	}
	if (err)
		return err;
	/* Nothing can go wrong with it: its answer comes with the next statement's. */
	if (db->pg->writer && str_starts(text, "SAVEPOINT "))
		return pg_queue_text(ctx, db->pg, text);
	bool alone = !db->in_read && !db->pg->writer; /* BEGIN of a read view */
	err = pg_run(ctx, db->pg, text);
	if (err && alone && db->pg->lost) {
		size_t faults = ctx->faults.count;
		if (pg_reconnect(ctx, db->pg) != OK)
			return err;
		ctx->faults.count = faults ? faults - 1 : 0;
		err = pg_run(ctx, db->pg, text);
	}
	return err;
}

enum err pg_exec(struct ctx *ctx, struct db *db, const char *text)
{
	return pg_command(ctx, db, text);
}

void pg_end_read(struct db *db)
{
	/* Whatever it says: a failed or lost transaction is over as well. */
	if (PQtransactionStatus(db->pg->conn) != PQTRANS_IDLE)
		PQclear(PQexec(db->pg->conn, "ROLLBACK"));
}

enum err pg_apply_budget(struct ctx *ctx, struct db *db)
{
	int64_t ms = db->budget_ms;
	if (ctx->deadline_ms && !db->pg->writer) {
		int64_t left = ctx->deadline_ms - ctx_now(ctx);
		if (left <= 0)
			return fail(ctx, ERR_LIMIT, "", "budget");
		left = (left + DEADLINE_STEP_MS - 1) / DEADLINE_STEP_MS * DEADLINE_STEP_MS;
		if (ms == 0 || left < ms)
			ms = left;
	}
	if (ms == db->pg->timeout_ms)
		return OK;
	char text[64];
	(void)snprintf(text, sizeof text, "SET statement_timeout TO %lld", (long long)(ms > INT32_MAX ? INT32_MAX : ms));
	enum err err = pg_run(ctx, db->pg, text);
	if (!err)
		db->pg->timeout_ms = ms;
	return err;
}

/* The tenant's schema is made on first use. */
enum err pg_make_schema(struct ctx *ctx, struct pg_conn *pg)
{
	char *text = arena_printf(ctx->arena,
		"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = '%s') THEN CREATE SCHEMA \"%s\"; END IF;"
		" EXCEPTION WHEN duplicate_schema OR unique_violation THEN NULL; END $$",
		pg->store->pg_schema, pg->store->pg_schema);
	return text ? pg_run(ctx, pg, text) : fail(ctx, ERR_LIMIT, "", "memory");
}
