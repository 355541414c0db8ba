/* Writing the index.
 *
 * SQLite.  A transaction that touches the full-text table pays for a segment of its
 * own, however few records it writes.  So search_put writes the record's source to
 * search_doc and notes the document in search_wait; once WAIT_MAX are noted, the
 * end of a job takes all of them into the full-text table, in ascending order (out
 * of order, each would again make a segment).  Until then search_find reads the
 * noted sources themselves.  A note keeps the source whose terms the full-text
 * table holds, because removing terms needs the text they were made of.  All of it
 * is rows of the same transaction, so rollbacks need no care.
 *
 * PostgreSQL.  GIN has such a list of its own; a record is one row. */
#include <string.h>

#include "base/str.h"
#include "core/search/put.h"
#include "core/search/search_internal.h"
#include "core/search/source.h"

enum { TAKE_BATCH = 200 };

enum err search_no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "no_memory");
}

enum err search_run(struct ctx *ctx, const struct sql *sql, int n, const int64_t *values)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	for (int i = 0; i < n; i++)
		stmt_bind_i64(stmt, i + 1, values[i]);
	bool row = true;
	while (!err && row)
		err = stmt_step(ctx, stmt, &row);
	stmt_done(stmt);
	return err;
}

/* --- taking in (SQLite) --------------------------------------------------- */

/* What the full-text table has of a document, or shall have. */
struct state {
	bool present;
	int64_t owner, team, branch;
	const char *source; /* in the arena */
};

struct waiting {
	int64_t doc;
	struct state old, now;
};

static enum err read_state(struct ctx *ctx, struct stmt *stmt, int at, struct state *ret)
{
	*ret = (struct state){.present = !stmt_is_null(stmt, at + 3)};
	if (!ret->present)
		return OK;
	ret->owner = stmt_i64(stmt, at);
	ret->team = stmt_i64(stmt, at + 1);
	ret->branch = stmt_i64(stmt, at + 2);
	ret->source = arena_strndup(ctx->arena, stmt_text(stmt, at + 3), stmt_bytes(stmt, at + 3));
	return ret->source ? OK : search_no_memory(ctx);
}

static enum err read_waiting(struct ctx *ctx, int64_t after, struct waiting list[TAKE_BATCH], size_t *ret_n)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_search_wait_all, &stmt);
	*ret_n = 0;
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, after);
	stmt_bind_i64(stmt, 2, TAKE_BATCH);
	bool row;
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		struct waiting *w = &list[*ret_n];
		w->doc = stmt_i64(stmt, 0);
		err = read_state(ctx, stmt, 1, &w->old);
		if (!err)
			err = read_state(ctx, stmt, 5, &w->now);
		if (err)
			break;
		(*ret_n)++;
	}
	stmt_done(stmt);
	return err;
}

static enum err run_terms(struct ctx *ctx, const struct sql *sql, int64_t doc, const struct buf *terms)
{
	struct stmt *stmt;
	if (buf_failed(terms))
		return fail(ctx, ERR_LIMIT, "", "text_too_long");
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, doc);
	stmt_bind_textn(stmt, 2, buf_text(terms), terms->len);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

enum err search_add_terms(struct ctx *ctx, int64_t number, const struct buf *terms)
{
	return run_terms(ctx, &sql_search_terms_add, number, terms);
}

static enum err write_terms(struct ctx *ctx, const struct sql *sql, int64_t doc, const struct state *state, bool source,
                            bool scope, struct buf *terms)
{
	buf_reset(terms);
	if (source)
		source_terms(state->source, terms);
	if (scope)
		source_scope_terms(state->owner, state->team, state->branch, terms);
	return run_terms(ctx, sql, doc, terms);
}

static enum err take_one(struct ctx *ctx, const struct waiting *w, struct buf *terms)
{
	const struct state *old = &w->old, *now = &w->now;
	bool both = old->present && now->present;
	bool source = !both || !str_equal(old->source, now->source);
	bool scope = !both || old->owner != now->owner || old->team != now->team || old->branch != now->branch;
	enum err err = OK;
	if (old->present && (source || scope))
		err = write_terms(ctx, &sql_search_terms_remove, w->doc, old, source, scope, terms);
	if (!err && now->present && (source || scope))
		err = write_terms(ctx, &sql_search_terms_add, w->doc, now, source, scope, terms);
	return err;
}

enum err search_take_in(struct ctx *ctx)
{
	struct waiting *list = arena_array(ctx->arena, TAKE_BATCH, sizeof *list);
	struct buf terms;
	if (!list)
		return search_no_memory(ctx);
	buf_init(&terms, TERMS_MAX);
	struct arena_mark mark = arena_mark(ctx->arena);
	int64_t after = -1;
	size_t n = TAKE_BATCH;
	enum err err = OK;
	while (!err && n == TAKE_BATCH) {
		err = read_waiting(ctx, after, list, &n);
		for (size_t i = 0; !err && i < n; i++) {
			err = take_one(ctx, &list[i], &terms);
			after = list[i].doc;
		}
		if (!err)
			arena_rewind(ctx->arena, mark);
	}
	buf_release(&terms);
	return err ? err : search_run(ctx, &sql_search_wait_clear, 0, NULL);
}

/* At the end of a job. */
static enum err take_in_if_many(struct ctx *ctx, void *arg)
{
	struct stmt *stmt;
	bool row;
	(void)arg;
	enum err err = db_prepare(ctx, ctx->db, &sql_search_wait_count, &stmt);
	if (err)
		return err;
	err = stmt_step(ctx, stmt, &row);
	int64_t count = !err && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return !err && count >= WAIT_MAX ? search_take_in(ctx) : err;
}

/* --- one record ------------------------------------------------------------- */

struct found {
	bool present;
	int64_t doc;
	bool same, same_terms; /* as it shall be: all of it, what terms are made of */
};

static enum err find_doc(struct ctx *ctx, const struct search_doc *doc, const struct buf *source, struct found *ret)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_search_put_find, &stmt);
	*ret = (struct found){0};
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, doc->record_id);
	err = stmt_step(ctx, stmt, &ret->present);
	if (!err && ret->present) {
		ret->doc = stmt_i64(stmt, 0);
		ret->same_terms = source && stmt_i64(stmt, 2) == doc->owner_id && stmt_i64(stmt, 3) == doc->team_id &&
		                  stmt_i64(stmt, 4) == doc->branch_id && stmt_bytes(stmt, 5) == source->len &&
		                  memcmp(stmt_text(stmt, 5), buf_text(source), source->len) == 0;
		ret->same = ret->same_terms && stmt_i64(stmt, 1) == doc->rank;
	}
	stmt_done(stmt);
	return err;
}

enum err search_next_doc(struct ctx *ctx, size_t entity, int64_t *ret)
{
	struct stmt *stmt;
	bool row;
	enum err err = db_prepare(ctx, ctx->db, &sql_search_last_doc, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, doc_first(entity));
	stmt_bind_i64(stmt, 2, doc_last(entity));
	err = stmt_step(ctx, stmt, &row);
	*ret = !err && row ? stmt_i64(stmt, 0) + 1 : 0;
	stmt_done(stmt);
	if (!err && *ret >= doc_last(entity))
		err = fail(ctx, ERR_LIMIT, "", "search_index_full");
	return err;
}

enum err search_insert_doc(struct ctx *ctx, int64_t number, const struct search_doc *doc, const char *source, size_t n)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_search_insert, &stmt);
	if (err)
		return err;
	const int64_t values[] = {number, doc->record_id, doc->rank, doc->owner_id, doc->team_id, doc->branch_id};
	for (int i = 0; i < 6; i++)
		stmt_bind_i64(stmt, i + 1, values[i]);
	stmt_bind_textn(stmt, 7, source, n);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err insert_lite(struct ctx *ctx, const struct search_doc *doc, const struct buf *source)
{
	int64_t number;
	enum err err = search_next_doc(ctx, doc->entity, &number);
	if (!err)
		err = search_insert_doc(ctx, number, doc, buf_text(source), source->len);
	if (!err)
		err = search_run(ctx, &sql_search_wait_new, 1, &number);
	/* Numbers follow each other, so it is enough to look at every so many. */
	if (err || number % (WAIT_MAX / 4) != 0)
		return err;
	return db_before_commit(ctx, take_in_if_many, NULL);
}

static enum err update_lite(struct ctx *ctx, const struct search_doc *doc, const struct buf *source, const struct found *found)
{
	struct stmt *stmt;
	enum err err = found->same_terms ? OK : search_run(ctx, &sql_search_wait_old, 1, &found->doc);
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_search_update, &stmt);
	if (err)
		return err;
	const int64_t values[] = {found->doc, doc->rank, doc->owner_id, doc->team_id, doc->branch_id};
	for (int i = 0; i < 5; i++)
		stmt_bind_i64(stmt, i + 1, values[i]);
	stmt_bind_textn(stmt, 6, buf_text(source), source->len);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* Never indexed: forgotten at once.  Else its terms wait for removal. */
static enum err remove_lite(struct ctx *ctx, int64_t doc)
{
	enum err err = search_run(ctx, &sql_search_wait_old, 1, &doc);
	if (!err)
		err = search_run(ctx, &sql_search_wait_forget, 1, &doc);
	return err ? err : search_run(ctx, &sql_search_delete, 1, &doc);
}

static enum err put_lite(struct ctx *ctx, const struct search_doc *doc, const struct buf *source)
{
	struct found found = {0};
	if (doc->fresh)
		return insert_lite(ctx, doc, source);
	enum err err = find_doc(ctx, doc, source, &found);
	if (!err && found.present && doc_entity(found.doc) != doc->entity) {
		err = remove_lite(ctx, found.doc);
		found.present = false;
	}
	if (err || (found.present && found.same))
		return err;
	if (!found.present)
		return insert_lite(ctx, doc, source);
	err = update_lite(ctx, doc, source, &found);
	return err ? err : db_before_commit(ctx, take_in_if_many, NULL);
}

enum err search_put_row(struct ctx *ctx, const struct search_doc *doc, const char *source, size_t n)
{
	struct stmt *stmt;
	struct buf terms;
	buf_init(&terms, TERMS_MAX);
	source_entity_terms(doc->entity, source, doc->owner_id, doc->team_id, doc->branch_id, &terms);
	enum err err = buf_failed(&terms) ? fail(ctx, ERR_LIMIT, "", "text_too_long") : OK;
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_search_insert, &stmt);
	if (!err) {
		const int64_t values[] = {(int64_t)doc->entity, doc->record_id, doc->rank, doc->owner_id, doc->team_id, doc->branch_id};
		for (int i = 0; i < 6; i++)
			stmt_bind_i64(stmt, i + 1, values[i]);
		stmt_bind_textn(stmt, 7, source, n);
		stmt_bind_textn(stmt, 8, buf_text(&terms), terms.len);
		err = stmt_run_later(ctx, stmt);
		stmt_done(stmt);
	}
	buf_release(&terms);
	return err;
}

enum err search_put_new_row(struct ctx *ctx, const struct search_doc *doc, const struct search_text *text)
{
	struct stmt *stmt = NULL;
	struct buf scope, terms;
	buf_init(&scope, TERMS_MAX);
	buf_init(&terms, 2 * TERMS_MAX);
	source_scope_terms(doc->owner_id, doc->team_id, doc->branch_id, &scope);
	buf_add(&terms, text->terms, text->n_terms);
	source_quoted_terms(doc->entity, &scope, &terms);
	enum err err = buf_failed(&terms) ? fail(ctx, ERR_LIMIT, "", "text_too_long") : OK;
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_search_insert_new, &stmt);
	if (!err) {
		const int64_t values[] = {(int64_t)doc->entity, doc->record_id, doc->rank, doc->owner_id, doc->team_id, doc->branch_id};
		for (int i = 0; i < 6; i++)
			stmt_bind_i64(stmt, i + 1, values[i]);
		stmt_bind_textn(stmt, 7, text->source, text->n_source);
		stmt_bind_text(stmt, 8, buf_text(&terms));
		err = stmt_run_later(ctx, stmt);
		stmt_done(stmt);
	}
	buf_release(&scope);
	buf_release(&terms);
	return err;
}

enum err search_put(struct ctx *ctx, const struct search_doc *doc)
{
	struct buf source;
	if (doc->entity >= ENTITY_MAX || doc->record_id <= 0)
		return fail(ctx, ERR_BUG, "search", "search_document");
	buf_init(&source, 16 * SOURCE_MAX);
	enum err err = source_write(ctx, doc, &source);
	if (!err)
		err = search_is_lite(ctx) ? put_lite(ctx, doc, &source) : search_put_row(ctx, doc, buf_text(&source), source.len);
	buf_release(&source);
	return err;
}

enum err search_remove(struct ctx *ctx, int64_t record_id)
{
	struct found found;
	const struct search_doc doc = {.record_id = record_id};
	if (!search_is_lite(ctx))
		return search_run(ctx, &sql_search_delete, 1, &record_id);
	enum err err = find_doc(ctx, &doc, NULL, &found);
	if (err || !found.present)
		return err;
	err = remove_lite(ctx, found.doc);
	return err ? err : db_before_commit(ctx, take_in_if_many, NULL);
}
