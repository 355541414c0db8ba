/* Cohorts: customers by the month of their first purchase, and how many of them bought again, month by month. */
#include "analysis/report.h"

struct cohorts {
	int64_t first, last;  /* months shown */
	int64_t now;          /* the month that still runs */
	size_t n, width;      /* cohorts; months after the first that are shown */
	int64_t *size;        /* customers of each cohort */
	int64_t *back;        /* n x (width + 1): those who bought k months later */
	int64_t *sales;       /* n: in all */
};

static enum err month_of(struct report_run *r, int64_t day, int64_t *ret)
{
	return duck_number(r->ctx, r->conn, "SELECT CAST(month AS BIGINT) FROM \"date\" WHERE day = ?1", &(const struct value){.kind = VALUE_INT, .i = day}, 1, ret);
}

/* Table f: each customer's first month. */
static enum err firsts(struct report_run *r)
{
	return report_do(r, "CREATE OR REPLACE TEMP TABLE f AS SELECT x.customer, d.month FROM (SELECT customer, min(day) AS day FROM o WHERE NOT back GROUP BY 1) AS x"
	                    " JOIN \"date\" AS d ON d.day = x.day");
}

static enum err count(struct report_run *r, struct cohorts *c)
{
	struct duck_rows *rows;
	const char *sql = arena_printf(r->ctx->arena,
		"SELECT CAST(f.month AS BIGINT), CAST(d.month - f.month AS BIGINT), count(DISTINCT o.customer) FILTER (WHERE NOT o.back), CAST(coalesce(sum(o.amount), 0) AS BIGINT)"
		" FROM o JOIN f ON f.customer = o.customer JOIN \"date\" AS d ON d.day = o.day WHERE f.month BETWEEN %lld AND %lld AND o.day <= %lld AND d.month >= f.month"
		" GROUP BY 1, 2", (long long)c->first, (long long)c->last, (long long)r->today);
	enum err err = report_ask(r, sql, &rows);
	while (!err && duck_next(rows)) {
		size_t at = (size_t)(duck_i64(rows, 0) - c->first), after = (size_t)duck_i64(rows, 1);
		if (after == 0)
			c->size[at] = duck_i64(rows, 2);
		if (after <= c->width)
			c->back[at * (c->width + 1) + after] = duck_i64(rows, 2);
		c->sales[at] += duck_i64(rows, 3);
	}
	duck_done(rows);
	return err;
}

/* Heads "1", "2" … beside those that are always there. */
static struct report_column *heads(struct report_run *r, size_t width)
{
	struct report_column *columns = arena_array(r->ctx->arena, width + 4, sizeof(*columns));
	if (!columns)
		return NULL;
	columns[0] = (struct report_column){"month", {"First purchase", "首购月份", NULL}, REPORT_MONTH};
	columns[1] = (struct report_column){"customers", {"Customers", "客户数", NULL}, REPORT_INT};
	columns[2] = (struct report_column){"sales", {"Sales so far", "累计销售额", NULL}, REPORT_MONEY};
	for (size_t k = 1; k <= width; k++) {
		const char *name = arena_printf(r->ctx->arena, "after_%zu", k), *en = arena_printf(r->ctx->arena, "After %zu mo.", k),
		           *zh = arena_printf(r->ctx->arena, "第 %zu 月", k), *hant = arena_printf(r->ctx->arena, "第 %zu 月", k);
		if (!name || !en || !zh || !hant)
			return NULL;
		columns[2 + k] = (struct report_column){name, {en, zh, hant}, REPORT_SHARE};
	}
	return columns;
}

static enum err put_grid(struct report_run *r, const struct cohorts *c)
{
	struct report_column *columns = heads(r, c->width);
	struct report_table *table;
	struct value *row;
	enum err err = columns ? report_table_new(r, "cohorts", (struct text2){"Cohorts", "客户留存", NULL}, columns, c->width + 3, &table) : report_no_memory(r);
	for (size_t i = 0; !err && i < c->n; i++) {
		err = report_row(r, table, &row);
		if (err)
			break;
		row[0] = value_int(c->first + (int64_t)i);
		row[1] = value_int(c->size[i]);
		row[2] = value_int(c->sales[i]);
		/* what has not been yet is empty, not zero */
		for (size_t k = 1; k <= c->width && c->size[i] > 0 && c->first + (int64_t)(i + k) <= c->now; k++)
			row[2 + k] = value_real((double)c->back[i * (c->width + 1) + k] / (double)c->size[i]);
	}
	return err;
}

/* Of all whose k-th month is over: how many bought in it. */
static enum err put_curve(struct report_run *r, const struct cohorts *c)
{
	static const struct report_column columns[] = {
		{"after", {"Months after", "首购后月数", NULL}, REPORT_INT}, {"customers", {"Customers observed", "观察客户数", NULL}, REPORT_INT},
		{"back", {"Bought in that month", "当月复购客户", NULL}, REPORT_INT}, {"share", {"Share", "复购率", NULL}, REPORT_SHARE},
	};
	struct report_table *table;
	struct value *row;
	enum err err = report_table_new(r, "curve", (struct text2){"Retention", "留存曲线", NULL}, columns, 4, &table);
	for (size_t k = 1; !err && k <= c->width; k++) {
		int64_t seen = 0, back = 0;
		for (size_t i = 0; i < c->n && c->first + (int64_t)(i + k) < c->now; i++) {
			seen += c->size[i];
			back += c->back[i * (c->width + 1) + k];
		}
		if (seen == 0)
			break;
		err = report_row(r, table, &row);
		if (err)
			break;
		row[0] = value_int((int64_t)k);
		row[1] = value_int(seen);
		row[2] = value_int(back);
		row[3] = value_real((double)back / (double)seen);
		if (k == 1 || k == 3 || k == 6)
			report_fact(r, k == 1 ? "after_1" : k == 3 ? "after_3" : "after_6", REPORT_SHARE, row[3]);
	}
	return err;
}

/* {"month": "2026-03", "after": k, "missing": true}: those who bought in the k-th month after, or did not. */
static enum err members(struct report_run *r)
{
	int64_t month, after;
	if (!report_cell_month(r, "month", &month))
		return report_bad_cell(r);
	if (!json_object_get(r->cell, "after"))
		return report_members_of(r, arena_printf(r->ctx->arena, "SELECT customer FROM f WHERE month = %lld", (long long)month));
	if (!report_cell_int(r, "after", &after))
		return report_bad_cell(r);
	return report_members_of(r, arena_printf(r->ctx->arena,
		"SELECT f.customer FROM f WHERE f.month = %lld AND %s EXISTS (SELECT 1 FROM o JOIN \"date\" AS d ON d.day = o.day WHERE o.customer = f.customer AND NOT o.back"
		" AND d.month = %lld AND o.day <= %lld)", (long long)month, json_is_true(json_object_get(r->cell, "missing")) ? "NOT" : "", (long long)(month + after),
		(long long)r->today));
}

/* Which months, and zeros for them. */
static enum err begin(struct report_run *r, struct cohorts *ret)
{
	struct cohorts c = {.first = 0};
	enum err err = month_of(r, r->from, &c.first);
	if (!err)
		err = month_of(r, r->to, &c.last);
	if (!err)
		err = month_of(r, r->today, &c.now);
	if (err)
		return err;
	if (c.last - c.first >= REPORT_COHORTS_MAX)
		c.first = c.last - REPORT_COHORTS_MAX + 1;
	c.n = (size_t)(c.last - c.first + 1);
	c.width = c.now > c.first ? (size_t)(c.now - c.first) : 0;
	if (c.width > REPORT_COHORTS_MAX)
		c.width = REPORT_COHORTS_MAX;
	c.size = arena_array(r->ctx->arena, c.n, sizeof(*c.size));
	c.sales = arena_array(r->ctx->arena, c.n, sizeof(*c.sales));
	c.back = arena_array(r->ctx->arena, c.n * (c.width + 1), sizeof(*c.back));
	if (!c.size || !c.sales || !c.back)
		return report_no_memory(r);
	for (size_t i = 0; i < c.n; i++)
		c.size[i] = c.sales[i] = 0;
	for (size_t i = 0; i < c.n * (c.width + 1); i++)
		c.back[i] = 0;
	*ret = c;
	return OK;
}

static enum err make(struct report_run *r)
{
	struct cohorts c = {.first = 0};
	int64_t all = 0;
	enum err err = report_orders(r, true);
	if (!err)
		err = firsts(r);
	if (err || r->cell)
		return err ? err : members(r);
	err = begin(r, &c);
	if (!err)
		err = count(r, &c);
	if (err)
		return err;
	for (size_t i = 0; i < c.n; i++)
		all += c.size[i];
	report_fact(r, "customers", REPORT_INT, value_int(all));
	report_fact(r, "running", REPORT_MONTH, value_int(c.now));
	err = put_grid(r, &c);
	return err ? err : put_curve(r, &c);
}

const struct report report_cohorts = {.name = "cohorts", .of = "order", .label = {"Cohorts and retention", "客户留存", NULL}, .customers = true, .make = make};
