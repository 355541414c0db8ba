/* The steps of a linkage, one after the other; and what its result tells. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "linkage/internal.h"

enum { ENTITIES_MAX_ROWS = 200000 };

enum err linkage_no_memory(struct linkage *l)
{
	return fail(l->ctx, ERR_LIMIT, "", "memory");
}

enum err linkage_step(struct linkage *l, double done)
{
	l->progress_at = done;
	if (l->in->progress != NULL && !l->in->progress(l->in->arg, done))
		return fail(l->ctx, ERR_LIMIT, "", "linkage_cancelled");
	return OK;
}

/* Each row's likeliest partners in the other table; `pairs` fall by odds. */
static enum err find_best(struct linkage *l, const struct scored *pairs, size_t n)
{
	for (int k = 0; k < 2; k++) {
		if (l->best[k] == NULL)
			l->best[k] = malloc((l->rows.n + 1) * sizeof(uint32_t));
		if (l->best[k] == NULL)
			return linkage_no_memory(l);
		memset(l->best[k], 0xff, (l->rows.n + 1) * sizeof(uint32_t));
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t row[2] = {pairs[i].a, pairs[i].b};
		if ((l->rows.side[row[0]] | l->rows.side[row[1]]) != 3)
			continue;
		for (int k = 0; k < 2; k++) {
			uint32_t *best = &l->best[0][row[k]], *second = &l->best[1][row[k]];
			if (*best == NO_CODE)
				*best = row[!k];
			else if (*second == NO_CODE)
				*second = row[!k];
		}
	}
	return OK;
}

/* Whether two rows of one table say the same of who they are: nothing that tells it differs, and two things at least agree. */
static bool nearly_same(const struct linkage *l, uint32_t a, uint32_t b)
{
	uint64_t pattern = compare_rows(l, a, b);
	int same = 0;
	for (size_t j = 0; j < l->n_fields; j++) {
		int level = (int)(pattern >> (3 * j) & 7);
		if (level == NOTHING)
			continue;
		if (level < 4 && field_tells_who(&l->fields[j]))
			return false;
		same += level >= 5;
	}
	return same >= 2;
}

/* A table has duplicates of its own if one row in ten has a partner in it that is nearly the same. */
static enum err judge_tables(struct linkage *l, const struct scored *pairs, size_t n)
{
	uint8_t *doubled = calloc(l->rows.n + 1, 1);
	double rows[3] = {0}, repeated[3] = {0};
	if (doubled == NULL)
		return linkage_no_memory(l);
	for (size_t i = 0; i < n; i++) {
		uint8_t sides = l->rows.side[pairs[i].a] | l->rows.side[pairs[i].b];
		if (sides != 3 && pairs[i].odds > 0 && nearly_same(l, pairs[i].a, pairs[i].b))
			doubled[pairs[i].a] = doubled[pairs[i].b] = 1;
	}
	for (uint32_t i = 0; i < l->rows.n; i++) {
		uint8_t side = l->rows.side[i];
		if (side == 3)
			continue;
		rows[side] += l->rows.count[i];
		repeated[side] += doubled[i] || l->rows.count[i] > 1 ? l->rows.count[i] : 0;
	}
	l->clean = 0;
	for (uint8_t side = 1; side <= 2; side++) {
		if (repeated[side] <= 0.1 * rows[side])
			l->clean |= side;
	}
	free(doubled);
	return OK;
}

static enum err fit(struct linkage *l, const struct passes *passes)
{
	struct sample sample;
	enum err err = passes_sample(l, passes, &sample);
	if (err == OK)
		err = em_fit(l, &sample);
	sample_release(&sample);
	return err;
}

/* Of two tables, one of them without duplicates, only a row's best partner can be its match: learnt again with that in mind. */
static enum err fit_again(struct linkage *l, const struct passes *passes)
{
	int rounds = !l->two ? 0 : l->rows.n <= ENTITIES_MAX_ROWS ? 3 : 1;
	enum err err = OK;
	for (int i = 0; err == OK && i < rounds; i++) {
		struct scored *pairs = NULL;
		size_t n = 0;
		err = passes_score(l, passes, -7, &pairs, &n);
		if (err == OK && i == 0)
			err = judge_tables(l, pairs, n);
		if (err == OK && l->clean != 0)
			err = find_best(l, pairs, n);
		free(pairs);
		if (err == OK)
			err = fit(l, passes);
		if (l->clean == 0)
			break;
	}
	return err;
}

static enum err learn(struct linkage *l, const struct passes *passes)
{
	struct scored *pairs = NULL;
	size_t n = 0;
	enum err err = fit(l, passes);
	if (err == OK)
		err = linkage_step(l, 0.5);
	if (err == OK)
		err = fit_again(l, passes);
	if (err == OK && l->rows.n <= ENTITIES_MAX_ROWS)
		err = passes_score(l, passes, odds_of(0.9), &pairs, &n);
	if (err == OK)
		err = frequencies_count(l, pairs, n);
	free(pairs);
	l->frequencies = true;
	return err == OK ? linkage_step(l, 0.6) : err;
}

static enum err conclude(struct linkage *l, const struct passes *passes)
{
	struct scored *pairs = NULL;
	size_t n = 0;
	uint32_t *cluster = malloc((l->rows.n + 1) * sizeof(*cluster));
	float *weakest = malloc((l->rows.n + 1) * sizeof(*weakest));
	enum err err = cluster != NULL && weakest != NULL ? OK : linkage_no_memory(l);
	if (err == OK)
		err = passes_score(l, passes, odds_of(l->threshold), &pairs, &n);
	if (err == OK)
		err = linkage_step(l, 0.9);
	if (err == OK)
		err = clusters_find(l, pairs, n, cluster, weakest);
	free(pairs);
	if (err == OK)
		err = clusters_write(l, cluster, weakest);
	free(cluster);
	free(weakest);
	return err;
}

static enum err run_all(struct linkage *l)
{
	struct passes passes = {0};
	l->uses = calloc(l->n_columns + 1, sizeof(*l->uses));
	enum err err = l->uses != NULL ? kinds_decide(l) : linkage_no_memory(l);
	if (err == OK)
		err = prepare(l);
	if (err == OK)
		err = passes_choose(l, &passes);
	if (err == OK)
		err = words_find(l, &passes);
	if (err == OK)
		err = linkage_step(l, 0.4);
	if (err == OK)
		err = learn(l, &passes);
	if (err == OK)
		err = conclude(l, &passes);
	passes_release(&passes);
	return err;
}

enum err linkage_new(struct ctx *ctx, const struct linkage_input *input, struct linkage **ret)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	*ret = NULL;
	if (input->n_rows == 0 || input->n_first == 0)
		return fail(ctx, ERR_INVALID, "", "linkage_no_rows");
	if (input->n_rows > LINKAGE_ROWS_MAX)
		return fail(ctx, ERR_LIMIT, "", "linkage_too_many_rows");
	struct linkage *l = calloc(1, sizeof(*l));
	if (l == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	l->ctx = ctx;
	l->in = input;
	l->n_columns = input->n_columns;
	l->n_rows = input->n_rows;
	l->n_first = input->n_first;
	l->two = input->n_first < input->n_rows;
	l->clean = l->two ? 3 : 0;
	l->threshold = input->threshold > 0 ? fmin(fmax(input->threshold, 0.001), 0.9999) : 0.5;
	l->threads = input->threads > 0 ? input->threads : processors > 0 ? (size_t)processors : 1;
	l->threads = l->threads > THREADS_MAX ? THREADS_MAX : l->threads;
	enum err err = run_all(l);
	l->ctx = NULL;
	l->in = NULL;
	if (err != OK) {
		linkage_free(l);
		return err;
	}
	*ret = l;
	return OK;
}

void linkage_free(struct linkage *l)
{
	if (l == NULL)
		return;
	prepare_release(l);
	free(l->best[0]);
	free(l->best[1]);
	free(l->uses);
	free(l->pairs);
	free(l->cluster);
	free(l);
}

const struct linkage_pair *linkage_pairs(const struct linkage *l, size_t *ret_n, uint64_t *ret_left_out)
{
	*ret_n = l->n_pairs_out;
	*ret_left_out = l->left_out;
	return l->pairs;
}

const uint32_t *linkage_clusters(const struct linkage *l, size_t *ret_n)
{
	*ret_n = l->n_clusters;
	return l->cluster;
}

const struct linkage_use *linkage_uses(const struct linkage *l)
{
	return l->uses;
}

uint64_t linkage_compared(const struct linkage *l)
{
	return l->compared;
}

double linkage_expected(const struct linkage *l)
{
	return l->expected;
}

bool linkage_one_to_one(const struct linkage *l)
{
	return l->two && l->clean == 3;
}

double linkage_explain(const struct linkage *l, uint32_t a, uint32_t b, struct linkage_reason *reasons, double *ret_prior)
{
	uint32_t x = l->rows.of[a], y = l->rows.of[b];
	uint64_t pattern = compare_rows(l, x, y);
	for (size_t i = 0; i < l->n_columns; i++)
		reasons[i] = (struct linkage_reason){-1, 0};
	for (size_t j = 0; j < l->n_fields; j++) {
		struct linkage_reason *r = &reasons[l->fields[j].column];
		int level = (int)(pattern >> (3 * j) & 7);
		if (level != NOTHING && !l->fields[j].twin)
			r->level = level;
		r->weight += score_field(l, j, pattern, x) / M_LN2;
	}
	*ret_prior = l->prior / M_LN2;
	return probability_of(score_pattern(l, pattern, x, y));
}
