/* What is bought together: pairs of products in one order that stand together more often than by chance. */
#include <string.h>

#include "analysis/report.h"
#include "base/id.h"
#include "models/models.h"

enum { LEAST = 3, SETS_MAX = 200000, TRIES = 12 };
static const double level = 0.05, confidence = 0.05;

struct orders {
	size_t n, n_items, n_places;
	int64_t *product;
	int32_t *item;
	size_t *start;
};

/* Table b: each order with each of its products once; table p: the products counted through. */
static enum err tables(struct report_run *r)
{
	enum err err = report_do(r, arena_printf(r->ctx->arena,
		"CREATE OR REPLACE TEMP TABLE b AS SELECT DISTINCT l.order_id, l.product FROM l JOIN o ON o.id = l.order_id WHERE NOT o.back AND o.day BETWEEN %lld AND %lld",
		(long long)r->from, (long long)r->to));
	return err ? err : report_do(r, "CREATE OR REPLACE TEMP TABLE p AS SELECT product, row_number() OVER (ORDER BY product) - 1 AS place FROM (SELECT DISTINCT product FROM b) AS q");
}

static enum err read_sizes(struct report_run *r, struct orders *o, int64_t *ret_places)
{
	int64_t n = 0, items = 0, places = 0;
	enum err err = duck_number(r->ctx, r->conn, "SELECT count(DISTINCT order_id) FROM b", NULL, 0, &n);
	if (!err)
		err = duck_number(r->ctx, r->conn, "SELECT count(*) FROM p", NULL, 0, &items);
	if (!err)
		err = duck_number(r->ctx, r->conn, "SELECT count(*) FROM b", NULL, 0, &places);
	if (err)
		return err;
	*ret_places = places;
	o->product = arena_array(r->ctx->arena, (size_t)items + 1, sizeof(*o->product));
	o->item = arena_array(r->ctx->arena, (size_t)places + 1, sizeof(*o->item));
	o->start = arena_array(r->ctx->arena, (size_t)n + 2, sizeof(*o->start));
	o->n_items = (size_t)items;
	return o->product && o->item && o->start ? OK : report_no_memory(r);
}

static enum err read_orders(struct report_run *r, struct orders *o)
{
	struct duck_rows *rows = NULL;
	int64_t places = 0, last = 0;
	enum err err = read_sizes(r, o, &places);
	if (!err)
		err = report_ask(r, "SELECT product FROM p ORDER BY place", &rows);
	for (size_t i = 0; !err && i < o->n_items && duck_next(rows); i++)
		o->product[i] = duck_i64(rows, 0);
	duck_done(rows);
	if (!err)
		err = report_ask(r, "SELECT b.order_id, CAST(p.place AS BIGINT) FROM b JOIN p ON p.product = b.product ORDER BY 1, 2", &rows);
	if (err)
		return err;
	while (o->n_places < (size_t)places && duck_next(rows)) {
		if (o->n_places == 0 || duck_i64(rows, 0) != last)
			o->start[o->n++] = o->n_places;
		last = duck_i64(rows, 0);
		o->item[o->n_places++] = (int32_t)duck_i64(rows, 1);
	}
	duck_done(rows);
	o->start[o->n] = o->n_places;
	return OK;
}

/* Pairs that are in enough orders; a firm with very many of them sees the most frequent. */
static enum err find(struct report_run *r, const struct orders *o, struct model_itemsets *sets)
{
	const struct model_baskets baskets = {.item = o->item, .start = o->start, .n = o->n, .n_items = (int32_t)o->n_items};
	int64_t least = (int64_t)o->n / 200 > LEAST ? (int64_t)o->n / 200 : LEAST;
	struct faults before = r->ctx->faults;
	enum err err = ERR_LIMIT;
	for (int i = 0; err == ERR_LIMIT && i < TRIES; i++, least *= 2) {
		r->ctx->faults = before;
		err = model_itemsets_new(r->ctx, &baskets, least, 2, SETS_MAX, sets);
	}
	return err;
}

static enum err put_rules(struct report_run *r, const struct orders *o, const struct model_itemsets *sets)
{
	static const struct report_column columns[] = {
		{"product", {"Who buys", "购买商品", NULL}, REPORT_PRODUCT}, {"other", {"also buys", "同时购买", NULL}, REPORT_PRODUCT},
		{"orders", {"Orders with both", "同单数", NULL}, REPORT_INT}, {"support", {"Share of orders", "支持度", NULL}, REPORT_SHARE},
		{"confidence", {"Of orders with the first", "置信度", NULL}, REPORT_SHARE}, {"lift", {"Times more often than by chance", "提升度", NULL}, REPORT_REAL},
		{"p", {"Chance alone (p, corrected)", "校正 p 值", NULL}, REPORT_REAL},
	};
	struct model_rule *rules;
	size_t n, found = 0;
	struct report_table *table;
	struct value *row;
	enum err err = model_rules(r->ctx, sets, o->n, confidence, 2, MODEL_ADJUST_BH, &rules, &n);
	if (!err)
		err = report_table_new(r, "pairs", (struct text2){"Bought together", "关联购买", NULL}, columns, 7, &table);
	for (size_t i = 0; !err && i < n; i++) {
		const struct model_rule *rule = &rules[i];
		if (rule->antecedent < 0 || rule->lift <= 1 || rule->p_adjusted > level || found++ >= REPORT_TOP)
			continue;
		err = report_row(r, table, &row);
		if (err)
			break;
		row[0] = value_int(o->product[sets->item[rule->antecedent]]);
		row[1] = value_int(o->product[rule->consequent]);
		row[2] = value_int(sets->count[rule->set]);
		row[3] = value_real(rule->support);
		row[4] = value_real(rule->confidence);
		row[5] = value_real(rule->lift);
		row[6] = value_real(rule->p_adjusted);
	}
	report_fact(r, "rules", REPORT_INT, value_int((int64_t)found));
	return err;
}

/* {"product": "id", "other": "id"}: who bought the one in the period, and never yet the other. */
static enum err members(struct report_run *r)
{
	int64_t product, other;
	const char *a = report_cell_text(r, "product"), *b = report_cell_text(r, "other");
	if (!a || !b || !id_parse(a, &product) || !id_parse(b, &other))
		return report_bad_cell(r);
	return report_members_of(r, arena_printf(r->ctx->arena,
		"SELECT DISTINCT o.customer FROM b JOIN o ON o.id = b.order_id WHERE b.product = %lld AND NOT EXISTS (SELECT 1 FROM l JOIN o AS x ON x.id = l.order_id"
		" WHERE l.product = %lld AND NOT x.back AND x.customer = o.customer)", (long long)product, (long long)other));
}

static enum err make(struct report_run *r)
{
	struct orders o = {.n = 0};
	struct model_itemsets sets = {.n = 0};
	enum err err = report_orders(r, r->cell != NULL);
	if (!err)
		err = report_lines(r, "product_id.id");
	if (!err)
		err = tables(r);
	if (err || r->cell)
		return err ? err : members(r);
	err = read_orders(r, &o);
	if (err)
		return err;
	report_fact(r, "orders", REPORT_INT, value_int((int64_t)o.n));
	report_fact(r, "products", REPORT_INT, value_int((int64_t)o.n_items));
	if (o.n == 0)
		return OK;
	err = find(r, &o, &sets);
	if (!err)
		err = put_rules(r, &o, &sets);
	model_itemsets_free(&sets);
	return err;
}

const struct report report_baskets = {.name = "baskets", .of = "order_line", .label = {"Bought together", "关联购买", NULL}, .customers = true, .make = make};
