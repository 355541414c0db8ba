/* Which pairs are compared: several blocking passes, chosen from the data itself so that together they would meet as many matches as the
 * number of comparisons allows (a greedy cover of imagined matches, after Bilenko, Kamath, Mooney 2006). */
#include <math.h>
#include <string.h>

#include "linkage/internal.h"

enum { WAYS = 3, KEYS_MAX = LINKAGE_FIELDS_MAX * WAYS, SAMPLE_ROWS = 10000, BUCKETS = 1 << 20, IMAGINED = 4000, FEW_PAIRS = 1200000 };

static uint64_t part_key(const struct field *f, const struct value *v)
{
	const char *text = f->texts.pool.data + v->text_at;
	size_t len = v->text_len, n = 0, want = f->kind == LINKAGE_TEXT ? 10 : 3;
	uint64_t h = 0;
	if (f->kind == LINKAGE_CODE || f->kind == LINKAGE_PHONE) {
		if (len < 4)
			return 0;
		for (size_t i = len / 2; i < len; i++)
			h = mix2(h, (unsigned char)text[i]);
		return h | 1;
	}
	if (f->kind == LINKAGE_DATE)
		want = len > 6 ? 6 : len;
	for (size_t i = 0; i < len && n <= want; i++) {
		n += ((unsigned char)text[i] & 0xC0) != 0x80;
		if (n <= want)
			h = mix2(h, (unsigned char)text[i]);
	}
	return n >= want ? h | 1 : 0;
}

uint64_t passes_key(const struct linkage *l, size_t field, int way, uint32_t row)
{
	const struct field *f = &l->fields[field];
	uint32_t code = f->code[row];
	if (code == NO_CODE)
		return 0;
	if (way == 0)
		return mix2(code + 1, field * WAYS + 1);
	const struct value *v = &f->values[code];
	uint64_t key = way == 1 ? v->sound : part_key(f, v);
	return key == 0 ? 0 : mix2(key, field * WAYS + (uint64_t)way + 1);
}

/* --- choosing --------------------------------------------------------------- */

struct choice {
	struct linkage *l;
	size_t n_keys, n_rows; /* of the sample */
	uint64_t *key;         /* n_keys x n_rows */
	uint32_t *bucket;
	uint8_t *agrees;       /* n_keys x IMAGINED: whether an imagined match agrees in it */
	uint8_t covered[IMAGINED];
	double scale, budget;
	struct way_pair {
		uint16_t x, y; /* y == x: alone */
		float cost;
	} *pair;
	size_t n_pairs;
};

static double cost_of(struct choice *c, size_t x, size_t y)
{
	uint64_t pairs = 0, rows = 0;
	for (int undo = 0; undo < 2; undo++) {
		for (size_t i = 0; i < c->n_rows; i++) {
			uint64_t a = c->key[x * c->n_rows + i], b = c->key[y * c->n_rows + i];
			if (a == 0 || b == 0)
				continue;
			size_t at = (x == y ? a : mix2(a, b)) & (BUCKETS - 1);
			if (undo) {
				c->bucket[at] = 0;
				continue;
			}
			pairs += c->bucket[at]++;
			rows++;
		}
	}
	double by_chance = (double)rows * (double)rows / 2 / BUCKETS;
	return fmax((double)pairs - by_chance, 0.3) * c->scale;
}

static double chance(uint64_t *seed)
{
	*seed += 0x9e3779b97f4a7c15U;
	return (double)(mix(*seed) >> 11) / 9007199254740992.0;
}

/* Matches as they usually are: a value is the same in 7 of 10, misspelt in 2, another in 1. */
static void imagine(struct choice *c)
{
	uint64_t seed = 7;
	for (size_t j = 0; j < c->n_keys / WAYS; j++) {
		const struct field *f = &c->l->fields[j];
		bool text = f->kind == LINKAGE_TEXT || f->kind == LINKAGE_ADDRESS;
		for (size_t i = 0; i < IMAGINED; i++) {
			double x = chance(&seed);
			bool there = chance(&seed) < f->filled && chance(&seed) < f->filled;
			bool same = there && x < (text ? 0.4 : 0.7), near = there && x < 0.9;
			c->agrees[(j * WAYS) * IMAGINED + i] = same;
			c->agrees[(j * WAYS + 1) * IMAGINED + i] = same || (near && chance(&seed) < 0.6);
			c->agrees[(j * WAYS + 2) * IMAGINED + i] = same || (near && chance(&seed) < 0.6);
		}
	}
}

static void price_all(struct choice *c)
{
	struct linkage *l = c->l;
	for (size_t k = 0; k < c->n_keys; k++) {
		for (size_t i = 0; i < c->n_rows; i++) {
			uint32_t row = (uint32_t)(i * l->rows.n / c->n_rows);
			c->key[k * c->n_rows + i] = passes_key(l, k / WAYS, (int)(k % WAYS), row);
		}
	}
	for (size_t x = 0; x < c->n_keys; x++) {
		for (size_t y = x; y < c->n_keys; y++) {
			if (x != y && x / WAYS == y / WAYS)
				continue;
			double cost = cost_of(c, x, y);
			if (cost <= c->budget / 4)
				c->pair[c->n_pairs++] = (struct way_pair){(uint16_t)x, (uint16_t)y, (float)cost};
		}
	}
}

static size_t newly_covered(const struct choice *c, const struct way_pair *p)
{
	size_t n = 0;
	const uint8_t *x = c->agrees + p->x * (size_t)IMAGINED, *y = c->agrees + p->y * (size_t)IMAGINED;
	for (size_t i = 0; i < IMAGINED; i++)
		n += x[i] & y[i] & !c->covered[i];
	return n;
}

static enum err take_pass(struct choice *c, const struct way_pair *p, struct passes *ret)
{
	struct linkage *l = c->l;
	uint32_t *keys = malloc((l->rows.n + 1) * sizeof(*keys));
	if (keys == NULL)
		return linkage_no_memory(l);
	for (uint32_t row = 0; row < l->rows.n; row++) {
		uint64_t a = passes_key(l, p->x / WAYS, p->x % WAYS, row);
		uint64_t b = p->x == p->y ? a : passes_key(l, p->y / WAYS, p->y % WAYS, row);
		keys[row] = a == 0 || b == 0 ? 0 : (uint32_t)mix2(a, b) | 1;
	}
	ret->keys[ret->n++] = keys;
	for (size_t i = 0; i < IMAGINED; i++)
		c->covered[i] |= c->agrees[p->x * (size_t)IMAGINED + i] & c->agrees[p->y * (size_t)IMAGINED + i];
	return OK;
}

static enum err cover(struct choice *c, struct passes *ret)
{
	enum err err = OK;
	double left = c->budget;
	while (err == OK && ret->n < PASSES_MAX) {
		const struct way_pair *best = NULL;
		double best_worth = 0;
		for (size_t i = 0; i < c->n_pairs; i++) {
			size_t found = c->pair[i].cost > left ? 0 : newly_covered(c, &c->pair[i]);
			double worth = (double)found / (c->pair[i].cost / c->budget + 0.02);
			if (found >= IMAGINED / 1000 && worth > best_worth) {
				best = &c->pair[i];
				best_worth = worth;
			}
		}
		if (best == NULL)
			break;
		left -= best->cost;
		err = take_pass(c, best, ret);
	}
	return err;
}

enum err passes_choose(struct linkage *l, struct passes *ret)
{
	struct choice *c = calloc(1, sizeof(*c));
	double n = (double)l->rows.n, all = n * (n - 1) / 2;
	size_t fields = 0;
	*ret = (struct passes){.all = all <= FEW_PAIRS};
	if (ret->all) {
		free(c);
		return OK;
	}
	if (c == NULL)
		return linkage_no_memory(l);
	while (fields < l->n_fields && !l->fields[fields].twin)
		fields++;
	c->l = l;
	c->n_keys = fields * WAYS;
	c->n_rows = l->rows.n < SAMPLE_ROWS ? l->rows.n : SAMPLE_ROWS;
	c->scale = n / (double)c->n_rows * n / (double)c->n_rows;
	c->budget = fmax(22 * n, fmin(all, 3e6));
	c->key = malloc(c->n_keys * c->n_rows * sizeof(*c->key));
	c->bucket = calloc(BUCKETS, sizeof(*c->bucket));
	c->agrees = malloc(c->n_keys * (size_t)IMAGINED);
	c->pair = malloc(c->n_keys * (c->n_keys + 1) / 2 * sizeof(*c->pair));
	enum err err = OK;
	if (c->key == NULL || c->bucket == NULL || c->agrees == NULL || c->pair == NULL) {
		err = linkage_no_memory(l);
	} else {
		imagine(c);
		price_all(c);
		err = cover(c, ret);
	}
	free(c->key);
	free(c->bucket);
	free(c->agrees);
	free(c->pair);
	free(c);
	return err;
}

void passes_release(struct passes *passes)
{
	for (size_t i = 0; i < passes->n; i++)
		free(passes->keys[i]);
	free(passes->listed);
	*passes = (struct passes){0};
}
