/* The rest of what a period has: targets, taxes, what was given by hand; and the lines of one that is closed. */
#include "base/str.h"
#include "base/timeutil.h"
#include "commission/commission_internal.h"
#include "commission_sql.h"
#include "core/settings/settings.h"

static int64_t day_of(const char *text)
{
	int64_t at;
	return text != NULL && time_parse(text, &at) ? at / DAY_MS - (at % DAY_MS < 0) : 0;
}

static enum err read_goals(struct commission_book *book, char kind)
{
	struct ctx *ctx = book->ctx;
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_commission_goals, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, book->span.period);
	stmt_bind_text(stmt, 2, book->span.from);
	stmt_bind_text(stmt, 3, kind == 'o' ? "orders" : "received");
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		int64_t key[2] = {kind, stmt_i64(stmt, 0)};
		if (!map_put(&book->goals, key, sizeof(key), stmt_i64(stmt, 1))) {
			err = commission_memory(book);
			break;
		}
	}
	stmt_done(stmt);
	return err;
}

enum err commission_rest_read(struct commission_book *book)
{
	struct ctx *ctx = book->ctx;
	const struct setting *included = setting_find(ctx, "pricing.tax_included");
	struct stmt *stmt;
	bool row = false;
	book->tax_included = included != NULL && setting_int(ctx, included) != 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_commission_default_tax, &stmt);
	if (err != OK)
		return err;
	err = stmt_step(ctx, stmt, &row);
	book->default_tax = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	if (err == OK)
		err = read_goals(book, 'o');
	return err == OK ? read_goals(book, 'a') : err;
}

enum err commission_adjustments_read(struct commission_book *book)
{
	struct ctx *ctx = book->ctx;
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_commission_adjustments, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, book->span.period);
	stmt_bind_text(stmt, 2, book->span.from);
	stmt_bind_text(stmt, 3, book->span.until);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		struct commission_line line = {.kind = COMMISSION_BY_HAND, .owner_id = stmt_i64(stmt, 1), .plan = "", .against = "", .bracket = "", .note = "",
			.source = arena_printf(&book->memory, "commission_adjustment/%lld", (long long)stmt_i64(stmt, 0)), .number = commission_copy(book, stmt_text(stmt, 4)),
			.day = day_of(stmt_text(stmt, 2)), .result = stmt_i64(stmt, 3)};
		bool wanted = book->only == 0 || book->only == line.owner_id;
		err = book->memory.failed ? commission_memory(book) : wanted ? commission_line_put(book, &line) : OK;
		if (err != OK)
			break;
	}
	stmt_done(stmt);
	return err;
}

static enum commission_line_kind kind_of(const char *text)
{
	for (int i = 0; i < COMMISSION_LINE_KINDS; i++) {
		if (str_equal(commission_line_kinds[i], text))
			return (enum commission_line_kind)i;
	}
	return COMMISSION_SALE;
}

enum err commission_closed_read(struct commission_book *book)
{
	struct ctx *ctx = book->ctx;
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_commission_closed_lines, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, book->span.closed_id);
	stmt_bind_i64(stmt, 2, book->only);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		bool per_unit = stmt_i64(stmt, 17) != 0;
		const struct commission_line line = {.kind = kind_of(stmt_text(stmt, 0)), .owner_id = stmt_i64(stmt, 1), .plan_id = stmt_i64(stmt, 2), .order_id = stmt_i64(stmt, 3),
			.plan = commission_copy(book, stmt_text(stmt, 4)), .source = commission_copy(book, stmt_text(stmt, 5)), .against = commission_copy(book, stmt_text(stmt, 6)),
			.number = commission_copy(book, stmt_text(stmt, 7)), .bracket = commission_copy(book, stmt_text(stmt, 8)), .note = commission_copy(book, stmt_text(stmt, 9)),
			.day = day_of(stmt_text(stmt, 10)), .base = stmt_i64(stmt, 11), .credited = stmt_i64(stmt, 12), .units = stmt_i64(stmt, 13), .share = stmt_i64(stmt, 14),
			.rate = stmt_i64(stmt, 15) / commission_rate_kept(book, per_unit), .result = stmt_i64(stmt, 16), .per_unit = per_unit, .capped = stmt_i64(stmt, 18) != 0};
		err = book->memory.failed ? commission_memory(book) : commission_line_put(book, &line);
		if (err != OK)
			break;
	}
	stmt_done(stmt);
	return err;
}
