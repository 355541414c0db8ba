/* What a merge did, entry by entry, so that it can be taken apart again. No record of the business: it holds values of all fields, and is
 * read by the program alone. */
#include "core/store/store.h"
#include "duplicates/merge.h"
#include "duplicates_sql.h"

enum err merge_note(struct merging *m, const struct journal_entry *entry)
{
	struct ctx *ctx = m->ctx;
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_merge_note, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, m->merge);
	stmt_bind_i64(stmt, 2, ++m->n_journal);
	stmt_bind_text(stmt, 3, entry->what);
	stmt_bind_text(stmt, 4, entry->entity);
	stmt_bind_i64(stmt, 5, entry->record_id);
	stmt_bind_text(stmt, 6, entry->field);
	stmt_bind_text(stmt, 7, entry->before);
	stmt_bind_text(stmt, 8, entry->after);
	err = stmt_run_later(ctx, stmt);
	stmt_done(stmt);
	return err;
}

static const char *kept(struct ctx *ctx, struct stmt *stmt, int at)
{
	const char *text = stmt_text(stmt, at);
	return text != NULL ? arena_strdup(ctx->arena, text) : NULL;
}

enum err merge_notes(struct ctx *ctx, int64_t merge, const char *what, int64_t after, struct journal_entry *list, size_t max, size_t *ret_n,
                     int64_t *ret_last)
{
	struct stmt *stmt;
	bool row = true;
	*ret_n = 0;
	*ret_last = after;
	enum err err = db_prepare(ctx, ctx->db, &sql_merge_notes, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, merge);
	stmt_bind_text(stmt, 2, what);
	stmt_bind_i64(stmt, 3, after);
	stmt_bind_i64(stmt, 4, (int64_t)max);
	while (*ret_n < max && (err = stmt_step(ctx, stmt, &row)) == OK && row) {
		*ret_last = stmt_i64(stmt, 0);
		list[(*ret_n)++] = (struct journal_entry){.what = what, .entity = kept(ctx, stmt, 1), .record_id = stmt_i64(stmt, 2),
		                                          .field = kept(ctx, stmt, 3), .before = kept(ctx, stmt, 4), .after = kept(ctx, stmt, 5)};
	}
	stmt_done(stmt);
	return err == OK && ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}
