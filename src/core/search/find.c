/* Finding: steps from the surest kind of match to the boldest, until there are
 * enough hits.  Each step looks at a bounded number of candidates, newest first,
 * so that time does not grow with the database. */
#include "core/search/find.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/search/source.h"

enum {
	LOOK_FEW = 200,     /* candidates of a step that nearly all match */
	LOOK_MANY = 400,    /* of one that many do not */
	LOOK_LIST = 20000,  /* of any, for a list filter */
	FEW_HITS = 3,       /* fewer than this: forgive typing errors */
	TAIL_DIGITS = 4,
	LONG_START = 4,     /* bytes of a start that few words have */
	TRIGRAMS_MAX = 12,  /* of a fragment; the check sees to the rest */
};

/* --- expressions ------------------------------------------------------------- */

/* A list is complete: for it every hit is as good as another. */
static void aim(struct finder *f, enum tier tier, size_t look)
{
	f->tier = f->list ? TIER_NONE : tier;
	f->look = f->list ? LOOK_LIST : look;
}

static void begin(struct finder *f, struct expr *e, enum tier tier, size_t look)
{
	aim(f, tier, look);
	expr_init(e, &f->expr, db_engine(f->ctx->db));
}

/* Every pair of neighbours; a single character by itself. */
static void put_pairs(struct expr *e, const struct word *w)
{
	if (w->chars == 1) {
		expr_term(e, 0, w->text, w->n);
		return;
	}
	for (size_t at = 0, next; (next = at + char_bytes(w->text + at)) < w->n; at = next)
		expr_term(e, 0, w->text + at, next + char_bytes(w->text + next) - at);
}

/* From word `*at` on all that stand beside each other, `*at` left at the last. Single characters have a term in names
 * only; elsewhere, and where the blank between them was only typed, they are one run: 孟 非 is 孟非. */
static void put_unspaced(struct expr *e, const struct typed *t, size_t *at)
{
	const struct word *first = &t->words[*at];
	size_t n = 1;
	bool single = first->chars == 1;
	for (; *at + n < t->n_words && first[n].kind == WORD_UNSPACED; n++)
		single = single || first[n].chars == 1;
	*at += n - 1;
	if (n > 1 && single) {
		expr_or(e);
		expr_and(e);
	}
	for (size_t i = 0; i < n; i++)
		put_pairs(e, &first[i]);
	if (n == 1 || !single)
		return;
	expr_end(e);
	expr_and(e);
	char pair[8];
	size_t last = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t c = 0, bytes; c < first[i].n; c += bytes) {
			bytes = char_bytes(first[i].text + c);
			memcpy(pair + last, first[i].text + c, bytes);
			if (last > 0)
				expr_term(e, 0, pair, last + bytes);
			memmove(pair, first[i].text + c, bytes);
			last = bytes;
		}
	expr_end(e);
	expr_end(e);
}

static bool has_trigrams(const struct word *w)
{
	return w->chars >= 3;
}

static void put_trigrams(struct expr *e, const struct word *w)
{
	for (size_t i = 0, at = 0; i + 3 <= w->chars && i < TRIGRAMS_MAX; i++, at += char_bytes(w->text + at))
		expr_term(e, TERM_TRIGRAM, w->text + at, source_chars_bytes(w->text + at, w->n - at, 3));
}

/* The longest start there are terms for. */
static void put_edge(struct expr *e, const struct word *w)
{
	if (w->chars >= 2)
		expr_term(e, TERM_EDGE, w->text, source_chars_bytes(w->text, w->n, w->chars >= 4 ? 4 : 2));
}

static void put_digits(struct expr *e, const char *text, size_t n)
{
	expr_term(e, 0, text, n);
	expr_term(e, TERM_NUMBER, text, n);
}

/* A host as "@example.com" or "example.com" (term "@example.com", as an address too has its '@' in front). */
static void put_email(struct expr *e, const struct word *w)
{
	if (w->text[0] == '@')
		expr_term(e, 0, w->text, w->n);
	else
		expr_term(e, TERM_EMAIL, w->text, w->n);
}

/* Every word as a word. */
static void whole_words(const struct typed *t, struct expr *e)
{
	expr_and(e);
	for (size_t i = 0; i < t->n_words; i++) {
		const struct word *w = &t->words[i];
		switch (w->kind) {
		case WORD_UNSPACED:
			put_unspaced(e, t, &i);
			break;
		case WORD_LETTERS:
			expr_term(e, 0, w->text, w->n);
			break;
		case WORD_DIGITS:
			expr_or(e);
			put_digits(e, w->text, w->n);
			expr_end(e);
			break;
		case WORD_EMAIL:
			put_email(e, w);
			break;
		}
	}
	expr_end(e);
}

/* Every word as a word or the start of one; with `inside` also as a piece of one. */
static void starts_of_words(const struct typed *t, struct expr *e, bool inside)
{
	expr_and(e);
	for (size_t i = 0; i < t->n_words; i++) {
		const struct word *w = &t->words[i];
		if (w->kind == WORD_UNSPACED) {
			put_unspaced(e, t, &i);
			continue;
		}
		if (w->kind == WORD_LETTERS && w->chars < 2)
			continue; /* no terms for one letter: the check sees to it */
		expr_or(e);
		if (w->kind == WORD_EMAIL)
			put_email(e, w);
		else if (w->kind == WORD_DIGITS)
			put_digits(e, w->text, w->n);
		else
			expr_term(e, 0, w->text, w->n);
		if (w->kind != WORD_EMAIL)
			put_edge(e, w);
		if (inside && w->kind != WORD_EMAIL && has_trigrams(w)) {
			expr_and(e);
			put_trigrams(e, w);
			expr_end(e);
		}
		expr_end(e);
	}
	expr_end(e);
}

static bool has_kind(const struct typed *t, enum word_kind kind)
{
	for (size_t i = 0; i < t->n_words; i++)
		if (t->words[i].kind == kind)
			return true;
	return false;
}

/* --- steps ------------------------------------------------------------------- */

/* Names that are just what was typed: there is a term for the short ones, which
 * could drown among longer names with the same word. */
static enum err step_exact(struct finder *f)
{
	const struct typed *t = &f->typed;
	struct expr e;
	bool unspaced = true;
	for (size_t i = 0; i < t->n_words; i++)
		unspaced = unspaced && t->words[i].kind == WORD_UNSPACED;
	if ((t->n_words != 1 && !unspaced) || t->n_whole > TERM_MAX - 2)
		return OK;
	begin(f, &e, TIER_EXACT, LOOK_FEW);
	expr_term(&e, TERM_EXACT, t->whole, t->n_whole);
	/* Where step_words is certain to be next they go in one question. */
	return search_is_lite(f->ctx) || f->list || t->number || t->dotted ? finder_walk(f) : finder_later(f);
}

static enum err step_words(struct finder *f)
{
	const struct typed *t = &f->typed;
	struct expr e;
	begin(f, &e, TIER_WORD, LOOK_FEW);
	/* "zhang wei" is also one name's sound. */
	bool sound = t->n_words > 1 && t->n_whole <= TERM_MAX && !has_kind(t, WORD_UNSPACED) && !has_kind(t, WORD_EMAIL);
	expr_or(&e);
	whole_words(t, &e);
	if (sound)
		expr_term(&e, 0, t->whole, t->n_whole);
	expr_end(&e);
	return finder_walk(f);
}

/* Of several words at once there are few: they are looked for in one step, inside words too. */
static enum err step_starts(struct finder *f)
{
	struct expr e;
	if (f->typed.n_words > 1 || (!has_kind(&f->typed, WORD_LETTERS) && !has_kind(&f->typed, WORD_DIGITS)))
		return OK;
	begin(f, &e, TIER_START, LOOK_MANY);
	starts_of_words(&f->typed, &e, false);
	return finder_walk(f);
}

/* Rare starts: in the order of the terms, where newest first would find too few;
 * and starts of what has no edges, such as addresses and words of notes. */
static enum err step_ranges(struct finder *f)
{
	const struct word *longest = NULL;
	for (size_t i = 0; i < f->typed.n_words; i++) {
		const struct word *w = &f->typed.words[i];
		if (w->kind != WORD_UNSPACED && (!longest || w->n > longest->n))
			longest = w;
	}
	if (!longest)
		return OK;
	aim(f, TIER_START, LOOK_FEW);
	bool email = longest->kind == WORD_EMAIL, host = email && longest->text[0] == '@';
	/* Long enough to be rare: all three in one question. */
	f->later = !search_is_lite(f->ctx) && !f->list && longest->n >= LONG_START;
	enum err err = email ? OK : finder_range(f, 0, longest->text, longest->n);
	if (!err && !finder_enough(f) && !host)
		err = finder_range(f, TERM_EMAIL, longest->text, longest->n);
	if (!err && !finder_enough(f) && !email && longest->n > 2)
		err = finder_range(f, 0, arena_printf(f->ctx->arena, "@@%s", longest->text), longest->n + 2);
	if (!err && host)
		err = finder_range(f, TERM_EMAIL, longest->text, longest->n);
	f->later = false;
	return err ? err : finder_run(f);
}

static enum err step_inside(struct finder *f)
{
	struct expr e;
	bool any = false;
	for (size_t i = 0; i < f->typed.n_words; i++)
		any = any || (f->typed.words[i].kind == WORD_LETTERS && has_trigrams(&f->typed.words[i]));
	if (!any && f->typed.n_words < 2)
		return OK;
	begin(f, &e, TIER_FRAGMENT, LOOK_MANY);
	starts_of_words(&f->typed, &e, true);
	return finder_walk(f);
}

/* --- numbers and addresses ------------------------------------------------------------------- */

static enum err range_reversed(struct finder *f, const char *digits, size_t n)
{
	char reversed[TYPED_NUMBER_MAX];
	for (size_t i = 0; i < n; i++)
		reversed[i] = digits[n - 1 - i];
	return finder_range(f, TERM_REVERSED, reversed, n);
}

/* What can be a number: itself, then by its end, then by its start. */
static enum err step_number(struct finder *f)
{
	const struct typed *t = &f->typed;
	struct expr e;
	if (!t->number)
		return OK;
	begin(f, &e, TIER_WORD, LOOK_FEW);
	expr_or(&e);
	expr_term(&e, TERM_NUMBER, t->number, t->n_number);
	if (t->stripped)
		expr_term(&e, TERM_NUMBER, t->stripped, t->n_stripped);
	expr_end(&e);
	enum err err = finder_walk(f);
	if (!err && !finder_enough(f) && t->n_number >= TAIL_DIGITS)
		err = range_reversed(f, t->number, t->n_number);
	if (!err && !finder_enough(f) && t->stripped)
		err = range_reversed(f, t->stripped, t->n_stripped);
	aim(f, TIER_START, LOOK_FEW);
	if (!err && !finder_enough(f))
		err = finder_range(f, TERM_NUMBER, t->number, t->n_number);
	if (!err && !finder_enough(f) && t->stripped)
		err = finder_range(f, TERM_NUMBER, t->stripped, t->n_stripped);
	return err;
}

/* "zhang.wei" is the start of an address, "example.com" a host. */
static enum err step_dotted(struct finder *f)
{
	const struct typed *t = &f->typed;
	struct expr e;
	char host[TYPED_NUMBER_MAX + 1] = "@";
	if (!t->dotted)
		return OK;
	memcpy(host + 1, t->dotted, t->n_dotted);
	begin(f, &e, TIER_WORD, LOOK_FEW);
	expr_term(&e, TERM_EMAIL, host, t->n_dotted + 1);
	enum err err = finder_walk(f);
	aim(f, TIER_START, LOOK_FEW);
	if (!err && !finder_enough(f))
		err = finder_range(f, TERM_EMAIL, t->dotted, t->n_dotted);
	return !err && !finder_enough(f) ? finder_range(f, TERM_EMAIL, host, t->n_dotted + 1) : err;
}

/* "张伟 8000": the tail of a number beside other words. */
static enum err step_tails(struct finder *f)
{
	enum err err = OK;
	aim(f, TIER_WORD, LOOK_MANY);
	if (f->typed.n_words < 2)
		return OK;
	for (size_t i = 0; !err && i < f->typed.n_words; i++) {
		const struct word *w = &f->typed.words[i];
		if (w->kind == WORD_DIGITS && w->n >= TAIL_DIGITS && w->n <= TYPED_NUMBER_MAX)
			err = range_reversed(f, w->text, w->n);
	}
	return err;
}

/* --- typing errors --------------------------------------------------------------- */

/* With one error at letters [p, p + width), what lies wholly before and behind is
 * right: terms of three letters there, at most two on each side, and the start. */
static void put_around(struct expr *e, const struct word *w, size_t p, size_t width)
{
	size_t at[TYPED_MAX + 2], chars = w->chars;
	at[0] = 0;
	for (size_t i = 0; i < chars; i++)
		at[i + 1] = at[i] + char_bytes(w->text + at[i]);
	expr_and(e);
	if (p >= 4)
		expr_term(e, TERM_EDGE, w->text, at[4]);
	else if (p >= 2)
		expr_term(e, TERM_EDGE, w->text, at[2]);
	if (p >= 5)
		expr_term(e, TERM_TRIGRAM, w->text + at[p - 3], at[p] - at[p - 3]);
	size_t right = p + width;
	if (right + 3 <= chars)
		expr_term(e, TERM_TRIGRAM, w->text + at[right], at[right + 3] - at[right]);
	if (right + 5 <= chars)
		expr_term(e, TERM_TRIGRAM, w->text + at[chars - 3], at[chars] - at[chars - 3]);
	expr_end(e);
}

static void put_near(struct expr *e, const struct word *w)
{
	size_t width = w->chars <= 6 ? 2 : 3;
	expr_or(e);
	for (size_t p = 0; p < w->chars; p += width - 1)
		put_around(e, w, p, width);
	expr_end(e);
}

static void put_start(struct expr *e, const struct word *w)
{
	expr_or(e);
	expr_term(e, 0, w->text, w->n);
	put_edge(e, w);
	expr_end(e);
}

/* Words that no record has are taken for mistyped; a single word with few hits, too. */
static enum err suspects(struct finder *f, bool suspect[TYPED_WORDS_MAX], bool *ret_any)
{
	const struct typed *t = &f->typed;
	enum err err = OK;
	*ret_any = false;
	for (size_t i = 0; !err && i < t->n_words; i++) {
		const struct word *w = &t->words[i];
		bool known = false;
		suspect[i] = false;
		if (w->kind != WORD_LETTERS || match_errors_allowed(w->chars) == 0)
			continue;
		if (t->n_words > 1)
			err = finder_knows(f, w->text, w->n, &known);
		suspect[i] = !known;
		*ret_any = *ret_any || !known;
	}
	return err;
}

/* Names that differ by a letter or two. */
static enum err step_typos(struct finder *f)
{
	struct typed *t = &f->typed;
	struct expr e;
	bool suspect[TYPED_WORDS_MAX], any = false;
	enum err err = finder_good(f) < FEW_HITS ? suspects(f, suspect, &any) : OK;
	if (err || !any)
		return err;
	begin(f, &e, TIER_TYPO, LOOK_MANY);
	expr_and(&e);
	for (size_t i = 0; i < t->n_words; i++) {
		const struct word *w = &t->words[i];
		if (w->kind == WORD_UNSPACED)
			put_unspaced(&e, t, &i);
		else if (suspect[i])
			put_near(&e, w);
		else if (w->kind == WORD_LETTERS && w->chars >= 2)
			put_start(&e, w);
		else if (w->kind == WORD_DIGITS)
			expr_term(&e, 0, w->text, w->n);
	}
	expr_end(&e);
	t->typos = true;
	err = finder_waiting(f);
	if (!err)
		err = finder_walk(f);
	t->typos = false;
	return err;
}

/* --- the whole ------------------------------------------------------------------- */

static int compare_hits(const void *a, const void *b)
{
	const struct found_hit *x = a, *y = b;
	if (x->tier != y->tier)
		return x->tier > y->tier ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->entity == y->entity && x->doc != y->doc)
		return x->doc > y->doc ? -1 : 1;
	return x->record_id > y->record_id ? -1 : x->record_id < y->record_id;
}

/* Sorted, at most `max` of each entity. */
static enum err choose(struct finder *f, size_t max, struct search_hit **ret, size_t *ret_n, bool *ret_more)
{
	struct search_hit *out = arena_array(f->ctx->arena, f->n + 1, sizeof *out);
	if (!out)
		return search_no_memory(f->ctx);
	if (f->n > 0)
		qsort(f->hits, f->n, sizeof *f->hits, compare_hits);
	*ret_n = 0;
	*ret_more = f->more;
	for (size_t i = 0; i < f->n; i++) {
		size_t same = 0;
		for (size_t k = 0; k < *ret_n; k++)
			same += out[k].entity == f->hits[i].entity;
		if (same >= max)
			*ret_more = true;
		else
			out[(*ret_n)++] = (struct search_hit){f->hits[i].entity, f->hits[i].record_id, (double)f->hits[i].tier};
	}
	*ret = out;
	return OK;
}

static enum err take_steps(struct finder *f)
{
	static enum err (*const steps[])(struct finder *) = {
		step_exact, step_number, step_dotted, step_words, step_tails, step_starts, step_ranges, step_inside, step_typos,
	};
	aim(f, TIER_TYPO, LOOK_FEW);
	enum err err = finder_waiting(f);
	for (size_t i = 0; !err && i < sizeof steps / sizeof *steps; i++) {
		err = steps[i](f);
		if (finder_enough(f))
			break;
	}
	return err;
}

enum err finder_all(struct finder *f)
{
	static enum err (*const steps[])(struct finder *) = {
		step_number, step_dotted, step_words, step_tails, step_starts, step_ranges, step_inside,
	};
	aim(f, TIER_NONE, LOOK_LIST);
	enum err err = finder_waiting(f);
	for (size_t i = 0; !err && !finder_enough(f) && i < sizeof steps / sizeof *steps; i++)
		err = steps[i](f);
	return err;
}

enum err search_find(struct ctx *ctx, const char *typed, const size_t *entities, size_t n_entities, size_t max,
                     struct search_hit **ret, size_t *ret_n, bool *ret_more)
{
	struct finder f;
	*ret = NULL;
	*ret_n = 0;
	*ret_more = false;
	finder_init(&f, ctx);
	f.entities = entities;
	f.n_entities = n_entities;
	f.want = max + 1;
	enum err err = ctx->actor ? typed_parse(ctx, typed, &f.typed) : OK;
	if (!err && f.typed.n_words > 0 && max > 0)
		err = take_steps(&f);
	if (!err)
		err = choose(&f, max, ret, ret_n, ret_more);
	finder_release(&f);
	return err;
}
