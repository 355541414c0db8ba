/* Who and what sells most, beside the period before. */
#include "analysis/report.h"
#include "base/decimal.h"
#include "base/str.h"

struct ranked {
	const char *by, *path;
	bool lines; /* by what stands in the lines */
	enum report_type type;
	struct text2 label;
};

static const struct ranked ways[] = {
	{"owner", "owner_id", false, REPORT_USER, {"Person", "负责人", NULL}}, {"branch", "branch_id", false, REPORT_BRANCH, {"Branch", "分支机构", NULL}},
	{"channel", "channel_id", false, REPORT_CHANNEL, {"Shop or channel", "店铺/渠道", NULL}}, {"customer", "customer_id", false, REPORT_CUSTOMER, {"Customer", "客户", NULL}},
	{"region", "customer_id.region_id", false, REPORT_REGION, {"Region", "区域", NULL}}, {"product", "product_id", true, REPORT_PRODUCT, {"Product", "商品", NULL}},
	{"category", "product_id.category_id", true, REPORT_CATEGORY, {"Category", "类目", NULL}},
};

static const struct ranked *way_of(const struct report_run *r)
{
	const char *by = json_string_value(json_object_get(r->json, "by"));
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (str_equal(ways[i].by, by ? by : "owner"))
			return &ways[i];
	}
	return NULL;
}

/* Table q (what, order, day, amount in units of the currency, back). */
static enum err rows(struct report_run *r, const struct ranked *way)
{
	int64_t unit = 1;
	enum err err = way->lines ? report_orders(r, false) : report_orders_by(r, way->path);
	if (!err && way->lines)
		err = report_lines(r, way->path);
	if (err)
		return err;
	for (int i = currency_scale(registry_base_currency(r->ctx->registry)); i < 4; i++)
		unit *= 10;
	return report_do(r, way->lines ? arena_printf(r->ctx->arena, "CREATE OR REPLACE TEMP TABLE q AS SELECT l.product AS what, l.order_id AS id, o.day, l.amount / %lld.0 AS amount, o.back"
	                                              " FROM l JOIN o ON o.id = l.order_id", (long long)unit)
	                               : "CREATE OR REPLACE TEMP TABLE q AS SELECT what, id, day, CAST(amount AS DOUBLE) AS amount, back FROM o");
}

static enum err put_rows(struct report_run *r, const struct ranked *way)
{
	int64_t first, last, all = 0, place = 0;
	const struct pivot p = {.from = r->from, .to = r->to, .compare = COMPARE_BEFORE};
	struct report_column *columns = arena_array(r->ctx->arena, 7, sizeof(*columns));
	struct report_table *table;
	struct duck_rows *found;
	struct value *row;
	if (!columns)
		return report_no_memory(r);
	columns[0] = (struct report_column){"place", {"Place", "名次", NULL}, REPORT_INT};
	columns[1] = (struct report_column){"what", way->label, way->type};
	columns[2] = (struct report_column){"sales", {"Sales", "销售额", NULL}, REPORT_MONEY};
	columns[3] = (struct report_column){"share", {"Share", "占比", NULL}, REPORT_SHARE};
	columns[4] = (struct report_column){"orders", {"Orders", "订单数", NULL}, REPORT_INT};
	columns[5] = (struct report_column){"before", {"Period before", "上一期", NULL}, REPORT_MONEY};
	columns[6] = (struct report_column){"change", {"Change", "变化", NULL}, REPORT_SHARE};
	pivot_earlier(&p, &first, &last);
	enum err err = report_table_new(r, "ranking", (struct text2){"Ranking", "排名", NULL}, columns, 7, &table);
	const char *sql = arena_printf(r->ctx->arena, "SELECT CAST(round(coalesce(sum(amount) FILTER (WHERE day >= %lld), 0)) AS BIGINT) AS s, count(DISTINCT id) FILTER (WHERE day >= %lld AND NOT back),"
		" CAST(round(coalesce(sum(amount) FILTER (WHERE day < %lld), 0)) AS BIGINT), what, CAST(sum(s) OVER () AS BIGINT) FROM q WHERE day BETWEEN %lld AND %lld GROUP BY what"
		" ORDER BY s DESC, 3 DESC, what LIMIT %d", (long long)r->from, (long long)r->from, (long long)r->from, (long long)first, (long long)r->to, REPORT_TOP);
	if (!err)
		err = report_ask(r, sql, &found);
	if (err)
		return err;
	while (!err && duck_next(found)) {
		int64_t sales = duck_i64(found, 0), before = duck_i64(found, 2);
		all = duck_i64(found, 4);
		err = report_row(r, table, &row);
		if (err)
			break;
		row[0] = value_int(++place);
		row[1] = duck_null(found, 3) ? value_null() : value_int(duck_i64(found, 3));
		row[2] = value_int(sales);
		row[3] = all > 0 ? value_real((double)sales / (double)all) : value_null();
		row[4] = value_int(duck_i64(found, 1));
		row[5] = value_int(before);
		row[6] = before > 0 ? value_real((double)(sales - before) / (double)before) : value_null();
	}
	duck_done(found);
	report_fact(r, "sales", REPORT_MONEY, value_int(all));
	report_fact(r, "rows", REPORT_INT, value_int(place));
	return err;
}

static enum err make(struct report_run *r)
{
	const struct ranked *way = way_of(r);
	if (!way)
		return fail_arg(r->ctx, ERR_INVALID, "by", "pivot_by", "by");
	enum err err = rows(r, way);
	report_fact(r, "by", REPORT_TEXT, value_text(way->by));
	return err ? err : put_rows(r, way);
}

const struct report report_ranking = {.name = "ranking", .of = "order", .label = {"Ranking", "销售排名", NULL}, .make = make};
