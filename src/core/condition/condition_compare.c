/* One value against what is asked for: as SQL would, but never "unknown". */
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/condition/condition_internal.h"

/* --- patterns ------------------------------------------------------------------------ */

enum { PATTERN_BYTES = 400, WILDCARDS = 10 };

struct pattern {
	char text[PATTERN_BYTES * 2 + 2];
	size_t n;
	int wildcards;
};

static void put_wild(struct pattern *out, char c)
{
	if (c == '%' && out->n > 0 && out->text[out->n - 1] == '%' && (out->n < 2 || out->text[out->n - 2] != '\\'))
		return; /* %% is % */
	out->text[out->n++] = c;
	out->wildcards++;
}

static void put_literal(struct pattern *out, char c)
{
	if (c == '%' || c == '_' || c == '\\')
		out->text[out->n++] = '\\';
	out->text[out->n++] = c;
}

static bool like_pattern(const char *text, struct pattern *out)
{
	for (const char *p = text; *p; p++) {
		if (*p == '*' || *p == '%') {
			put_wild(out, '%');
		} else if (*p == '_') {
			put_wild(out, '_');
		} else {
			if (*p == '\\' && p[1])
				p++;
			put_literal(out, *p);
		}
	}
	return true;
}

/* The regular expressions that LIKE can say: ^ $ . .* and escaped literals. Others could run wild. */
static bool regex_pattern(const char *text, struct pattern *out)
{
	bool anchored = *text == '^';
	if (anchored)
		text++;
	else
		put_wild(out, '%');
	for (; *text; text++) {
		if (text[0] == '$' && !text[1])
			return true;
		if (text[0] == '.' && text[1] == '*') {
			put_wild(out, '%');
			text++;
		} else if (text[0] == '.') {
			put_wild(out, '_');
		} else if (text[0] == '\\' && text[1] && strchr("^$.[]|()*+?{}\\/-", text[1])) {
			put_literal(out, *++text);
		} else if (strchr("^$[]|()*+?{}\\", *text)) {
			return false;
		} else {
			put_literal(out, *text);
		}
	}
	put_wild(out, '%');
	return true;
}

enum condition_pattern_fault condition_pattern(struct ctx *ctx, bool regex, const char *text, const char **ret)
{
	struct pattern out = {.n = 0};
	*ret = NULL;
	if (strlen(text) > PATTERN_BYTES)
		return PATTERN_LONG;
	if (!(regex ? regex_pattern(text, &out) : like_pattern(text, &out)))
		return PATTERN_REFUSED;
	if (out.wildcards > WILDCARDS)
		return PATTERN_WILD;
	*ret = arena_strndup(ctx->arena, out.text, out.n);
	return PATTERN_FINE;
}

static uint32_t folded(uint32_t cp)
{
	return cp >= 'A' && cp <= 'Z' ? cp + ('a' - 'A') : cp;
}

/* One step of both; false: they differ here. */
static bool same_char(const char *text, size_t n, size_t *at, const char *pattern, size_t m, size_t *pat, bool fold)
{
	if (*at >= n)
		return false;
	uint32_t want = utf8_next(pattern, m, pat), have = utf8_next(text, n, at);
	if (want == '_')
		return true;
	if (want == '\\' && *pat < m)
		want = utf8_next(pattern, m, pat);
	return fold ? folded(want) == folded(have) : want == have;
}

/* Goes back to the last % alone, so the work is bounded by text times pattern. */
bool condition_like(const char *text, const char *pattern, bool fold)
{
	size_t n = strlen(text), m = strlen(pattern), at = 0, pat = 0, star = SIZE_MAX, from = 0;
	while (at < n || pat < m) {
		if (pat < m && pattern[pat] == '%') {
			star = ++pat;
			from = at;
			continue;
		}
		size_t a = at, p = pat;
		if (pat < m && same_char(text, n, &a, pattern, m, &p, fold)) {
			at = a;
			pat = p;
			continue;
		}
		if (star == SIZE_MAX || from >= n)
			return false;
		(void)utf8_next(text, n, &from);
		at = from;
		pat = star;
	}
	return true;
}

/* --- values ----------------------------------------------------------------------------- */

static int sign(bool less, bool greater)
{
	return less ? -1 : greater;
}

int condition_order(const struct value *a, const struct value *b)
{
	if (a->kind == VALUE_TEXT && b->kind == VALUE_TEXT) {
		int order = strcmp(a->t.p, b->t.p);
		return sign(order < 0, order > 0);
	}
	if (a->kind == VALUE_INT && b->kind == VALUE_INT)
		return sign(a->i < b->i, a->i > b->i);
	double x = a->kind == VALUE_REAL ? a->r : (double)a->i, y = b->kind == VALUE_REAL ? b->r : (double)b->i;
	return sign(x < y, x > y);
}

static bool in_list(const struct value *list, int64_t id)
{
	for (size_t i = 0; i < list->l.n; i++)
		if (list->l.ids[i] == id)
			return true;
	return false;
}

static bool wanted(const struct value *values, size_t n, int64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (values[i].i == id)
			return true;
	return false;
}

/* Many-links. */
static bool compare_list(enum condition_op op, const struct value *list, const struct value *values, size_t n)
{
	size_t have = 0, others = 0, count = list->kind == VALUE_LIST ? list->l.n : 0;
	for (size_t i = 0; count > 0 && i < n; i++)
		have += in_list(list, values[i].i);
	for (size_t i = 0; i < count; i++)
		others += !wanted(values, n, list->l.ids[i]);
	switch ((int)op) {
	case CONDITION_HAS_ALL: return have == n;
	case CONDITION_HAS_ONE: return have > 0;
	case CONDITION_HAS_ONLY: return others == 0;
	case CONDITION_IS_NULL: return count == 0;
	default: return count > 0;
	}
}

static bool order_holds(enum condition_op op, int order)
{
	switch ((int)op) {
	case CONDITION_EQ:
	case CONDITION_IN: return order == 0;
	case CONDITION_NEQ:
	case CONDITION_DISTINCT: return order != 0;
	case CONDITION_GT: return order > 0;
	case CONDITION_GTE: return order >= 0;
	case CONDITION_LT: return order < 0;
	case CONDITION_LTE: return order <= 0;
	default: return false; /* asked elsewhere */
	}
}

static bool holds(enum condition_op op, const struct value *value, const struct value *want)
{
	switch ((int)op) {
	case CONDITION_LIKE: return condition_like(value->t.p, want->t.p, false);
	case CONDITION_ILIKE: return condition_like(value->t.p, want->t.p, true);
	default: return order_holds(op, condition_order(value, want));
	}
}

/* The value of a word at the run's moment. */
static enum err moved(struct condition_run *run, const struct condition_compare *compare, size_t i, struct value *ret)
{
	bool day = condition_field(compare->info, compare->field)->type == FIELD_DATE;
	int64_t ms = condition_word_at(run, &compare->words[i], day, run->now_ms);
	char text[TIME_TEXT_MAX];
	*ret = value_int(ms);
	if (!day)
		return OK;
	time_format(ms, text);
	const char *copy = arena_strndup(run->ctx->arena, text, strlen("2026-11-22"));
	*ret = value_text(copy);
	return copy != NULL ? OK : fail(run->ctx, ERR_LIMIT, "", "memory");
}

static enum err want_of(struct condition_run *run, const struct condition_compare *compare, size_t i, struct value *ret)
{
	if (compare->words != NULL && compare->words[i].base != 0)
		return moved(run, compare, i, ret);
	*ret = compare->values[i];
	return OK;
}

/* What can be told without looking at what it is compared with. */
static bool is_plain(const struct condition_compare *compare, const struct value *value, bool *ret)
{
	enum condition_op op = compare->op;
	bool null = value->kind == VALUE_NULL;
	switch ((int)op) {
	case CONDITION_IS_NULL: *ret = null; return true;
	case CONDITION_IS_NOT_NULL: *ret = !null; return true;
	case CONDITION_IS_TRUE: *ret = !null && value->i == 1; return true;
	case CONDITION_IS_FALSE: *ret = !null && value->i == 0; return true;
	default: *ret = null && op == CONDITION_DISTINCT; return null;
	}
}

enum err condition_compare_one(struct condition_run *run, const struct condition_compare *compare, const struct value *value, bool *ret)
{
	bool list = compare->field >= 0 && condition_field(compare->info, compare->field)->type == FIELD_LINKS;
	*ret = list && compare_list(compare->op, value, compare->values, compare->n);
	if (list || is_plain(compare, value, ret))
		return OK;
	for (size_t i = 0; !*ret && i < compare->n; i++) {
		struct value want;
		enum err err = want_of(run, compare, i, &want);
		if (err)
			return err;
		*ret = holds(compare->op, value, &want);
	}
	return OK;
}

enum err condition_values(struct ctx *ctx, const struct condition_compare *compare, struct value **ret, size_t *ret_n)
{
	struct condition_run run;
	enum err err = OK;
	*ret_n = compare->n;
	*ret = arena_array(ctx->arena, compare->n + 1, sizeof(**ret));
	if (*ret == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	condition_run_begin(ctx, &run);
	for (size_t i = 0; !err && i < compare->n; i++)
		err = want_of(&run, compare, i, &(*ret)[i]);
	condition_run_end(&run);
	return err;
}
