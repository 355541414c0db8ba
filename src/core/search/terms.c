#include "core/search/terms.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/search/expr.h"
#include "core/search/source.h"

static int compare_terms(const void *a, const void *b)
{
	const struct term *x = a, *y = b;
	int order = memcmp(x->text, y->text, x->n < y->n ? x->n : y->n);
	return order ? order : (x->n > y->n) - (x->n < y->n);
}

size_t terms_distinct(const struct buf *text, struct term *list, size_t max)
{
	size_t n = 0, kept = 0;
	for (size_t at = 0; at < text->len && n < max;) {
		const char *space = memchr(text->data + at, ' ', text->len - at);
		size_t end = space ? (size_t)(space - text->data) : text->len;
		if (end > at)
			list[n++] = (struct term){text->data + at, end - at};
		at = end + 1;
	}
	qsort(list, n, sizeof *list, compare_terms);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || compare_terms(&list[kept - 1], &list[i]) != 0)
			list[kept++] = list[i];
	return kept;
}

enum err terms_of_source(struct ctx *ctx, const char *source, struct terms *ret)
{
	struct buf made;
	size_t most = 1;
	buf_init(&made, TERMS_MAX);
	source_terms(source, &made);
	char *text = buf_failed(&made) ? NULL : arena_strndup(ctx->arena, buf_text(&made), made.len);
	struct buf kept = {.data = text, .len = made.len};
	buf_release(&made);
	for (size_t i = 0; text && i < kept.len; i++)
		most += text[i] == ' ';
	ret->list = text ? arena_array(ctx->arena, most, sizeof *ret->list) : NULL;
	if (!ret->list)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	ret->n = terms_distinct(&kept, ret->list, most);
	return OK;
}

bool terms_have(const struct terms *terms, char kind, const char *text, size_t n, bool prefix)
{
	char whole[TERM_MAX + 8];
	size_t len = 0;
	if (n >= sizeof whole)
		return false;
	if (kind)
		whole[len++] = kind;
	memcpy(whole + len, text, n);
	len += n;
	const struct term wanted = {whole, len};
	size_t low = 0, high = terms->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (compare_terms(&terms->list[mid], &wanted) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == terms->n || terms->list[low].n < len || memcmp(terms->list[low].text, whole, len) != 0)
		return false;
	return prefix || terms->list[low].n == len;
}

/* --- expressions: (part AND part …), (part OR part …), "term", "start" * ------- */

struct reading {
	const struct terms *terms;
	const char *at, *end;
};

static bool skip(struct reading *r, const char *text)
{
	size_t n = strlen(text);
	if ((size_t)(r->end - r->at) < n || memcmp(r->at, text, n) != 0)
		return false;
	r->at += n;
	return true;
}

static bool quoted(struct reading *r)
{
	char term[TERM_MAX + 8];
	size_t n = 0;
	bool fits = true;
	while (r->at < r->end) {
		if (*r->at == '"' && (r->at + 1 == r->end || r->at[1] != '"'))
			break;
		r->at += *r->at == '"';
		fits = fits && n < sizeof term;
		if (fits)
			term[n++] = *r->at;
		r->at++;
	}
	r->at += r->at < r->end;
	bool prefix = skip(r, " *");
	return fits && terms_have(r->terms, 0, term, n, prefix);
}

static bool group(struct reading *r, int depth);

static bool one_part(struct reading *r, int depth)
{
	if (skip(r, "\""))
		return quoted(r);
	if (depth < EXPR_DEPTH && skip(r, "("))
		return group(r, depth + 1);
	r->at = r->end; /* expr.c writes nothing else */
	return false;
}

static bool group(struct reading *r, int depth)
{
	bool holds = one_part(r, depth);
	while (r->at < r->end && !skip(r, ")")) {
		bool either = skip(r, " OR ");
		if (!either && !skip(r, " AND "))
			r->at = r->end;
		bool next = one_part(r, depth);
		holds = either ? holds || next : holds && next;
	}
	return holds;
}

bool terms_answer(const struct terms *terms, const struct buf *expr)
{
	struct reading r = {terms, expr->data, expr->data + expr->len};
	return expr->len > 0 && group(&r, 0);
}
