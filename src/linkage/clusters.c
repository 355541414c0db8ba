/* From pairs to clusters: by falling odds, two clusters are joined when their rows agree on the average (average linkage on log odds,
 * a greedy way to correlation clustering, Bansal, Blum, Chawla 2004), so that one doubtful pair does not chain many rows together. */
#include <math.h>
#include <string.h>

#include "linkage/internal.h"

enum { LOOKED_AT = 64, LISTED_ROWS = 300 };
static const double odds_most = 8;

double odds_of(double probability)
{
	return log(probability / (1 - probability));
}

double probability_of(double odds)
{
	return 1 / (1 + exp(-odds));
}

uint32_t sets_find(uint32_t *set, uint32_t i)
{
	while (set[i] != i) {
		set[i] = set[set[i]];
		i = set[i];
	}
	return i;
}

/* --- how common a value is ------------------------------------------------- */

/* Rows in the order of their sets. */
static uint32_t *by_set(struct linkage *l, uint32_t *set)
{
	size_t n = l->rows.n;
	uint32_t *start = calloc(n + 2, sizeof(*start)), *order = malloc((n + 1) * sizeof(*order));
	if (start == NULL || order == NULL) {
		free(start);
		free(order);
		return NULL;
	}
	for (uint32_t i = 0; i < n; i++)
		start[sets_find(set, i) + 1]++;
	for (size_t i = 0; i < n; i++)
		start[i + 1] += start[i];
	for (uint32_t i = 0; i < n; i++)
		order[start[set[i] == i ? i : sets_find(set, i)]++] = i;
	free(start);
	return order;
}

static enum err count_field(struct linkage *l, struct field *f, uint32_t *set, const uint32_t *order)
{
	uint32_t *last = malloc((f->n_values + 1) * sizeof(*last));
	double entities = 0, square = 0;
	if (last == NULL)
		return linkage_no_memory(l);
	memset(last, 0xff, (f->n_values + 1) * sizeof(*last));
	memset(f->count, 0, f->n_values * sizeof(*f->count));
	for (size_t i = 0; i < l->rows.n; i++) {
		uint32_t code = f->code[order[i]], root = sets_find(set, order[i]);
		if (code == NO_CODE || last[code] == root)
			continue;
		last[code] = root;
		f->count[code]++;
		entities++;
	}
	for (size_t v = 0; v < f->n_values; v++)
		square += (double)f->count[v] * f->count[v];
	f->entities = entities > 0 ? entities : 1;
	f->coincidence = square / (f->entities * f->entities);
	if (f->rare == NULL)
		f->rare = calloc(f->n_values + 1, sizeof(*f->rare));
	for (size_t v = 0; f->rare != NULL && v < f->n_values; v++) {
		double more = log(f->coincidence * f->entities / (f->count[v] > 0 ? f->count[v] : 1));
		f->rare[v] = (float)(more > 4 ? 4 : more < -4 ? -4 : more);
	}
	free(last);
	return f->rare != NULL ? OK : linkage_no_memory(l);
}

enum err frequencies_count(struct linkage *l, const struct scored *pairs, size_t n)
{
	enum err err = OK;
	uint32_t *set = malloc((l->rows.n + 1) * sizeof(*set)), *order = NULL;
	for (uint32_t i = 0; set != NULL && i < l->rows.n; i++)
		set[i] = i;
	for (size_t i = 0; set != NULL && i < n; i++) {
		uint32_t a = sets_find(set, pairs[i].a), b = sets_find(set, pairs[i].b);
		set[a > b ? a : b] = a > b ? b : a;
	}
	if (set != NULL)
		order = by_set(l, set);
	if (order == NULL)
		err = linkage_no_memory(l);
	for (size_t j = 0; err == OK && j < l->n_fields; j++) {
		if (!l->fields[j].twin)
			err = count_field(l, &l->fields[j], set, order);
	}
	free(order);
	free(set);
	return err;
}

/* --- joining ----------------------------------------------------------------- */

struct joining {
	struct linkage *l;
	uint32_t *set, *next, *last, *size; /* a cluster's rows as a list from its root */
	uint8_t *side;
	float *weakest;
	double least;
};

static double clipped(double odds)
{
	return odds > odds_most ? odds_most : odds < -odds_most ? -odds_most : odds;
}

/* Average odds of the rows of two clusters; of large ones some pairs stand for all. */
static double average(const struct joining *c, uint32_t a, uint32_t b)
{
	uint64_t pairs = (uint64_t)c->size[a] * c->size[b], step = pairs / LOOKED_AT + 1, at = 0;
	double sum = 0, n = 0;
	for (uint32_t x = a; x != NO_CODE; x = c->next[x]) {
		for (uint32_t y = b; y != NO_CODE; y = c->next[y], at++) {
			if (at % step != 0)
				continue;
			sum += clipped(score_rows(c->l, x, y, -INFINITY));
			n++;
		}
	}
	return n > 0 ? sum / n : 0;
}

static void join(struct joining *c, uint32_t a, uint32_t b, double odds)
{
	if (c->size[a] < c->size[b]) {
		uint32_t swap = a;
		a = b;
		b = swap;
	}
	c->next[c->last[a]] = b;
	c->last[a] = c->last[b];
	c->size[a] += c->size[b];
	c->side[a] |= c->side[b];
	c->set[b] = a;
	c->weakest[a] = (float)fmin(fmin(c->weakest[a], c->weakest[b]), odds);
}

static void join_all(struct joining *c, const struct scored *pairs, size_t n)
{
	for (size_t i = 0; i < n && pairs[i].odds >= c->least; i++) {
		uint32_t a = sets_find(c->set, pairs[i].a), b = sets_find(c->set, pairs[i].b);
		if (a == b || (c->side[a] & c->side[b] & c->l->clean))
			continue;
		/* what lies within one table is seen when both meet the other */
		double odds = c->size[a] == 1 && c->size[b] == 1 ? (double)pairs[i].odds : average(c, a, b);
		if (odds >= c->least)
			join(c, a, b, odds);
	}
}

enum err clusters_find(struct linkage *l, const struct scored *pairs, size_t n, uint32_t *cluster, float *weakest)
{
	size_t rows = l->rows.n;
	struct joining c = {.l = l, .set = cluster, .weakest = weakest, .least = odds_of(l->threshold)};
	c.next = malloc((rows + 1) * sizeof(uint32_t));
	c.last = malloc((rows + 1) * sizeof(uint32_t));
	c.size = malloc((rows + 1) * sizeof(uint32_t));
	c.side = malloc(rows + 1);
	bool good = c.next != NULL && c.last != NULL && c.size != NULL && c.side != NULL;
	for (uint32_t i = 0; good && i < rows; i++) {
		cluster[i] = c.last[i] = i;
		c.next[i] = NO_CODE;
		c.size[i] = 1;
		c.side[i] = l->rows.side[i];
		weakest[i] = INFINITY;
	}
	if (good)
		join_all(&c, pairs, n);
	for (uint32_t i = 0; good && i < rows; i++)
		cluster[i] = sets_find(cluster, i);
	free(c.next);
	free(c.last);
	free(c.size);
	free(c.side);
	return good ? OK : linkage_no_memory(l);
}

/* --- writing ------------------------------------------------------------------ */

struct writing {
	struct linkage *l;
	uint32_t *start, *order; /* rows by cluster */
	struct buf pairs;
	double least;
};

static void write_pair(struct writing *w, uint32_t a, uint32_t b, double floor)
{
	struct linkage *l = w->l;
	if (l->two && (a < l->n_first) == (b < l->n_first))
		return;
	double odds = fmax(score_rows(l, l->rows.of[a], l->rows.of[b], -INFINITY), floor);
	if (odds < w->least)
		return;
	struct linkage_pair pair = {a, b, probability_of(odds)};
	buf_add(&w->pairs, &pair, sizeof(pair));
}

static uint64_t pairs_within(const struct linkage *l, const uint32_t *rows, size_t n)
{
	uint64_t first = 0;
	if (!l->two)
		return (uint64_t)n * (n - 1) / 2;
	for (size_t i = 0; i < n; i++)
		first += rows[i] < l->n_first;
	return first * (n - first);
}

static void write_cluster(struct writing *w, const uint32_t *rows, size_t n, double floor)
{
	size_t before = w->pairs.len;
	for (size_t i = 0; i < n && (i == 0 || n <= LISTED_ROWS); i++) {
		for (size_t j = i + 1; j < n; j++)
			write_pair(w, rows[i], rows[j], floor);
	}
	if (n > LISTED_ROWS)
		w->l->left_out += pairs_within(w->l, rows, n) - (w->pairs.len - before) / sizeof(struct linkage_pair);
}

/* A row that stands several times is one with itself only if that much agreement is enough; if not, each is alone. */
static bool is_one(const struct writing *w, const uint32_t *rows, size_t n)
{
	const uint32_t *of = w->l->rows.of;
	return of[rows[0]] != of[rows[n - 1]] || score_rows(w->l, of[rows[0]], of[rows[0]], -INFINITY) >= w->least;
}

static void write_all(struct writing *w, const float *weakest)
{
	struct linkage *l = w->l;
	uint32_t *number = l->cluster;
	memset(number, 0xff, l->n_rows * sizeof(*number));
	for (size_t c = 0; c < l->rows.n; c++) {
		const uint32_t *rows = w->order + w->start[c];
		size_t n = w->start[c + 1] - w->start[c];
		if (n < 2 || !is_one(w, rows, n))
			continue;
		for (size_t i = 0; i < n; i++)
			number[rows[i]] = rows[0];
		write_cluster(w, rows, n, isfinite(weakest[c]) ? (double)weakest[c] : -INFINITY);
	}
	/* numbered by their first row */
	for (size_t row = 0; row < l->n_rows; row++) {
		if (number[row] == NO_CODE || number[row] == row)
			number[row] = (uint32_t)l->n_clusters++;
		else
			number[row] = number[number[row]];
	}
}

static int by_rows(const void *a, const void *b)
{
	const struct linkage_pair *x = a, *y = b;
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return x->b < y->b ? -1 : x->b > y->b;
}

enum err clusters_write(struct linkage *l, const uint32_t *cluster, const float *weakest)
{
	struct writing w = {.l = l, .least = odds_of(l->threshold)};
	buf_init(&w.pairs, (size_t)16 << 30);
	w.start = calloc(l->rows.n + 2, sizeof(uint32_t));
	w.order = malloc((l->n_rows + 1) * sizeof(uint32_t));
	l->cluster = malloc((l->n_rows + 1) * sizeof(uint32_t));
	bool good = w.start != NULL && w.order != NULL && l->cluster != NULL;
	if (good) {
		for (size_t row = 0; row < l->n_rows; row++)
			w.start[cluster[l->rows.of[row]] + 2]++;
		for (size_t c = 2; c < l->rows.n + 2; c++)
			w.start[c] += w.start[c - 1];
		for (size_t row = 0; row < l->n_rows; row++)
			w.order[w.start[cluster[l->rows.of[row]] + 1]++] = (uint32_t)row;
		write_all(&w, weakest);
		good = !buf_failed(&w.pairs);
	}
	l->n_pairs_out = w.pairs.len / sizeof(struct linkage_pair);
	l->pairs = (struct linkage_pair *)(void *)buf_take_new(&w.pairs);
	if (good && l->n_pairs_out > 1)
		qsort(l->pairs, l->n_pairs_out, sizeof(*l->pairs), by_rows);
	buf_release(&w.pairs);
	free(w.start);
	free(w.order);
	return good ? OK : linkage_no_memory(l);
}
