/* How far two values agree, by kind: a level from 0, different, to 6, the same. */
#include <math.h>
#include <string.h>

#include "linkage/internal.h"

enum { LOOSE_MAX = 12 };

static const char *text_of(const struct field *f, const struct value *v)
{
	return f->texts.pool.data + v->text_at;
}

static void value_signs(const struct field *f, const struct value *v, struct signs *ret)
{
	signs_of(text_of(f, v), v->text_len, ret);
}

/* --- words --------------------------------------------------------------- */

/* Words of one side that the other does not have. */
struct loose {
	uint32_t token[2][LOOSE_MAX];
	int n[2];
	bool more;
};

static double shared_words(const struct field *f, const struct value *a, const struct value *b, struct loose *loose)
{
	const uint32_t *all = (const uint32_t *)(const void *)f->tokens.data, *x = all + a->tokens_at, *y = all + b->tokens_at;
	size_t i = 0, j = 0;
	double sum = 0;
	while (i < a->n_tokens || j < b->n_tokens) {
		if (i < a->n_tokens && j < b->n_tokens && x[i] == y[j]) {
			sum += (double)f->idf[x[i]] * f->idf[x[i]];
			i++;
			j++;
			continue;
		}
		int side = j == b->n_tokens || (i < a->n_tokens && x[i] < y[j]) ? 0 : 1;
		if (loose->n[side] < LOOSE_MAX)
			loose->token[side][loose->n[side]++] = side == 0 ? x[i] : y[j];
		else
			loose->more = true;
		if (side == 0)
			i++;
		else
			j++;
	}
	return sum;
}

static bool has_figures(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] >= '0' && text[i] <= '9')
			return true;
	}
	return false;
}

/* How far two different words may be the same: misspelt, or one the other's beginning. */
static double word_likeness(const char *a, size_t na, const char *b, size_t nb)
{
	struct signs x, y;
	if (a[0] != b[0])
		return 0;
	if (has_figures(a, na) || has_figures(b, nb))
		return 0;
	size_t least = na < nb ? na : nb;
	if (least == 1)
		return 0.6;
	if (memcmp(a, b, least) == 0 && least >= 3)
		return 0.85;
	if (na + 3 < nb || nb + 3 < na)
		return 0;
	signs_of(a, na, &x);
	signs_of(b, nb, &y);
	double s = signs_jaro_winkler(&x, &y);
	return s >= 0.88 ? s : 0;
}

static double loose_words(const struct field *f, struct loose *loose)
{
	double sum = 0;
	for (int i = 0; i < loose->n[0]; i++) {
		size_t na, nb;
		const char *a = intern_text(&f->vocabulary, loose->token[0][i], &na);
		double best = 0;
		int best_j = -1;
		for (int j = 0; j < loose->n[1]; j++) {
			if (loose->token[1][j] == NO_CODE)
				continue;
			const char *b = intern_text(&f->vocabulary, loose->token[1][j], &nb);
			double s = word_likeness(a, na, b, nb);
			if (s > best) {
				best = s;
				best_j = j;
			}
		}
		if (best_j >= 0) {
			sum += best * f->idf[loose->token[0][i]] * f->idf[loose->token[1][best_j]];
			loose->token[1][best_j] = NO_CODE;
		}
	}
	return sum;
}

/* Soft TF-IDF. */
static double words_likeness(const struct field *f, const struct value *a, const struct value *b)
{
	struct loose loose = {.more = false};
	if (a->n_tokens == 0 || b->n_tokens == 0)
		return 0;
	double sum = shared_words(f, a, b, &loose);
	if (!loose.more)
		sum += loose_words(f, &loose);
	double norm = (double)a->norm * b->norm;
	double s = norm > 0 ? sum / norm : 0;
	return s < 1 ? s : 1;
}

static int level_of(double s, const double borders[5])
{
	int level = 0;
	while (level < 5 && s >= borders[level])
		level++;
	return level;
}

static const double text_borders[5] = {0.15, 0.3, 0.45, 0.62, 0.8};

static int compare_text(const struct field *f, const struct value *a, const struct value *b)
{
	return level_of(words_likeness(f, a, b), text_borders);
}

/* Where between two levels: the level, and how far from its middle to the next one's (-.5 to .5). */
static double fine_level(double s)
{
	int level = level_of(s, text_borders);
	double low = level > 0 ? text_borders[level - 1] : 0, high = level < 5 ? text_borders[level] : 1;
	return level + (s - low) / (high - low) - 0.5;
}

/* --- kinds ---------------------------------------------------------------- */

/* Signs that only one of them has: so many edits at least, and so many signs that can not be in common. */
static int apart(const struct value *a, const struct value *b)
{
	int more = __builtin_popcountll(a->mask & ~b->mask), less = __builtin_popcountll(b->mask & ~a->mask);
	return more > less ? more : less;
}

static bool surely_different(const struct value *a, const struct value *b)
{
	double na = a->text_len, nb = b->text_len, more = __builtin_popcountll(a->mask & ~b->mask), less = __builtin_popcountll(b->mask & ~a->mask);
	double common = fmin(na - more, nb - less);
	/* what Jaro-Winkler can reach, with the longest prefix */
	double jaro = (common / na + common / nb + 1) / 3;
	return jaro + 0.4 * (1 - jaro) < 0.76;
}

/* One is an initial, or the beginning, of the other. */
static bool begins_with(const struct signs *x, const struct signs *y, int shortest)
{
	return shortest >= 1 && shortest != 2 && memcmp(x->at, y->at, (size_t)shortest * sizeof(x->at[0])) == 0;
}

/* By how many edits they differ: of longer texts one or two say they are the same. */
static int level_of_edits(const struct signs *x, const struct signs *y, int shortest)
{
	int edits = signs_edits(x, y, 2);
	if (edits == 1)
		return shortest >= 4 ? 5 : 4;
	return edits == 2 && shortest >= 6 ? 4 : 0;
}

static int compare_string(const struct field *f, const struct value *a, const struct value *b)
{
	static const double borders[5] = {0.76, 0.82, 0.88, 0.92, 0.95};
	struct signs x, y;
	int edits = 0;
	if (apart(a, b) > 2 && a->text_len > 1 && b->text_len > 1 && surely_different(a, b))
		return 0;
	value_signs(f, a, &x);
	value_signs(f, b, &y);
	int level = level_of(signs_jaro_winkler(&x, &y), borders), shortest = x.n < y.n ? x.n : y.n;
	if (level < 5 && shortest >= 3 && apart(a, b) <= 2)
		edits = level_of_edits(&x, &y, shortest);
	level = edits > level ? edits : level;
	return level < 3 && begins_with(&x, &y, shortest) ? 3 : level;
}

static int compare_name(const struct field *f, const struct value *a, const struct value *b)
{
	int level = compare_string(f, a, b);
	if (a->as.pinyin != 0 && a->as.pinyin == b->as.pinyin && level < 5)
		level = 5;
	if (level < 5 && (a->n_tokens > 1 || b->n_tokens > 1)) {
		static const double borders[5] = {0.3, 0.45, 0.6, 0.75, 0.9};
		int words = level_of(words_likeness(f, a, b), borders);
		level = words > level ? words : level;
	}
	if (level < 3 && a->sound != 0 && a->sound == b->sound)
		level = level < 2 ? 2 : 3;
	return level;
}

static int compare_phone(const struct field *f, const struct value *a, const struct value *b)
{
	size_t least = a->text_len < b->text_len ? a->text_len : b->text_len;
	const char *x = text_of(f, a) + a->text_len - least, *y = text_of(f, b) + b->text_len - least;
	if (least >= 7 && memcmp(x, y, least) == 0)
		return 5;
	if (least >= 7 && memcmp(x + least - 7, y + least - 7, 7) == 0)
		return 4;
	struct signs p, q;
	signs_of(x, least, &p);
	signs_of(y, least, &q);
	int edits = signs_edits(&p, &q, 2);
	return least < 6 ? 0 : edits == 1 ? 3 : edits == 2 ? 1 : 0;
}

/* Whether they differ in figures only: j.smith45 and j.smith82 are two people of one name. */
static bool differ_in_figures(const struct signs *x, const struct signs *y)
{
	int i = 0, j = 0;
	for (;;) {
		while (i < x->n && x->at[i] >= '0' && x->at[i] <= '9')
			i++;
		while (j < y->n && y->at[j] >= '0' && y->at[j] <= '9')
			j++;
		if (i == x->n || j == y->n)
			return i == x->n && j == y->n;
		if (x->at[i++] != y->at[j++])
			return false;
	}
}

/* Addresses that are merely alike say no more than the names they are made of. */
static int compare_mail(const struct field *f, const struct value *a, const struct value *b)
{
	struct signs x, y;
	bool local = a->as.mail.local_len == b->as.mail.local_len && memcmp(text_of(f, a), text_of(f, b), a->as.mail.local_len) == 0;
	if (local)
		return 4;
	if (apart(a, b) > 2)
		return 0;
	value_signs(f, a, &x);
	value_signs(f, b, &y);
	int edits = signs_edits(&x, &y, 2);
	if (edits > 2)
		return 0;
	if (differ_in_figures(&x, &y))
		return edits == 1 ? 3 : 0;
	return edits == 1 ? 5 : 4;
}

static int compare_date(const struct field *f, const struct value *a, const struct value *b)
{
	const int32_t *p = a->as.ymd, *q = b->as.ymd;
	struct signs x, y;
	if (p[0] == q[0] && p[1] == q[2] && p[2] == q[1])
		return 5;
	int edits = 3;
	if (apart(a, b) <= 2) {
		value_signs(f, a, &x);
		value_signs(f, b, &y);
		edits = signs_edits(&x, &y, 2);
	}
	if (edits == 1)
		return 4;
	int parts = (p[0] == q[0]) + (p[1] == q[1]) + (p[2] == q[2]);
	if (parts == 2)
		return 3;
	return edits == 2 ? 2 : parts == 1 && p[0] == q[0] ? 1 : 0;
}

static int compare_number(const struct value *a, const struct value *b)
{
	double x = a->as.number, y = b->as.number, most = fmax(fabs(x), fabs(y));
	if (isnan(x) || isnan(y))
		return NOTHING;
	double apart = most > 0 ? fabs(x - y) / most : 0;
	return apart <= 0.005 ? 5 : apart <= 0.03 ? 4 : apart <= 0.1 ? 3 : apart <= 0.25 ? 2 : apart <= 0.5 ? 1 : 0;
}

static int compare_code(const struct field *f, const struct value *a, const struct value *b)
{
	struct signs x, y;
	value_signs(f, a, &x);
	value_signs(f, b, &y);
	int shortest = x.n < y.n ? x.n : y.n, longest = x.n > y.n ? x.n : y.n;
	if (longest >= 3 && apart(a, b) <= 2) {
		int edits = signs_edits(&x, &y, 2);
		if (edits == 1)
			return longest >= 5 ? 5 : 3;
		if (edits == 2 && longest >= 5)
			return 3;
	}
	if (shortest >= 3 && memcmp(x.at, y.at, (size_t)shortest * sizeof(x.at[0])) == 0)
		return 3;
	return a->n_tokens > 1 && words_likeness(f, a, b) > 0.5 ? 2 : 0;
}

static bool is_code_word(const char *text, size_t len)
{
	size_t figures = 0;
	for (size_t i = 0; i < len; i++)
		figures += text[i] >= '0' && text[i] <= '9';
	return (figures >= 1 && figures < len && len >= 4) || (figures == len && len >= 5);
}

/* One that stands in few rows is an article number, one in many a size or a standard. */
static int code_level(const struct field *f, uint32_t token)
{
	/* idf = log(1 + rows / df) */
	return f->idf[token] >= f->rare_word ? 5 : f->idf[token] >= f->rare_word - 1.4F ? 4 : 2;
}

/* How far two article numbers are one. */
static int compare_code_words(const struct field *f, uint32_t x, uint32_t y)
{
	size_t na, nb;
	const char *a = intern_text(&f->vocabulary, x, &na), *b = intern_text(&f->vocabulary, y, &nb);
	if (!is_code_word(a, na) || !is_code_word(b, nb))
		return 0;
	if (x == y)
		return code_level(f, x);
	size_t least = na < nb ? na : nb;
	if (least >= 4 && (memcmp(a, b, least) == 0 || memcmp(a + na - least, b + nb - least, least) == 0))
		return 3;
	return least >= 3 && memcmp(a, b, 3) == 0 ? 1 : 0;
}

/* The article numbers within two texts: one in common, one nearly, others. */
static int compare_codes(const struct field *f, const struct value *a, const struct value *b)
{
	const uint32_t *all = (const uint32_t *)(const void *)f->tokens.data, *x = all + a->tokens_at, *y = all + b->tokens_at;
	int best = 0;
	if (a->n_codes == 0 || b->n_codes == 0)
		return NOTHING;
	for (size_t i = 0; i < a->n_tokens; i++) {
		for (size_t j = 0; j < b->n_tokens; j++) {
			int level = compare_code_words(f, x[i], y[j]);
			best = level > best ? level : best;
		}
	}
	return best;
}

static int compare_address(const struct field *f, const struct value *a, const struct value *b)
{
	int string = compare_string(f, a, b), words = compare_text(f, a, b);
	return string - 1 > words ? string - 1 : words;
}

static int compare_category(const struct field *f, const struct value *a, const struct value *b)
{
	return a->text_len >= 2 && b->text_len >= 2 && compare_string(f, a, b) >= 4 ? 4 : 0;
}

static int compare_numbers(const struct field *f, const struct value *a, const struct value *b)
{
	(void)f;
	return compare_number(a, b);
}

int compare_values(const struct field *f, uint32_t a, uint32_t b)
{
	static int (*const by_kind[LINKAGE_KIND_COUNT])(const struct field *, const struct value *, const struct value *) = {
		[LINKAGE_GUESS] = compare_text, [LINKAGE_IGNORE] = compare_text, [LINKAGE_NAME] = compare_name, [LINKAGE_COMPANY] = compare_name,
		[LINKAGE_PHONE] = compare_phone, [LINKAGE_EMAIL] = compare_mail, [LINKAGE_DATE] = compare_date, [LINKAGE_ADDRESS] = compare_address,
		[LINKAGE_TEXT] = compare_text, [LINKAGE_NUMBER] = compare_numbers, [LINKAGE_CODE] = compare_code, [LINKAGE_CATEGORY] = compare_category,
	};
	if (a == NO_CODE || b == NO_CODE)
		return NOTHING;
	const struct value *x = &f->values[a], *y = &f->values[b];
	if (f->twin)
		return compare_codes(f, x, y);
	return a == b ? EXACT : by_kind[f->kind](f, x, y);
}

static bool same_text(const struct field *f, uint32_t a, const struct field *g, uint32_t b)
{
	const struct value *x = &f->values[a], *y = &g->values[b];
	return x->text_len == y->text_len && x->mask == y->mask && memcmp(text_of(f, x), text_of(g, y), x->text_len) == 0;
}

/* Given and family name the other way round. */
static bool swapped(const struct linkage *l, uint32_t a, uint32_t b)
{
	if (l->swap[0] < 0)
		return false;
	const struct field *f = &l->fields[l->swap[0]], *g = &l->fields[l->swap[1]];
	uint32_t fa = f->code[a], fb = f->code[b], ga = g->code[a], gb = g->code[b];
	if (fa == NO_CODE || fb == NO_CODE || ga == NO_CODE || gb == NO_CODE || fa == fb || ga == gb)
		return false;
	return same_text(f, fa, g, gb) && same_text(f, fb, g, ga);
}

static int compare_field(const struct linkage *l, size_t j, uint32_t a, uint32_t b, bool is_swapped)
{
	if (is_swapped && ((int)j == l->swap[0] || (int)j == l->swap[1]))
		return 4;
	return compare_values(&l->fields[j], l->fields[j].code[a], l->fields[j].code[b]);
}

uint64_t compare_rows(const struct linkage *l, uint32_t a, uint32_t b)
{
	uint64_t pattern = 0;
	bool is_swapped = swapped(l, a, b);
	for (size_t j = 0; j < l->n_fields; j++)
		pattern |= (uint64_t)compare_field(l, j, a, b, is_swapped) << (3 * j);
	return pattern;
}

/* --- scores ---------------------------------------------------------------- */

static int level_in(uint64_t pattern, size_t field)
{
	return (int)(pattern >> (3 * field) & 7);
}

/* Agreement of the field that this one goes with by chance. */
static int parent_state(const struct field_model *m, uint64_t pattern)
{
	int level = m->parent < 0 ? NOTHING : level_in(pattern, (size_t)m->parent);
	return level == NOTHING ? 2 : level >= 4;
}

static double rarity(const struct linkage *l, size_t j, uint32_t a)
{
	const struct field *f = &l->fields[j];
	return l->frequencies && !f->twin && f->rare != NULL && f->code[a] != NO_CODE ? (double)f->rare[f->code[a]] : 0;
}

double score_field(const struct linkage *l, size_t j, uint64_t pattern, uint32_t a)
{
	const struct field_model *m = &l->model[j];
	int level = level_in(pattern, j), state = parent_state(m, pattern);
	if (level == NOTHING)
		return 0;
	double weight = m->weight[state][level];
	if (level == EXACT)
		weight += state == 1 ? rarity(l, j, a) * (1 - m->dependence) : rarity(l, j, a);
	return weight;
}

double score_related(const struct linkage *l, size_t j, uint64_t pattern, uint32_t a)
{
	const struct field_model *m = &l->model[j];
	int level = level_in(pattern, j);
	if (level == NOTHING)
		return 0;
	/* where they differ they agree by chance, which is likelier with common values */
	return m->related[level] + (level == EXACT && !m->shared ? rarity(l, j, a) : 0);
}

double score_both(double other, double related)
{
	double high = fmax(-other, -related);
	return -(high + log(exp(-other - high) + exp(-related - high)));
}

/* For a text, between the weights of neighbouring levels. */
static double refine(const struct linkage *l, size_t j, uint64_t pattern, uint32_t a, uint32_t b, double *ret_related)
{
	const struct field *f = &l->fields[j];
	const struct field_model *m = &l->model[j];
	int level = level_in(pattern, j);
	if (f->kind != LINKAGE_TEXT || f->twin || level >= EXACT)
		return 0;
	const double *weight = m->weight[parent_state(m, pattern)];
	double fine = fine_level(words_likeness(f, &f->values[f->code[a]], &f->values[f->code[b]])) - level;
	int next = fine > 0 ? level + 1 : level - 1;
	if (next < 0 || next > 5)
		return 0;
	*ret_related += (m->related[next] - m->related[level]) * fabs(fine);
	return (weight[next] - weight[level]) * fabs(fine);
}

double score_pattern(const struct linkage *l, uint64_t pattern, uint32_t a, uint32_t b)
{
	double odds = l->prior, related = l->related_prior;
	(void)b;
	for (size_t j = 0; j < l->n_fields; j++) {
		odds += score_field(l, j, pattern, a);
		related += l->relations ? score_related(l, j, pattern, a) : 0;
	}
	return l->relations ? score_both(odds, related) : odds;
}

static double full_score(const struct linkage *l, uint64_t pattern, uint32_t open, uint32_t a, uint32_t b)
{
	double odds = l->prior, related = l->related_prior;
	for (size_t j = 0; j < l->n_fields; j++) {
		odds += score_field(l, j, pattern, a);
		related += score_related(l, j, pattern, a);
		if (open >> j & 1)
			odds += refine(l, j, pattern, a, b, &related);
	}
	return l->relations ? score_both(odds, related) : odds;
}

static double most3(const double weight[3][LEVELS], int level)
{
	return fmax(weight[0][level], fmax(weight[1][level], weight[2][level]));
}

/* Exact agreement costs nothing to see; the rest is looked at only while it can still be enough. */
double score_rows(const struct linkage *l, uint32_t a, uint32_t b, double least)
{
	double most = l->prior;
	uint64_t pattern = 0;
	uint32_t open = 0;
	for (size_t j = 0; j < l->n_fields; j++) {
		const struct field *f = &l->fields[j];
		uint32_t x = f->code[a], y = f->code[b];
		if (x == NO_CODE || y == NO_CODE) {
			pattern |= (uint64_t)NOTHING << (3 * j);
		} else if (x == y && !f->twin) {
			pattern |= (uint64_t)EXACT << (3 * j);
			most += most3(l->model[j].weight, EXACT) + fmax(rarity(l, j, a), 0);
		} else {
			open |= 1U << j;
			most += fmax(0, most3(l->model[j].weight, 5));
		}
	}
	if (most < least)
		return -INFINITY;
	bool is_swapped = open != 0 && swapped(l, a, b);
	for (size_t i = 0; i < l->n_fields; i++) {
		size_t j = l->order[i];
		if (!(open >> j & 1))
			continue;
		if (most < least)
			return -INFINITY;
		int level = compare_field(l, j, a, b, is_swapped);
		pattern |= (uint64_t)level << (3 * j);
		most -= fmax(0, most3(l->model[j].weight, 5));
		/* a text may lie half a level higher */
		if (level != NOTHING)
			most += most3(l->model[j].weight, level < 5 && l->fields[j].kind == LINKAGE_TEXT ? level + 1 : level);
	}
	return most < least ? -INFINITY : full_score(l, pattern, open, a, b);
}
