/* The job that looks at all customers: persons among persons, companies among companies, by the linkage of src/linkage (Fellegi and Sunter,
 * with EM: nothing is told beforehand), on one thread, so that whoever works meanwhile keeps the others. */
#include <math.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "core/store/store.h"
#include "duplicates/merge.h"
#include "duplicates/pair.h"
#include "duplicates/scan.h"
#include "duplicates_sql.h"

enum { WRITE_BATCH = 500, PAIRS_MAX = 2000000, NEARLY_SAME = 5 /* of the levels of linkage_explain */ };

struct scanning {
	struct ctx *ctx;
	const struct job *job;
	struct scan_rows *rows;
	struct linkage *found;
	const struct linkage_pair *pairs;
	size_t n_pairs, at, n_rows, n_kept, n_put; /* n_put: kept by the batch at hand, which may be written again */
	int64_t scan;
	double from, share; /* of the whole, for the progress */
	enum err stopped;
	struct faults said; /* by what stopped it */
	const char *error;
};

/* --- comparing ------------------------------------------------------------------------------ */

static bool progress(void *arg, double done)
{
	struct scanning *s = arg;
	s->stopped = job_beat(s->ctx, s->job, (int64_t)(100 * (s->from + s->share * done)), 100, NULL);
	s->said = s->ctx->faults;
	return s->stopped == OK;
}

static enum err compare(struct scanning *s)
{
	const struct linkage_input input = {
		.columns = scan_rows_columns(s->rows), .n_columns = SCAN_COLUMNS, .n_rows = scan_rows_count(s->rows), .n_first = scan_rows_count(s->rows),
		.threads = 1, .progress = progress, .arg = s,
	};
	uint64_t left_out;
	s->n_pairs = s->at = 0;
	if (input.n_rows < 2)
		return OK;
	const struct faults before = s->ctx->faults;
	enum err err = linkage_new(s->ctx, &input, &s->found);
	if (s->stopped != OK) { /* what stopped it is said, not that it was */
		s->ctx->faults = s->said;
		return s->stopped;
	}
	if (err == ERR_INVALID) { /* nothing in them to compare by */
		s->ctx->faults = before;
		return OK;
	}
	if (err != OK)
		return err;
	s->pairs = linkage_pairs(s->found, &s->n_pairs, &left_out);
	s->n_pairs = s->n_pairs > PAIRS_MAX ? PAIRS_MAX : s->n_pairs;
	return OK;
}

/* --- keeping --------------------------------------------------------------------------------- */

/* Whether something that names a person or firm agrees: town, birthday and look of a number alone are chance in a small file. */
static bool is_named(size_t column, int level)
{
	static const char *const naming[] = {"name", "phone", "email", "registration_no"};
	for (size_t i = 0; level >= NEARLY_SAME && i < sizeof(naming) / sizeof(naming[0]); i++)
		if (str_equal(naming[i], scan_column_name(column)))
			return true;
	return false;
}

static enum err put_reasons(struct scanning *s, const struct linkage_pair *pair, struct buf *out, double *ret_weight, bool *ret_named)
{
	struct linkage_reason reasons[SCAN_COLUMNS];
	struct jsonw w;
	double prior;
	(void)linkage_explain(s->found, pair->a, pair->b, reasons, &prior);
	*ret_weight = 0;
	*ret_named = false;
	buf_reset(out);
	jsonw_init(&w, out);
	jsonw_object(&w);
	for (size_t i = 0; i < SCAN_COLUMNS; i++) {
		*ret_weight += reasons[i].weight;
		*ret_named = *ret_named || is_named(i, reasons[i].level);
		if (reasons[i].level < 0 && reasons[i].weight == 0)
			continue;
		jsonw_key(&w, scan_column_name(i));
		jsonw_array(&w);
		jsonw_int(&w, reasons[i].level);
		jsonw_real(&w, round(reasons[i].weight * 10) / 10);
		jsonw_end_array(&w);
	}
	jsonw_end_object(&w);
	return buf_failed(out) ? fail(s->ctx, ERR_LIMIT, "", "memory") : OK;
}

static enum err put_pair(struct scanning *s, struct ctx *ctx, const struct linkage_pair *pair, struct buf *out)
{
	struct stmt *stmt;
	double weight;
	bool named;
	int64_t a = scan_row_id(s->rows, pair->a), b = scan_row_id(s->rows, pair->b);
	enum err err = put_reasons(s, pair, out, &weight, &named);
	if (err == OK && !named)
		return OK;
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_scan_put_pair, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, a < b ? a : b);
	stmt_bind_i64(stmt, 2, a < b ? b : a);
	stmt_bind_i64(stmt, 3, (int64_t)(pair->probability * PAIR_PPM));
	stmt_bind_i64(stmt, 4, (int64_t)(weight * PAIR_CENTI));
	stmt_bind_text(stmt, 5, buf_text(out));
	stmt_bind_i64(stmt, 6, s->scan);
	err = stmt_run_later(ctx, stmt);
	stmt_done(stmt);
	s->n_put++;
	return err;
}

static enum err put_batch(struct ctx *ctx, void *arg)
{
	struct scanning *s = arg;
	struct buf out;
	size_t to = s->at + WRITE_BATCH < s->n_pairs ? s->at + WRITE_BATCH : s->n_pairs;
	buf_init(&out, 4000);
	s->n_put = 0;
	enum err err = job_hold(ctx, s->job, (int64_t)(100 * (s->from + s->share)), 100, NULL);
	for (size_t i = s->at; err == OK && i < to; i++)
		err = put_pair(s, ctx, &s->pairs[i], &out);
	buf_release(&out);
	return err;
}

static enum err write_with(struct scanning *s, write_fn fn)
{
	struct db *db = s->ctx->db;
	enum err err = store_write(s->ctx, s->ctx->store, fn, s);
	s->ctx->db = db;
	return err;
}

static enum err one_kind(struct scanning *s, const char *kind)
{
	enum err err = scan_rows_new(s->ctx, s->job, kind, &s->rows);
	if (err == OK)
		err = compare(s);
	while (err == OK && s->at < s->n_pairs) {
		struct arena_mark mark = arena_mark(s->ctx->arena);
		err = write_with(s, put_batch);
		s->at += WRITE_BATCH;
		s->n_kept += err == OK ? s->n_put : 0;
		if (err == OK)
			arena_rewind(s->ctx->arena, mark);
	}
	s->n_rows += s->rows != NULL ? scan_rows_count(s->rows) : 0;
	linkage_free(s->found);
	scan_rows_free(s->rows);
	s->found = NULL;
	s->rows = NULL;
	return err;
}

/* --- from beginning to end ---------------------------------------------------------------------- */

static enum err finish(struct ctx *ctx, void *arg)
{
	struct scanning *s = arg;
	struct stmt *stmt;
	enum err err = job_hold(ctx, s->job, 100, 100, NULL);
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_scan_drop_old, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, s->scan);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err == OK ? scan_state_end(ctx, WORK_SCAN, "done", (int64_t)s->n_rows, (int64_t)s->n_kept, NULL) : err;
}

static enum err finish_failed(struct ctx *ctx, void *arg)
{
	const struct scanning *s = arg;
	return scan_state_end(ctx, WORK_SCAN, "failed", (int64_t)s->n_rows, (int64_t)s->n_kept, s->error);
}

static bool is_final(const struct ctx *ctx, enum err err)
{
	const char *key = ctx->faults.count > 0 ? ctx->faults.list[0].key : "";
	return err != ERR_RETRY && err != ERR_UPSTREAM && strncmp(key, "job_", strlen("job_")) != 0;
}

static enum err run(struct ctx *ctx, const struct job *job)
{
	struct scanning s = {.ctx = ctx, .job = job, .scan = job->id, .share = 0.5};
	enum err err = one_kind(&s, "company");
	s.from = 0.5;
	if (err == OK)
		err = one_kind(&s, "person");
	if (err == OK)
		err = write_with(&s, finish);
	if (err == OK || !is_final(ctx, err))
		return err;
	const struct faults said = ctx->faults;
	s.error = said.count > 0 ? said.list[0].key : "?";
	faults_clear(ctx);
	enum err noted = write_with(&s, finish_failed);
	ctx->faults = said;
	return noted != OK ? noted : err;
}

/* Whoever began it may not any more, or it ended the program each time. */
static enum err not_run(struct ctx *ctx, const struct job *job)
{
	struct scanning s = {.ctx = ctx, .job = job, .error = ctx->faults.count > 0 ? ctx->faults.list[0].key : "?"};
	faults_clear(ctx);
	return write_with(&s, finish_failed);
}

const struct job_kind duplicates_job_kinds[] = {
	{.kind = "duplicates_scan", .run = run, .refused = not_run},
	{.kind = "duplicates_merge", .run = sweep_run, .refused = sweep_not_run},
	{.kind = NULL},
};
