/* Keyset pages: a cursor holds the order values of the last row that was shown, and
 * the next page begins after them.
 *
 * An order whose first term can be null is read in two statements, values and
 * nulls, so that either walks an index; which comes first is the order's choice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/rest/query_internal.h"

enum { CURSOR_MAX = 4096 };

static const char digits64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static char *encode64(struct arena *arena, const char *in, size_t n)
{
	char *out = arena_alloc(arena, n * 4 / 3 + 4);
	size_t len = 0;
	for (size_t i = 0; out && i < n; i += 3) {
		unsigned bits = (unsigned)(unsigned char)in[i] << 16;
		if (i + 1 < n)
			bits |= (unsigned)(unsigned char)in[i + 1] << 8;
		if (i + 2 < n)
			bits |= (unsigned char)in[i + 2];
		size_t left = n - i > 3 ? 3 : n - i;
		for (size_t k = 0; k <= left; k++)
			out[len++] = digits64[bits >> (18 - 6 * k) & 63];
	}
	return out;
}

static char *decode64(struct arena *arena, const char *in, size_t *ret_n)
{
	size_t n = strlen(in), len = 0;
	char *out = arena_alloc(arena, n + 4);
	unsigned bits = 0;
	for (size_t i = 0; out && i < n; i++) {
		const char *at = memchr(digits64, in[i], 64);
		if (!at)
			return NULL;
		bits = bits << 6 | (unsigned)(at - digits64);
		if (i % 4 != 0)
			out[len++] = (char)(bits >> (6 - 2 * (i % 4)) & 0xff);
	}
	*ret_n = len;
	return out;
}

/* Which order a cursor belongs to. */
static uint32_t order_hash(const struct query *q)
{
	uint64_t hash = str_hash(q->info->entity->name, strlen(q->info->entity->name));
	for (const struct query_order *term = q->root->order; term; term = term->next) {
		uint64_t part = term->node->info->number * 1000003u + (uint64_t)term->field * 8 + (uint64_t)term->desc * 4 + (uint64_t)term->nulls;
		hash = (hash ^ part) * 0x100000001b3u;
	}
	return (uint32_t)(hash ^ hash >> 32);
}

static void put_value(struct buf *out, const struct value *value)
{
	switch (value->kind) {
	case VALUE_INT:
		buf_printf(out, "i%lld;", (long long)value->i);
		return;
	case VALUE_REAL:
		buf_printf(out, "r%a;", value->r);
		return;
	case VALUE_TEXT:
		buf_printf(out, "t%zu:", value->t.n);
		buf_add(out, value->t.p, value->t.n);
		buf_putc(out, ';');
		return;
	case VALUE_NULL:
	case VALUE_LIST:
		break;
	}
	buf_puts(out, "n;");
}

enum err query_make_cursor(struct ctx *ctx, const struct query *q, const struct query_sql *sql, const struct value *values, const char **ret)
{
	struct buf out;
	size_t at = 0;
	*ret = NULL;
	buf_init(&out, CURSOR_MAX);
	buf_printf(&out, "%08x", order_hash(q));
	for (const struct query_order *term = q->root->order; term; term = term->next)
		put_value(&out, &values[sql->order_cols[at++]]);
	/* Order values too long for a cursor: the page ends without one. */
	if (!buf_failed(&out))
		*ret = encode64(ctx->arena, buf_text(&out), out.len);
	bool failed = !buf_failed(&out) && !*ret;
	buf_release(&out);
	return failed ? fail(ctx, ERR_LIMIT, "cursor", "memory") : OK;
}

static bool read_number(const char **p, const char *end, char stop, char *out, size_t size)
{
	const char *at = memchr(*p, stop, (size_t)(end - *p));
	size_t n = at ? (size_t)(at - *p) : size;
	if (n >= size)
		return false;
	memcpy(out, *p, n);
	out[n] = '\0';
	*p = at + 1;
	return true;
}

static bool read_text(const char **p, const char *end, struct value *ret)
{
	char number[32];
	uint64_t n;
	if (!read_number(p, end, ':', number, sizeof(number)) || !str_to_u64(number, &n) || n >= (uint64_t)(end - *p))
		return false;
	/* The separator gives way to the NUL that ends the value. */
	if ((*p)[n] != ';')
		return false;
	*ret = (struct value){.kind = VALUE_TEXT, .t = {*p, (size_t)n}};
	*p += n + 1;
	return utf8_valid(ret->t.p, ret->t.n);
}

static bool read_value(const char **p, const char *end, enum value_kind kind, bool nullable, struct value *ret)
{
	char number[64], *rest;
	if (*p >= end)
		return false;
	char c = *(*p)++;
	if (c == 'n' && nullable) {
		*ret = value_null();
		return *p < end && *(*p)++ == ';';
	}
	if (c == 't' && kind == VALUE_TEXT)
		return read_text(p, end, ret);
	if (!read_number(p, end, ';', number, sizeof(number)))
		return false;
	if (c == 'i' && kind == VALUE_INT) {
		ret->kind = VALUE_INT;
		return str_to_i64(number, &ret->i);
	}
	if (c == 'r' && kind == VALUE_REAL) {
		*ret = value_real(strtod(number, &rest));
		return *number && !*rest;
	}
	return false;
}

enum err query_parse_cursor(struct ctx *ctx, struct query *q)
{
	size_t n = 0, terms = 0;
	if (q->root->grouped)
		return fail(ctx, ERR_INVALID, "cursor", QK_CURSOR);
	char *text = strlen(q->cursor_text) < CURSOR_MAX * 2 ? decode64(ctx->arena, q->cursor_text, &n) : NULL;
	if (!text || n < 8)
		return fail(ctx, ERR_INVALID, "cursor", QK_CURSOR);
	char want[9];
	snprintf(want, sizeof(want), "%08x", order_hash(q));
	if (memcmp(text, want, 8) != 0)
		return fail(ctx, ERR_INVALID, "cursor", QK_CURSOR);
	for (const struct query_order *term = q->root->order; term; term = term->next)
		terms++;
	q->cursor.values = arena_array(ctx->arena, terms, sizeof(struct value));
	if (!q->cursor.values)
		return fail(ctx, ERR_LIMIT, "cursor", "memory");
	const char *p = text + 8, *end = text + n;
	size_t i = 0;
	for (const struct query_order *term = q->root->order; term; term = term->next, i++) {
		enum value_kind kind = field_ops(node_field(term->node, term->field)->type)->kind;
		if (!read_value(&p, end, kind, term->nullable, &q->cursor.values[i]))
			return fail(ctx, ERR_INVALID, "cursor", QK_CURSOR);
	}
	/* Texts end where their separator stood. */
	for (i = 0; i < terms; i++)
		if (q->cursor.values[i].kind == VALUE_TEXT)
			text[q->cursor.values[i].t.p + q->cursor.values[i].t.n - text] = '\0';
	q->cursor.n = terms;
	return p == end ? OK : fail(ctx, ERR_INVALID, "cursor", QK_CURSOR);
}

/* --- conditions -------------------------------------------------------------------------- */

bool query_splits(const struct query *q)
{
	const struct query_order *first = q->root->order;
	return first && first->nullable && !q->root->grouped && q->root->offset == 0 && !q->only_ids;
}

struct keyset {
	struct query_sql *b;
	const struct query_order *first;
	const struct value *values; /* beside first */
};

static void put_term_column(struct query_sql *b, const struct query_order *term)
{
	sqlb_column(b, 't', node_place(b, term->node)->alias, field_column(node_field(term->node, term->field)));
}

static bool is_plain(const struct keyset *k)
{
	for (const struct query_order *term = k->first; term; term = term->next)
		if (term->nullable || term->desc != k->first->desc)
			return false;
	return true;
}

/* (a, b, id) > (?, ?, ?) */
static void put_row_value(const struct keyset *k)
{
	struct query_sql *b = k->b;
	size_t i = 0;
	bool many = k->first->next != NULL;
	sqlb_puts(b, many ? "(" : "");
	for (const struct query_order *term = k->first; term; term = term->next) {
		sqlb_puts(b, term == k->first ? "" : ", ");
		put_term_column(b, term);
	}
	sqlb_puts(b, many ? ")" : "");
	sqlb_puts(b, k->first->desc ? " < " : " > ");
	sqlb_puts(b, many ? "(" : "");
	for (const struct query_order *term = k->first; term; term = term->next, i++) {
		sqlb_puts(b, term == k->first ? "" : ", ");
		sqlb_param(b, k->values[i]);
	}
	sqlb_puts(b, many ? ")" : "");
}

/* Rows whose term comes after the value, whatever the later terms are. */
static void put_after(struct query_sql *b, const struct query_order *term, const struct value *value)
{
	if (value->kind == VALUE_NULL) {
		if (term->nulls == NULLS_LAST) {
			sqlb_puts(b, "1 = 0");
			return;
		}
		put_term_column(b, term);
		sqlb_puts(b, " IS NOT NULL");
		return;
	}
	put_term_column(b, term);
	sqlb_puts(b, term->desc ? " < " : " > ");
	sqlb_param(b, *value);
	if (term->nullable && term->nulls == NULLS_LAST) {
		sqlb_puts(b, " OR ");
		put_term_column(b, term);
		sqlb_puts(b, " IS NULL");
	}
}

/* after(a) OR (same(a) AND (after(b) OR …)) */
static void put_expanded(const struct keyset *k)
{
	struct query_sql *b = k->b;
	size_t i = 0, open = 0;
	for (const struct query_order *term = k->first; term; term = term->next, i++) {
		put_after(b, term, &k->values[i]);
		if (!term->next)
			break;
		sqlb_puts(b, " OR (");
		put_term_column(b, term);
		if (k->values[i].kind == VALUE_NULL) {
			sqlb_puts(b, " IS NULL");
		} else {
			sqlb_puts(b, " = ");
			sqlb_param(b, k->values[i]);
		}
		sqlb_puts(b, " AND (");
		open += 2;
	}
	while (open-- > 0)
		sqlb_puts(b, ")");
}

static void put_keyset(const struct keyset *k)
{
	struct query_sql *b = k->b;
	if (!k->first)
		return;
	sqlb_puts(b, " AND ");
	if (is_plain(k)) {
		put_row_value(k);
		return;
	}
	/* The range on the first term is what an index can use. */
	if (k->values[0].kind != VALUE_NULL && (!k->first->nullable || k->b->phase == PHASE_VALUES)) {
		put_term_column(b, k->first);
		sqlb_puts(b, k->first->desc ? " <= " : " >= ");
		sqlb_param(b, k->values[0]);
		sqlb_puts(b, " AND ");
	}
	sqlb_puts(b, "(");
	put_expanded(k);
	sqlb_puts(b, ")");
}

void sqlb_after_cursor(struct query_sql *b)
{
	const struct query *q = b->query;
	const struct query_order *first = q->root->order;
	struct keyset k = {.b = b, .first = first, .values = q->cursor.values};
	bool have = q->cursor.n > 0;
	struct query_order value_term;
	switch (b->phase) {
	case PHASE_ALL:
		break;
	case PHASE_VALUES:
		sqlb_puts(b, " AND ");
		put_term_column(b, first);
		sqlb_puts(b, " IS NOT NULL");
		have = have && q->cursor.values[0].kind != VALUE_NULL;
		value_term = *first;
		value_term.nullable = false; /* the nulls are another statement's */
		k.first = &value_term;
		break;
	case PHASE_NULLS:
		sqlb_puts(b, " AND ");
		put_term_column(b, first);
		sqlb_puts(b, " IS NULL");
		have = have && q->cursor.values[0].kind == VALUE_NULL;
		k.first = first->next;
		k.values = have ? k.values + 1 : NULL;
		break;
	}
	if (have)
		put_keyset(&k);
}
