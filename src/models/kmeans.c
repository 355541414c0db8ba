/* Clusters: Lloyd (1982), Arthur and Vassilvitskii (2007), Huang (1998), Data Mining and Knowledge Discovery 2. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/models.h"

enum { ROUNDS_MAX = 300, CLUSTERS_MAX = 1000 };

struct work {
	struct ctx *ctx;
	const struct model_points *in;
	size_t k;
	double *z;            /* numbers, centered and scaled */
	double *mean, *spread;
	double *center;       /* k x p, scaled */
	int32_t *mode, *cluster;
	double *distance;     /* to the nearest center: squared */
	int32_t *count;       /* of kinds in each cluster: k x the sum of kinds */
	size_t *offset;       /* of each kind column in them; the last is the sum */
	size_t *size;
	uint64_t seed;
};

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

/* splitmix64: 0 <= x < 1. */
static double chance(struct work *w)
{
	uint64_t x = w->seed += 0x9e3779b97f4a7c15U;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
	x = (x ^ x >> 27) * 0x94d049bb133111ebU;
	return (double)((x ^ x >> 31) >> 11) / 9007199254740992.0;
}

static enum err scale(struct work *w)
{
	const struct model_points *in = w->in;
	for (size_t j = 0; j < in->p; j++) {
		double sum = 0, square = 0;
		for (size_t i = 0; i < in->n; i++)
			sum += in->number[i * in->p + j];
		w->mean[j] = sum / (double)in->n;
		for (size_t i = 0; i < in->n; i++)
			square += (in->number[i * in->p + j] - w->mean[j]) * (in->number[i * in->p + j] - w->mean[j]);
		if (!isfinite(square))
			return fail(w->ctx, ERR_INVALID, "model", "model_not_finite");
		double sd = sqrt(square / (double)(in->n > 1 ? in->n - 1 : 1));
		w->spread[j] = in->scale && sd > 0 ? sd : 1;
		for (size_t i = 0; i < in->n; i++)
			w->z[i * in->p + j] = (in->number[i * in->p + j] - w->mean[j]) / w->spread[j];
	}
	return OK;
}

static double distance(const struct work *w, size_t i, size_t c)
{
	const struct model_points *in = w->in;
	const double *a = w->z + i * in->p, *b = w->center + c * in->p;
	double sum = 0;
	for (size_t j = 0; j < in->p; j++)
		sum += (a[j] - b[j]) * (a[j] - b[j]);
	for (size_t j = 0; j < in->q; j++)
		sum += in->kind[i * in->q + j] != w->mode[c * in->q + j] ? in->kind_weight : 0;
	return sum;
}

static void put_center(struct work *w, size_t c, size_t i)
{
	memcpy(w->center + c * w->in->p, w->z + i * w->in->p, w->in->p * sizeof(double));
	for (size_t j = 0; j < w->in->q; j++)
		w->mode[c * w->in->q + j] = w->in->kind[i * w->in->q + j];
}

/* Each next center by chance, the likelier the farther from those there are; false: no point lies apart from them. */
static bool choose_centers(struct work *w)
{
	size_t n = w->in->n;
	put_center(w, 0, (size_t)(chance(w) * (double)n));
	for (size_t i = 0; i < n; i++)
		w->distance[i] = distance(w, i, 0);
	for (size_t c = 1; c < w->k; c++) {
		double sum = 0;
		size_t at = n;
		for (size_t i = 0; i < n; i++)
			sum += w->distance[i];
		double left = chance(w) * sum;
		for (size_t i = 0; i < n && (at == n || left >= 0); i++) {
			left -= w->distance[i];
			at = w->distance[i] > 0 ? i : at;
		}
		if (at == n || !(sum > 1e-24))
			return false;
		put_center(w, c, at);
		for (size_t i = 0; i < n; i++)
			w->distance[i] = fmin(w->distance[i], distance(w, i, c));
	}
	return true;
}

/* Whether a point has changed its cluster. */
static bool assign(struct work *w)
{
	bool moved = false;
	for (size_t i = 0; i < w->in->n; i++) {
		int32_t best = 0;
		double least = INFINITY;
		for (size_t c = 0; c < w->k; c++) {
			double d = distance(w, i, c);
			if (d < least) {
				least = d;
				best = (int32_t)c;
			}
		}
		moved = moved || w->cluster[i] != best;
		w->cluster[i] = best;
		w->distance[i] = least;
	}
	return moved;
}

/* A cluster that lost all its points begins anew at the point that lies worst. */
static void revive(struct work *w, size_t c)
{
	size_t worst = 0;
	for (size_t i = 1; i < w->in->n; i++)
		worst = w->distance[i] > w->distance[worst] ? i : worst;
	put_center(w, c, worst);
	w->distance[worst] = 0;
}

static void find_modes(struct work *w, size_t c)
{
	for (size_t j = 0; j < w->in->q; j++) {
		const int32_t *count = w->count + c * w->offset[w->in->q] + w->offset[j];
		int32_t best = 0;
		for (int32_t v = 1; v < w->in->kinds[j]; v++)
			best = count[v] > count[best] ? v : best;
		w->mode[c * w->in->q + j] = best;
	}
}

static void center(struct work *w)
{
	const struct model_points *in = w->in;
	memset(w->size, 0, w->k * sizeof(*w->size));
	memset(w->center, 0, w->k * in->p * sizeof(*w->center));
	memset(w->count, 0, w->k * w->offset[in->q] * sizeof(*w->count));
	for (size_t i = 0; i < in->n; i++) {
		size_t c = (size_t)w->cluster[i];
		w->size[c]++;
		for (size_t j = 0; j < in->p; j++)
			w->center[c * in->p + j] += w->z[i * in->p + j];
		for (size_t j = 0; j < in->q; j++)
			w->count[c * w->offset[in->q] + w->offset[j] + (size_t)in->kind[i * in->q + j]]++;
	}
	for (size_t c = 0; c < w->k; c++) {
		for (size_t j = 0; w->size[c] > 0 && j < in->p; j++)
			w->center[c * in->p + j] /= (double)w->size[c];
		if (w->size[c] > 0)
			find_modes(w, c);
		else
			revive(w, c);
	}
}

static double sum_of(const double *x, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i];
	return sum;
}

/* One start to its end; `cluster`, `center` and `mode` are those of a fixed point. */
static double settle(struct work *w)
{
	memset(w->cluster, 0xff, w->in->n * sizeof(*w->cluster));
	for (int round = 0; round < ROUNDS_MAX && assign(w); round++)
		center(w);
	(void)assign(w);
	center(w);
	return sum_of(w->distance, w->in->n);
}

static double silhouette(const struct work *w)
{
	double sum = 0;
	for (size_t i = 0; w->k > 1 && i < w->in->n; i++) {
		double own = sqrt(distance(w, i, (size_t)w->cluster[i])), other = INFINITY;
		for (size_t c = 0; c < w->k; c++)
			other = (int32_t)c != w->cluster[i] ? fmin(other, sqrt(distance(w, i, c))) : other;
		sum += fmax(own, other) > 0 ? (other - own) / fmax(own, other) : 0;
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

/* Keeps what was found, the largest cluster first, in the numbers' units. */
static void keep(const struct work *w, double within, struct model_clusters *ret)
{
	struct place order[CLUSTERS_MAX] = {{0}};
	int32_t rank[CLUSTERS_MAX] = {0};
	size_t p = w->in->p, q = w->in->q;
	for (size_t c = 0; c < w->k; c++)
		order[c] = (struct place){w->size[c], c};
	qsort(order, w->k, sizeof(order[0]), largest_first);
	for (size_t c = 0; c < w->k; c++) {
		size_t from = order[c].at;
		rank[from] = (int32_t)c;
		ret->size[c] = w->size[from];
		for (size_t j = 0; j < p; j++)
			ret->center[c * p + j] = w->center[from * p + j] * w->spread[j] + w->mean[j];
		for (size_t j = 0; j < q; j++)
			ret->mode[c * q + j] = w->mode[from * q + j];
	}
	for (size_t i = 0; i < w->in->n; i++)
		ret->cluster[i] = rank[w->cluster[i]];
	ret->within = within;
	ret->silhouette = silhouette(w);
}

static enum err make_room(struct work *w, struct model_clusters *ret)
{
	const struct model_points *in = w->in;
	struct arena *arena = w->ctx->arena;
	w->offset = arena_array(arena, in->q + 1, sizeof(*w->offset));
	for (size_t j = 0; w->offset != NULL && j < in->q; j++)
		w->offset[j + 1] = w->offset[j] + (size_t)in->kinds[j];
	w->z = arena_array(arena, in->n * in->p + 1, sizeof(double));
	w->mean = arena_array(arena, in->p + 1, sizeof(double));
	w->spread = arena_array(arena, in->p + 1, sizeof(double));
	w->distance = arena_array(arena, in->n + 1, sizeof(double));
	w->cluster = arena_array(arena, in->n + 1, sizeof(int32_t));
	w->center = arena_array(arena, w->k * in->p + 1, sizeof(double));
	w->mode = arena_array(arena, w->k * in->q + 1, sizeof(int32_t));
	w->size = arena_array(arena, w->k + 1, sizeof(size_t));
	w->count = w->offset != NULL ? arena_array(arena, w->k * w->offset[in->q] + 1, sizeof(int32_t)) : NULL;
	ret->cluster = arena_array(arena, in->n + 1, sizeof(int32_t));
	ret->size = arena_array(arena, w->k + 1, sizeof(size_t));
	ret->center = arena_array(arena, w->k * in->p + 1, sizeof(double));
	ret->mode = arena_array(arena, w->k * in->q + 1, sizeof(int32_t));
	return arena->failed ? no_memory(w->ctx) : OK;
}

/* Squared distances to one center of all. */
static double total_of(struct work *w)
{
	size_t k = w->k;
	w->k = 1;
	memset(w->cluster, 0, w->in->n * sizeof(*w->cluster));
	center(w);
	(void)assign(w);
	w->k = k;
	return sum_of(w->distance, w->in->n);
}

enum err model_kmeans(struct ctx *ctx, const struct model_points *points, size_t k, int starts, uint64_t seed, struct model_clusters *ret)
{
	struct work w = {.ctx = ctx, .in = points, .k = k, .seed = seed};
	*ret = (struct model_clusters){.k = k};
	if (k < 1 || k > CLUSTERS_MAX)
		return fail(ctx, ERR_INVALID, "model", "model_clusters_range");
	if (points->n < k || points->p + points->q == 0)
		return fail(ctx, ERR_INVALID, "model", "model_few_points");
	enum err err = make_room(&w, ret);
	if (err == OK)
		err = scale(&w);
	if (err != OK)
		return err;
	ret->total = total_of(&w);
	ret->within = INFINITY;
	for (int start = 0; start < (starts > 1 ? starts : 1); start++) {
		if (!choose_centers(&w))
			return fail(ctx, ERR_INVALID, "model", "model_few_points");
		double within = settle(&w);
		if (within < ret->within * (1 - 1e-12))
			keep(&w, within, ret);
	}
	return OK;
}
