/* The columns a statement reads: what was selected, and what the program needs
 * besides (ids for embeds, currencies of amounts, order values for the cursor). */
#include <string.h>

#include "base/str.h"
#include "core/rest/query_internal.h"

enum { COLS_FIRST = 32 };

static size_t add_col(struct query_sql *b, struct query_col col)
{
	if (b->n_cols == b->cap_cols) {
		size_t cap = b->cap_cols ? b->cap_cols * 2 : COLS_FIRST;
		struct query_col *more = arena_array(b->ctx->arena, cap, sizeof(*more));
		if (!more) {
			b->err = fail(b->ctx, ERR_LIMIT, "select", "memory");
			return 0;
		}
		if (b->n_cols)
			memcpy(more, b->cols, b->n_cols * sizeof(*more));
		b->cols = b->new_cols = more;
		b->cap_cols = cap;
	}
	b->new_cols[b->n_cols] = col;
	return b->n_cols++;
}

/* What reading and writing a cell need to know, found once a statement. */
static void set_kind(struct query_col *col)
{
	col->kind = VALUE_INT;
	if (col->agg == AGG_COUNT)
		return;
	const struct field_type_ops *ops = field_ops(node_field(col->node, col->field)->type);
	col->kind = ops->kind == VALUE_LIST ? VALUE_TEXT : ops->kind;
	col->text = ops->write_json == field_ops(FIELD_TEXT)->write_json;
}

static size_t new_col(struct query_sql *b, const struct query_node *node, int field, enum query_agg agg, enum field_right right, bool hidden)
{
	struct query_col col = {.node = node, .field = field, .agg = agg, .currency = NO_COL, .count = NO_COL, .hidden = hidden, .right = right};
	set_kind(&col);
	col.sensitive = !hidden && field >= 0 && right >= RIGHT_READ && (node_field(node, field)->flags & F_SENSITIVE);
	return add_col(b, col);
}

/* For the program's own use; one that is selected anyway will do. */
static size_t need_col(struct query_sql *b, const struct query_node *node, int field, enum query_agg agg)
{
	for (size_t i = 0; i < b->n_cols; i++)
		if (b->cols[i].field == field && b->cols[i].node->at == node->at && b->cols[i].agg == agg && b->cols[i].right >= RIGHT_READ)
			return i;
	return new_col(b, node, field, agg, RIGHT_READ, true);
}

/* Whether a grouped statement has this field as a group of its own. */
static bool is_group(const struct query_node *node, int field)
{
	for (const struct query_item *item = node->items; item; item = item->next)
		if (!item->embed && item->agg == AGG_NONE && item->field == field)
			return true;
	return false;
}

static bool is_fixed(const struct query_node *node, int field)
{
	for (const struct query_cond *c = node->where.first; c; c = c->next)
		if (c->kind == COND_TERM && c->field == field && c->op == OP_EQ && !c->negate && c->n == 1 && c->quant == QUANT_ONE)
			return true;
	return false;
}

/* Amounts need their currency for its fraction digits; sums must not mix currencies. */
static size_t currency_col(struct query_sql *b, const struct query_node *node, const struct query_item *item)
{
	int currency = entity_currency(node->info, item->field);
	bool summed = item->agg != AGG_NONE && item->agg != AGG_COUNT;
	if (currency < 0 || node_field(node, item->field)->type != FIELD_MONEY || item->agg == AGG_COUNT)
		return NO_COL;
	if (summed && is_fixed(node, currency))
		return need_col(b, node, currency, AGG_MIN);
	if (summed && !is_group(node, currency)) {
		b->err = fail_arg(b->ctx, ERR_INVALID, item->key, QK_CURRENCIES, node_field(node, currency)->name);
		return NO_COL;
	}
	return need_col(b, node, currency, AGG_NONE);
}

static void plan_item(struct query_sql *b, const struct query_node *node, const struct query_item *item)
{
	enum query_agg agg = item->agg == AGG_AVG ? AGG_SUM : item->agg;
	size_t at = b->new_item_cols[item->at] = new_col(b, node, item->field, agg, item->right, false);
	if (item->field < 0 || b->err)
		return;
	size_t currency = currency_col(b, node, item);
	size_t count = item->agg == AGG_AVG ? need_col(b, node, item->field, AGG_COUNT) : NO_COL;
	if (!b->err) {
		b->new_cols[at].currency = currency;
		b->new_cols[at].count = count;
	}
}

static void plan_node(struct query_sql *b, const struct query_node *node)
{
	for (const struct query_item *item = node->items; item && !b->err; item = item->next)
		if (!item->embed)
			plan_item(b, node, item);
	size_t *id_col = &node_place(b, node)->id_col;
	*id_col = NO_COL;
	if (!b->top->grouped || (node->rel == REL_ONE && node != b->top && !node->spread && node->items))
		*id_col = need_col(b, node, SF_ID, AGG_NONE);
	for (const struct query_node *child = node->first; child && !b->err; child = child->next)
		if (child->rel == REL_ONE)
			plan_node(b, child);
}

void sqlb_plan(struct query_sql *b)
{
	size_t at = 0;
	b->item_cols = b->new_item_cols = arena_array(b->ctx->arena, b->query->n_items + 1, sizeof(*b->new_item_cols));
	if (!b->new_item_cols) {
		b->err = fail(b->ctx, ERR_LIMIT, "select", "memory");
		return;
	}
	plan_node(b, b->top);
	if (b->top->rel == REL_ROOT && b->query->only_ids && b->query->n_ids == 1 && !b->top->grouped)
		b->version_col = need_col(b, b->top, SF_VERSION, AGG_NONE);
	if (b->top->grouped || b->query->all_rows || b->query->only_ids)
		return;
	for (const struct query_order *term = b->top->order; term && !b->err && at < QUERY_ORDER_MAX; term = term->next)
		b->order_cols[at++] = need_col(b, term->node, term->field, AGG_NONE);
}

/* --- as text ------------------------------------------------------------------------------- */

/* "id US title RS id US title …", by one index look-up a row. */
static void put_links(struct query_sql *b, const struct query_col *col)
{
	const struct entity_info *info = col->node->info, *target = entity_link(info, col->field);
	bool pg = b->engine == ENGINE_POSTGRES;
	bool titled = target->title >= 0 && info->fields[col->field]->type == FIELD_LINKS &&
	              entity_scope(b->ctx->actor, target, ACTION_READ) != SCOPE_NONE &&
	              entity_field_right(b->ctx->actor, target, target->title) >= RIGHT_READ;
	int l = ++b->aliases;
	sqlb_puts(b, pg ? "(SELECT string_agg(CAST(" : "(SELECT group_concat(CAST(");
	sqlb_column(b, 'l', l, "link_id");
	sqlb_puts(b, " AS text)");
	if (titled) {
		sqlb_puts(b, pg ? " || chr(31) || coalesce(" : " || char(31) || coalesce(");
		sqlb_column(b, 'x', l, field_column(target->fields[target->title]));
		sqlb_puts(b, ", '')");
	}
	sqlb_puts(b, pg ? ", chr(30) ORDER BY " : ", char(30)");
	if (pg)
		sqlb_column(b, 'l', l, "link_id"); /* SQLite reads them in this order anyway */
	sqlb_puts(b, ") FROM \"");
	sqlb_puts(b, info->entity->name);
	sqlb_puts(b, "_");
	sqlb_puts(b, field_column(info->fields[col->field]));
	sqlb_puts(b, "\" AS ");
	sqlb_column(b, 'l', l, NULL);
	if (titled) {
		sqlb_puts(b, " JOIN ");
		sqlb_name(b, target->entity->name);
		sqlb_puts(b, " AS ");
		sqlb_column(b, 'x', l, NULL);
		sqlb_puts(b, " ON ");
		sqlb_column(b, 'x', l, "id");
		sqlb_puts(b, " = ");
		sqlb_column(b, 'l', l, "link_id");
		sqlb_scope(b, target, ACTION_READ, 'x', l);
	}
	sqlb_puts(b, " WHERE ");
	sqlb_column(b, 'l', l, "record_id");
	sqlb_puts(b, " = ");
	sqlb_column(b, 't', node_place(b, col->node)->alias, "id");
	sqlb_puts(b, ")");
}

static void put_agg(struct query_sql *b, const struct query_col *col)
{
	static const char *const names[] = {[AGG_COUNT] = "count(", [AGG_SUM] = "sum(", [AGG_MIN] = "min(", [AGG_MAX] = "max("};
	const struct field *field = col->field < 0 ? NULL : node_field(col->node, col->field);
	bool widened = b->engine == ENGINE_POSTGRES && col->agg == AGG_SUM && field && field->type != FIELD_REAL;
	sqlb_puts(b, widened ? "CAST(" : "");
	sqlb_puts(b, names[col->agg]);
	/* Children are counted by their id: a parent without any has a row of nulls. */
	sqlb_column(b, 't', node_place(b, col->node)->alias, field ? field_column(field) : "id");
	sqlb_puts(b, widened ? ") AS bigint)" : ")");
}

static bool is_links(const struct query_col *col)
{
	return col->agg == AGG_NONE && col->field >= 0 && node_field(col->node, col->field)->type == FIELD_LINKS;
}

void sqlb_columns(struct query_sql *b)
{
	for (size_t i = 0; i < b->n_cols && !b->err; i++) {
		const struct query_col *col = &b->cols[i];
		sqlb_puts(b, i ? ", " : "");
		if (col->agg != AGG_NONE)
			put_agg(b, col);
		else if (is_links(col))
			put_links(b, col);
		else
			sqlb_column(b, 't', node_place(b, col->node)->alias, field_column(node_field(col->node, col->field)));
	}
}

void sqlb_group_by(struct query_sql *b)
{
	const char *comma = " GROUP BY ";
	if (b->key_col != NO_COL) {
		sqlb_puts(b, " GROUP BY \"k\".\"key\"");
		comma = ", ";
	}
	for (size_t i = 0; i < b->n_cols; i++) {
		const struct query_col *col = &b->cols[i];
		if (col->agg != AGG_NONE)
			continue;
		sqlb_puts(b, comma);
		sqlb_column(b, 't', node_place(b, col->node)->alias, field_column(node_field(col->node, col->field)));
		comma = ", ";
	}
}
