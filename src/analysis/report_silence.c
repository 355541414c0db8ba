/* Who falls silent: customers beyond their own rhythm, with the probability that they still are customers (BG/NBD: Fader, Hardie and Lee 2005). */
#include <math.h>

#include "analysis/report.h"
#include "base/str.h"
#include "models/models.h"

enum { STATES = 4, MONTH = 30 };

static const struct option states[STATES] = {
	{"on_time", {"Within their rhythm", "节奏正常", NULL}, "good"}, {"late", {"Later than usual", "比平时晚", NULL}, "warn"},
	{"overdue", {"Silent for over twice as long as usual", "沉默超过平时两倍", NULL}, "bad"}, {"once", {"Too few purchases for a rhythm", "购买次数不足", NULL}, "quiet"},
};

/* Table h: a customer's purchases (days on which they bought), the median of the days between them, how long nothing has come, and
 * what they brought in the year that ends with the last day. */
static enum err histories(struct report_run *r)
{
	return report_do(r, arena_printf(r->ctx->arena,
		"CREATE OR REPLACE TEMP TABLE h AS WITH d AS (SELECT DISTINCT customer, day FROM o WHERE NOT back AND day <= %lld),"
		" g AS (SELECT customer, day, day - lag(day) OVER (PARTITION BY customer ORDER BY day) AS gap FROM d),"
		" m AS (SELECT customer, min(day) AS first, max(day) AS last, count(*) AS n, median(gap) AS rhythm FROM g GROUP BY 1),"
		" s AS (SELECT customer, CAST(sum(amount) AS BIGINT) AS sales FROM o WHERE day BETWEEN %lld AND %lld GROUP BY 1)"
		" SELECT m.*, CAST(%lld - m.last AS BIGINT) AS silence, coalesce(s.sales, 0) AS sales, CASE WHEN m.n < 3 THEN 3 WHEN %lld - m.last <= m.rhythm THEN 0"
		" WHEN %lld - m.last <= 2 * m.rhythm THEN 1 ELSE 2 END AS state FROM m LEFT JOIN s ON s.customer = m.customer",
		(long long)r->to, (long long)(r->to - 364), (long long)r->to, (long long)r->to, (long long)r->to, (long long)r->to));
}

/* In weeks, those with one history together. *ret_fits false: there is too little to learn from. */
static enum err fit(struct report_run *r, struct model_fit *ret, bool *ret_fits)
{
	struct duck_rows *rows;
	int64_t n;
	size_t i = 0;
	*ret_fits = false;
	enum err err = duck_number(r->ctx, r->conn, "SELECT count(*) FROM (SELECT DISTINCT n, first, last FROM h) AS q", NULL, 0, &n);
	double *x = arena_array(r->ctx->arena, (size_t)n * 4 + 1, sizeof(*x)), *t_x = x + n, *age = x + 2 * n, *weight = x + 3 * n;
	if (!err && !x)
		err = report_no_memory(r);
	if (!err)
		err = report_ask(r, "SELECT CAST(n AS BIGINT), CAST(first AS BIGINT), CAST(last AS BIGINT), count(*) FROM h GROUP BY 1, 2, 3 ORDER BY 1, 2, 3", &rows);
	if (err)
		return err;
	for (; i < (size_t)n && duck_next(rows); i++) {
		x[i] = (double)(duck_i64(rows, 0) - 1);
		t_x[i] = (double)(duck_i64(rows, 2) - duck_i64(rows, 1)) / 7;
		age[i] = (double)(r->to - duck_i64(rows, 1)) / 7;
		weight[i] = (double)duck_i64(rows, 3);
	}
	duck_done(rows);
	const struct model_history history = {.x = x, .t_x = t_x, .age = age, .weight = weight, .n = i};
	struct faults before = r->ctx->faults;
	err = i ? model_bgnbd(r->ctx, &history, ret) : ERR_INVALID;
	*ret_fits = err == OK && ret->converged;
	if (err == ERR_INVALID) {
		r->ctx->faults = before;
		err = OK;
	}
	return err;
}

static enum err put_states(struct report_run *r)
{
	static const struct report_column columns[] = {
		{"state", {"State", "状态", NULL}, REPORT_TEXT}, {"name", {"Name of the state", "状态名称", NULL}, REPORT_TEXT},
		{"customers", {"Customers", "客户数", NULL}, REPORT_INT}, {"sales", {"Sales in the last year", "近一年销售额", NULL}, REPORT_MONEY},
	};
	int64_t n[STATES] = {0}, sales[STATES] = {0};
	struct duck_rows *rows;
	struct report_table *table;
	struct value *row;
	enum err err = report_ask(r, "SELECT CAST(state AS BIGINT), count(*), CAST(sum(sales) AS BIGINT) FROM h GROUP BY 1", &rows);
	while (!err && duck_next(rows)) {
		size_t at = (size_t)duck_i64(rows, 0);
		n[at] = duck_i64(rows, 1);
		sales[at] = duck_i64(rows, 2);
	}
	duck_done(rows);
	if (!err)
		err = report_table_new(r, "states", (struct text2){"By rhythm", "按购买节奏", NULL}, columns, 4, &table);
	for (size_t i = 0; !err && i < STATES; i++) {
		err = report_row(r, table, &row);
		if (err)
			break;
		row[0] = value_text(states[i].value);
		row[1] = value_text(entity_label(r->ctx, &states[i].label));
		row[2] = value_int(n[i]);
		row[3] = value_int(sales[i]);
	}
	report_fact(r, "customers", REPORT_INT, value_int(n[0] + n[1] + n[2] + n[3]));
	report_fact(r, "overdue", REPORT_INT, value_int(n[2]));
	report_fact(r, "overdue_sales", REPORT_MONEY, value_int(sales[2]));
	return err;
}

static enum err put_watch(struct report_run *r, const struct model_fit *model, bool fits)
{
	static const struct report_column columns[] = {
		{"customer", {"Customer", "客户", NULL}, REPORT_CUSTOMER}, {"last", {"Last purchase", "最近购买", NULL}, REPORT_DAY},
		{"purchases", {"Days with purchases", "购买次数", NULL}, REPORT_INT}, {"rhythm", {"Usual days between", "平时间隔（天）", NULL}, REPORT_REAL},
		{"silence", {"Days of silence", "沉默天数", NULL}, REPORT_INT}, {"alive", {"Still a customer, probably", "留存概率", NULL}, REPORT_SHARE},
		{"alive_before", {"The same a month ago", "一个月前", NULL}, REPORT_SHARE}, {"sales", {"Sales in the last year", "近一年销售额", NULL}, REPORT_MONEY},
	};
	struct duck_rows *rows;
	struct report_table *table;
	struct value *row;
	enum err err = report_table_new(r, "watch", (struct text2){"Watch list", "流失预警名单", NULL}, columns, 8, &table);
	const char *sql = arena_printf(r->ctx->arena, "SELECT customer, CAST(last AS BIGINT), CAST(n AS BIGINT), CAST(rhythm AS DOUBLE), silence, sales, CAST(first AS BIGINT) FROM h"
	                               " WHERE state = 2 ORDER BY sales DESC, silence DESC, customer LIMIT %d", REPORT_TOP);
	if (err)
		return err;
	err = report_ask(r, sql, &rows);
	while (!err && duck_next(rows)) {
		double x = (double)(duck_i64(rows, 2) - 1), t_x = (double)(duck_i64(rows, 1) - duck_i64(rows, 6)) / 7, age = (double)(r->to - duck_i64(rows, 6)) / 7;
		err = report_row(r, table, &row);
		if (err)
			break;
		row[0] = value_int(duck_i64(rows, 0));
		row[1] = value_int(duck_i64(rows, 1));
		row[2] = value_int(duck_i64(rows, 2));
		row[3] = value_real(duck_real(rows, 3));
		row[4] = value_int(duck_i64(rows, 4));
		row[5] = fits ? value_real(model_bgnbd_alive(model, x, t_x, age)) : value_null();
		/* who bought since then was another customer a month ago */
		row[6] = fits && duck_i64(rows, 4) > MONTH ? value_real(model_bgnbd_alive(model, x, t_x, age - MONTH / 7.0)) : value_null();
		row[7] = value_int(duck_i64(rows, 5));
	}
	duck_done(rows);
	return err;
}

static enum err members(struct report_run *r)
{
	const char *name = report_cell_text(r, "state");
	for (int i = 0; name && i < STATES; i++) {
		if (str_equal(states[i].value, name))
			return report_members_of(r, arena_printf(r->ctx->arena, "SELECT customer FROM h WHERE state = %d", i));
	}
	return report_bad_cell(r);
}

static enum err make(struct report_run *r)
{
	struct model_fit model;
	bool fits;
	enum err err = report_orders(r, true);
	if (!err)
		err = histories(r);
	if (err || r->cell)
		return err ? err : members(r);
	err = put_states(r);
	if (!err)
		err = fit(r, &model, &fits);
	if (err)
		return err;
	report_fact(r, "model", REPORT_INT, value_int(fits));
	return put_watch(r, &model, fits);
}

const struct report report_silence = {.name = "silence", .of = "order", .label = {"Falling silent", "流失预警", NULL}, .customers = true, .make = make};
