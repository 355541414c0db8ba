/* Clusters around rows that stand for them, of numbers and kinds: Gower (1971), Biometrics 27; Kaufman and Rousseeuw (1990), Finding Groups in Data;
 * exchanges as of Schubert and Rousseeuw (2021), Information Systems 101. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/models.h"

enum { CLUSTERS_MAX = 1000, SAMPLE_MAX = 2000 };

struct work {
	struct ctx *ctx;
	const struct model_points *in;
	size_t k, m;       /* m: rows in the sample, all of them if there are few */
	double *range;     /* of each number */
	size_t *sample;    /* m rows */
	float *d;          /* m x m */
	size_t *medoid;    /* k places in the sample */
	int32_t *near;     /* m: the medoid that is nearest */
	double *d1, *d2;   /* m: distances to it and to the next */
	double *loss;      /* k: what the sample loses without a medoid */
	double *gain;      /* k */
	int32_t *cluster;  /* n */
	double *distance;  /* n */
	uint64_t seed;
};

/* splitmix64: 0 <= x < 1. */
static double chance(struct work *w)
{
	uint64_t x = w->seed += 0x9e3779b97f4a7c15U;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
	x = (x ^ x >> 27) * 0x94d049bb133111ebU;
	return (double)((x ^ x >> 31) >> 11) / 9007199254740992.0;
}

static enum err find_ranges(struct work *w)
{
	const struct model_points *in = w->in;
	for (size_t j = 0; j < in->p; j++) {
		double least = INFINITY, most = -INFINITY;
		for (size_t i = 0; i < in->n; i++) {
			double x = in->number[i * in->p + j];
			if (!isfinite(x))
				return fail(w->ctx, ERR_INVALID, "model", "model_not_finite");
			least = fmin(least, x);
			most = fmax(most, x);
		}
		w->range[j] = most - least;
	}
	return OK;
}

/* Mean over the columns of how far two rows lie apart, each between 0 and 1. */
static double gower(const struct work *w, size_t a, size_t b)
{
	const struct model_points *in = w->in;
	double sum = 0;
	for (size_t j = 0; j < in->p; j++)
		sum += w->range[j] > 0 ? fabs(in->number[a * in->p + j] - in->number[b * in->p + j]) / w->range[j] : 0;
	for (size_t j = 0; j < in->q; j++)
		sum += in->kind[a * in->q + j] != in->kind[b * in->q + j];
	return sum / (double)(in->p + in->q);
}

/* Rows by chance, each as likely as any other (Fan, Muller and Rezucha 1962), and all their distances. */
static void draw_sample(struct work *w)
{
	size_t taken = 0;
	for (size_t i = 0; i < w->in->n && taken < w->m; i++) {
		if (w->m == w->in->n || chance(w) * (double)(w->in->n - i) < (double)(w->m - taken))
			w->sample[taken++] = i;
	}
	for (size_t a = 0; a < w->m; a++) {
		for (size_t b = 0; b <= a; b++)
			w->d[a * w->m + b] = w->d[b * w->m + a] = (float)gower(w, w->sample[a], w->sample[b]);
	}
}

/* Each next one the likelier the farther it lies from those there are (Arthur and Vassilvitskii 2007); false: no row lies apart from them. */
static bool choose_medoids(struct work *w)
{
	w->medoid[0] = (size_t)(chance(w) * (double)w->m);
	for (size_t o = 0; o < w->m; o++)
		w->d1[o] = w->d[w->medoid[0] * w->m + o];
	for (size_t c = 1; c < w->k; c++) {
		double sum = 0;
		size_t at = w->m;
		for (size_t o = 0; o < w->m; o++)
			sum += w->d1[o];
		double left = chance(w) * sum;
		for (size_t o = 0; o < w->m && (at == w->m || left >= 0); o++) {
			left -= w->d1[o];
			at = w->d1[o] > 0 ? o : at;
		}
		if (at == w->m)
			return false;
		w->medoid[c] = at;
		for (size_t o = 0; o < w->m; o++)
			w->d1[o] = fmin(w->d1[o], w->d[at * w->m + o]);
	}
	return true;
}

static void find_nearest(struct work *w)
{
	memset(w->loss, 0, w->k * sizeof(*w->loss));
	for (size_t o = 0; o < w->m; o++) {
		w->d1[o] = w->d2[o] = INFINITY;
		for (size_t c = 0; c < w->k; c++) {
			double d = w->d[w->medoid[c] * w->m + o];
			if (d < w->d1[o]) {
				w->d2[o] = w->d1[o];
				w->d1[o] = d;
				w->near[o] = (int32_t)c;
			} else if (d < w->d2[o]) {
				w->d2[o] = d;
			}
		}
		w->loss[w->near[o]] += w->d2[o] - w->d1[o];
	}
}

/* What the sum of distances changes by if row j takes the place of the medoid it suits best. */
static double try_row(struct work *w, size_t j, size_t *ret)
{
	const float *d = w->d + j * w->m;
	double shared = 0;
	memcpy(w->gain, w->loss, w->k * sizeof(*w->gain));
	for (size_t o = 0; o < w->m; o++) {
		if (d[o] < w->d1[o]) {
			shared += d[o] - w->d1[o];
			w->gain[w->near[o]] += w->d1[o] - w->d2[o];
		} else if (d[o] < w->d2[o]) {
			w->gain[w->near[o]] += d[o] - w->d2[o];
		}
	}
	*ret = 0;
	for (size_t c = 1; c < w->k; c++)
		*ret = w->gain[c] < w->gain[*ret] ? c : *ret;
	return w->gain[*ret] + shared;
}

static void best_single(struct work *w)
{
	double best = INFINITY;
	for (size_t a = 0; a < w->m; a++) {
		double sum = 0;
		for (size_t b = 0; b < w->m; b++)
			sum += w->d[a * w->m + b];
		if (sum < best) {
			best = sum;
			w->medoid[0] = a;
		}
	}
}

/* Takes every exchange that helps, until no row helps in any place. */
static void exchange(struct work *w)
{
	size_t idle = 0, place;
	find_nearest(w);
	for (size_t j = 0; idle < w->m; j = (j + 1) % w->m) {
		idle++;
		if (w->medoid[w->near[j]] == j || try_row(w, j, &place) > -1e-7 * (double)w->m / 1000)
			continue;
		w->medoid[place] = j;
		find_nearest(w);
		idle = 0;
	}
}

/* All rows to the medoids; the sum of their distances. */
static double assign(struct work *w)
{
	double sum = 0;
	for (size_t i = 0; i < w->in->n; i++) {
		w->distance[i] = INFINITY;
		for (size_t c = 0; c < w->k; c++) {
			double d = gower(w, i, w->sample[w->medoid[c]]);
			if (d < w->distance[i]) {
				w->distance[i] = d;
				w->cluster[i] = (int32_t)c;
			}
		}
		sum += w->distance[i];
	}
	return sum;
}

/* By distances to medoids: Van der Laan, Pollard and Bryan (2003). */
static double silhouette(const struct work *w)
{
	double sum = 0;
	for (size_t i = 0; w->k > 1 && i < w->in->n; i++) {
		double other = INFINITY;
		for (size_t c = 0; c < w->k; c++)
			other = (int32_t)c != w->cluster[i] ? fmin(other, gower(w, i, w->sample[w->medoid[c]])) : other;
		sum += other > 0 ? (other - w->distance[i]) / other : 0; /* no medoid lies nearer than its own */
	}
	return w->k > 1 ? sum / (double)w->in->n : (double)NAN;
}

struct place {
	size_t size, at;
};

static int largest_first(const void *a, const void *b)
{
	const struct place *p = a, *q = b;
	if (p->size != q->size)
		return p->size > q->size ? -1 : 1;
	return (p->at > q->at) - (p->at < q->at);
}

static void keep(const struct work *w, double within, struct model_clusters *ret)
{
	struct place order[CLUSTERS_MAX] = {{0}};
	int32_t rank[CLUSTERS_MAX] = {0};
	size_t p = w->in->p, q = w->in->q;
	for (size_t c = 0; c < w->k; c++)
		order[c] = (struct place){0, c};
	for (size_t i = 0; i < w->in->n; i++)
		order[w->cluster[i]].size++;
	qsort(order, w->k, sizeof(order[0]), largest_first);
	for (size_t c = 0; c < w->k; c++) {
		size_t row = w->sample[w->medoid[order[c].at]];
		rank[order[c].at] = (int32_t)c;
		ret->size[c] = order[c].size;
		ret->medoid[c] = row;
		memcpy(ret->center + c * p, w->in->number + row * p, p * sizeof(double));
		for (size_t j = 0; j < q; j++)
			ret->mode[c * q + j] = w->in->kind[row * q + j];
	}
	for (size_t i = 0; i < w->in->n; i++)
		ret->cluster[i] = rank[w->cluster[i]];
	ret->within = within;
	ret->silhouette = silhouette(w);
}

/* What is found first: the rest is given back. */
static enum err make_room(struct work *w, struct model_clusters *ret, struct arena_mark *mark)
{
	struct arena *arena = w->ctx->arena;
	size_t n = w->in->n, m = w->m, k = w->k;
	ret->cluster = arena_array(arena, n + 1, sizeof(int32_t));
	ret->size = arena_array(arena, k + 1, sizeof(size_t));
	ret->medoid = arena_array(arena, k + 1, sizeof(size_t));
	ret->center = arena_array(arena, k * w->in->p + 1, sizeof(double));
	ret->mode = arena_array(arena, k * w->in->q + 1, sizeof(int32_t));
	*mark = arena_mark(arena);
	w->range = arena_array(arena, w->in->p + 1, sizeof(double));
	w->sample = arena_array(arena, m + 1, sizeof(size_t));
	w->d = arena_array(arena, m * m + 1, sizeof(float));
	w->medoid = arena_array(arena, k + 1, sizeof(size_t));
	w->near = arena_array(arena, m + 1, sizeof(int32_t));
	w->d1 = arena_array(arena, m + 1, sizeof(double));
	w->d2 = arena_array(arena, m + 1, sizeof(double));
	w->loss = arena_array(arena, k + 1, sizeof(double));
	w->gain = arena_array(arena, k + 1, sizeof(double));
	w->cluster = arena_array(arena, n + 1, sizeof(int32_t));
	w->distance = arena_array(arena, n + 1, sizeof(double));
	return arena->failed ? fail(w->ctx, ERR_LIMIT, "", "memory") : OK;
}

/* To one medoid for all. */
static double total_of(struct work *w)
{
	size_t k = w->k;
	w->k = 1;
	best_single(w);
	double total = assign(w);
	w->k = k;
	return total;
}

/* One start to its end, kept if it is the best; false: fewer different rows than clusters. */
static bool settle(struct work *w, struct model_clusters *ret)
{
	if (!choose_medoids(w))
		return false;
	if (w->k > 1)
		exchange(w);
	else
		best_single(w);
	double within = assign(w);
	if (within < ret->within - 1e-9)
		keep(w, within, ret);
	return true;
}

enum err model_kmedoids(struct ctx *ctx, const struct model_points *points, size_t k, int starts, uint64_t seed, struct model_clusters *ret)
{
	struct work w = {.ctx = ctx, .in = points, .k = k, .seed = seed, .m = points->n < SAMPLE_MAX ? points->n : SAMPLE_MAX};
	*ret = (struct model_clusters){.k = k, .within = INFINITY};
	if (k < 1 || k > CLUSTERS_MAX)
		return fail(ctx, ERR_INVALID, "model", "model_clusters_range");
	if (points->n < k || points->p + points->q == 0)
		return fail(ctx, ERR_INVALID, "model", "model_few_points");
	struct arena_mark mark;
	enum err err = make_room(&w, ret, &mark);
	if (err == OK)
		err = find_ranges(&w);
	if (err != OK)
		return err;
	draw_sample(&w);
	ret->total = total_of(&w);
	for (int start = 0; start < (starts > 1 ? starts : 1); start++) {
		if (start > 0 && w.m < points->n)
			draw_sample(&w);
		if (!settle(&w, ret))
			return fail(ctx, ERR_INVALID, "model", "model_few_points");
	}
	arena_rewind(ctx->arena, mark);
	return OK;
}
