/* The count of a campaign by variant, state and reason, kept for a while where it is costly: however many look at a large campaign, and
 * however often, a twentieth of one reader's time goes into counting it. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "campaigns/campaigns_internal.h"
#include "campaigns_sql.h"

/* Below so many rows it is counted at each look: some 100 ms at most. */
enum { COSTLY_ROWS = 50000, TIMES_COST = 20, KEEP_MOST_MS = 60000, PLACES = 16 };

struct kept {
	const struct store *store; /* NULL: free */
	int64_t campaign_id, as_of, until; /* until: of the steady clock, as cost is */
	bool busy;                 /* somebody counts anew; the others have the old one */
	size_t n;
	struct campaign_line *lines;
};

static struct {
	pthread_mutex_t lock;
	struct kept list[PLACES];
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int64_t steady_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct kept *find(const struct store *store, int64_t campaign_id)
{
	for (size_t i = 0; i < PLACES; i++) {
		if (all.list[i].store == store && all.list[i].campaign_id == campaign_id)
			return &all.list[i];
	}
	return NULL;
}

/* The longest out of date goes. */
static struct kept *place(void)
{
	struct kept *oldest = &all.list[0];
	for (size_t i = 0; i < PLACES; i++) {
		if (all.list[i].store == NULL)
			return &all.list[i];
		oldest = all.list[i].until < oldest->until ? &all.list[i] : oldest;
	}
	return oldest;
}

static bool take(const struct ctx *ctx, int64_t campaign_id, struct campaign_lines *ret)
{
	pthread_mutex_lock(&all.lock);
	struct kept *k = find(ctx->store, campaign_id);
	bool good = k != NULL && (k->busy || k->until > steady_ms());
	if (good) {
		memcpy(ret->list, k->lines, k->n * sizeof(*k->lines));
		ret->n = k->n;
		ret->as_of = k->as_of;
	} else if (k != NULL) {
		k->busy = true;
	}
	pthread_mutex_unlock(&all.lock);
	return good;
}

/* lines NULL: it was not counted, or is cheap; what was kept is out of date. */
static void put(const struct ctx *ctx, int64_t campaign_id, const struct campaign_lines *counted, struct campaign_line *lines, int64_t cost_ms)
{
	int64_t keep = cost_ms * TIMES_COST < KEEP_MOST_MS ? cost_ms * TIMES_COST : KEEP_MOST_MS;
	pthread_mutex_lock(&all.lock);
	struct kept *k = find(ctx->store, campaign_id);
	if (k == NULL && lines != NULL)
		k = place();
	if (k != NULL) {
		free(k->lines);
		*k = (struct kept){.lines = NULL};
	}
	if (k != NULL && lines != NULL)
		*k = (struct kept){ctx->store, campaign_id, counted->as_of, steady_ms() + keep, false, counted->n, lines};
	pthread_mutex_unlock(&all.lock);
}

static void copy(char *to, size_t size, const char *text)
{
	size_t n = text != NULL ? strnlen(text, size - 1) : 0;
	memcpy(to, text != NULL ? text : "", n);
	to[n] = '\0';
}

static enum err count(struct ctx *ctx, int64_t campaign_id, struct campaign_lines *ret)
{
	struct stmt *stmt;
	bool row = true;
	enum err err = db_prepare(ctx, ctx->db, &sql_campaign_counts, &stmt);
	if (err)
		return err;
	ret->as_of = ctx_now(ctx);
	stmt_bind_i64(stmt, 1, campaign_id);
	while (ret->n < CAMPAIGN_LINES_MAX && !(err = stmt_step(ctx, stmt, &row)) && row) {
		struct campaign_line *l = &ret->list[ret->n++];
		*l = (struct campaign_line){.variant_id = stmt_i64(stmt, 0), .n = stmt_i64(stmt, 3), .buyers = stmt_i64(stmt, 4), .orders = stmt_i64(stmt, 5),
		                            .revenue = stmt_i64(stmt, 6), .squares = stmt_real(stmt, 7), .left = stmt_i64(stmt, 8)};
		copy(l->state, sizeof(l->state), stmt_text(stmt, 1));
		copy(l->reason, sizeof(l->reason), stmt_text(stmt, 2));
	}
	stmt_done(stmt);
	return err;
}

enum err campaign_lines_read(struct ctx *ctx, int64_t campaign_id, struct campaign_lines *ret)
{
	struct campaign_line *lines = NULL;
	int64_t began = steady_ms(), rows = 0;
	ret->n = 0;
	if (take(ctx, campaign_id, ret))
		return OK;
	enum err err = count(ctx, campaign_id, ret);
	for (size_t i = 0; i < ret->n; i++)
		rows += ret->list[i].n;
	if (!err && rows >= COSTLY_ROWS)
		lines = malloc(ret->n * sizeof(*lines));
	if (lines != NULL)
		memcpy(lines, ret->list, ret->n * sizeof(*lines));
	put(ctx, campaign_id, ret, lines, steady_ms() - began);
	return err;
}
