/* Reads the feeling of a text by the learnt table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/text/text.h"
#include "feeling/feeling_features.h"
#include "feeling/feeling_table.h"

enum { FOUND_MAX = 4096 };

struct found {
	const char *text;
	uint16_t n, slot;
	bool negated;
};

struct reading {
	struct found *list;
	size_t n, grams, words;
	uint8_t seen[FEELING_SLOTS / 8];
};

static const struct feeling_slot *find(const char *text, size_t n, bool negated)
{
	uint32_t key = feeling_hash(text, n, negated);
	for (uint32_t at = key & (FEELING_SLOTS - 1); feeling_table[at].key != 0; at = (at + 1) & (FEELING_SLOTS - 1)) {
		if (feeling_table[at].key == key)
			return &feeling_table[at];
	}
	return NULL;
}

static bool known(const char *text, size_t n, void *arg)
{
	(void)arg;
	const struct feeling_slot *slot = find(text, n, false);
	return slot != NULL && slot->word != 0;
}

static void collect(const struct feature *f, void *arg)
{
	struct reading *r = arg;
	const struct feeling_slot *slot = find(f->text, f->n, f->negated);
	size_t at = slot != NULL ? (size_t)(slot - feeling_table) : 0;
	if (slot == NULL || (r->seen[at / 8] >> at % 8 & 1) != 0 || r->n == FOUND_MAX)
		return;
	r->seen[at / 8] |= (uint8_t)(1U << at % 8);
	*(slot->word != 0 ? &r->words : &r->grams) += 1;
	r->list[r->n++] = (struct found){f->text, (uint16_t)f->n, (uint16_t)at, f->negated};
}

static int heavier(const void *a, const void *b)
{
	double x = fabs(((const struct feeling_reason *)a)->weight), y = fabs(((const struct feeling_reason *)b)->weight);
	return (x < y) - (x > y);
}

/* One Han character alone tells a reader nothing; words of ours do, and what is part of a longer reason is said with it. */
static bool worth_saying(const struct found *f, double weight, double total)
{
	bool word = feeling_table[f->slot].word != 0;
	return fabs(weight) > 0.08 && (word || f->n > 3) && (weight > 0) == (total > 0);
}

static enum err put_reasons(struct ctx *ctx, const struct reading *r, double per_gram, double per_word, double total, struct feeling *ret)
{
	struct feeling_reason *all = arena_array(ctx->arena, r->n + 1, sizeof(*all));
	size_t n = 0;
	if (all == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < r->n; i++) {
		const struct feeling_slot *slot = &feeling_table[r->list[i].slot];
		double weight = slot->weight / 1000.0 * (slot->word != 0 ? per_word : per_gram);
		if (worth_saying(&r->list[i], weight, total))
			all[n++] = (struct feeling_reason){arena_strndup(ctx->arena, r->list[i].text, r->list[i].n), weight, r->list[i].negated};
	}
	qsort(all, n, sizeof(*all), heavier);
	for (size_t i = 0; i < n && ret->n < FEELING_REASONS; i++) {
		bool said = all[i].word == NULL;
		for (size_t j = 0; j < ret->n && !said; j++)
			said = strstr(ret->reasons[j].word, all[i].word) != NULL || strstr(all[i].word, ret->reasons[j].word) != NULL;
		if (!said)
			ret->reasons[ret->n++] = all[i];
	}
	return OK;
}

enum err feeling_read(struct ctx *ctx, const char *text, size_t n, struct feeling *ret)
{
	struct reading *r = arena_alloc(ctx->arena, sizeof(*r));
	const char *folded;
	size_t folded_n;
	*ret = (struct feeling){.kind = FEELING_NEUTRAL};
	if (n > FEELING_TEXT_MAX) { /* whole characters */
		for (n = FEELING_TEXT_MAX; n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80;)
			n--;
	}
	if (r == NULL || (r->list = arena_array(ctx->arena, FOUND_MAX, sizeof(*r->list))) == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = text_fold(ctx, text, n, &folded, &folded_n);
	if (err != OK)
		return err;
	feeling_features(folded, folded_n, known, collect, r);
	if (r->n == 0)
		return OK;
	double per_gram = r->grams > 0 ? 1 / sqrt((double)r->grams) : 0, per_word = r->words > 0 ? 1 / sqrt((double)r->words) : 0;
	double sum = r->grams > 0 ? feeling_bias / 1000.0 : 0; /* the bias belongs to what was learnt */
	for (size_t i = 0; i < r->n; i++) {
		const struct feeling_slot *slot = &feeling_table[r->list[i].slot];
		sum += slot->weight / 1000.0 * (slot->word != 0 ? per_word : per_gram);
	}
	ret->score = 2 / (1 + exp(-sum)) - 1;
	ret->kind = sum > 0 ? FEELING_POSITIVE : FEELING_NEGATIVE;
	return put_reasons(ctx, r, per_gram, per_word, sum, ret);
}

const char *feeling_name(enum feeling_kind kind)
{
	static const char *const names[] = {"negative", "neutral", "positive"};
	return names[kind];
}
