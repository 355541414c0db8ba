/* What was sold, day by day, week by week or month by month, beside the period before and the year before; and who bought for the first
 * time. */
#include "analysis/report.h"

enum { DAYS_BY_DAY = 45, DAYS_BY_WEEK = 200 };

static const char *unit_of(const struct report_run *r)
{
	int64_t days = r->to - r->from + 1;
	return days <= DAYS_BY_DAY ? "day" : days <= DAYS_BY_WEEK ? "week" : "month";
}

/* Sales by bucket of the orders from first to last, whose days are moved onto those that they are compared with. */
static const char *moved(struct report_run *r, const char *unit, int64_t first, int64_t last, bool year)
{
	const char *day = year ? "CAST(date_diff('day', DATE '1970-01-01', CAST(DATE '1970-01-01' + o.day + INTERVAL 1 YEAR AS DATE)) AS INTEGER)"
	                       : arena_printf(r->ctx->arena, "o.day + %lld", (long long)(r->from - first));
	return day ? arena_printf(r->ctx->arena, "(SELECT d.\"%s\" AS b, CAST(sum(o.amount) AS BIGINT) AS s FROM o JOIN \"date\" AS d ON d.day = %s"
	                                         " WHERE o.day BETWEEN %lld AND %lld GROUP BY 1)", unit, day, (long long)first, (long long)last)
	           : NULL;
}

static void days_before(const struct report_run *r, enum pivot_compare how, int64_t *first, int64_t *last)
{
	const struct pivot p = {.from = r->from, .to = r->to, .compare = how};
	pivot_earlier(&p, first, last);
}

static enum err put_buckets(struct report_run *r, struct report_table *table, const char *unit)
{
	int64_t first, last, year_first, year_last;
	struct duck_rows *rows;
	struct value *row;
	days_before(r, COMPARE_BEFORE, &first, &last);
	days_before(r, COMPARE_YEAR, &year_first, &year_last);
	const char *before = moved(r, unit, first, last, false), *year = moved(r, unit, year_first, year_last, true);
	const char *sql = before && year ? arena_printf(r->ctx->arena,
		"SELECT CAST(b.b AS BIGINT), c.s, coalesce(c.n, 0), coalesce(c.k, 0), e.s, y.s, b.first, b.last FROM (SELECT \"%s\" AS b, min(day) AS first, max(day) AS last"
		" FROM \"date\" WHERE day BETWEEN %lld AND %lld GROUP BY 1) AS b LEFT JOIN (SELECT d.\"%s\" AS b, CAST(sum(o.amount) AS BIGINT) AS s,"
		" count(*) FILTER (WHERE NOT o.back) AS n, count(DISTINCT o.customer) FILTER (WHERE NOT o.back) AS k FROM o JOIN \"date\" AS d ON d.day = o.day"
		" WHERE o.day BETWEEN %lld AND %lld GROUP BY 1) AS c ON c.b = b.b LEFT JOIN %s AS e ON e.b = b.b LEFT JOIN %s AS y ON y.b = b.b ORDER BY 1",
		unit, (long long)r->from, (long long)r->to, unit, (long long)r->from, (long long)r->to, before, year) : NULL;
	enum err err = report_ask(r, sql, &rows);
	while (!err && duck_next(rows)) {
		err = report_row(r, table, &row);
		if (err)
			break;
		row[0] = value_int(duck_i64(rows, 0));
		for (size_t i = 1; i < 6; i++)
			row[i] = value_int(duck_i64(rows, i)); /* nothing sold is nothing, not unknown */
		row[6] = value_int(duck_i64(rows, 6));
		row[7] = value_int(duck_i64(rows, 7));
	}
	duck_done(rows);
	return err;
}

static enum err put_sum(struct report_run *r, const char *money, const char *orders, const char *customers, int64_t first, int64_t last)
{
	struct duck_rows *rows;
	const char *sql = arena_printf(r->ctx->arena,
		"SELECT CAST(sum(amount) AS BIGINT), count(*) FILTER (WHERE NOT back), count(DISTINCT customer) FILTER (WHERE NOT back), count(*) FILTER (WHERE amount IS NULL)"
		" FROM o WHERE day BETWEEN %lld AND %lld", (long long)first, (long long)last);
	enum err err = report_ask(r, sql, &rows);
	if (!err && duck_next(rows)) {
		report_fact(r, money, REPORT_MONEY, value_int(duck_i64(rows, 0)));
		report_fact(r, orders, REPORT_INT, value_int(duck_i64(rows, 1)));
		if (customers) {
			report_fact(r, customers, REPORT_INT, value_int(duck_i64(rows, 2)));
			report_fact(r, "unrated", REPORT_INT, value_int(duck_i64(rows, 3)));
		}
	}
	duck_done(rows);
	return err;
}

static enum err make_sales(struct report_run *r)
{
	static const struct report_column days[] = {
		{"day", {"Day", "日期"}, REPORT_DAY}, {"sales", {"Sales", "销售额"}, REPORT_MONEY}, {"orders", {"Orders", "订单数"}, REPORT_INT},
		{"customers", {"Customers", "下单客户数"}, REPORT_INT}, {"before", {"Period before", "上一期"}, REPORT_MONEY}, {"year", {"A year earlier", "去年同期"}, REPORT_MONEY},
		{"first", {"First day", "起始日"}, REPORT_DAY}, {"last", {"Last day", "截止日"}, REPORT_DAY},
	};
	static const struct report_column months[] = {
		{"month", {"Month", "月份"}, REPORT_MONTH}, {"sales", {"Sales", "销售额"}, REPORT_MONEY}, {"orders", {"Orders", "订单数"}, REPORT_INT},
		{"customers", {"Customers", "下单客户数"}, REPORT_INT}, {"before", {"Period before", "上一期"}, REPORT_MONEY}, {"year", {"A year earlier", "去年同期"}, REPORT_MONEY},
		{"first", {"First day", "起始日"}, REPORT_DAY}, {"last", {"Last day", "截止日"}, REPORT_DAY},
	};
	const char *unit = unit_of(r);
	struct report_table *table;
	int64_t first, last;
	enum err err = report_orders(r, false);
	if (!err)
		err = report_table_new(r, "sales", (struct text2){"Sales over time", "销售走势", NULL}, unit[0] == 'm' ? months : days, 8, &table);
	if (!err)
		err = put_buckets(r, table, unit);
	if (!err)
		err = put_sum(r, "sales", "orders", "customers", r->from, r->to);
	days_before(r, COMPARE_BEFORE, &first, &last);
	if (!err)
		err = put_sum(r, "before_sales", "before_orders", NULL, first, last);
	days_before(r, COMPARE_YEAR, &first, &last);
	if (!err)
		err = put_sum(r, "year_sales", "year_orders", NULL, first, last);
	report_fact(r, "unit", REPORT_TEXT, value_text(unit));
	return err;
}

const struct report report_sales = {.name = "sales", .of = "order", .label = {"Sales over time", "销售走势", NULL}, .make = make_sales};

/* --- new and returning ---------------------------------------------------------------------------- */

static const struct report_column returning_columns[] = {
	{"month", {"Month", "月份"}, REPORT_MONTH}, {"new", {"New customers", "新客户数"}, REPORT_INT}, {"new_sales", {"Sales to new customers", "新客销售额"}, REPORT_MONEY},
	{"old", {"Returning customers", "老客户数"}, REPORT_INT}, {"old_sales", {"Sales to returning customers", "老客销售额"}, REPORT_MONEY},
	{"share", {"Share of returning customers in sales", "老客销售占比"}, REPORT_SHARE},
};

static struct value part_of(int64_t part, int64_t all)
{
	return all != 0 ? value_real((double)part / (double)all) : value_null();
}

/* New in a month: whose first purchase ever lies in it. */
static enum err returning_members(struct report_run *r)
{
	int64_t month;
	const char *part = report_cell_text(r, "part");
	bool fresh = part && part[0] == 'n';
	if (!report_cell_month(r, "month", &month) || !part || (!fresh && part[0] != 'o'))
		return report_bad_cell(r);
	return report_members_of(r, arena_printf(r->ctx->arena,
		"SELECT DISTINCT o.customer FROM o JOIN f ON f.customer = o.customer JOIN \"date\" AS d ON d.day = o.day WHERE NOT o.back AND d.month = %lld"
		" AND f.month %s %lld AND o.day BETWEEN %lld AND %lld", (long long)month, fresh ? "=" : "<", (long long)month, (long long)r->from, (long long)r->to));
}

static enum err returning_rows(struct report_run *r, struct report_table *table)
{
	struct duck_rows *rows;
	struct value *row;
	int64_t fresh = 0, old = 0, n_fresh = 0;
	const char *sql = arena_printf(r->ctx->arena,
		"SELECT CAST(b.month AS BIGINT), coalesce(c.n, 0), coalesce(c.ns, 0), coalesce(c.o, 0), coalesce(c.os, 0) FROM (SELECT DISTINCT month FROM \"date\""
		" WHERE day BETWEEN %lld AND %lld) AS b LEFT JOIN (SELECT d.month, count(DISTINCT o.customer) FILTER (WHERE NOT o.back AND f.month = d.month) AS n,"
		" CAST(sum(o.amount) FILTER (WHERE f.month = d.month) AS BIGINT) AS ns, count(DISTINCT o.customer) FILTER (WHERE NOT o.back AND f.month < d.month) AS o,"
		" CAST(sum(o.amount) FILTER (WHERE f.month IS NULL OR f.month <> d.month) AS BIGINT) AS os FROM o LEFT JOIN f ON f.customer = o.customer"
		" JOIN \"date\" AS d ON d.day = o.day WHERE o.day BETWEEN %lld AND %lld GROUP BY 1) AS c ON c.month = b.month ORDER BY 1",
		(long long)r->from, (long long)r->to, (long long)r->from, (long long)r->to);
	enum err err = report_ask(r, sql, &rows);
	while (!err && duck_next(rows)) {
		err = report_row(r, table, &row);
		if (err)
			break;
		for (size_t i = 0; i < 5; i++)
			row[i] = value_int(duck_i64(rows, i));
		row[5] = part_of(row[4].i, row[2].i + row[4].i);
		n_fresh += row[1].i;
		fresh += row[2].i;
		old += row[4].i;
	}
	duck_done(rows);
	report_fact(r, "new", REPORT_INT, value_int(n_fresh));
	report_fact(r, "new_sales", REPORT_MONEY, value_int(fresh));
	report_fact(r, "old_sales", REPORT_MONEY, value_int(old));
	report_fact(r, "old_share", REPORT_SHARE, part_of(old, fresh + old));
	return err;
}

static enum err make_returning(struct report_run *r)
{
	struct report_table *table;
	enum err err = report_orders(r, true);
	if (!err)
		err = report_do(r, "CREATE OR REPLACE TEMP TABLE f AS SELECT x.customer, d.month FROM (SELECT customer, min(day) AS day FROM o WHERE NOT back GROUP BY 1) AS x"
		                " JOIN \"date\" AS d ON d.day = x.day");
	if (err || r->cell)
		return err ? err : returning_members(r);
	err = report_table_new(r, "returning", (struct text2){"New and returning customers", "新客与老客", NULL}, returning_columns, 6, &table);
	return err ? err : returning_rows(r, table);
}

const struct report report_returning = {.name = "returning", .of = "order", .label = {"New and returning customers", "新客与老客", NULL}, .customers = true,
	.make = make_returning};
