/* Each week on the firm's first day: what every month to come was said to bring, person by person, so that it can be held
 * against what it brought. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/rest/query.h"
#include "deals/forecast.h"
#include "deals_sql.h"

enum { MONTHS = 12, AHEAD = 17, KEYS = 5, ROWS_MAX = 20000, THURSDAY = 4 /* 1970-01-01 */, WEEK = 7, MINUTE = 10 };

static const struct field fields[] = {
	{.name = "taken_on", .type = FIELD_DATE, .label = {"Taken on", "快照日期"}, .flags = F_REQUIRED | F_LIST | F_INDEX},
	{.name = "month", .type = FIELD_CODE, .label = {"Month of closing", "成交月份"}, .max = 7, .made_from = "opportunity.close_on",
	 .flags = F_REQUIRED | F_LIST},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Owner", "负责人"}, .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_LIST | F_INDEX},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Team", "团队"}, .link = "team", .on_delete = DELETE_SET_NULL, .flags = F_INDEX},
	{.name = "branch_id", .type = FIELD_LINK, .label = {"Branch", "分支机构"}, .link = "branch", .on_delete = DELETE_SET_NULL, .flags = F_INDEX},
	{.name = "pipeline_id", .type = FIELD_LINK, .label = {"Pipeline", "销售管道"}, .link = "pipeline", .on_delete = DELETE_SET_NULL},
	{.name = "won", .type = FIELD_MONEY, .label = {"Won", "赢单"}, .made_from = "opportunity.amount", .flags = F_LIST},
	{.name = "committed", .type = FIELD_MONEY, .label = {"Committed", "承诺"}, .made_from = "opportunity.amount", .flags = F_LIST},
	{.name = "best_case", .type = FIELD_MONEY, .label = {"Best case", "最好情况"}, .made_from = "opportunity.amount", .flags = F_LIST},
	{.name = "weighted", .type = FIELD_MONEY, .label = {"Weighted", "加权"}, .made_from = "opportunity.amount", .flags = F_LIST},
	{.name = "deals", .type = FIELD_INT, .label = {"Deals", "商机数"}},
};

static const char *const indexes[] = {"month,taken_on", NULL};

const struct entity forecast_snapshot_entity = {
	.name = "forecast_snapshot",
	.plural = "forecast_snapshots",
	.label = {"Forecast of a week", "每周预测快照"},
	.label_many = {"Forecasts of the weeks", "每周预测快照"},
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
	.title = "month",
	.owner = "owner_id",
	.team = "team_id",
	.branch = "branch_id",
	.sort = "taken_on.desc",
	.flags = E_NO_API_WRITE | E_NO_LOG | E_CHILD,
	.indexes = indexes,
};

/* Who and when; the sums of one of those come as several rows, a state and category each. */
struct line {
	int64_t keys[KEYS]; /* month, owner, team, branch, pipeline */
	int64_t won, commit, best, weighted, deals;
};

struct lines {
	struct line *list;
	size_t n;
};

static int64_t number(const struct query_row *row, size_t column)
{
	return row->values[column].kind == VALUE_INT ? row->values[column].i : 0;
}

static enum err add(struct ctx *ctx, const struct query_row *row, void *arg)
{
	struct lines *lines = arg;
	int month;
	if (row->values[0].kind != VALUE_TEXT || !forecast_month_parse(row->values[0].t.p, &month))
		return OK;
	struct line key = {.keys = {month, number(row, 1), number(row, 2), number(row, 3), number(row, 4)}};
	/* rows of one key follow one another */
	if (lines->n == 0 || memcmp(lines->list[lines->n - 1].keys, key.keys, sizeof(key.keys)) != 0) {
		if (lines->n >= ROWS_MAX)
			return fail(ctx, ERR_LIMIT, "", "forecast_too_many");
		lines->list[lines->n++] = key;
	}
	struct line *line = &lines->list[lines->n - 1];
	const char *state = row->values[5].t.p, *forecast = row->values[6].kind == VALUE_TEXT ? row->values[6].t.p : "pipeline";
	int64_t amount = number(row, 8);
	line->deals += number(row, 7);
	if (str_equal(state, "won")) {
		line->won += amount;
	} else if (!str_equal(forecast, "omitted")) {
		line->commit += str_equal(forecast, "commit") ? amount : 0;
		line->best += str_equal(forecast, "best") ? amount : 0;
		line->weighted += number(row, 9);
	}
	return OK;
}

static enum err put(struct ctx *ctx, const char *day, const struct line *line)
{
	static const char *const links[] = {"owner_id", "team_id", "branch_id", "pipeline_id"};
	struct forecast_ask months = {.period = FORECAST_MONTH, .fiscal_month = 1};
	struct record *r;
	char name[FORECAST_KEY_MAX + 4];
	forecast_period_name(&months, (int)line->keys[0], name);
	enum err err = record_new(ctx, registry_find(ctx->registry, "forecast_snapshot"), &r);
	if (err == OK)
		err = record_set(ctx, r, "taken_on", value_text(day));
	if (err == OK)
		err = record_set(ctx, r, "month", value_text(name));
	for (size_t i = 0; err == OK && i < sizeof(links) / sizeof(links[0]); i++)
		err = record_set(ctx, r, links[i], line->keys[i + 1] != 0 ? value_int(line->keys[i + 1]) : value_null());
	const struct {
		const char *field;
		int64_t value;
	} sums[] = {{"won", line->won}, {"committed", line->won + line->commit}, {"best_case", line->won + line->commit + line->best},
	            {"weighted", line->won + line->weighted}, {"deals", line->deals}};
	for (size_t i = 0; err == OK && i < sizeof(sums) / sizeof(sums[0]); i++)
		err = record_set(ctx, r, sums[i].field, value_int(sums[i].value));
	return err == OK ? record_create(ctx, r, W_TRUSTED | W_NO_SEARCH) : err;
}

static enum err taken(struct ctx *ctx, const char *day, bool *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_snapshot_taken, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, day);
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row && stmt_i64(stmt, 0) > 0;
	stmt_done(stmt);
	return err;
}

static enum err take(struct ctx *ctx, const char *day)
{
	struct query *query;
	struct query_options options = {.action = ACTION_READ, .all_rows = true, .no_children = true, .range_first = -1, .range_last = -1};
	struct lines lines = {.list = arena_array(ctx->arena, ROWS_MAX, sizeof(*lines.list))};
	char text[DEAL_MONTH_BYTES];
	int month;
	snprintf(text, sizeof(text), "%.7s", day);
	if (lines.list == NULL || !forecast_month_parse(text, &month))
		return fail(ctx, ERR_LIMIT, "", "memory");
	const char *raw = arena_printf(ctx->arena,
		"select=close_month,owner_id,team_id,branch_id,pipeline_id,state,forecast,n:count(),amount:amount_base.sum(),chance:weighted.sum()"
		"&state=in.(open,won)&close_month=gte.%s&close_month=lte.%04d-%02d&order=close_month,owner_id,team_id,branch_id,pipeline_id",
		text, (month + AHEAD) / MONTHS, (month + AHEAD) % MONTHS + 1);
	if (raw == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = query_parse(ctx, registry_find(ctx->registry, "opportunity"), raw, &options, &query);
	if (err == OK)
		err = query_run(ctx, query, add, &lines);
	for (size_t i = 0; err == OK && i < lines.n; i++)
		err = put(ctx, day, &lines.list[i]);
	return err;
}

enum err deal_snapshot_run(struct ctx *ctx)
{
	const char *day;
	int64_t midnight = 0;
	bool done = true;
	enum err err = deal_day(ctx, ctx_now(ctx), &day);
	if (err == OK && !time_parse(day, &midnight))
		err = fail(ctx, ERR_BUG, "", "today");
	if (err == OK && (midnight / DAY_MS + THURSDAY) % WEEK != setting_int(ctx, &firm_settings[FIRM_WEEK_START]))
		return OK;
	if (err == OK)
		err = taken(ctx, day, &done);
	return err == OK && !done ? take(ctx, day) : err;
}

/* Now, by hand: a second of the same day is not taken. */
enum err deal_snapshot_post(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	const struct actor *before = ctx->actor;
	const char *day;
	bool done = true;
	char nothing;
	enum err err = http_read_body(ctx, req, &nothing);
	if (err == OK)
		err = deal_day(ctx, ctx_now(ctx), &day);
	if (err == OK)
		err = taken(ctx, day, &done);
	ctx->actor = gate_system(); /* of everybody's deals */
	if (err == OK && !done)
		err = take(ctx, day);
	ctx->actor = before;
	if (err == OK)
		http_status(res, 204);
	return err;
}

const struct schedule deals_schedules[] = {{.name = "deals.snapshot", .minute = MINUTE, .run = deal_snapshot_run}, {0}};
