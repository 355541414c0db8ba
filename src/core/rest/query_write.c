/* Rows as JSON and as text. */
#include <string.h>

#include "base/str.h"
#include "core/rest/query_internal.h"

enum { SEP_TITLE = 0x1f, SEP_LINK = 0x1e };

static const char *currency_of(const struct query_sql *b, const struct query_col *col, const struct value *values)
{
	(void)b;
	if (col->currency == NO_COL || values[col->currency].kind != VALUE_TEXT)
		return NULL;
	return values[col->currency].t.p;
}

/* [{"id":"1","name":"VIP"}, …] from "1 US VIP RS …". */
static void write_links(const struct value *value, struct jsonw *w)
{
	const char *p = value->kind == VALUE_TEXT ? value->t.p : "", *end = p + (value->kind == VALUE_TEXT ? value->t.n : 0);
	jsonw_array(w);
	while (p < end) {
		const char *stop = memchr(p, SEP_LINK, (size_t)(end - p));
		if (!stop)
			stop = end;
		const char *title = memchr(p, SEP_TITLE, (size_t)(stop - p));
		jsonw_object(w);
		jsonw_key(w, "id");
		jsonw_textn(w, p, (size_t)((title ? title : stop) - p));
		if (title) {
			jsonw_key(w, "name");
			jsonw_textn(w, title + 1, (size_t)(stop - title - 1));
		}
		jsonw_end_object(w);
		p = stop + 1;
	}
	jsonw_end_array(w);
}

/* Whether a title would be read as several, or as none. */
static bool needs_quotes(const char *text, size_t n)
{
	static const char *const wide[] = {"，", "、", "；"};
	if (n > 0 && (text[0] == '[' || text[0] == '*'))
		return true;
	for (size_t i = 0; i < n; i++)
		if (strchr(",;|\"\n", text[i]) != NULL && text[i] != '\0')
			return true;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (memmem(text, n, wide[i], strlen(wide[i])) != NULL)
			return true;
	return false;
}

/* One title; in quotes, as in CSV, where it holds what separates them. */
static void text_title(struct buf *out, const char *text, size_t n)
{
	if (!needs_quotes(text, n)) {
		buf_add(out, text, n);
		return;
	}
	buf_putc(out, '"');
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '"')
			buf_putc(out, '"');
		buf_putc(out, text[i]);
	}
	buf_putc(out, '"');
}

/* Titles, or ids where there are none, with ", " between. */
static void text_links(const struct value *value, struct buf *out)
{
	const char *p = value->t.p, *end = p + value->t.n;
	while (p < end) {
		const char *stop = memchr(p, SEP_LINK, (size_t)(end - p));
		if (!stop)
			stop = end;
		const char *title = memchr(p, SEP_TITLE, (size_t)(stop - p));
		const char *shown = title ? title + 1 : p;
		if (p != value->t.p)
			buf_add(out, ", ", 2);
		text_title(out, shown, (size_t)(stop - shown));
		p = stop + 1;
	}
}

void query_text_cell(const struct query_sql *b, const struct query_item *item, const struct value *values, struct buf *out)
{
	size_t at = b->item_cols[item->at];
	const struct query_col *col = &b->cols[at];
	const struct value *value = &values[at];
	if (value->kind == VALUE_NULL)
		return;
	if (item->agg == AGG_COUNT) {
		buf_put_i64(out, value->i);
		return;
	}
	const struct field *field = node_field(col->node, col->field);
	if (item->agg == AGG_AVG && value->kind == VALUE_REAL) {
		buf_printf(out, "%.15g", value->r);
		return;
	}
	if (field->type == FIELD_LINKS && col->right != RIGHT_MASKED)
		text_links(value, out);
	else
		field_write_text(b->ctx->registry, field, value, currency_of(b, col, values), out);
}

static void write_as_text(const struct query_sql *b, const struct query_item *item, const struct value *values, struct jsonw *w)
{
	struct buf text;
	if (values[b->item_cols[item->at]].kind == VALUE_NULL) {
		jsonw_null(w);
		return;
	}
	buf_init(&text, 4 << 20);
	query_text_cell(b, item, values, &text);
	if (buf_failed(&text))
		w->buf->failed = true;
	jsonw_textn(w, buf_text(&text), text.len);
	buf_release(&text);
}

/* A member's value of printable ASCII without escapes; false: something else. */
static bool put_plain(struct jsonw *w, const char *text, size_t n)
{
	if (!w->after_key)
		return false;
	char *out = buf_reserve(w->buf, n + 2);
	if (!out)
		return false;
	unsigned odd = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];
		odd |= c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
		out[i + 1] = (char)c;
	}
	if (odd)
		return false; /* what was written stands beyond the end */
	out[0] = '"';
	out[n + 1] = '"';
	out[n + 2] = '\0';
	w->buf->len += n + 2;
	w->after_key = false;
	return true;
}

void query_write_cell(const struct query_sql *b, const struct query_item *item, const struct value *values, struct jsonw *w)
{
	size_t at = b->item_cols[item->at];
	const struct query_col *col = &b->cols[at];
	const struct value *value = &values[at];
	if (col->text && value->kind == VALUE_TEXT && put_plain(w, value->t.p, value->t.n))
		return;
	if (item->as_text) {
		write_as_text(b, item, values, w);
		return;
	}
	if (item->agg == AGG_COUNT) {
		jsonw_int(w, value->i);
		return;
	}
	const struct field *field = node_field(col->node, col->field);
	if (item->agg == AGG_AVG && value->kind == VALUE_REAL)
		jsonw_real(w, value->r);
	else if (field->type == FIELD_LINKS && col->right != RIGHT_MASKED)
		write_links(value, w);
	else
		field_write_json(b->ctx->registry, field, value, currency_of(b, col, values), w);
}

static void put_name(struct jsonw *w, const struct query_item *item)
{
	bool first = w->first[w->depth];
	buf_add(w->buf, item->name + first, item->name_len - first);
	w->first[w->depth] = false;
	w->after_key = true;
}

struct writer {
	const struct query_sql *b;
	const struct value *values;
	struct jsonw *w;
	write_hole_fn hole;
	void *arg;
};

static void write_items(const struct writer *out, const struct query_node *node);

static void write_embed(const struct writer *out, const struct query_node *node, const struct query_item *item)
{
	const struct query_node *child = item->embed;
	const struct query_place *places = out->b->places;
	size_t id_col = places[child->at].id_col;
	bool none = child->rel == REL_ONE && id_col != NO_COL && out->values[id_col].kind == VALUE_NULL;
	if (child->spread) {
		write_items(out, child);
		return;
	}
	if (none && out->b->query->strip_nulls)
		return;
	put_name(out->w, item);
	if (child->rel != REL_ONE) {
		if (out->hole)
			out->hole(out->arg, child, out->values[places[node->at].id_col].i);
		else
			jsonw_null(out->w);
		return;
	}
	if (none) {
		jsonw_null(out->w);
		return;
	}
	jsonw_object(out->w);
	write_items(out, child);
	jsonw_end_object(out->w);
}

static void write_items(const struct writer *out, const struct query_node *node)
{
	bool strip = out->b->query->strip_nulls;
	for (const struct query_item *item = node->items; item; item = item->next) {
		if (item->embed) {
			write_embed(out, node, item);
			continue;
		}
		if (strip && out->values[out->b->item_cols[item->at]].kind == VALUE_NULL)
			continue;
		put_name(out->w, item);
		query_write_cell(out->b, item, out->values, out->w);
	}
}

void query_write_object(const struct query_sql *b, const struct value *values, struct jsonw *w, write_hole_fn hole, void *arg)
{
	struct writer out = {.b = b, .values = values, .w = w, .hole = hole, .arg = arg};
	jsonw_object(w);
	write_items(&out, b->top);
	jsonw_end_object(w);
}

enum err query_row_json(struct ctx *ctx, const struct query_row *row, struct jsonw *w)
{
	const struct flat_inner *inner = row->inner;
	query_write_object(inner->b, inner->values, w, NULL, NULL);
	return w->buf->failed ? fail(ctx, ERR_LIMIT, "", "answer_too_large") : OK;
}

enum err query_cell_text(struct ctx *ctx, const struct query_row *row, size_t column, struct buf *out)
{
	const struct flat_inner *inner = row->inner;
	if (column >= row->query->n_columns)
		return fail(ctx, ERR_BUG, "query", "column");
	query_text_cell(inner->b, row->query->column_items[column], inner->values, out);
	return buf_failed(out) ? fail(ctx, ERR_LIMIT, "", "answer_too_large") : OK;
}
