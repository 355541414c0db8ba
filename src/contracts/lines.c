/* What a contract makes due again and again: each time becomes a receivable, once. */
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "contracts/contracts_internal.h"
#include "contracts_sql.h"

enum { MONTHS = 12, TIMES_MAX = 1200, YEAR_MAX = 9999 };

static const struct option everies[] = {
	{"once", {"Once", "一次"}, NULL},          {"month", {"Every month", "每月"}, NULL},     {"quarter", {"Every quarter", "每季度"}, NULL},
	{"half_year", {"Every half year", "每半年"}, NULL}, {"year", {"Every year", "每年"}, NULL}, {NULL, {NULL, NULL}, NULL},
};

static const struct field fields[] = {
	{.name = "contract_id", .type = FIELD_LINK, .label = {"Contract", "合同"}, .link = "contract", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY},
	{.name = "title", .type = FIELD_TEXT, .label = {"What for", "款项"}, .max = 160, .flags = F_REQUIRED | F_LIST},
	{.name = "amount", .type = FIELD_DECIMAL, .label = {"Amount each time", "每期金额"}, .scale = 4, .flags = F_REQUIRED | F_LIST,
	 .help = {"In the contract's currency", "以合同币种计"}},
	{.name = "every", .type = FIELD_ENUM, .label = {"How often", "周期"}, .options = everies, .fallback = "month", .flags = F_REQUIRED | F_LIST},
	{.name = "first_on", .type = FIELD_DATE, .label = {"First due", "首期日期"}, .flags = F_REQUIRED | F_LIST},
	{.name = "until_on", .type = FIELD_DATE, .label = {"Until", "截止日期"}, .flags = F_LIST, .help = {"Empty: as long as the contract", "留空为合同期内"}},
	{.name = "planned", .type = FIELD_INT, .label = {"Times planned", "已生成期数"}, .fallback = "0", .flags = F_READONLY | F_LIST},
	{.name = "next_on", .type = FIELD_DATE, .label = {"Next due", "下期日期"}, .made_from = "first_on", .flags = F_READONLY | F_LIST},
};

enum err contract_months_after(struct ctx *ctx, const char *day, int64_t months, char ret[RECEIVABLES_DAY_BYTES])
{
	int64_t at;
	struct civil civil;
	if (!time_parse(day, &at))
		return fail(ctx, ERR_BUG, "", "day");
	time_to_civil(at, &civil);
	int64_t count = (int64_t)civil.year * MONTHS + civil.month - 1 + months;
	ret[0] = '\0';
	if (count / MONTHS > YEAR_MAX)
		return OK;
	for (int d = civil.day; d > 0; d--) {
		(void)snprintf(ret, RECEIVABLES_DAY_BYTES, "%04d-%02d-%02d", (int)(count / MONTHS) % 10000, (int)(count % MONTHS) + 1, d % 100);
		if (date_valid(ret))
			return OK;
	}
	return fail(ctx, ERR_BUG, "", "day");
}

static int months_of(const char *every)
{
	return str_equal(every, "month") ? 1 : str_equal(every, "quarter") ? 3 : str_equal(every, "half_year") ? MONTHS / 2 : str_equal(every, "year") ? MONTHS : 0;
}

enum err contract_line_day(struct ctx *ctx, const struct record *line, const char *ends_on, int64_t n, char ret[RECEIVABLES_DAY_BYTES])
{
	int months = months_of(record_text(line, "every"));
	const char *until = record_text(line, "until_on");
	ret[0] = '\0';
	if ((months == 0 && n > 0) || n >= TIMES_MAX)
		return OK;
	enum err err = contract_months_after(ctx, record_text(line, "first_on"), n * months, ret);
	if (err == OK && ((until != NULL && strcmp(ret, until) > 0) || (ends_on != NULL && strcmp(ret, ends_on) > 0)))
		ret[0] = '\0';
	return err;
}

/* When it is due next: nothing where its time is over. */
static enum err settle_next(struct ctx *ctx, const struct record *contract, struct record *now)
{
	char day[RECEIVABLES_DAY_BYTES];
	enum err err = contract_line_day(ctx, now, record_text(contract, "ends_on"), record_i64(now, "planned"), day);
	const char *copy = err == OK ? arena_strdup(ctx->arena, day) : NULL;
	if (err == OK && copy == NULL)
		err = fail(ctx, ERR_LIMIT, "", "memory");
	return err == OK ? record_set(ctx, now, "next_on", *copy != '\0' ? value_text(copy) : value_null()) : err;
}

static enum err line_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	struct record *contract;
	(void)entity;
	if (now == NULL || record_i64(now, "contract_id") == 0 || record_text(now, "first_on") == NULL)
		return OK; /* asked for afterwards */
	const char *until = record_text(now, "until_on");
	if (record_value(now, "amount")->kind == VALUE_INT && record_i64(now, "amount") <= 0)
		return fail(ctx, ERR_INVALID, "amount", "not_positive");
	if (until != NULL && strcmp(until, record_text(now, "first_on")) < 0)
		return fail(ctx, ERR_INVALID, "until_on", "contract_ends_before");
	if (old != NULL && record_i64(now, "planned") > 0 && (!contract_same(old, now, "first_on") || !contract_same(old, now, "every")))
		return fail(ctx, ERR_CONFLICT, "first_on", "contract_line_planned");
	enum err err = record_load(ctx, registry_find(ctx->registry, contract_entity.name), record_i64(now, "contract_id"), &contract);
	return err == OK ? settle_next(ctx, contract, now) : err;
}

static const char *const indexes[] = {"next_on", NULL};

const struct entity contract_line_entity = {
	.name = "contract_line",
	.plural = "contract_lines",
	.label = {"Contract line", "合同款项"},
	.label_many = {"Contract lines", "合同款项"},
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
	.title = "title",
	.parent = "contract_id",
	.sort = "id.asc",
	.icon = "line",
	.flags = E_CHILD | E_LOOKALIKE,
	.hooks = {.before = line_before},
	.indexes = indexes,
};

/* --- making them due ------------------------------------------------------------------------ */

enum err contract_ids(struct ctx *ctx, const struct sql *sql, int64_t id, const char *text, int64_t **ret, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = false;
	*ret = arena_array(ctx->arena, CONTRACTS_IDS_MAX, sizeof(**ret));
	*ret_n = 0;
	enum err err = *ret != NULL ? db_prepare(ctx, ctx->db, sql, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	if (id != 0)
		stmt_bind_i64(stmt, 1, id);
	if (text != NULL)
		stmt_bind_text(stmt, id != 0 ? 2 : 1, text);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && *ret_n < CONTRACTS_IDS_MAX)
		(*ret)[(*ret_n)++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

static enum err put_due(struct ctx *ctx, const struct record *contract, const struct record *line, const char *day)
{
	static const char *const same[] = {"customer_id", "owner_id", "team_id", "branch_id", "currency", "fx_rate"};
	struct record *due;
	const char *title = arena_printf(ctx->arena, "%s %.7s", record_text(line, "title"), day), *copy = arena_strdup(ctx->arena, day);
	const char *currency = record_text(contract, "currency");
	int64_t amount;
	if (title == NULL || copy == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (!decimal_rescale(record_i64(line, "amount"), 4, currency_scale(currency), &amount))
		return fail(ctx, ERR_INVALID, "amount", "number_too_large");
	enum err err = record_new(ctx, registry_find(ctx->registry, receivable_entity.name), &due);
	for (size_t i = 0; err == OK && i < sizeof(same) / sizeof(same[0]); i++)
		err = record_set(ctx, due, same[i], *record_value(contract, same[i]));
	const struct {
		const char *field;
		struct value value;
	} cells[] = {
		{"title", value_text(title)}, {"contract_id", value_int(record_id(contract))}, {"amount", value_int(amount)}, {"due_on", value_text(copy)},
		{"booked_on", value_text(copy)},
	};
	for (size_t i = 0; err == OK && i < sizeof(cells) / sizeof(cells[0]); i++)
		err = record_set(ctx, due, cells[i].field, cells[i].value);
	return err == OK ? record_create(ctx, due, W_TRUSTED) : err;
}

static enum err plan_line(struct ctx *ctx, const struct record *contract, int64_t id, const char *until, int64_t *ret)
{
	const struct entity_info *info = registry_find(ctx->registry, contract_line_entity.name);
	const char *ends = record_text(contract, "ends_on");
	struct record *line, *patch;
	char day[RECEIVABLES_DAY_BYTES];
	enum err err = record_load(ctx, info, id, &line);
	int64_t from = err == OK ? record_i64(line, "planned") : 0, n = from;
	while (err == OK) {
		err = contract_line_day(ctx, line, ends, n, day);
		if (err != OK || day[0] == '\0' || strcmp(day, until) > 0)
			break;
		err = put_due(ctx, contract, line, day);
		n++;
	}
	*ret += n - from;
	if (err != OK || n == from)
		return err;
	err = record_new(ctx, info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "planned", value_int(n));
	return err == OK ? record_update(ctx, id, patch, 0, W_TRUSTED | W_NO_SEARCH, NULL) : err;
}

enum err contract_plan(struct ctx *ctx, const struct record *contract, const char *until, int64_t *ret)
{
	int64_t *ids;
	size_t n;
	*ret = 0;
	enum err err = contract_ids(ctx, &sql_contract_lines, record_id(contract), NULL, &ids, &n);
	for (size_t i = 0; err == OK && i < n; i++)
		err = plan_line(ctx, contract, ids[i], until, ret);
	return err;
}

enum err contract_lines_again(struct ctx *ctx, const struct record *contract)
{
	const struct entity_info *info = registry_find(ctx->registry, contract_line_entity.name);
	char day[RECEIVABLES_DAY_BYTES];
	int64_t *ids;
	size_t n;
	enum err err = contract_ids(ctx, &sql_contract_lines, record_id(contract), NULL, &ids, &n);
	for (size_t i = 0; err == OK && i < n; i++) {
		struct record *line, *patch;
		err = record_load(ctx, info, ids[i], &line);
		if (err == OK)
			err = contract_line_day(ctx, line, record_text(contract, "ends_on"), record_i64(line, "planned"), day);
		const char *now = err == OK ? record_text(line, "next_on") : NULL;
		if (err != OK || str_equal(now != NULL ? now : "", day))
			continue;
		err = record_new(ctx, info, &patch);
		if (err == OK)
			err = record_set(ctx, patch, "next_on", day[0] != '\0' ? value_text(day) : value_null());
		if (err == OK)
			err = record_update(ctx, ids[i], patch, 0, W_TRUSTED | W_NO_SEARCH, NULL);
	}
	return err;
}

static enum err take_out(struct ctx *ctx, int64_t receivable)
{
	static const struct text2 words = {"The contract was terminated", "合同已终止"};
	struct record *patch;
	enum err err = record_new(ctx, registry_find(ctx->registry, receivable_entity.name), &patch);
	if (err == OK)
		err = record_set(ctx, patch, "state", value_text("cancelled"));
	if (err == OK)
		err = record_set(ctx, patch, "state_reason", value_text(entity_label(ctx, &words)));
	return err == OK ? record_update(ctx, receivable, patch, 0, W_TRUSTED, NULL) : err;
}

enum err contract_unplan(struct ctx *ctx, const struct record *contract)
{
	char today[RECEIVABLES_DAY_BYTES];
	int64_t *ids;
	size_t n = 0;
	enum err err = receivables_today(ctx, 0, today);
	do { /* what was taken out is not found again */
		if (err == OK)
			err = contract_ids(ctx, &sql_contract_to_come, record_id(contract), today, &ids, &n);
		for (size_t i = 0; err == OK && i < n; i++)
			err = take_out(ctx, ids[i]);
	} while (err == OK && n == CONTRACTS_IDS_MAX);
	return err;
}
