/* Filling a segment from nothing, and finding the moments at which time alone turns its records. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "core/gate/gate.h"
#include "core/rest/query.h"
#include "segments/segments_internal.h"
#include "segments_sql.h"

enum { SLICE = 5000, TIMED_SLICE = 2000, EVENTS_MAX = 10000, IDS_MAX = 20000000 };

const struct setting segments_settings[] = {
	{.name = "segment.seconds", .type = SETTING_INT, .min = 1, .max = 3600, .fallback = "60", .group = {"Limits", "限制"},
	 .label = {"A segment may take to be filled (s)", "分群计算时限（秒）"},
	 .help = {"One that takes longer is refused: the others would wait for it.", "超时的分群不予计算，以免其他分群等待。"}},
	{.name = NULL},
};

struct ids {
	int64_t *list; /* malloc'd: very many */
	size_t n, cap;
};

struct filling {
	struct service_turn *turn;
	const struct segment *segment;
	struct ids old, now;
	int64_t *enter, *leave; /* parts of `old` and `now` that differ */
	size_t n_enter, n_leave, at;
	bool events, moves;
	const char *error;
};

static enum err add_id(struct ctx *ctx, struct ids *ids, int64_t id)
{
	if (ids->n == ids->cap) {
		size_t cap = ids->cap * 2 + 1024;
		int64_t *more = cap <= IDS_MAX ? realloc(ids->list, cap * sizeof(*more)) : NULL;
		if (!more)
			return fail(ctx, ERR_LIMIT, "", "memory");
		ids->list = more;
		ids->cap = cap;
	}
	ids->list[ids->n++] = id;
	return OK;
}

static enum err take_match(struct ctx *ctx, const struct query_row *row, void *arg)
{
	return add_id(ctx, arg, row->id);
}

static enum err read_now(struct ctx *ctx, struct filling *f, const struct condition *condition)
{
	struct query *query;
	enum err err = query_of_condition(ctx, condition, ACTION_READ, &query);
	return err ? err : query_run(ctx, query, take_match, &f->now);
}

static enum err read_old(struct ctx *ctx, struct filling *f)
{
	struct stmt *stmt;
	bool row;
	enum err err = db_prepare(ctx, ctx->db, &sql_segment_members, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, f->segment->id);
	while (!(err = stmt_step(ctx, stmt, &row)) && row && !err)
		err = add_id(ctx, &f->old, stmt_i64(stmt, 0));
	stmt_done(stmt);
	return err;
}

static int by_id(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* What is in one and not in the other stays at the front of each list. */
static void differ(struct filling *f)
{
	size_t i = 0, k = 0;
	f->enter = f->now.list;
	f->leave = f->old.list;
	while (i < f->now.n || k < f->old.n) {
		if (k == f->old.n || (i < f->now.n && f->now.list[i] < f->old.list[k]))
			f->enter[f->n_enter++] = f->now.list[i++];
		else if (i == f->now.n || f->old.list[k] < f->now.list[i])
			f->leave[f->n_leave++] = f->old.list[k++];
		else
			i++, k++;
	}
}

/* --- writing ---------------------------------------------------------------------------- */

static enum err run_ids(struct ctx *ctx, const struct sql *sql, int64_t a, int64_t b, int64_t c, int n)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, a);
	if (n > 1)
		stmt_bind_i64(stmt, 2, b);
	if (n > 2)
		stmt_bind_i64(stmt, 3, c);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err put_event(struct ctx *ctx, const struct filling *f, int64_t record, bool enters)
{
	struct stmt *stmt;
	if (!f->events)
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_segment_put_event, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, f->segment->id);
	stmt_bind_i64(stmt, 2, ctx_now(ctx));
	stmt_bind_i64(stmt, 3, record);
	stmt_bind_i64(stmt, 4, enters);
	stmt_bind_i64(stmt, 5, CAUSE_CONDITION);
	stmt_bind_i64(stmt, 6, 0);
	stmt_bind_text(stmt, 7, "");
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err write_slice(struct ctx *ctx, void *arg)
{
	const struct filling *f = arg;
	enum err err = OK;
	for (size_t i = f->at; !err && i < f->at + SLICE && i < f->n_enter + f->n_leave; i++) {
		bool enters = i < f->n_enter;
		int64_t id = enters ? f->enter[i] : f->leave[i - f->n_enter];
		err = enters ? run_ids(ctx, &sql_segment_enter, f->segment->id, id, ctx_now(ctx), 3) : run_ids(ctx, &sql_segment_leave, f->segment->id, id, 0, 2);
		if (!err)
			err = put_event(ctx, f, id, enters);
	}
	return err;
}

static enum err set_state(struct ctx *ctx, int64_t id, const char *state, const char *error)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_segment_set_state, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_text(stmt, 2, state);
	stmt_bind_text(stmt, 3, error);
	stmt_bind_i64(stmt, 4, ctx_now(ctx));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err write_end(struct ctx *ctx, void *arg)
{
	const struct filling *f = arg;
	struct stmt *stmt;
	struct segment *now;
	size_t found;
	/* changed or gone meanwhile: it still waits, or there is nothing to say */
	enum err err = segments_read(ctx, "waiting", f->segment->id, &now, &found);
	if (err || found == 0 || now->version != f->segment->version)
		return err;
	if (f->error)
		return set_state(ctx, f->segment->id, "failed", f->error);
	err = run_ids(ctx, &sql_segment_set_size, f->segment->id, (int64_t)f->now.n, 0, 2);
	if (!err)
		err = segment_note_size(ctx, f->segment->id, (int64_t)f->now.n);
	if (!err)
		err = run_ids(ctx, &sql_segment_clear_nexts, f->segment->id, 0, 0, 1);
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_segment_set_timed, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, f->segment->id);
	if (f->moves && f->segment->live)
		stmt_bind_i64(stmt, 2, 0);
	else
		stmt_bind_null(stmt, 2);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err ? err : set_state(ctx, f->segment->id, "ready", NULL);
}

static enum err write_all(struct ctx *ctx, struct filling *f)
{
	struct db *db = ctx->db;
	size_t n = f->error ? 0 : f->n_enter + f->n_leave;
	enum err err = OK;
	for (f->at = 0; !err && f->at < n; f->at += SLICE) {
		err = store_write(ctx, ctx->store, write_slice, f);
		ctx->db = db;
	}
	if (!err)
		err = store_write(ctx, ctx->store, write_end, f);
	ctx->db = db;
	return err;
}

/* --- filling ------------------------------------------------------------------------------- */

static enum err find_members(struct ctx *ctx, struct filling *f)
{
	struct condition *condition;
	const struct actor *before = ctx->actor;
	int64_t seconds = setting_int(ctx, &segments_settings[0]), until = ctx_now(ctx) + seconds * 1000;
	enum err err = segment_open(ctx, f->turn, f->segment, &condition);
	ctx->deadline_ms = until;
	if (!err)
		err = read_now(ctx, f, condition);
	f->moves = !err && condition->moves;
	ctx->actor = before;
	ctx->deadline_ms = 0;
	/* all segments are kept by one thread, so that none may hold it for as long as it likes */
	if (err == ERR_LIMIT && ctx_now(ctx) >= until) {
		faults_clear(ctx);
		err = fail_arg(ctx, ERR_INVALID, "", "segment_slow", arena_printf(ctx->arena, "%lld", (long long)seconds));
	}
	if (err == ERR_INVALID || err == ERR_FORBIDDEN || err == ERR_DENIED || err == ERR_NOT_FOUND) {
		const struct fault *fault = ctx->faults.count > 0 ? &ctx->faults.list[0] : NULL;
		f->error = arena_printf(ctx->arena, "%s %s", fault ? fault->key : "?", fault && fault->arg ? fault->arg : "");
		faults_clear(ctx);
		return f->error ? OK : fail(ctx, ERR_LIMIT, "", "memory");
	}
	return err;
}

static enum err fill_one(struct ctx *ctx, struct service_turn *turn, const struct segment *segment)
{
	struct filling f = {.turn = turn, .segment = segment};
	enum err err = find_members(ctx, &f);
	if (!err && !f.error)
		err = read_old(ctx, &f);
	if (!err && !f.error) {
		if (f.now.n > 1)
			qsort(f.now.list, f.now.n, sizeof(*f.now.list), by_id);
		differ(&f);
		f.events = segment->counted && f.n_enter + f.n_leave <= EVENTS_MAX;
	}
	if (!err)
		err = write_all(ctx, &f);
	free(f.old.list);
	free(f.now.list);
	return err;
}

/* --- moments ---------------------------------------------------------------------------------- */

struct timing {
	struct segment_work work;
	int64_t segment, after;
	bool done;
};

static enum err write_timed(struct ctx *ctx, void *arg)
{
	struct timing *t = arg;
	struct stmt *stmt;
	enum err err = segment_look_apply(ctx, &t->work);
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_segment_set_timed, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, t->segment);
	if (t->done)
		stmt_bind_null(stmt, 2);
	else
		stmt_bind_i64(stmt, 2, t->after);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err next_ids(struct ctx *ctx, const struct entity_info *info, int64_t after, int64_t *ids, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = true;
	*ret_n = 0;
	const char *sql = arena_printf(ctx->arena, "SELECT \"id\" FROM \"%s\" WHERE \"id\" > ?1 ORDER BY \"id\" LIMIT %d", info->entity->name, TIMED_SLICE);
	enum err err = sql ? db_prepare_text(ctx, ctx->db, sql, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, after);
	while (*ret_n < TIMED_SLICE && !(err = stmt_step(ctx, stmt, &row)) && row)
		ids[(*ret_n)++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

static enum err time_slice(struct ctx *ctx, struct timing *t, const struct segment *segment)
{
	struct condition *condition;
	struct condition_run run;
	size_t n = 0;
	int64_t *ids = arena_array(ctx->arena, TIMED_SLICE, sizeof(*ids));
	const struct actor *before = ctx->actor;
	enum err err = ids ? next_ids(ctx, segment->info, t->after, ids, &n) : fail(ctx, ERR_LIMIT, "", "memory");
	if (!err)
		err = segment_open(ctx, t->work.turn, segment, &condition);
	if (err) {
		ctx->actor = before;
		return err;
	}
	condition_run_begin(ctx, &run);
	for (size_t i = 0; !err && i < n; i++)
		err = segment_ask(&run, segment, condition, (struct segment_move){.record_id = ids[i], .cause = CAUSE_TIME}, &t->work.moves);
	condition_run_end(&run);
	ctx->actor = before;
	t->after = n > 0 ? ids[n - 1] : t->after;
	t->done = n < TIMED_SLICE;
	return err;
}

static enum err look_at_moments(struct ctx *ctx, struct service_turn *turn, bool *ret_did)
{
	struct timing t = {.work = {.turn = turn}};
	struct segment *segment;
	struct stmt *stmt;
	bool row = false;
	size_t found;
	enum err err = db_prepare(ctx, ctx->db, &sql_segment_untimed, &stmt);
	if (err)
		return err;
	err = stmt_step(ctx, stmt, &row);
	if (!err && row) {
		t.segment = stmt_i64(stmt, 0);
		t.after = stmt_i64(stmt, 1);
	}
	stmt_done(stmt);
	if (!err && row)
		err = segments_read(ctx, "ready", t.segment, &segment, &found);
	if (err || !row || found == 0 || !segment->info)
		return err;
	struct db *db = ctx->db;
	err = time_slice(ctx, &t, segment);
	if (!err)
		err = store_write(ctx, ctx->store, write_timed, &t);
	ctx->db = db;
	*ret_did = true;
	return err;
}

enum err segment_fill(struct ctx *ctx, struct service_turn *turn, bool *ret_did)
{
	struct segment *list;
	size_t n;
	*ret_did = false;
	enum err err = segments_read(ctx, "waiting", 0, &list, &n);
	if (err)
		return err;
	if (n == 0)
		return look_at_moments(ctx, turn, ret_did);
	*ret_did = true;
	return fill_one(ctx, turn, &list[0]);
}
