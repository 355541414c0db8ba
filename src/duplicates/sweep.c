/* All pairs above a probability merged, one write job each, by a job that can be stopped; every merge comes apart like any other. */
#include <jansson.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/store/store.h"
#include "duplicates/merge.h"
#include "duplicates/pair.h"
#include "duplicates/scan.h"
#include "duplicates_sql.h"

struct sweep_body {
	json_t *min;
	int64_t expected;
	bool preview;
};

const struct spec sweep_specs[] = {
	{"min", SPEC_JSON, offsetof(struct sweep_body, min), true, 0, "The least probability, such as 0.99"},
	{"expected", SPEC_INT, offsetof(struct sweep_body, expected), false, 0, "How many pairs the person confirmed"},
	{"preview", SPEC_BOOL, offsetof(struct sweep_body, preview), false, 0, "Only say how many pairs there are"},
	{0},
};

static enum err count_pairs(struct ctx *ctx, int64_t min, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_pair_count, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, min);
	stmt_bind_i64(stmt, 2, INT64_MAX);
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

static enum err allowed(struct ctx *ctx)
{
	enum err err = merge_allowed(ctx);
	bool all = err == OK && entity_scope(ctx->actor, registry_find(ctx->registry, "customer"), ACTION_UPDATE) == SCOPE_ALL && gate_cap(ctx->actor, CAP_BULK);
	return err != OK || all ? err : fail_arg(ctx, ERR_FORBIDDEN, "", "sweep_all", "bulk");
}

static enum err answer_number(struct http_response *res, int64_t n)
{
	struct jsonw w;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_int(&w, "pairs", n);
	jsonw_end_object(&w);
	return OK;
}

/* What was confirmed is what happens, or nothing. */
static enum err begin(struct ctx *ctx, int64_t chance, int64_t expected, int64_t n, struct http_response *res)
{
	struct scan_state s;
	const char *payload = arena_printf(ctx->arena, "%lld", (long long)chance);
	if (expected != n)
		return fail_arg(ctx, ERR_CONFLICT, "expected", "sweep_number", arena_printf(ctx->arena, "%lld", (long long)n));
	enum err err = payload != NULL ? scan_state_begin(ctx, WORK_SWEEP, "duplicates_merge", payload) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = scan_state_read(ctx, WORK_SWEEP, &s);
	if (err == OK)
		scan_state_answer(&s, res);
	http_status(res, 202);
	return err;
}

enum err sweep_http(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct sweep_body body = {0};
	int64_t n = 0;
	enum err err = http_read_body(ctx, req, &body);
	double min = err == OK && json_is_number(body.min) ? json_number_value(body.min) : -1;
	if (err == OK && !(min > 0 && min <= 1))
		err = fail(ctx, ERR_INVALID, "min", "pair_chance");
	if (err == OK)
		err = allowed(ctx);
	int64_t chance = (int64_t)(min * PAIR_PPM);
	if (err == OK)
		err = count_pairs(ctx, chance, &n);
	if (err != OK)
		return err;
	return body.preview ? answer_number(res, n) : begin(ctx, chance, body.expected, n, res);
}

/* --- the job --------------------------------------------------------------------------------- */

struct place {
	int64_t chance, a, b; /* the last pair that was looked at */
	int64_t done, refused;
	bool more;
};

struct sweep {
	const struct job *job;
	int64_t min;
	struct place at, next; /* next: after the write job at hand, which may be run again */
	const char *error;
};

static enum err next_pair(struct ctx *ctx, const struct sweep *s, struct place *place)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_pair_list, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, PAIR_OPEN);
	stmt_bind_i64(stmt, 2, s->min);
	stmt_bind_i64(stmt, 3, place->chance);
	stmt_bind_i64(stmt, 4, place->a);
	stmt_bind_i64(stmt, 5, place->b);
	stmt_bind_i64(stmt, 6, 1);
	err = stmt_step(ctx, stmt, &place->more);
	if (err == OK && place->more) {
		place->a = stmt_i64(stmt, 0);
		place->b = stmt_i64(stmt, 1);
		place->chance = stmt_i64(stmt, 2);
	}
	stmt_done(stmt);
	return err;
}

static enum err merge_best(struct ctx *ctx, int64_t a, int64_t b)
{
	const struct entity_info *info = registry_find(ctx->registry, "customer");
	struct record *first, *second;
	int64_t merge;
	enum err err = record_load(ctx, info, a, &first);
	if (err == OK)
		err = record_load(ctx, info, b, &second);
	if (err != OK)
		return err;
	bool second_stays = merge_second_stays(first, second);
	return merge_two(ctx, second_stays ? b : a, second_stays ? a : b, &merge);
}

/* The next pair; what is refused stays for people to look at. */
static enum err one(struct ctx *ctx, void *arg)
{
	struct sweep *s = arg;
	struct place *next = &s->next;
	*next = s->at;
	enum err err = job_hold(ctx, s->job, next->done + next->refused, 0, NULL);
	if (err == OK)
		err = next_pair(ctx, s, next);
	if (err != OK || !next->more)
		return err;
	const struct faults before = ctx->faults;
	err = db_savepoint(ctx);
	if (err == OK)
		err = merge_best(ctx, next->a, next->b);
	if (err == OK) {
		next->done++;
		return db_release(ctx);
	}
	if (err != ERR_CONFLICT && err != ERR_INVALID && err != ERR_FORBIDDEN && err != ERR_NOT_FOUND && err != ERR_LIMIT)
		return err;
	db_rollback_to(ctx);
	ctx->faults = before;
	next->refused++;
	return OK;
}

static enum err end(struct ctx *ctx, void *arg)
{
	const struct sweep *s = arg;
	return scan_state_end(ctx, WORK_SWEEP, s->error != NULL ? "failed" : "done", s->at.done, s->at.refused, s->error);
}

enum err sweep_run(struct ctx *ctx, const struct job *job)
{
	struct sweep s = {.job = job, .at = {INT64_MAX, INT64_MAX, INT64_MAX, 0, 0, true}};
	struct db *db = ctx->db;
	enum err err = str_to_i64(job->payload, &s.min) ? OK : fail(ctx, ERR_BUG, "job", "job_payload");
	while (err == OK && s.at.more) {
		struct arena_mark mark = arena_mark(ctx->arena);
		err = job_beat(ctx, job, s.at.done + s.at.refused, 0, NULL);
		if (err == OK)
			err = store_write(ctx, ctx->store, one, &s);
		ctx->db = db;
		if (err == OK) {
			s.at = s.next;
			arena_rewind(ctx->arena, mark);
		}
	}
	if (err == OK)
		err = store_write(ctx, ctx->store, end, &s);
	ctx->db = db;
	return err;
}

enum err sweep_not_run(struct ctx *ctx, const struct job *job)
{
	struct sweep s = {.job = job, .error = ctx->faults.count > 0 ? ctx->faults.list[0].key : "?"};
	struct db *db = ctx->db;
	faults_clear(ctx);
	enum err err = store_write(ctx, ctx->store, end, &s);
	ctx->db = db;
	return err;
}
