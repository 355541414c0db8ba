/* Statements: the page, the children of a page, a count, a list of ids. */
#include <string.h>

#include "base/str.h"
#include "core/rest/query_internal.h"

enum { SQL_TEXT_MAX = 256 * 1024, PARAMS_FIRST = 16, IDS_TEXT_MAX = 20 };

/* --- pieces -------------------------------------------------------------------------- */

void sqlb_begin(struct query_sql *b, struct ctx *ctx, const struct query *q, const struct query_node *top)
{
	memset(b, 0, sizeof(*b));
	b->ctx = ctx;
	b->query = q;
	b->top = top;
	b->engine = db_engine(ctx->db);
	b->key_col = b->version_col = NO_COL;
	buf_init(&b->text, SQL_TEXT_MAX);
}

void sqlb_release(struct query_sql *b)
{
	buf_release(&b->text);
}

void sqlb_puts(struct query_sql *b, const char *text)
{
	buf_add(&b->text, text, strlen(text));
}

void sqlb_name(struct query_sql *b, const char *name)
{
	buf_putc(&b->text, '"');
	buf_add(&b->text, name, strlen(name));
	buf_putc(&b->text, '"');
}

enum { NUMBER_MAX = 20 };

/* Digits at `to`; returns how many. */
static size_t write_number(char *to, size_t n)
{
	if (n < 10) {
		*to = (char)('0' + n);
		return 1;
	}
	char digits[NUMBER_MAX];
	size_t at = sizeof(digits);
	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	memcpy(to, digits + at, sizeof(digits) - at);
	return sizeof(digits) - at;
}

static void put_number(struct query_sql *b, size_t n)
{
	char digits[NUMBER_MAX];
	buf_add(&b->text, digits, write_number(digits, n));
}

/* A column of what is carried in the root's rows. */
static void put_carried(struct query_sql *b, const char *name)
{
	sqlb_puts(b, "\"t0\".\"");
	sqlb_puts(b, b->carried_link);
	sqlb_puts(b, ".");
	sqlb_puts(b, name);
	sqlb_puts(b, "\"");
}

/* In one piece: columns are most of a statement's text. */
void sqlb_column(struct query_sql *b, char prefix, int alias, const char *name)
{
	if (b->carried != 0 && prefix == 't' && alias == b->carried && name) {
		put_carried(b, name);
		return;
	}
	size_t n = name ? strlen(name) : 0;
	char *to = buf_reserve(&b->text, n + NUMBER_MAX + 6), *p = to;
	if (!to)
		return;
	*p++ = '"';
	*p++ = prefix;
	p += write_number(p, (size_t)alias);
	*p++ = '"';
	if (name) {
		memcpy(p, ".\"", 2);
		memcpy(p + 2, name, n);
		p += n + 2;
		*p++ = '"';
	}
	*p = '\0';
	b->text.len += (size_t)(p - to);
}

static void add_param(struct query_sql *b, struct value value)
{
	if (b->n_params == b->cap_params) {
		size_t cap = b->cap_params ? b->cap_params * 2 : PARAMS_FIRST;
		struct value *more = arena_array(b->ctx->arena, cap, sizeof(*more));
		if (!more) {
			b->err = fail(b->ctx, ERR_LIMIT, "", "memory");
			return;
		}
		if (b->n_params)
			memcpy(more, b->params, b->n_params * sizeof(*more));
		b->params = b->new_params = more;
		b->cap_params = cap;
	}
	b->new_params[b->n_params++] = value;
}

void sqlb_param(struct query_sql *b, struct value value)
{
	add_param(b, value);
	buf_putc(&b->text, '?');
	put_number(b, b->n_params);
}

void sqlb_bound(struct query_sql *b, struct value value)
{
	add_param(b, value);
}

void sqlb_param_ids(struct query_sql *b, const int64_t *ids, size_t n)
{
	bool pg = b->engine == ENGINE_POSTGRES;
	struct buf text;
	buf_init(&text, (n + 1) * (IDS_TEXT_MAX + 1) + 3);
	buf_putc(&text, pg && !b->duck ? '{' : '[');
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_putc(&text, ',');
		buf_put_i64(&text, ids[i]);
	}
	buf_putc(&text, pg && !b->duck ? '}' : ']');
	const char *copy = buf_failed(&text) ? NULL : arena_strndup(b->ctx->arena, buf_text(&text), text.len);
	buf_release(&text);
	if (!copy) {
		b->err = fail(b->ctx, ERR_LIMIT, "", "memory");
		return;
	}
	sqlb_puts(b, pg ? "CAST(" : "");
	sqlb_param(b, value_text(copy));
	sqlb_puts(b, pg ? " AS bigint[])" : "");
}

static void put_table(struct query_sql *b, const struct query_node *node)
{
	sqlb_name(b, node->info->entity->name);
	sqlb_puts(b, " AS ");
	sqlb_column(b, 't', node_place(b, node)->alias, NULL);
}

/* Positions and ids as a table "k" (key, value). */
static void put_keys(struct query_sql *b, const int64_t *ids, size_t n)
{
	bool pg = b->engine == ENGINE_POSTGRES;
	sqlb_puts(b, pg ? "unnest(" : "json_each(");
	sqlb_param_ids(b, ids, n);
	sqlb_puts(b, pg ? ") WITH ORDINALITY AS \"k\" (\"value\", \"key\")" : ") AS \"k\"");
}

static enum err finish(struct query_sql *b)
{
	if (!b->err && buf_failed(&b->text))
		b->err = fail_arg(b->ctx, ERR_LIMIT, "", QK_TOO_MANY, "262144");
	return b->err;
}

/* --- joins --------------------------------------------------------------------------- */

/* Aliases and kinds of join are settled before columns are written. */
static void number_nodes(struct query_sql *b, const struct query_node *node, bool inner_so_far)
{
	struct query_place *place = node_place(b, node);
	place->alias = node == b->top ? 0 : ++b->aliases;
	place->joined = node != b->top && inner_so_far && node->inner;
	for (const struct query_node *child = node->first; child; child = child->next) {
		if (child->rel == REL_ONE)
			number_nodes(b, child, inner_so_far && (node == b->top || node->inner));
	}
}

static void put_joins(struct query_sql *b, const struct query_node *node, bool needed_only)
{
	for (const struct query_node *child = node->first; child; child = child->next) {
		struct query_place place = *node_place(b, child);
		if (child->rel != REL_ONE || (needed_only && !place.joined))
			continue;
		sqlb_puts(b, place.joined ? " JOIN " : " LEFT JOIN ");
		put_table(b, child);
		sqlb_puts(b, " ON ");
		sqlb_column(b, 't', place.alias, "id");
		sqlb_puts(b, " = ");
		sqlb_column(b, 't', node_place(b, node)->alias, field_column(node_field(node, child->link)));
		sqlb_node_scope(b, child, 't', place.alias);
		sqlb_where(b, child, 't', place.alias);
		put_joins(b, child, needed_only);
	}
}

/* FROM … WHERE of the query's own rows. */
static void put_from(struct query_sql *b, bool needed_only)
{
	const struct query *q = b->query;
	const struct query_node *root = q->root;
	sqlb_puts(b, " FROM ");
	if (q->only_ids && q->n_ids != 1) {
		put_keys(b, q->ids, q->n_ids);
		sqlb_puts(b, b->engine == ENGINE_POSTGRES ? " JOIN " : " CROSS JOIN ");
		put_table(b, root);
		sqlb_puts(b, " ON \"t0\".\"id\" = \"k\".\"value\"");
	} else {
		put_table(b, root);
	}
	put_joins(b, root, needed_only);
	sqlb_puts(b, " WHERE ");
	if (q->only_ids && q->n_ids == 1) {
		sqlb_puts(b, "\"t0\".\"id\" = ");
		sqlb_param(b, value_int(q->ids[0]));
		b->id_param = b->n_params;
	} else {
		sqlb_puts(b, "1 = 1");
	}
	sqlb_where(b, root, 't', 0);
	sqlb_scope(b, root->info, q->action, 't', 0);
	/* What one may change but not read is not found by asking. */
	if (q->action != ACTION_READ && entity_scope(b->ctx->actor, root->info, ACTION_READ) < entity_scope(b->ctx->actor, root->info, q->action))
		sqlb_scope(b, root->info, ACTION_READ, 't', 0);
}

/* --- order ------------------------------------------------------------------------------ */

static void put_order_term(struct query_sql *b, const struct query_order *term, char prefix, bool nulls)
{
	if (term->item)
		put_number(b, b->item_cols[term->item->at] + 1 + (b->key_col != NO_COL));
	else
		sqlb_column(b, prefix, node_place(b, term->node)->alias, field_column(node_field(term->node, term->field)));
	if (term->desc)
		sqlb_puts(b, " DESC");
	if (nulls && term->nullable)
		sqlb_puts(b, term->nulls == NULLS_FIRST ? " NULLS FIRST" : " NULLS LAST");
}

static void put_order(struct query_sql *b, const struct query_order *first, const char *before)
{
	for (const struct query_order *term = first; term; term = term->next) {
		sqlb_puts(b, term == first ? before : ", ");
		put_order_term(b, term, 't', !(term == first && b->phase == PHASE_VALUES));
	}
}

/* Groups in the order of what they are grouped by, alike on both engines. */
static void put_group_order(struct query_sql *b, const char *before)
{
	for (size_t i = 0; i < b->n_cols; i++) {
		const struct query_col *col = &b->cols[i];
		if (col->agg != AGG_NONE || col->hidden)
			continue;
		sqlb_puts(b, before);
		put_number(b, i + 1 + (b->key_col != NO_COL));
		sqlb_puts(b, " NULLS LAST");
		before = ", ";
	}
}

static void put_page_order(struct query_sql *b)
{
	const struct query_order *first = b->query->root->order;
	if (b->query->only_ids && !b->query->root->ordered) {
		if (b->query->n_ids != 1)
			sqlb_puts(b, " ORDER BY \"k\".\"key\"");
		return;
	}
	if (first && b->phase == PHASE_NULLS)
		first = first->next;
	if (first || !b->top->grouped)
		put_order(b, first, " ORDER BY ");
	else
		put_group_order(b, " ORDER BY ");
}

static void put_limit(struct query_sql *b, int64_t max, int64_t offset)
{
	if (max < 0 && offset <= 0)
		return;
	sqlb_puts(b, " LIMIT ");
	sqlb_param(b, value_int(max < 0 ? INT64_MAX : max));
	if (offset > 0) {
		sqlb_puts(b, " OFFSET ");
		sqlb_param(b, value_int(offset));
	}
}

/* --- statements ---------------------------------------------------------------------------- */

enum err sqlb_rows(struct query_sql *b, enum query_phase phase, int64_t max)
{
	b->phase = phase;
	number_nodes(b, b->top, true);
	sqlb_plan(b);
	if (b->err)
		return b->err;
	sqlb_puts(b, "SELECT ");
	sqlb_columns(b);
	put_from(b, false);
	sqlb_after_cursor(b);
	if (b->top->grouped)
		sqlb_group_by(b);
	put_page_order(b);
	size_t before = b->n_params;
	b->limit = max < 0 ? INT64_MAX : max;
	put_limit(b, max, b->query->root->offset);
	b->limit_param = b->n_params > before ? before + 1 : 0;
	return finish(b);
}

enum err sqlb_count(struct query_sql *b, int64_t cap)
{
	bool inner = b->top->grouped || cap > 0;
	number_nodes(b, b->top, true);
	if (b->top->grouped)
		sqlb_plan(b);
	if (b->err)
		return b->err;
	sqlb_puts(b, inner ? "SELECT count(*) FROM (SELECT 1" : "SELECT count(*)");
	put_from(b, !b->top->grouped);
	if (b->top->grouped)
		sqlb_group_by(b);
	if (cap > 0)
		put_limit(b, cap + 1, 0);
	sqlb_puts(b, inner ? ") AS \"n\"" : "");
	return finish(b);
}

enum err sqlb_count_some(struct query_sql *b, const struct query_cond *cond, int64_t max)
{
	const struct entity_info *info = b->query->info;
	sqlb_puts(b, "SELECT count(*) FROM (SELECT 1 FROM ");
	put_table(b, b->top);
	sqlb_puts(b, " WHERE 1 = 1");
	if (cond) {
		sqlb_puts(b, " AND ");
		sqlb_term(b, info, cond, 't', 0);
	} else {
		sqlb_scope(b, info, b->query->action, 't', 0);
	}
	put_limit(b, max, 0);
	sqlb_puts(b, ") AS \"n\"");
	return finish(b);
}

enum err sqlb_id_list(struct query_sql *b, int64_t max)
{
	number_nodes(b, b->top, true);
	sqlb_puts(b, "SELECT \"t0\".\"id\"");
	put_from(b, false);
	put_page_order(b);
	put_limit(b, max, b->query->root->offset);
	return finish(b);
}

enum err sqlb_find_key(struct query_sql *b, const int *fields, const struct value *values, size_t n)
{
	sqlb_puts(b, "SELECT \"t0\".\"id\" FROM ");
	put_table(b, b->top);
	for (size_t i = 0; i < n; i++) {
		sqlb_puts(b, i ? " AND " : " WHERE ");
		sqlb_column(b, 't', 0, field_column(node_field(b->top, fields[i])));
		sqlb_puts(b, " = ");
		sqlb_param(b, values[i]);
	}
	sqlb_puts(b, " LIMIT 1");
	return finish(b);
}

/* --- children of a page --------------------------------------------------------------------- */

/* Ids of one parent's children, in order, as many as asked for. */
static void put_child_ids(struct query_sql *b, const struct query_node *node)
{
	int alias = ++b->aliases;
	int64_t limit = node->limit >= 0 ? node->limit : QUERY_EMBED_LIMIT;
	sqlb_puts(b, "SELECT ");
	sqlb_column(b, 'x', alias, "id");
	sqlb_puts(b, " FROM ");
	sqlb_embed_from(b, node, alias, "\"k\".\"value\"", "");
	sqlb_node_scope(b, node, 'x', alias);
	sqlb_where(b, node, 'x', alias);
	for (const struct query_order *term = node->order; term; term = term->next) {
		sqlb_puts(b, term == node->order ? " ORDER BY " : ", ");
		sqlb_column(b, 'x', alias, field_column(node_field(node, term->field)));
		sqlb_puts(b, term->desc ? " DESC" : "");
		if (term->nullable)
			sqlb_puts(b, term->nulls == NULLS_FIRST ? " NULLS FIRST" : " NULLS LAST");
	}
	put_limit(b, limit, node->offset);
}

static void put_child_rows(struct query_sql *b, const struct query_node *node, const int64_t *ids, size_t n)
{
	bool pg = b->engine == ENGINE_POSTGRES;
	sqlb_puts(b, " FROM ");
	put_keys(b, ids, n);
	if (pg) {
		sqlb_puts(b, " CROSS JOIN LATERAL (");
		put_child_ids(b, node);
		sqlb_puts(b, ") AS \"s\" JOIN ");
		put_table(b, node);
		sqlb_puts(b, " ON \"t0\".\"id\" = \"s\".\"id\"");
		put_joins(b, node, false);
	} else {
		sqlb_puts(b, " CROSS JOIN ");
		put_table(b, node);
		put_joins(b, node, false);
		sqlb_puts(b, " WHERE \"t0\".\"id\" IN (");
		put_child_ids(b, node);
		sqlb_puts(b, ")");
	}
	put_order(b, node->order, " ORDER BY \"k\".\"key\", ");
}

/* Groups over all children; a parent without any still counts zero where nothing but aggregates is asked for. */
static void put_child_groups(struct query_sql *b, const struct query_node *node, const int64_t *ids, size_t n)
{
	int alias = ++b->aliases;
	bool groups = false;
	for (size_t i = 0; i < b->n_cols; i++)
		groups |= b->cols[i].agg == AGG_NONE;
	sqlb_puts(b, " FROM ");
	put_keys(b, ids, n);
	sqlb_puts(b, groups ? " JOIN " : " LEFT JOIN ");
	put_table(b, node);
	if (node->rel == REL_MANY) {
		sqlb_puts(b, " ON \"t0\".");
		sqlb_name(b, field_column(node_field(node, node->link)));
		sqlb_puts(b, " = \"k\".\"value\"");
		sqlb_node_scope(b, node, 't', 0);
		sqlb_where(b, node, 't', 0);
	} else {
		sqlb_puts(b, b->engine == ENGINE_POSTGRES ? " ON \"t0\".\"id\" = ANY(ARRAY(SELECT " : " ON \"t0\".\"id\" IN (SELECT ");
		sqlb_column(b, 'x', alias, "id");
		sqlb_puts(b, " FROM ");
		sqlb_embed_from(b, node, alias, "\"k\".\"value\"", "");
		sqlb_node_scope(b, node, 'x', alias);
		sqlb_where(b, node, 'x', alias);
		sqlb_puts(b, b->engine == ENGINE_POSTGRES ? "))" : ")");
	}
	put_joins(b, node, false);
	sqlb_group_by(b);
	sqlb_puts(b, " ORDER BY \"k\".\"key\"");
	if (node->order)
		put_order(b, node->order, ", ");
	else
		put_group_order(b, ", ");
}

enum err sqlb_children(struct query_sql *b, const int64_t *ids, size_t n)
{
	const struct query_node *node = b->top;
	number_nodes(b, node, !node->grouped);
	b->key_col = 0;
	sqlb_plan(b);
	if (b->err)
		return b->err;
	sqlb_puts(b, "SELECT \"k\".\"key\", ");
	sqlb_columns(b);
	if (node->grouped)
		put_child_groups(b, node, ids, n);
	else
		put_child_rows(b, node, ids, n);
	return finish(b);
}
