/* Keeping the index whole: walking, checking, merging, emptying. */
#include <string.h>

#include "base/str.h"
#include "core/search/search_internal.h"
#include "core/search/source.h"
#include "core/search/terms.h"

enum { CHECK_BATCH = 500, CHECK_TERMS_MAX = 100000, PROBE_EVERY = 97, LAYOUT_MAX = 200 };

enum err search_ids(struct ctx *ctx, int64_t after_id, size_t max, int64_t *ret_ids, size_t *ret_n)
{
	struct stmt *stmt;
	*ret_n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_search_ids, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, after_id);
	stmt_bind_i64(stmt, 2, (int64_t)max);
	bool row;
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && *ret_n < max)
		ret_ids[(*ret_n)++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

/* --- integrity -------------------------------------------------------------- */

static enum err damaged(struct ctx *ctx)
{
	return fail(ctx, ERR_CONFLICT, "search", "search_index_damaged");
}

static uint64_t mix(const char *term, size_t n, int64_t doc)
{
	uint64_t h = str_hash(term, n) ^ (uint64_t)doc * 0x9E3779B97F4A7C15u;
	h ^= h >> 31;
	h *= 0xBF58476D1CE4E5B9u;
	return h ^ h >> 29;
}

struct sums {
	uint64_t sum, count;
};

/* What the full-text table should hold: the terms of every document as last taken in. */
struct expected {
	struct sums sums;
	struct buf text;
	struct term *terms;
};

static enum err expect(struct ctx *ctx, struct expected *x, struct stmt *stmt, int at, int64_t doc, bool add)
{
	buf_reset(&x->text);
	source_terms(stmt_text(stmt, at + 3), &x->text);
	source_scope_terms(stmt_i64(stmt, at), stmt_i64(stmt, at + 1), stmt_i64(stmt, at + 2), &x->text);
	size_t n = terms_distinct(&x->text, x->terms, CHECK_TERMS_MAX);
	if (buf_failed(&x->text) || n == CHECK_TERMS_MAX)
		return search_no_memory(ctx);
	for (size_t i = 0; i < n; i++)
		x->sums.sum += add ? mix(x->terms[i].text, x->terms[i].n, doc) : -mix(x->terms[i].text, x->terms[i].n, doc);
	x->sums.count += add ? n : -n;
	return OK;
}

static enum err expect_docs(struct ctx *ctx, struct expected *x)
{
	struct stmt *stmt;
	int64_t after = -1;
	size_t n;
	enum err err;
	do {
		bool row;
		n = 0;
		err = db_prepare(ctx, ctx->db, &sql_search_docs_from, &stmt);
		if (err)
			return err;
		stmt_bind_i64(stmt, 1, after);
		stmt_bind_i64(stmt, 2, CHECK_BATCH);
		while ((err = stmt_step(ctx, stmt, &row)) == OK && row && !err) {
			after = stmt_i64(stmt, 0);
			n++;
			err = expect(ctx, x, stmt, 1, after, true);
			if (err)
				break;
		}
		stmt_done(stmt);
		if (!err && ctx_expired(ctx))
			err = fail(ctx, ERR_LIMIT, "search", "budget");
	} while (!err && n == CHECK_BATCH);
	return err;
}

/* Documents that wait: in place of what they say now, what the table still holds of them. */
static enum err expect_waiting(struct ctx *ctx, struct expected *x)
{
	struct stmt *stmt;
	bool row;
	enum err err = db_prepare(ctx, ctx->db, &sql_search_wait_all, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, -1);
	stmt_bind_i64(stmt, 2, INT64_MAX);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		int64_t doc = stmt_i64(stmt, 0);
		if (!stmt_is_null(stmt, 4))
			err = expect(ctx, x, stmt, 1, doc, true);
		if (!err && !stmt_is_null(stmt, 8))
			err = expect(ctx, x, stmt, 5, doc, false);
		if (err)
			break;
	}
	stmt_done(stmt);
	return err;
}

static enum err sum_table(struct ctx *ctx, struct sums *ret)
{
	struct stmt *stmt;
	bool row;
	*ret = (struct sums){0};
	enum err err = db_prepare(ctx, ctx->db, &sql_search_terms_from, &stmt);
	if (err)
		return err;
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		ret->sum += mix(stmt_text(stmt, 0), stmt_bytes(stmt, 0), stmt_i64(stmt, 1));
		ret->count++;
	}
	stmt_done(stmt);
	return err;
}

/* Every term of every document stands in the full-text table, and nothing else does. */
static enum err integrity_lite(struct ctx *ctx, struct expected *x)
{
	struct sums table;
	enum err err = expect_docs(ctx, x);
	if (!err)
		err = expect_waiting(ctx, x);
	if (!err)
		err = sum_table(ctx, &table);
	if (err == ERR_BUG || err == ERR_UPSTREAM) {
		faults_clear(ctx);
		return damaged(ctx); /* the engine cannot read its own table */
	}
	if (!err && (table.sum != x->sums.sum || table.count != x->sums.count))
		err = damaged(ctx);
	return err;
}

/* A term of this record finds it through GIN. */
static enum err probe(struct ctx *ctx, const struct term *term, int64_t id)
{
	struct buf text;
	struct stmt *stmt;
	bool row = false;
	buf_init(&text, TERMS_MAX);
	buf_putc(&text, '\'');
	for (size_t i = 0; i < term->n; i++) {
		if (term->text[i] == '\'' || term->text[i] == '\\')
			buf_putc(&text, term->text[i]);
		buf_putc(&text, term->text[i]);
	}
	buf_putc(&text, '\'');
	enum err err = db_prepare(ctx, ctx->db, &sql_search_probe, &stmt);
	if (!err) {
		stmt_bind_textn(stmt, 1, text.data, text.len);
		stmt_bind_i64(stmt, 2, id);
		err = stmt_step(ctx, stmt, &row);
		stmt_done(stmt);
	}
	buf_release(&text);
	return !err && !row ? damaged(ctx) : err;
}

struct probe_list {
	struct term terms[CHECK_BATCH / PROBE_EVERY + 1];
	int64_t ids[CHECK_BATCH / PROBE_EVERY + 1];
	size_t n;
};

/* Every row's terms are those of its source; and some are looked up. */
static enum err check_batch_postgres(struct ctx *ctx, struct expected *x, int64_t *after, size_t *ret_n, struct probe_list *probes)
{
	struct stmt *stmt;
	bool row;
	*ret_n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_search_docs_from, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, *after);
	stmt_bind_i64(stmt, 2, CHECK_BATCH);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		struct sums want = {0}, have = {0};
		*after = stmt_i64(stmt, 0);
		buf_reset(&x->text);
		source_entity_terms((size_t)stmt_i64(stmt, 6), stmt_text(stmt, 4), stmt_i64(stmt, 1), stmt_i64(stmt, 2), stmt_i64(stmt, 3),
		                    &x->text);
		size_t n = terms_distinct(&x->text, x->terms, CHECK_TERMS_MAX);
		for (size_t i = 0; i < n; i++)
			want.sum += mix(x->terms[i].text, x->terms[i].n, 0);
		if (n > 0 && (*ret_n)++ % PROBE_EVERY == 0) {
			const char *text = arena_strndup(ctx->arena, x->terms[n / 2].text, x->terms[n / 2].n);
			if (!text)
				err = search_no_memory(ctx);
			probes->terms[probes->n] = (struct term){text, x->terms[n / 2].n};
			probes->ids[probes->n++] = *after;
		} else if (n == 0) {
			(*ret_n)++;
		}
		struct buf stored = {.data = NULL};
		buf_init(&stored, TERMS_MAX);
		buf_add(&stored, stmt_text(stmt, 5), stmt_bytes(stmt, 5));
		size_t n_stored = terms_distinct(&stored, x->terms, CHECK_TERMS_MAX);
		for (size_t i = 0; i < n_stored; i++)
			have.sum += mix(x->terms[i].text, x->terms[i].n, 0);
		buf_release(&stored);
		if (!err && (n != n_stored || want.sum != have.sum))
			err = damaged(ctx);
		if (err)
			break;
	}
	stmt_done(stmt);
	return err;
}

static enum err integrity_postgres(struct ctx *ctx, struct expected *x)
{
	int64_t after = -1;
	size_t n = CHECK_BATCH;
	enum err err = OK;
	while (!err && n == CHECK_BATCH) {
		struct arena_mark mark = arena_mark(ctx->arena);
		struct probe_list probes = {.n = 0};
		err = check_batch_postgres(ctx, x, &after, &n, &probes);
		for (size_t i = 0; !err && i < probes.n; i++)
			err = probe(ctx, &probes.terms[i], probes.ids[i]);
		if (!err && ctx_expired(ctx))
			err = fail(ctx, ERR_LIMIT, "search", "budget");
		if (!err)
			arena_rewind(ctx->arena, mark);
	}
	return err;
}

enum err search_integrity(struct ctx *ctx)
{
	struct expected x = {.terms = arena_array(ctx->arena, CHECK_TERMS_MAX, sizeof *x.terms)};
	if (!x.terms)
		return search_no_memory(ctx);
	buf_init(&x.text, TERMS_MAX);
	enum err err = db_begin_read(ctx, ctx->db);
	if (!err) {
		err = search_is_lite(ctx) ? integrity_lite(ctx, &x) : integrity_postgres(ctx, &x);
		db_end_read(ctx->db);
	}
	buf_release(&x.text);
	return err;
}

/* --- care --------------------------------------------------------------------- */

/* Rows this connection has changed, by which FTS5 tells whether a merge did anything. */
static enum err count_changes(struct ctx *ctx, int64_t *ret)
{
	struct stmt *stmt;
	bool row;
	enum err err = db_prepare(ctx, ctx->db, &sql_search_changes, &stmt);
	if (err)
		return err;
	err = stmt_step(ctx, stmt, &row);
	*ret = !err && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

/* A number as SQLite writes it: seven bits a byte, the highest first. */
static int64_t read_varint(const unsigned char *at, size_t n)
{
	int64_t value = 0;
	for (size_t i = 0; i < n && i < 8; i++) {
		value = value << 7 | (at[i] & 0x7f);
		if (!(at[i] & 0x80))
			return value;
	}
	return INT64_MAX;
}

/* Levels of FTS5's index, from the head of its structure record (fts5_index.c: a cookie of four bytes, then the number). */
static enum err count_levels(struct ctx *ctx, int64_t *ret)
{
	struct stmt *stmt;
	bool row;
	*ret = INT64_MAX;
	enum err err = db_prepare(ctx, ctx->db, &sql_search_structure, &stmt);
	if (err)
		return err;
	err = stmt_step(ctx, stmt, &row);
	if (!err && row && stmt_bytes(stmt, 0) > 4)
		*ret = read_varint((const unsigned char *)stmt_blob(stmt, 0) + 4, stmt_bytes(stmt, 0) - 4);
	stmt_done(stmt);
	return err;
}

/* What FTS5's merge takes for its work.  A negative number puts all segments on one level, to become one in the
 * end; each time that adds a level above all others, and at 2,000 of them FTS5 takes its index for damaged. So
 * it is said once, at the beginning of a whole merge, and not without end. */
static enum err work_of(struct ctx *ctx, int pages, bool whole, int64_t *ret)
{
	int64_t levels = 0;
	*ret = pages;
	enum err err = whole ? count_levels(ctx, &levels) : OK;
	if (!err && whole && levels < LEVELS_MAX)
		*ret = -(int64_t)pages;
	return err;
}

enum err search_optimize(struct ctx *ctx, int pages, bool whole, bool *ret_more)
{
	int64_t before = 0, after = 0, work = 0;
	*ret_more = false;
	if (!search_is_lite(ctx))
		return search_run(ctx, &sql_search_gin_clean, 0, NULL);
	enum err err = search_take_in(ctx);
	if (err || pages <= 0)
		return err;
	err = work_of(ctx, pages, whole, &work);
	if (!err)
		err = count_changes(ctx, &before);
	if (!err)
		err = search_run(ctx, &sql_search_merge, 1, &work);
	if (!err)
		err = count_changes(ctx, &after);
	*ret_more = !err && after - before >= 2;
	return err;
}

enum err search_clear(struct ctx *ctx)
{
	enum err err = search_run(ctx, &sql_search_clear_docs, 0, NULL);
	if (!err)
		err = search_run(ctx, &sql_search_wait_clear, 0, NULL);
	return err ? err : search_run(ctx, &sql_search_clear_terms, 0, NULL);
}

static enum err read_layout(struct ctx *ctx, const char **ret)
{
	struct stmt *stmt;
	bool row;
	*ret = NULL;
	enum err err = db_prepare(ctx, ctx->db, &sql_search_layout_get, &stmt);
	if (err)
		return err;
	err = stmt_step(ctx, stmt, &row);
	if (!err && row) {
		*ret = arena_strdup(ctx->arena, stmt_text(stmt, 0));
		err = *ret ? OK : search_no_memory(ctx);
	}
	stmt_done(stmt);
	return err;
}

/* Stands in place of the layout while records are put again: whoever is interrupted in this begins anew. */
#define LAYOUT_UNDERWAY "underway"

static enum err set_layout(struct ctx *ctx, const char *text)
{
	struct stmt *stmt;
	enum err err = search_run(ctx, &sql_search_layout_clear, 0, NULL);
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_search_layout_set, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, text);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static const char *full_layout(struct ctx *ctx, const char *layout)
{
	return arena_printf(ctx->arena, "%d %.*s", TERMS_VERSION, LAYOUT_MAX, layout);
}

enum err search_check_layout(struct ctx *ctx, const char *layout, bool *ret_emptied)
{
	const char *stored = NULL, *now = full_layout(ctx, layout);
	int64_t first;
	size_t n;
	*ret_emptied = false;
	enum err err = now ? read_layout(ctx, &stored) : search_no_memory(ctx);
	if (err || (stored && str_equal(stored, now)))
		return err;
	err = search_ids(ctx, 0, 1, &first, &n);
	if (err)
		return err;
	if (!stored && n == 0)
		return set_layout(ctx, now); /* a new database */
	*ret_emptied = true;
	err = search_clear(ctx);
	return err ? err : set_layout(ctx, LAYOUT_UNDERWAY);
}

enum err search_layout_done(struct ctx *ctx, const char *layout)
{
	const char *now = full_layout(ctx, layout);
	return now ? set_layout(ctx, now) : search_no_memory(ctx);
}
