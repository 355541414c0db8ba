/* The word of somebody who is deleted: links in mails go on working, and who is told that nothing more will come gets nothing more after
 * they were brought back either. Of each channel the last word; no record, since the customer is none. */
#include "base/str.h"
#include "consent/consent_internal.h"
#include "consent_sql.h"

enum err consent_gone_note(struct ctx *ctx, const struct consent_entry *e)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_consent_gone_put, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, e->customer_id);
	stmt_bind_text(stmt, 2, e->channel);
	stmt_bind_text(stmt, 3, e->state);
	stmt_bind_i64(stmt, 4, ctx_now(ctx));
	stmt_bind_text(stmt, 5, e->source);
	stmt_bind_text(stmt, 6, e->evidence);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static const char *kept(struct ctx *ctx, const struct stmt *stmt, int at)
{
	const char *text = stmt_text(stmt, at);
	return text != NULL ? arena_strdup(ctx->arena, text) : NULL;
}

static enum err read_all(struct ctx *ctx, int64_t customer, struct consent_entry list[CONSENT_CHANNELS], size_t *ret_n)
{
	struct stmt *stmt;
	bool row = true;
	*ret_n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_consent_gone_of, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, customer);
	while (*ret_n < CONSENT_CHANNELS && !(err = stmt_step(ctx, stmt, &row)) && row)
		list[(*ret_n)++] = (struct consent_entry){.customer_id = customer, .channel = kept(ctx, stmt, 0), .purpose = "marketing", .state = kept(ctx, stmt, 1),
		                                          .at_ms = stmt_i64(stmt, 2), .source = kept(ctx, stmt, 3), .evidence = kept(ctx, stmt, 4)};
	stmt_done(stmt);
	return !err && ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

enum err consent_gone_back(struct ctx *ctx, int64_t customer)
{
	struct consent_entry list[CONSENT_CHANNELS];
	struct stmt *stmt;
	size_t n;
	enum err err = read_all(ctx, customer, list, &n);
	for (size_t i = 0; !err && i < n; i++)
		err = consent_add(ctx, &list[i], NULL);
	if (err || n == 0)
		return err;
	err = db_prepare(ctx, ctx->db, &sql_consent_gone_clear, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, customer);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}
