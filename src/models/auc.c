/* How well a score tells events from the rest: Hanley and McNeil (1982), Radiology 143. */
#include <math.h>
#include <stdlib.h>

#include "models/models.h"

struct scored {
	double score;
	uint8_t event;
};

static int by_score(const void *a, const void *b)
{
	const struct scored *p = a, *q = b;
	return (p->score > q->score) - (p->score < q->score);
}

enum err model_auc(struct ctx *ctx, const double *score, const uint8_t *event, size_t n, double *ret, double *ret_ks)
{
	struct arena_mark mark = arena_mark(ctx->arena);
	struct scored *all = arena_array(ctx->arena, n + 1, sizeof(*all));
	double events = 0, below = 0, others = 0, sum = 0, ks = 0;
	if (all == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < n; i++) {
		all[i] = (struct scored){score[i], event[i]};
		events += event[i];
	}
	others = (double)n - events;
	if (n > 0)
		qsort(all, n, sizeof(*all), by_score);
	double seen = 0; /* events so far */
	for (size_t from = 0, to; from < n; from = to) {
		double here = 0;
		for (to = from; to < n && all[to].score == all[from].score; to++)
			here += all[to].event;
		double rest = (double)(to - from) - here;
		sum += here * (below + rest / 2);
		below += rest;
		seen += here;
		ks = fmax(ks, fabs(below / others - seen / events));
	}
	arena_rewind(ctx->arena, mark);
	*ret = events > 0 && others > 0 ? sum / (events * others) : (double)NAN;
	if (ret_ks != NULL)
		*ret_ks = events > 0 && others > 0 ? ks : (double)NAN;
	return OK;
}
