/* A calendar's records as rules. */
#include <string.h>

#include "calendar_sql.h"
#include "core/calendar/calendar_records.h"

static enum err read_head(struct ctx *ctx, int64_t id, struct calendar_rules *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_calendar_one, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_step(ctx, stmt, &row);
	if (err == OK && !row)
		err = fail(ctx, ERR_NOT_FOUND, "", "not_found");
	*ret = (struct calendar_rules){0};
	for (int i = 0; i < 7 && err == OK; i++)
		err = calendar_blocks_parse(ctx, stmt_text(stmt, 2 + i), calendar_weekdays[i], &ret->week[i].blocks, &ret->week[i].n);
	if (err == OK) {
		ret->zone = arena_strdup(ctx->arena, stmt_text(stmt, 0));
		ret->country = stmt_is_null(stmt, 1) ? NULL : arena_strdup(ctx->arena, stmt_text(stmt, 1));
		if (ret->zone == NULL || (ret->country == NULL && !stmt_is_null(stmt, 1)))
			err = calendar_no_memory(ctx);
	}
	stmt_done(stmt);
	return err;
}

static enum err read_day(struct ctx *ctx, struct stmt *stmt, struct calendar_day *ret)
{
	*ret = (struct calendar_day){0};
	if (!calendar_date_read(stmt_text(stmt, 0), &ret->day) || !calendar_kind_named(stmt_text(stmt, 1), &ret->kind))
		return fail(ctx, ERR_BUG, "date", "calendar_date");
	if (!stmt_is_null(stmt, 2)) {
		ret->name = arena_strdup(ctx->arena, stmt_text(stmt, 2));
		if (ret->name == NULL)
			return calendar_no_memory(ctx);
	}
	return calendar_blocks_parse(ctx, stmt_text(stmt, 3), "hours", &ret->blocks, &ret->n);
}

static enum err grow(struct ctx *ctx, struct calendar_day **days, size_t n, size_t *cap)
{
	struct calendar_day *more;
	if (n < *cap)
		return OK;
	*cap = *cap == 0 ? 64 : *cap * 2;
	more = arena_array(ctx->arena, *cap, sizeof(*more));
	if (more == NULL)
		return calendar_no_memory(ctx);
	if (n > 0)
		memcpy(more, *days, n * sizeof(*more));
	*days = more;
	return OK;
}

enum err calendar_rules_load(struct ctx *ctx, int64_t id, struct calendar_rules *ret)
{
	struct stmt *stmt;
	struct calendar_day *days = NULL;
	size_t n = 0, cap = 0;
	bool row = false;
	enum err err = read_head(ctx, id, ret);
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_calendar_days, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_i64(stmt, 2, CALENDAR_DAYS_MAX + 1);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		err = grow(ctx, &days, n, &cap);
		if (err == OK)
			err = read_day(ctx, stmt, &days[n]);
		if (err != OK)
			break;
		n++;
	}
	stmt_done(stmt);
	ret->days = days;
	ret->n_days = n;
	return err;
}
