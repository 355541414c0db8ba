/* Association rules of frequent itemsets. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/special.h"

/* Finds the child of a set by its item. */
struct children {
	const struct model_itemsets *sets;
	int32_t *slot; /* set + 1; 0 empty */
	size_t mask;
	int shift; /* the highest bits of a hash, the best mixed ones */
};

static size_t slot_of(const struct children *c, int32_t parent, int32_t item)
{
	uint64_t h = ((uint64_t)(uint32_t)parent << 32 | (uint32_t)item) * 0x9e3779b97f4a7c15U;
	return h >> c->shift;
}

static int32_t child(const struct children *c, int32_t parent, int32_t item)
{
	for (size_t i = slot_of(c, parent, item);; i = (i + 1) & c->mask) {
		int32_t set = c->slot[i] - 1;
		if (set < 0 || (c->sets->parent[set] == parent && c->sets->item[set] == item))
			return set;
	}
}

static enum err index_sets(struct ctx *ctx, const struct model_itemsets *sets, struct children *ret)
{
	size_t room = 16;
	int bits = 4;
	for (; room < sets->n * 2; bits++)
		room *= 2;
	*ret = (struct children){sets, arena_array(ctx->arena, room, sizeof(*ret->slot)), room - 1, 64 - bits};
	if (ret->slot == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t set = 0; set < sets->n; set++) {
		size_t i = slot_of(ret, sets->parent[set], sets->item[set]);
		while (ret->slot[i] != 0)
			i = (i + 1) & ret->mask;
		ret->slot[i] = (int32_t)set + 1;
	}
	return OK;
}

struct making {
	struct ctx *ctx;
	const struct model_itemsets *sets;
	struct children children;
	double n; /* baskets */
	double confidence;
	const double *log_factorial;
	struct model_rule *rules;
	size_t count, room;
};

/* P(at least `both` together | how often each is): the upper tail of the hypergeometric distribution. */
static double fisher(const struct making *m, int64_t both, int64_t left, int64_t right)
{
	const double *f = m->log_factorial;
	int64_t n = (int64_t)m->n, most = left < right ? left : right;
	double sum = 0, term = 1;
	double first = f[left] + f[n - left] + f[right] + f[n - right] - f[n] - f[both] - f[left - both] - f[right - both] - f[n - left - right + both];
	for (int64_t k = both; k <= most; k++) {
		sum += term;
		term *= (double)(left - k) / (double)(k + 1) * ((double)(right - k) / (double)(n - left - right + k + 1));
		if (term < sum * 1e-17)
			break;
	}
	return fmin(1, exp(first) * sum);
}

static enum err add_rule(struct making *m, struct model_rule rule)
{
	if (m->count == m->room) {
		size_t room = m->room == 0 ? 1024 : m->room * 2;
		struct model_rule *more = reallocarray(m->rules, room, sizeof(*more));
		if (more == NULL)
			return fail(m->ctx, ERR_LIMIT, "", "memory");
		m->rules = more;
		m->room = room;
	}
	m->rules[m->count++] = rule;
	return OK;
}

static enum err try_rule(struct making *m, size_t set, const int32_t *items, size_t n, size_t out)
{
	int32_t left = -1, right = child(&m->children, -1, items[out]);
	for (size_t i = 0; i < n; i++)
		left = i != out ? child(&m->children, left, items[i]) : left;
	double both = m->sets->count[set], with_left = left >= 0 ? m->sets->count[left] : m->n, with_right = m->sets->count[right];
	double confidence = both / with_left, share = with_right / m->n;
	if (confidence < m->confidence * (1 - 1e-12))
		return OK;
	struct model_rule rule = {.set = (int32_t)set, .antecedent = left, .consequent = items[out], .support = both / m->n, .confidence = confidence};
	rule.lift = confidence / share;
	rule.leverage = rule.support - with_left / m->n * share;
	rule.conviction = with_left > both ? (1 - share) / (1 - confidence) : (double)INFINITY;
	rule.p = fisher(m, m->sets->count[set], (int64_t)with_left, m->sets->count[right]);
	rule.p_adjusted = rule.p;
	return add_rule(m, rule);
}

static int by_lift(const void *a, const void *b)
{
	const struct model_rule *p = a, *q = b;
	if (p->lift != q->lift)
		return p->lift > q->lift ? -1 : 1;
	if (p->set != q->set)
		return p->set < q->set ? -1 : 1;
	return (p->consequent > q->consequent) - (p->consequent < q->consequent);
}

static int by_p(const void *a, const void *b)
{
	const struct model_rule *p = *(struct model_rule *const *)a, *q = *(struct model_rule *const *)b;
	return (p->p > q->p) - (p->p < q->p);
}

static enum err correct(struct ctx *ctx, struct model_rule *rules, size_t n, enum model_adjust adjust)
{
	struct model_rule **order = arena_array(ctx->arena, n + 1, sizeof(struct model_rule *));
	double worst = 0, least = 1;
	if (order == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < n; i++)
		order[i] = &rules[i];
	qsort(order, n, sizeof(struct model_rule *), by_p);
	for (size_t i = 0; i < n; i++) {
		if (adjust == MODEL_ADJUST_BONFERRONI)
			order[i]->p_adjusted = fmin(1, order[i]->p * (double)n);
		if (adjust == MODEL_ADJUST_HOLM)
			order[i]->p_adjusted = worst = fmax(worst, fmin(1, order[i]->p * (double)(n - i)));
	}
	for (size_t i = n; adjust == MODEL_ADJUST_BH && i-- > 0;)
		order[i]->p_adjusted = least = fmin(least, order[i]->p * (double)n / (double)(i + 1));
	return OK;
}

static enum err make_all(struct making *m, int min_items)
{
	enum err err = OK;
	size_t largest = 1;
	for (size_t i = 0; i < m->sets->n; i++)
		largest = (size_t)m->sets->size[i] > largest ? (size_t)m->sets->size[i] : largest;
	int32_t *items = arena_array(m->ctx->arena, largest, sizeof(*items));
	if (items == NULL)
		return fail(m->ctx, ERR_LIMIT, "", "memory");
	for (size_t set = 0; err == OK && set < m->sets->n; set++) {
		if (m->sets->size[set] < min_items)
			continue;
		size_t n = model_itemset_items(m->sets, set, items);
		for (size_t out = 0; err == OK && out < n; out++)
			err = try_rule(m, set, items, n, out);
	}
	return err;
}

enum err model_rules(struct ctx *ctx, const struct model_itemsets *sets, size_t n_baskets, double confidence, int min_items,
                     enum model_adjust adjust, struct model_rule **ret, size_t *ret_n)
{
	struct making m = {.ctx = ctx, .sets = sets, .n = (double)n_baskets, .confidence = confidence};
	double *log_factorial = arena_array(ctx->arena, n_baskets + 1, sizeof(*log_factorial));
	enum err err = log_factorial != NULL ? index_sets(ctx, sets, &m.children) : fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 1; err == OK && i <= n_baskets; i++)
		log_factorial[i] = log_factorial[i - 1] + log((double)i);
	m.log_factorial = log_factorial;
	if (err == OK)
		err = make_all(&m, min_items);
	struct model_rule *rules = err == OK ? arena_array(ctx->arena, m.count + 1, sizeof(*rules)) : NULL;
	if (err == OK && rules == NULL)
		err = fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK && m.count > 0) {
		memcpy(rules, m.rules, m.count * sizeof(*rules));
		qsort(rules, m.count, sizeof(*rules), by_lift);
		err = correct(ctx, rules, m.count, adjust);
	}
	free(m.rules);
	*ret = rules;
	*ret_n = m.count;
	return err;
}
