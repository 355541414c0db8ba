#include "core/search/expr.h"

#include <string.h>

#include "core/search/source.h"

void expr_init(struct expr *e, struct buf *out, enum engine engine)
{
	*e = (struct expr){.out = out, .engine = engine};
	buf_reset(out);
}

bool expr_empty(const struct expr *e)
{
	return e->out->len == 0;
}

static void begin_part(struct expr *e)
{
	if (e->parts[e->depth]++ == 0)
		return;
	if (e->engine == ENGINE_SQLITE)
		buf_puts(e->out, e->or_[e->depth] ? " OR " : " AND ");
	else
		buf_puts(e->out, e->or_[e->depth] ? " | " : " & ");
}

/* FTS5: "…" with quotes doubled.  tsquery: '…' with quotes and backslashes doubled. */
static void put_quoted(struct expr *e, char kind, const char *text, size_t n)
{
	char quote = e->engine == ENGINE_SQLITE ? '"' : '\'';
	buf_putc(e->out, quote);
	if (e->engine != ENGINE_SQLITE)
		buf_putc(e->out, EXPR_ENTITY);
	if (kind)
		buf_putc(e->out, kind);
	for (size_t i = 0; i < n; i++) {
		char c = text[i];
		if ((unsigned char)c < ' ')
			c = ' ';
		if (c == quote || (c == '\\' && e->engine != ENGINE_SQLITE))
			buf_putc(e->out, c);
		buf_putc(e->out, c);
	}
	buf_putc(e->out, quote);
}

void expr_term(struct expr *e, char kind, const char *text, size_t n)
{
	begin_part(e);
	put_quoted(e, kind, text, n);
}

void expr_prefix(struct expr *e, char kind, const char *text, size_t n)
{
	begin_part(e);
	put_quoted(e, kind, text, n);
	buf_puts(e->out, e->engine == ENGINE_SQLITE ? " *" : ":*");
}

static void open_group(struct expr *e, bool or_)
{
	if (e->depth + 1 >= EXPR_DEPTH) {
		e->out->failed = true;
		return;
	}
	begin_part(e);
	buf_putc(e->out, '(');
	e->depth++;
	e->or_[e->depth] = or_;
	e->parts[e->depth] = 0;
}

void expr_for_entity(const struct buf *expr, size_t entity, struct buf *out)
{
	for (size_t i = 0; i < expr->len; i++) {
		if (expr->data[i] == EXPR_ENTITY)
			source_entity_prefix(entity, out);
		else
			buf_putc(out, expr->data[i]);
	}
}

void expr_and(struct expr *e)
{
	open_group(e, false);
}

void expr_or(struct expr *e)
{
	open_group(e, true);
}

void expr_end(struct expr *e)
{
	if (e->depth == 0)
		return;
	bool empty = e->parts[e->depth] == 0;
	e->depth--;
	if (!empty) {
		buf_putc(e->out, ')');
		return;
	}
	/* Takes "(" back, and the join before it. */
	size_t join = --e->parts[e->depth] == 0 ? 0 : e->engine != ENGINE_SQLITE ? 3 : e->or_[e->depth] ? 4 : 5;
	buf_truncate(e->out, e->out->len - 1 - join);
}
