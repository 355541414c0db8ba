/* Concentration: how much of the sales a few customers bring, and which class each is in. */
#include <stdlib.h>

#include "analysis/report.h"
#include "base/str.h"
#include "models/models.h"

enum { POINTS = 20, BANDS = 12 };

struct worth {
	size_t n, negative;
	int64_t *customer, *money;
	double *value, *sorted;
	uint8_t *class_of;
	struct model_lorenz lorenz;
};

/* Customers by what they brought in the period, those first who brought the most. */
static enum err read_worth(struct report_run *r, struct worth *w)
{
	struct duck_rows *rows;
	int64_t n, bought;
	const struct value days[] = {value_int(r->from), value_int(r->to)};
	enum err err = duck_number(r->ctx, r->conn, "SELECT count(*) FROM (SELECT customer FROM o WHERE day BETWEEN ?1 AND ?2 GROUP BY 1 HAVING sum(amount) > 0) AS q", days, 2, &n);
	if (!err)
		err = duck_number(r->ctx, r->conn, "SELECT count(DISTINCT customer) FROM o WHERE day BETWEEN ?1 AND ?2", days, 2, &bought);
	if (err)
		return err;
	w->negative = (size_t)(bought - n);
	w->customer = arena_array(r->ctx->arena, (size_t)n + 1, sizeof(*w->customer));
	w->money = arena_array(r->ctx->arena, (size_t)n + 1, sizeof(*w->money));
	w->value = arena_array(r->ctx->arena, (size_t)n + 1, sizeof(*w->value));
	w->sorted = arena_array(r->ctx->arena, (size_t)n + 1, sizeof(*w->sorted));
	w->class_of = arena_array(r->ctx->arena, (size_t)n + 1, 1);
	if (!w->customer || !w->money || !w->value || !w->sorted || !w->class_of)
		return report_no_memory(r);
	err = duck_ask(r->ctx, r->conn, "SELECT customer, CAST(sum(amount) AS BIGINT) AS s FROM o WHERE day BETWEEN ?1 AND ?2 GROUP BY 1 HAVING s > 0 ORDER BY s DESC, customer",
	               days, 2, &rows);
	if (err)
		return err;
	for (w->n = 0; w->n < (size_t)n && duck_next(rows); w->n++) {
		w->customer[w->n] = duck_i64(rows, 0);
		w->money[w->n] = duck_i64(rows, 1);
		w->value[w->n] = (double)w->money[w->n];
	}
	duck_done(rows);
	return w->n ? model_lorenz(r->ctx, w->value, w->n, w->sorted, w->class_of, &w->lorenz) : OK;
}

/* Share of the sales of the best share of customers, in twentieths. */
static enum err put_curve(struct report_run *r, const struct worth *w)
{
	static const struct report_column columns[] = {
		{"customers", {"Share of customers, the best first", "客户占比（由高到低）", NULL}, REPORT_SHARE}, {"count", {"Customers", "客户数", NULL}, REPORT_INT},
		{"share", {"Share of sales", "销售占比", NULL}, REPORT_SHARE},
	};
	struct report_table *table;
	struct value *row;
	double sum = 0;
	size_t at = 0;
	enum err err = report_table_new(r, "curve", (struct text2){"Concentration curve", "集中度曲线", NULL}, columns, 3, &table);
	for (size_t i = 0; !err && i <= POINTS; i++) {
		size_t until = (w->n * i + POINTS - 1) / POINTS;
		for (; at < until; at++)
			sum += w->value[at];
		err = report_row(r, table, &row);
		if (err)
			break;
		row[0] = value_real((double)until / (double)w->n);
		row[1] = value_int((int64_t)until);
		row[2] = value_real(sum / w->lorenz.total);
	}
	return err;
}

static enum err put_classes(struct report_run *r, const struct worth *w)
{
	static const struct report_column columns[] = {
		{"class", {"Class", "等级", NULL}, REPORT_TEXT}, {"customers", {"Customers", "客户数", NULL}, REPORT_INT},
		{"share", {"Share of customers", "客户占比", NULL}, REPORT_SHARE}, {"sales", {"Sales", "销售额", NULL}, REPORT_MONEY},
		{"sales_share", {"Share of sales", "销售占比", NULL}, REPORT_SHARE}, {"mean", {"Sales per customer", "户均销售额", NULL}, REPORT_MONEY},
	};
	static const char *const names[] = {"A", "B", "C"};
	int64_t money[3] = {0, 0, 0};
	struct report_table *table;
	struct value *row;
	for (size_t i = 0; i < w->n; i++)
		money[w->class_of[i]] += w->money[i];
	enum err err = report_table_new(r, "classes", (struct text2){"Classes", "ABC 分类", NULL}, columns, 6, &table);
	for (size_t i = 0; !err && i < 3; i++) {
		int64_t n = (int64_t)w->lorenz.class_count[i];
		err = report_row(r, table, &row);
		if (err)
			break;
		row[0] = value_text(names[i]);
		row[1] = value_int(n);
		row[2] = value_real((double)n / (double)w->n);
		row[3] = value_int(money[i]);
		row[4] = value_real((double)money[i] / w->lorenz.total);
		row[5] = n ? value_int(money[i] / n) : value_null();
	}
	return err;
}

static enum err put_top(struct report_run *r, const struct worth *w)
{
	static const struct report_column columns[] = {
		{"place", {"Place", "名次", NULL}, REPORT_INT}, {"customer", {"Customer", "客户", NULL}, REPORT_CUSTOMER}, {"sales", {"Sales", "销售额", NULL}, REPORT_MONEY},
		{"share", {"Share of sales", "销售占比", NULL}, REPORT_SHARE}, {"sum", {"Together with those before", "累计占比", NULL}, REPORT_SHARE},
		{"class", {"Class", "等级", NULL}, REPORT_TEXT},
	};
	static const char *const names[] = {"A", "B", "C"};
	struct report_table *table;
	struct value *row;
	double sum = 0;
	enum err err = report_table_new(r, "top", (struct text2){"Largest customers", "大客户", NULL}, columns, 6, &table);
	for (size_t i = 0; !err && i < w->n && i < REPORT_TOP; i++) {
		err = report_row(r, table, &row);
		if (err)
			break;
		sum += w->value[i];
		row[0] = value_int((int64_t)i + 1);
		row[1] = value_int(w->customer[i]);
		row[2] = value_int(w->money[i]);
		row[3] = value_real(w->value[i] / w->lorenz.total);
		row[4] = value_real(sum / w->lorenz.total);
		row[5] = value_text(names[w->class_of[i]]);
	}
	return err;
}

/* --- distribution ------------------------------------------------------------------------------------ */

/* 1, 2 or 5 times a power of ten: a width of bands that people can read. */
static int64_t band_width(int64_t most)
{
	static const int64_t steps[] = {1, 2, 5};
	for (int64_t ten = 1; ten <= INT64_C(1000000000000000); ten *= 10) {
		for (size_t i = 0; i < 3; i++) {
			if (steps[i] * ten * BANDS >= most)
				return steps[i] * ten;
		}
	}
	return most / BANDS + 1;
}

/* Customers by what they brought; the largest twentieth share the last band, so that one giant hides nobody. */
static enum err put_bands(struct report_run *r, const struct worth *w)
{
	static const struct report_column columns[] = {
		{"from", {"Sales per customer from", "户均销售额起", NULL}, REPORT_MONEY}, {"to", {"to below", "止（不含）", NULL}, REPORT_MONEY},
		{"customers", {"Customers", "客户数", NULL}, REPORT_INT}, {"sales", {"Sales", "销售额", NULL}, REPORT_MONEY},
	};
	struct report_table *table;
	struct value *row;
	int64_t width = band_width(w->money[w->n / 20] + 1), n[BANDS + 1] = {0}, money[BANDS + 1] = {0};
	for (size_t i = 0; i < w->n; i++) {
		int64_t at = w->money[i] / width;
		at = at < BANDS ? at : BANDS;
		n[at]++;
		money[at] += w->money[i];
	}
	enum err err = report_table_new(r, "bands", (struct text2){"Customers by sales", "客户价值分布", NULL}, columns, 4, &table);
	for (int i = 0; !err && i <= BANDS; i++) {
		if (i == BANDS && n[i] == 0)
			break;
		err = report_row(r, table, &row);
		if (err)
			break;
		row[0] = value_int(i * width);
		row[1] = i < BANDS ? value_int((i + 1) * width) : value_null();
		row[2] = value_int(n[i]);
		row[3] = value_int(money[i]);
	}
	report_fact(r, "median", REPORT_MONEY, value_int(w->money[w->n / 2]));
	return err;
}

/* {"class": "A"}, or {"band": 3} counted from 0. */
static enum err members(struct report_run *r, const struct worth *w)
{
	const char *class = report_cell_text(r, "class");
	int64_t band;
	bool by_band = report_cell_int(r, "band", &band) && band <= BANDS;
	int64_t width = w->n ? band_width(w->money[w->n / 20] + 1) : 1;
	enum err err = OK;
	if (!by_band && (!class || class[0] < 'A' || class[0] > 'C' || class[1] != '\0'))
		return report_bad_cell(r);
	for (size_t i = 0; !err && i < w->n; i++) {
		int64_t at = w->money[i] / width;
		if (by_band ? (at < BANDS ? at : BANDS) == band : w->class_of[i] == class[0] - 'A')
			err = report_member(r, w->customer[i]);
	}
	return err;
}

static enum err make(struct report_run *r)
{
	struct worth w = {.n = 0};
	enum err err = report_orders(r, true);
	if (!err)
		err = read_worth(r, &w);
	if (err || r->cell)
		return err ? err : members(r, &w);
	report_fact(r, "customers", REPORT_INT, value_int((int64_t)w.n));
	report_fact(r, "left_out", REPORT_INT, value_int((int64_t)w.negative));
	if (w.n == 0)
		return OK;
	report_fact(r, "gini", REPORT_REAL, value_real(w.lorenz.gini));
	report_fact(r, "top_share", REPORT_SHARE, value_real(w.lorenz.top_share));
	report_fact(r, "share_for_80", REPORT_SHARE, value_real(w.lorenz.share_for_80));
	report_fact(r, "largest", REPORT_SHARE, value_real(w.value[0] / w.lorenz.total));
	err = put_curve(r, &w);
	if (!err)
		err = put_classes(r, &w);
	if (!err)
		err = put_top(r, &w);
	return err ? err : put_bands(r, &w);
}

const struct report report_concentration = {.name = "concentration", .of = "order", .label = {"Concentration and value", "客户集中度与价值分布", NULL}, .customers = true,
	.make = make};
