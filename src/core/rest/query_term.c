/* One condition as SQL. */
#include <string.h>

#include "base/str.h"
#include "core/rest/query_internal.h"
#include "core/search/search.h"

struct term {
	struct query_sql *b;
	const struct entity_info *info;
	const struct query_cond *cond;
	char prefix;
	int alias;
};

static void put_field(const struct term *t)
{
	if (t->b->steer && t->cond != t->b->lead && t->prefix == 't' && t->alias == 0)
		sqlb_puts(t->b, "+");
	sqlb_column(t->b, t->prefix, t->alias, field_column(t->info->fields[t->cond->field]));
}

static void put_compare(const struct term *t, const char *op, const struct value *value)
{
	put_field(t);
	sqlb_puts(t->b, op);
	sqlb_param(t->b, *value);
}

/* --- patterns ------------------------------------------------------------------------ */

/* LIKE of SQLite knows no case, so its case-sensitive one is GLOB. */
static const char *glob_of(struct arena *arena, const char *like)
{
	char *out = arena_alloc(arena, strlen(like) * 3 + 1);
	size_t n = 0;
	for (; out && *like; like++) {
		char c = *like;
		bool literal = c == '\\' && like[1];
		if (literal)
			c = *++like;
		if (!literal && c == '%') {
			out[n++] = '*';
		} else if (!literal && c == '_') {
			out[n++] = '?';
		} else if (c == '*' || c == '?' || c == '[') {
			out[n++] = '[';
			out[n++] = c;
			out[n++] = ']';
		} else {
			out[n++] = c;
		}
	}
	return out;
}

/* The literal beginning of a pattern; "" if there is none. */
static char *literal_prefix(struct arena *arena, const char *like)
{
	char *out = arena_alloc(arena, strlen(like) + 1);
	size_t n = 0;
	for (; out && *like && *like != '%' && *like != '_'; like++) {
		if (*like == '\\' && like[1])
			like++;
		out[n++] = *like;
	}
	return out;
}

/* The first text after all that begin with `prefix`; NULL if there is none. */
static const char *after_prefix(struct arena *arena, const char *prefix)
{
	size_t n = strlen(prefix);
	while (n > 0) {
		size_t start = n - 1, pos;
		while (start > 0 && ((unsigned char)prefix[start] & 0xc0) == 0x80)
			start--;
		pos = start;
		uint32_t cp = utf8_next(prefix, n, &pos) + 1;
		if (cp >= 0xd800 && cp <= 0xdfff)
			cp = 0xe000;
		char last[4];
		size_t len = utf8_encode(cp, last);
		if (len > 0) {
			char *out = arena_alloc(arena, start + len + 1);
			if (out) {
				memcpy(out, prefix, start);
				memcpy(out + start, last, len);
			}
			return out;
		}
		n = start;
	}
	return NULL;
}

/* A literal beginning becomes a range, which an index serves on both engines. */
static void put_like(const struct term *t, const struct value *value)
{
	struct query_sql *b = t->b;
	struct arena *arena = b->ctx->arena;
	const char *prefix = literal_prefix(arena, value->t.p);
	const char *end = prefix && *prefix ? after_prefix(arena, prefix) : NULL;
	const char *pattern = b->engine == ENGINE_SQLITE ? glob_of(arena, value->t.p) : value->t.p;
	if (!prefix || !pattern) {
		b->err = fail(b->ctx, ERR_LIMIT, "", "memory");
		return;
	}
	sqlb_puts(b, "(");
	if (end) {
		struct value low = value_text(prefix), high = value_text(end);
		put_compare(t, " >= ", &low);
		sqlb_puts(b, " AND ");
		put_compare(t, " < ", &high);
		sqlb_puts(b, " AND ");
	}
	put_field(t);
	/* SQLite would prepare anew for each pattern if it saw the parameter bare. */
	sqlb_puts(b, b->engine == ENGINE_SQLITE ? " GLOB (" : " LIKE (");
	sqlb_param(b, value_text(pattern));
	sqlb_puts(b, b->duck ? " || '') ESCAPE '\\')" : " || ''))");
}

static void put_ilike(const struct term *t, const struct value *value)
{
	struct query_sql *b = t->b;
	put_field(t);
	sqlb_puts(b, b->engine == ENGINE_SQLITE ? " LIKE (" : " ILIKE (");
	sqlb_param(b, *value);
	sqlb_puts(b, b->engine == ENGINE_SQLITE || b->duck ? " || '') ESCAPE '\\'" : " || '')");
}

void sqlb_pattern(struct query_sql *b, const struct query_cond *cond)
{
	bool lite = b->engine == ENGINE_SQLITE, fold = cond->op == OP_ILIKE || cond->op == OP_IMATCH;
	const char *like = cond->n == 1 ? cond->values[0].t.p : NULL;
	const char *pattern = like && lite && !fold ? glob_of(b->ctx->arena, like) : like;
	if (!pattern) {
		b->err = fail(b->ctx, ERR_BUG, "query", "operator");
		return;
	}
	sqlb_puts(b, lite && !fold ? " GLOB (" : lite || !fold ? " LIKE (" : " ILIKE (");
	sqlb_param(b, value_text(pattern));
	sqlb_puts(b, (lite && fold) || b->duck ? " || '') ESCAPE '\\'" : " || '')");
}

/* --- many-links ------------------------------------------------------------------------ */

static void put_links_exists(const struct term *t, bool negate)
{
	struct query_sql *b = t->b;
	const struct field *field = t->info->fields[t->cond->field];
	int alias = ++b->aliases;
	sqlb_puts(b, negate ? "NOT EXISTS (SELECT 1 FROM \"" : "EXISTS (SELECT 1 FROM \"");
	sqlb_puts(b, t->info->entity->name);
	sqlb_puts(b, "_");
	sqlb_puts(b, field_column(field));
	sqlb_puts(b, "\" AS ");
	sqlb_column(b, 'l', alias, NULL);
	sqlb_puts(b, " WHERE ");
	sqlb_column(b, 'l', alias, "record_id");
	sqlb_puts(b, " = ");
	sqlb_column(b, t->prefix, t->alias, "id");
}

static void put_link_in(const struct term *t, bool negate)
{
	struct query_sql *b = t->b;
	int64_t *ids = arena_array(b->ctx->arena, t->cond->n + 1, sizeof(*ids));
	if (!ids) {
		b->err = fail(b->ctx, ERR_LIMIT, "", "memory");
		return;
	}
	for (size_t i = 0; i < t->cond->n; i++)
		ids[i] = t->cond->values[i].i;
	sqlb_puts(b, " AND ");
	sqlb_column(b, 'l', b->aliases, "link_id");
	if (b->engine == ENGINE_POSTGRES)
		sqlb_puts(b, negate ? " <> ALL(" : " = ANY(");
	else
		sqlb_puts(b, negate ? " NOT IN (SELECT \"value\" FROM json_each(" : " IN (SELECT \"value\" FROM json_each(");
	sqlb_param_ids(b, ids, t->cond->n);
	sqlb_puts(b, b->engine == ENGINE_POSTGRES ? "))" : ")))");
}

static void put_links_all(const struct term *t)
{
	struct query_sql *b = t->b;
	sqlb_puts(b, "(1 = 1");
	for (size_t i = 0; i < t->cond->n; i++) {
		sqlb_puts(b, " AND ");
		put_links_exists(t, false);
		sqlb_puts(b, " AND ");
		sqlb_column(b, 'l', b->aliases, "link_id");
		sqlb_puts(b, " = ");
		sqlb_param(b, t->cond->values[i]);
		sqlb_puts(b, ")");
	}
	sqlb_puts(b, ")");
}

static void put_links(const struct term *t)
{
	enum query_op op = t->cond->op;
	if (op == OP_CONTAINS) {
		put_links_all(t);
	} else if (op == OP_OVERLAP || op == OP_WITHIN) {
		put_links_exists(t, op == OP_WITHIN);
		put_link_in(t, op == OP_WITHIN);
	} else if (op == OP_IS) {
		put_links_exists(t, t->cond->is == IS_NULL);
		sqlb_puts(t->b, ")");
	} else {
		t->b->err = fail(t->b->ctx, ERR_BUG, "query", "operator");
	}
}

/* --- the others ---------------------------------------------------------------------------- */

static void put_is(const struct term *t)
{
	static const char *const text[] = {[IS_NULL] = " IS NULL", [IS_NOT_NULL] = " IS NOT NULL", [IS_TRUE] = " = 1", [IS_FALSE] = " = 0"};
	put_field(t);
	sqlb_puts(t->b, text[t->cond->is]);
}

/* Texts of lists differ by their length, so lengths are rounded up and the last value repeated. */
static void put_in(const struct term *t)
{
	struct query_sql *b = t->b;
	size_t n = 1;
	while (n < t->cond->n)
		n *= 2;
	put_field(t);
	sqlb_puts(b, " IN (");
	for (size_t i = 0; i < n; i++) {
		sqlb_puts(b, i ? ", " : "");
		sqlb_param(b, t->cond->values[i < t->cond->n ? i : t->cond->n - 1]);
	}
	sqlb_puts(b, ")");
}

static void put_search(const struct term *t, const char *typed)
{
	struct query_sql *b = t->b;
	const char *sql, *bind, *alias;
	size_t n;
	if (b->duck) {
		b->err = fail(b->ctx, ERR_INVALID, QUERY_CONDITION, "warehouse_lacks");
		return;
	}
	alias = arena_printf(b->ctx->arena, "%c%d", t->prefix, t->alias);
	if (!alias) {
		b->err = fail(b->ctx, ERR_LIMIT, "q", "memory");
		return;
	}
	int first = (int)b->n_params + 1;
	b->err = search_condition(b->ctx, t->info->number, alias, typed, first, &sql, &bind, &n);
	if (b->err)
		return;
	sqlb_puts(b, sql);
	sqlb_bound(b, (struct value){.kind = VALUE_TEXT, .t = {bind, n}});
}

static void put_one(const struct term *t, const struct value *value)
{
	static const char *const simple[OP_COUNT] = {
		[OP_EQ] = " = ", [OP_NEQ] = " <> ", [OP_GT] = " > ", [OP_GTE] = " >= ", [OP_LT] = " < ", [OP_LTE] = " <= ",
	};
	enum query_op op = t->cond->op;
	if (simple[op])
		put_compare(t, simple[op], value);
	else if (op == OP_DISTINCT)
		put_compare(t, t->b->engine == ENGINE_SQLITE ? " IS NOT " : " IS DISTINCT FROM ", value);
	else if (op == OP_LIKE || op == OP_MATCH)
		put_like(t, value);
	else if (op == OP_ILIKE || op == OP_IMATCH)
		put_ilike(t, value);
	else
		t->b->err = fail(t->b->ctx, ERR_BUG, "query", "operator");
}

/* like(any).{a*,b*} */
static void put_quantified(const struct term *t)
{
	struct query_sql *b = t->b;
	sqlb_puts(b, "(");
	for (size_t i = 0; i < t->cond->n; i++) {
		if (i)
			sqlb_puts(b, t->cond->quant == QUANT_ANY ? " OR " : " AND ");
		put_one(t, &t->cond->values[i]);
	}
	sqlb_puts(b, ")");
}

static void put_term(const struct term *t)
{
	const struct query_cond *cond = t->cond;
	if (cond->kind == COND_QUERY || cond->op == OP_SEARCH) {
		put_search(t, cond->text);
		return;
	}
	if (t->info->fields[cond->field]->type == FIELD_LINKS) {
		put_links(t);
		return;
	}
	if (cond->op == OP_IS) {
		put_is(t);
		return;
	}
	bool empty_all = cond->n == 0 && cond->quant == QUANT_ALL;
	if (cond->never || cond->n == 0) {
		sqlb_puts(t->b, empty_all ? "1 = 1" : "1 = 0");
		return;
	}
	if (cond->op == OP_IN || (cond->op == OP_EQ && cond->quant == QUANT_ANY))
		put_in(t);
	else if (cond->quant != QUANT_ONE)
		put_quantified(t);
	else
		put_one(t, &cond->values[0]);
}

void sqlb_term(struct query_sql *b, const struct entity_info *info, const struct query_cond *term, char prefix, int alias)
{
	struct term t = {.b = b, .info = info, .cond = term, .prefix = prefix, .alias = alias};
	if (term->negate)
		sqlb_puts(b, "NOT (");
	put_term(&t);
	if (term->negate)
		sqlb_puts(b, ")");
}
