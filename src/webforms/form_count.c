/* What is counted of forms, and how often somebody may. Rows of their own without a log: they are no records. */
#include <sodium.h>
#include <string.h>

#include "base/timeutil.h"
#include "core/text/text.h"
#include "webforms/webforms_internal.h"
#include "webforms_sql.h"

enum { A_DAY_MS = 86400000, COUNT_DAYS = 400 };

/* A bucket is the moment until which it is spent: each use moves that on by a minute's share of the limit. */
enum err form_bucket(struct ctx *ctx, const char *who, int64_t limit, bool *ret)
{
	struct stmt *stmt;
	int64_t changed = 0;
	*ret = false;
	enum err err = who != NULL ? db_prepare(ctx, ctx->db, &sql_form_bucket_take, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err)
		return err;
	stmt_bind_text(stmt, 1, who);
	stmt_bind_i64(stmt, 2, ctx_now(ctx));
	stmt_bind_i64(stmt, 3, 60000 / (limit > 0 ? limit : 1));
	err = stmt_run(ctx, stmt, &changed);
	stmt_done(stmt);
	*ret = !err && changed > 0;
	return err;
}

enum err form_today(struct ctx *ctx, int64_t days_back, char ret[11])
{
	char text[TIME_TEXT_MAX];
	const char *name;
	struct text_zone *zone = NULL;
	enum err err = setting_text(ctx, &firm_settings[FIRM_TIME_ZONE], &name);
	if (err)
		return err;
	int64_t now = ctx_now(ctx) - days_back * A_DAY_MS;
	if (text_zone_new(name, &zone))
		now += (int64_t)text_zone_seconds(zone, now) * 1000;
	text_zone_free(zone);
	time_format(now, text);
	memcpy(ret, text, 10);
	ret[10] = '\0';
	return OK;
}

enum err form_count(struct ctx *ctx, int64_t form_id, const char *what)
{
	struct stmt *stmt;
	char day[11];
	enum err err = form_today(ctx, 0, day);
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_form_day_add, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, form_id);
	stmt_bind_text(stmt, 2, day);
	stmt_bind_text(stmt, 3, what);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

enum err form_counted_today(struct ctx *ctx, int64_t form_id, const char *what, int64_t *ret)
{
	struct stmt *stmt;
	char day[11];
	bool row = false;
	*ret = 0;
	enum err err = form_today(ctx, 0, day);
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_form_day_of, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, form_id);
	stmt_bind_text(stmt, 2, day);
	stmt_bind_text(stmt, 3, what);
	err = stmt_step(ctx, stmt, &row);
	*ret = !err && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

enum err form_nonce(struct ctx *ctx, const struct form_stamp *stamp, bool *ret_first)
{
	char text[2 * STAMP_NONCE + 1];
	struct stmt *stmt;
	int64_t changed = 0;
	sodium_bin2hex(text, sizeof(text), stamp->nonce, STAMP_NONCE);
	enum err err = db_prepare(ctx, ctx->db, &sql_form_nonce_use, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, text);
	stmt_bind_i64(stmt, 2, stamp->form_id);
	stmt_bind_i64(stmt, 3, stamp->at_ms + STAMP_HOURS * 3600000LL);
	err = stmt_run(ctx, stmt, &changed);
	stmt_done(stmt);
	*ret_first = !err && changed > 0;
	return err;
}

static enum err run_i64(struct ctx *ctx, const struct sql *sql, int64_t value)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, value);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

enum err form_forget_counts(struct ctx *ctx, int64_t form_id)
{
	enum err err = run_i64(ctx, &sql_form_days_forget, form_id);
	return err ? err : run_i64(ctx, &sql_form_nonces_forget, form_id);
}

static enum err prune_days(struct ctx *ctx)
{
	struct stmt *stmt;
	char day[11];
	enum err err = form_today(ctx, COUNT_DAYS, day);
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_form_prune_days, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, day);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* Entries hold what people typed: they go after the time the firm says. Some hundreds an hour; more wait for the next one. */
static enum err prune_entries(struct ctx *ctx)
{
	enum { AT_ONCE = 500 };
	const struct entity_info *info = registry_find(ctx->registry, "web_form_entry");
	int64_t *ids = arena_array(ctx->arena, AT_ONCE, sizeof(*ids)), days = setting_int(ctx, &webforms_settings[WEBFORMS_KEEP]);
	struct stmt *stmt;
	size_t n = 0;
	bool row = true;
	enum err err = ids != NULL ? db_prepare(ctx, ctx->db, &sql_form_old_entries, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, ctx_now(ctx) - days * A_DAY_MS);
	while (n < AT_ONCE && !(err = stmt_step(ctx, stmt, &row)) && row)
		ids[n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	for (size_t i = 0; !err && i < n; i++)
		err = record_delete(ctx, info, ids[i], 0, W_TRUSTED);
	return err;
}

static enum err prune(struct ctx *ctx)
{
	enum err err = run_i64(ctx, &sql_form_prune_doors, ctx_now(ctx));
	if (!err)
		err = run_i64(ctx, &sql_form_prune_nonces, ctx_now(ctx));
	if (!err)
		err = prune_days(ctx);
	return err ? err : prune_entries(ctx);
}

const struct schedule webforms_schedules[] = {{.name = "webforms.prune", .every_ms = 3600000, .run = prune}, {.name = NULL}};
