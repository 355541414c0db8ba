/* Calculated measures: a formula over the measures of the table becomes SQL, piece by piece; nothing of its text is taken over but
 * digits. */
#include <stdio.h>
#include <string.h>

#include "analysis/pivot.h"
#include "base/str.h"

enum { SQL_MAX = 8 * 1024, NAME_MAX_BYTES = 60, DIGITS_MAX = 15 };

struct formula {
	struct ctx *ctx;
	struct pivot *p;
	const char *at, *text, *rest;
	struct buf now, earlier;
	int depth;
};

static enum err wrong(const struct formula *f)
{
	return fail_arg(f->ctx, ERR_INVALID, f->at, "pivot_formula", f->text);
}

static void put(struct formula *f, const char *text)
{
	buf_puts(&f->now, text);
	buf_puts(&f->earlier, text);
}

static void skip(struct formula *f)
{
	f->rest += strspn(f->rest, " ");
}

static bool take(struct formula *f, char c)
{
	skip(f);
	if (*f->rest != c)
		return false;
	f->rest++;
	return true;
}

static enum err sum(struct formula *f);

static enum err number(struct formula *f)
{
	char digits[2 * DIGITS_MAX + 2];
	size_t whole = strspn(f->rest, "0123456789"), part = f->rest[whole] == '.' ? strspn(f->rest + whole + 1, "0123456789") : 0;
	size_t n = whole + (part ? part + 1 : 0);
	if (whole > DIGITS_MAX || part > DIGITS_MAX || (f->rest[whole] == '.' && part == 0))
		return wrong(f);
	memcpy(digits, f->rest, n);
	digits[n] = '\0';
	f->rest += n;
	put(f, "CAST(");
	put(f, digits);
	put(f, " AS DOUBLE)");
	return OK;
}

/* A measure in whole units: 12.50, not 1250. */
static enum err measure(struct formula *f)
{
	size_t n = strspn(f->rest, "abcdefghijklmnopqrstuvwxyz_");
	const char *name = n < NAME_MAX_BYTES ? arena_strndup(f->ctx->arena, f->rest, n) : NULL;
	int base;
	if (!name)
		return wrong(f);
	enum err err = pivot_base(f->ctx, f->p, f->at, name, &base);
	if (err)
		return err;
	f->rest += n;
	double unit = 1;
	for (int i = 0; i < f->p->bases[base].scale; i++)
		unit *= 10;
	buf_printf(&f->now, "(CAST(v%d AS DOUBLE) / %.0f)", base, unit);
	buf_printf(&f->earlier, "(CAST(e%d AS DOUBLE) / %.0f)", base, unit);
	return OK;
}

static enum err factor(struct formula *f)
{
	enum err err;
	if (f->depth >= PIVOT_FORMULA_DEPTH)
		return wrong(f);
	f->depth++;
	if (take(f, '(')) {
		put(f, "(");
		err = sum(f);
		put(f, ")");
		if (!err && !take(f, ')'))
			err = wrong(f);
	} else if (take(f, '-')) {
		put(f, "(-");
		err = factor(f);
		put(f, ")");
	} else {
		err = *f->rest >= '0' && *f->rest <= '9' ? number(f) : *f->rest >= 'a' && *f->rest <= 'z' ? measure(f) : wrong(f);
	}
	f->depth--;
	return err;
}

/* Nothing is divided by nothing. */
static enum err product(struct formula *f)
{
	enum err err = factor(f);
	while (!err) {
		if (take(f, '*')) {
			put(f, " * ");
			err = factor(f);
		} else if (take(f, '/')) {
			put(f, " / nullif(");
			err = factor(f);
			put(f, ", 0)");
		} else {
			break;
		}
	}
	return err;
}

static enum err sum(struct formula *f)
{
	enum err err = product(f);
	while (!err) {
		bool plus = take(f, '+');
		if (!plus && !take(f, '-'))
			break;
		put(f, plus ? " + " : " - ");
		err = product(f);
	}
	return err;
}

enum err pivot_formula(struct ctx *ctx, struct pivot *p, const char *at, const char *text, struct pivot_measure *ret)
{
	struct formula f = {.ctx = ctx, .p = p, .at = at, .text = text, .rest = text};
	if (strlen(text) > PIVOT_FORMULA_MAX)
		return fail_arg(ctx, ERR_INVALID, at, "pivot_formula", "");
	buf_init(&f.now, SQL_MAX);
	buf_init(&f.earlier, SQL_MAX);
	enum err err = sum(&f);
	skip(&f);
	if (!err && *f.rest != '\0')
		err = wrong(&f);
	if (!err) {
		ret->formula = buf_failed(&f.now) ? NULL : arena_strndup(ctx->arena, buf_text(&f.now), f.now.len);
		ret->earlier = buf_failed(&f.earlier) ? NULL : arena_strndup(ctx->arena, buf_text(&f.earlier), f.earlier.len);
		if (!ret->formula || !ret->earlier)
			err = fail(ctx, ERR_LIMIT, "", "memory");
	}
	buf_release(&f.now);
	buf_release(&f.earlier);
	return err;
}
