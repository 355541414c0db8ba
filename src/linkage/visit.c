/* Goes through the candidate pairs, on several threads. */
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "linkage/internal.h"

enum { BLOCK_MAX = 400, WINDOW = 12, OPEN_PAIRS = 150000, OTHER_PAIRS = 60000, STEP_PAIRS = 1 << 17 };

void sort_keys(uint64_t *keys, uint64_t *spare, size_t n)
{
	enum { BITS = 8, SIZE = 1 << BITS };
	for (int shift = 32; shift < 64; shift += BITS) {
		size_t count[SIZE + 1] = {0};
		for (size_t i = 0; i < n; i++)
			count[(keys[i] >> shift & (SIZE - 1)) + 1]++;
		for (size_t k = 0; k < SIZE; k++)
			count[k + 1] += count[k];
		for (size_t i = 0; i < n; i++)
			spare[count[keys[i] >> shift & (SIZE - 1)]++] = keys[i];
		uint64_t *other = keys;
		keys = spare;
		spare = other;
	}
}

/* Whether an earlier pass has compared them already. */
static bool met_before(const struct passes *passes, size_t pass, uint32_t a, uint32_t b)
{
	for (size_t q = 0; q < pass; q++) {
		if (passes->keys[q][a] != 0 && passes->keys[q][a] == passes->keys[q][b])
			return true;
	}
	return false;
}

struct walk {
	struct linkage *l;
	const struct passes *passes;
	size_t part, parts, pass;
	passes_visitor visit;
	void *arg;
};

static void visit_block(struct walk *w, const uint64_t *block, size_t n)
{
	bool whole = n <= BLOCK_MAX;
	for (size_t i = 0; i < n; i++) {
		uint32_t a = (uint32_t)block[i];
		size_t last = whole || i + WINDOW >= n ? n : i + WINDOW;
		for (size_t j = i + 1; j < last; j++) {
			if (!met_before(w->passes, w->pass, a, (uint32_t)block[j]))
				w->visit(w->arg, a, (uint32_t)block[j]);
		}
	}
}

static void visit_pass(struct walk *w, uint64_t *sorted, uint64_t *spare)
{
	const uint32_t *keys = w->passes->keys[w->pass];
	size_t n = 0;
	for (uint32_t row = 0; row < w->l->rows.n; row++) {
		if (keys[row] != 0 && (keys[row] >> 1) % w->parts == w->part)
			sorted[n++] = (uint64_t)keys[row] << 32 | row;
	}
	sort_keys(sorted, spare, n);
	for (size_t start = 0, end; start < n; start = end) {
		for (end = start + 1; end < n && sorted[end] >> 32 == sorted[start] >> 32;)
			end++;
		if (end - start > 1)
			visit_block(w, sorted + start, end - start);
	}
}

static void visit_all(struct walk *w)
{
	for (uint32_t a = 0; a < w->l->rows.n; a++) {
		for (uint32_t b = a + 1; a % w->parts == w->part && b < w->l->rows.n; b++)
			w->visit(w->arg, a, b);
	}
}

enum err passes_visit(struct linkage *l, const struct passes *passes, size_t part, size_t parts, passes_visitor visit, void *arg)
{
	struct walk w = {l, passes, part, parts, 0, visit, arg};
	if (passes->all) {
		visit_all(&w);
		return OK;
	}
	uint64_t *sorted = malloc((l->rows.n + 1) * sizeof(*sorted)), *spare = malloc((l->rows.n + 1) * sizeof(*spare));
	if (sorted != NULL && spare != NULL) {
		for (; w.pass < passes->n; w.pass++)
			visit_pass(&w, sorted, spare);
		for (size_t i = part; i < passes->n_listed; i += parts) {
			uint32_t a = (uint32_t)(passes->listed[i] >> 32), b = (uint32_t)passes->listed[i];
			if (!met_before(passes, passes->n, a, b))
				visit(arg, a, b);
		}
	}
	bool good = sorted != NULL && spare != NULL;
	free(sorted);
	free(spare);
	return good ? OK : ERR_LIMIT;
}

/* --- threads ----------------------------------------------------------------- */

/* What one thread finds. */
struct finder {
	struct linkage *l;
	const struct passes *passes;
	size_t part, parts;
	uint64_t seen;
	uint64_t every;      /* one of so many pairs is taken into a sample */
	double least;
	struct buf patterns; /* uint64_t each */
	struct buf closed;   /* of pairs that are nobody's best */
	struct buf scored;
	enum err err;
	volatile bool *stop;
};

static bool is_across(const struct linkage *l, uint32_t a, uint32_t b)
{
	return !l->two || (l->rows.side[a] | l->rows.side[b]) == 3;
}

static void count_pair(void *arg, uint32_t a, uint32_t b)
{
	struct finder *f = arg;
	f->seen += is_across(f->l, a, b);
}

static void sample_pair(void *arg, uint32_t a, uint32_t b)
{
	struct finder *f = arg;
	if (!is_across(f->l, a, b) || (f->every > 1 && mix2(a, b) % f->every != 0))
		return;
	uint64_t pattern = compare_rows(f->l, a, b);
	const uint32_t *best = f->l->best[0];
	bool open = best == NULL || best[a] == b || best[b] == a;
	buf_add(open ? &f->patterns : &f->closed, &pattern, sizeof(pattern));
}

static void score_pair(void *arg, uint32_t a, uint32_t b)
{
	struct finder *f = arg;
	if (*f->stop)
		return;
	/* only one thread may tell how far it is, and hear that it shall stop */
	if (++f->seen % STEP_PAIRS == 0 && f->part == 0 && f->l->in->progress != NULL && !f->l->in->progress(f->l->in->arg, f->l->progress_at))
		*f->stop = true;
	double odds = score_rows(f->l, a, b, f->least);
	if (odds < f->least)
		return;
	struct scored s = {a < b ? a : b, a < b ? b : a, (float)odds};
	buf_add(&f->scored, &s, sizeof(s));
}

static void *run_count(void *arg)
{
	struct finder *f = arg;
	f->err = passes_visit(f->l, f->passes, f->part, f->parts, count_pair, f);
	return NULL;
}

static void *run_sample(void *arg)
{
	struct finder *f = arg;
	f->err = passes_visit(f->l, f->passes, f->part, f->parts, sample_pair, f);
	return NULL;
}

static void *run_score(void *arg)
{
	struct finder *f = arg;
	f->err = passes_visit(f->l, f->passes, f->part, f->parts, score_pair, f);
	return NULL;
}

static enum err run(struct linkage *l, struct finder *finders, void *(*work)(void *))
{
	pthread_t thread[THREADS_MAX];
	bool started[THREADS_MAX] = {false};
	enum err err = OK;
	for (size_t i = 1; i < l->threads; i++)
		started[i] = pthread_create(&thread[i], NULL, work, &finders[i]) == 0;
	work(&finders[0]);
	for (size_t i = 1; i < l->threads; i++) {
		if (started[i])
			pthread_join(thread[i], NULL);
		else
			work(&finders[i]);
	}
	for (size_t i = 0; i < l->threads; i++) {
		if (finders[i].err != OK || buf_failed(&finders[i].patterns) || buf_failed(&finders[i].closed) || buf_failed(&finders[i].scored))
			err = linkage_no_memory(l);
	}
	return err;
}

static void make_finders(struct linkage *l, const struct passes *passes, struct finder *finders, volatile bool *stop)
{
	for (size_t i = 0; i < l->threads; i++) {
		finders[i] = (struct finder){.l = l, .passes = passes, .part = i, .parts = l->threads, .every = 1, .stop = stop};
		buf_init(&finders[i].patterns, (size_t)16 << 30);
		buf_init(&finders[i].closed, (size_t)16 << 30);
		buf_init(&finders[i].scored, (size_t)16 << 30);
	}
}

static void free_finders(const struct linkage *l, struct finder *finders)
{
	for (size_t i = 0; i < l->threads; i++) {
		buf_release(&finders[i].patterns);
		buf_release(&finders[i].closed);
		buf_release(&finders[i].scored);
	}
}

/* --- sample -------------------------------------------------------------------- */

/* Rows that stand several times are pairs too. */
static void add_repeated(struct linkage *l, struct sample *s)
{
	size_t first = s->n;
	for (uint32_t row = 0; row < l->rows.n; row++) {
		double c = l->rows.count[row];
		if (c < 2 || (l->two && l->rows.side[row] != 3) || s->n - first >= OPEN_PAIRS * 2)
			continue;
		s->pattern[s->n] = compare_rows(l, row, row);
		s->weight[s->n++] = fmin(c * (c - 1) / 2, c);
	}
}

static bool is_candidate(const struct passes *passes, uint32_t a, uint32_t b)
{
	if (passes->all || met_before(passes, passes->n, a, b))
		return true;
	uint64_t wanted = (uint64_t)(a < b ? a : b) << 32 | (a < b ? b : a);
	size_t low = 0, high = passes->n_listed;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (passes->listed[mid] < wanted)
			low = mid + 1;
		else
			high = mid;
	}
	return low < passes->n_listed && passes->listed[low] == wanted;
}

/* Pairs that are no candidates stand for all of them. */
static void add_others(struct linkage *l, const struct passes *passes, struct sample *s, double others)
{
	size_t first = s->n;
	uint64_t seed = 11;
	for (size_t i = 0; i < OTHER_PAIRS && others > 0; i++) {
		uint32_t a = (uint32_t)(mix(seed++) % l->rows.n), b = (uint32_t)(mix(seed++) % l->rows.n);
		if (a == b || !is_across(l, a, b) || is_candidate(passes, a, b))
			continue;
		s->pattern[s->n++] = compare_rows(l, a, b);
	}
	for (size_t i = first; i < s->n; i++)
		s->weight[i] = others / (double)(s->n - first);
}

static double pairs_of(const struct linkage *l)
{
	double n = (double)l->rows.n, first = 0, second = 0;
	if (!l->two)
		return n * (n - 1) / 2;
	for (size_t i = 0; i < l->rows.n; i++) {
		first += l->rows.side[i] & 1;
		second += l->rows.side[i] >> 1;
	}
	return first * second;
}

static void take_patterns(struct sample *s, const struct buf *patterns)
{
	if (patterns->len > 0)
		memcpy(s->pattern + s->n, patterns->data, patterns->len);
	s->n += patterns->len / sizeof(uint64_t);
}

static void fill_sample(struct linkage *l, const struct passes *passes, const struct finder *finders, uint64_t candidates, struct sample *s)
{
	size_t open, taken;
	for (size_t i = 0; i < l->threads; i++)
		take_patterns(s, &finders[i].patterns);
	open = s->n;
	add_repeated(l, s);
	s->n_open = s->n;
	for (size_t i = 0; i < l->threads; i++)
		take_patterns(s, &finders[i].closed);
	taken = open + s->n - s->n_open;
	for (size_t i = 0; i < s->n; i++) {
		if (i < open || i >= s->n_open)
			s->weight[i] = (double)candidates / (double)taken;
	}
	l->n_pairs = pairs_of(l);
	add_others(l, passes, s, l->n_pairs - (double)candidates);
}

enum err passes_sample(struct linkage *l, const struct passes *passes, struct sample *ret)
{
	struct finder finders[THREADS_MAX];
	volatile bool stop = false;
	uint64_t candidates = 0;
	size_t taken = 0;
	*ret = (struct sample){0};
	make_finders(l, passes, finders, &stop);
	enum err err = run(l, finders, run_count);
	for (size_t i = 0; i < l->threads; i++)
		candidates += finders[i].seen;
	for (size_t i = 0; i < l->threads; i++)
		finders[i].every = candidates / OPEN_PAIRS + 1;
	if (err == OK)
		err = run(l, finders, run_sample);
	for (size_t i = 0; i < l->threads; i++)
		taken += (finders[i].patterns.len + finders[i].closed.len) / sizeof(uint64_t);
	l->compared = candidates;
	size_t room = taken + OPEN_PAIRS * 2 + OTHER_PAIRS + 1;
	ret->pattern = malloc(room * sizeof(uint64_t));
	ret->weight = malloc(room * sizeof(double));
	if (err == OK && (ret->pattern == NULL || ret->weight == NULL))
		err = linkage_no_memory(l);
	if (err == OK)
		fill_sample(l, passes, finders, candidates, ret);
	free_finders(l, finders);
	return err;
}

void sample_release(struct sample *sample)
{
	free(sample->pattern);
	free(sample->weight);
	*sample = (struct sample){0};
}

/* --- scores --------------------------------------------------------------------- */

static int by_odds(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;
	if (x->odds != y->odds)
		return x->odds > y->odds ? -1 : 1;
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return x->b < y->b ? -1 : x->b > y->b;
}

enum err passes_score(struct linkage *l, const struct passes *passes, double least, struct scored **ret, size_t *ret_n)
{
	struct finder finders[THREADS_MAX];
	volatile bool stop = false;
	size_t n = 0, kept = 0;
	make_finders(l, passes, finders, &stop);
	for (size_t i = 0; i < l->threads; i++)
		finders[i].least = least;
	enum err err = run(l, finders, run_score);
	if (err == OK && stop)
		err = fail(l->ctx, ERR_LIMIT, "", "linkage_cancelled");
	for (size_t i = 0; i < l->threads; i++)
		n += finders[i].scored.len / sizeof(struct scored);
	struct scored *list = malloc((n + 1) * sizeof(*list));
	if (err == OK && list == NULL)
		err = linkage_no_memory(l);
	n = 0;
	for (size_t i = 0; err == OK && i < l->threads; i++) {
		if (finders[i].scored.len > 0)
			memcpy(list + n, finders[i].scored.data, finders[i].scored.len);
		n += finders[i].scored.len / sizeof(struct scored);
	}
	free_finders(l, finders);
	if (err != OK) {
		free(list);
		return err;
	}
	qsort(list, n, sizeof(*list), by_odds);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || list[i].a != list[kept - 1].a || list[i].b != list[kept - 1].b)
			list[kept++] = list[i];
	}
	*ret = list;
	*ret_n = kept;
	return OK;
}
