/* m, u and the share of matches by EM over all pairs (Winkler 1988): candidates as they are or sampled, the others as pairs that do not
 * match. What agrees by chance together is told by a tree of columns (Chow, Liu 1968). */
#include <math.h>
#include <string.h>

#include "linkage/internal.h"

enum { ROUNDS_LOOSE = 6, ROUNDS_MAX = 80, AGREES = 4 };
static const double weight_most = 13, weight_least = -7, prior_strength = 25, low_most = 0.5;

struct cell {
	uint64_t pattern;
	double open, closed; /* pairs that may match; pairs that do not */
	double p, r;         /* chance of a match; of being related, not the same */
};

struct em {
	struct linkage *l;
	struct cell *cells;
	size_t n;
	double all;  /* pairs */
	double most; /* matches there can be */
};

static int by_pattern(const void *a, const void *b)
{
	const struct cell *x = a, *y = b;
	return x->pattern < y->pattern ? -1 : x->pattern > y->pattern;
}

static enum err gather(struct em *em, const struct sample *s)
{
	em->cells = malloc((s->n + 1) * sizeof(*em->cells));
	if (em->cells == NULL)
		return linkage_no_memory(em->l);
	for (size_t i = 0; i < s->n; i++) {
		bool open = i < s->n_open;
		em->cells[i] = (struct cell){s->pattern[i], open ? s->weight[i] : 0, open ? 0 : s->weight[i], 0, 0};
		em->all += s->weight[i];
	}
	qsort(em->cells, s->n, sizeof(*em->cells), by_pattern);
	for (size_t i = 0; i < s->n; i++) {
		struct cell *last = em->n > 0 ? &em->cells[em->n - 1] : NULL;
		if (last != NULL && last->pattern == em->cells[i].pattern) {
			last->open += em->cells[i].open;
			last->closed += em->cells[i].closed;
		} else {
			em->cells[em->n++] = em->cells[i];
		}
	}
	return OK;
}

static int level_in(uint64_t pattern, size_t field)
{
	return (int)(pattern >> (3 * field) & 7);
}

/* How values of matches usually agree, before anything is seen. */
static const double *usual(const struct field *f)
{
	static const double sharp[LEVELS] = {0.08, 0.02, 0.03, 0.04, 0.06, 0.12, 0.65};
	static const double words[LEVELS] = {0.05, 0.06, 0.09, 0.14, 0.18, 0.2, 0.28};
	static const double codes[LEVELS] = {0.15, 0.02, 0.02, 0.06, 0.05, 0.7, 0.0001};
	static const double measure[LEVELS] = {0.1, 0.06, 0.08, 0.1, 0.1, 0.1, 0.46};
	if (f->twin)
		return codes;
	if (f->kind == LINKAGE_TEXT || f->kind == LINKAGE_ADDRESS)
		return words;
	return f->kind == LINKAGE_NUMBER ? measure : sharp;
}

/* The weights grow with the level: neighbours that do not are taken together (pool adjacent violators, Ayer et al. 1955). */
static void grow_with_level(double *weight, const double *mass)
{
	double value[LEVELS], size[LEVELS];
	int width[LEVELS], n = 0;
	for (int level = 0; level < LEVELS; level++) {
		value[n] = weight[level];
		size[n] = mass[level] + 1e-9;
		width[n++] = 1;
		while (n > 1 && value[n - 2] > value[n - 1]) {
			value[n - 2] = (value[n - 2] * size[n - 2] + value[n - 1] * size[n - 1]) / (size[n - 2] + size[n - 1]);
			size[n - 2] += size[n - 1];
			width[n - 2] += width[n - 1];
			n--;
		}
	}
	for (int i = 0, level = 0; i < n; i++) {
		for (int k = 0; k < width[i]; k++)
			weight[level++] = value[i];
	}
}

static void weigh(struct em *em)
{
	for (size_t j = 0; j < em->l->n_fields; j++) {
		struct field_model *m = &em->l->model[j];
		for (int state = 0; state < 3; state++) {
			for (int level = 0; level < LEVELS; level++) {
				double w = log(m->m[level] / m->u[state][level]);
				m->weight[state][level] = w > weight_most ? weight_most : w < weight_least ? weight_least : w;
			}
			grow_with_level(m->weight[state], m->m);
		}
	}
}

static double expect(struct em *em)
{
	double matches = 0;
	for (int tries = 0; tries < 40; tries++) {
		matches = 0;
		for (size_t i = 0; i < em->n; i++) {
			struct cell *c = &em->cells[i];
			c->p = c->open > 0 ? 1 / (1 + exp(-score_pattern(em->l, c->pattern, 0, 0))) : 0;
			matches += c->p * c->open;
		}
		if (matches <= em->most * 1.02)
			break;
		/* the likeliest of them */
		em->l->prior -= fmax(0.1, log(matches / em->most));
	}
	return matches;
}

static void count_field(const struct em *em, size_t j, double m[LEVELS], double u[3][LEVELS])
{
	const struct field_model *model = &em->l->model[j];
	memset(m, 0, sizeof(double) * LEVELS);
	memset(u, 0, sizeof(double) * 3 * LEVELS);
	for (size_t i = 0; i < em->n; i++) {
		const struct cell *c = &em->cells[i];
		int level = level_in(c->pattern, j);
		if (level == NOTHING)
			continue;
		int above = model->parent < 0 ? NOTHING : level_in(c->pattern, (size_t)model->parent);
		double no = (1 - c->p - c->r) * c->open + c->closed;
		m[level] += c->p * c->open;
		u[2][level] += no;
		if (above != NOTHING)
			u[above >= AGREES][level] += no;
	}
}

/* Rows that are one agree in a column at least every other time, whatever the column: without this what is merely alike in some columns
 * (the same common name, in the same town) can pass for a class of matches. */
static void at_least_half(const struct field *f, double m[LEVELS])
{
	int first = f->twin || f->kind == LINKAGE_TEXT || f->kind == LINKAGE_ADDRESS ? 2 : 3;
	const double *before = usual(f);
	double low = 0, high = 0;
	if (f->kind == LINKAGE_NUMBER)
		return;
	for (int level = 0; level < first; level++)
		low += m[level];
	if (low <= low_most)
		return;
	for (int level = first; level < LEVELS; level++)
		high += m[level] + 0.05 * before[level];
	for (int level = 0; level < LEVELS; level++)
		m[level] = level < first ? m[level] * low_most / low : (m[level] + 0.05 * before[level]) * (1 - low_most) / high;
}

static void maximise(struct em *em, double matches)
{
	double most = em->most;
	for (size_t j = 0; j < em->l->n_fields; j++) {
		struct field_model *model = &em->l->model[j];
		const double *before = usual(&em->l->fields[j]);
		double m[LEVELS], u[3][LEVELS], sum_m = 0, sum_u[3] = {0, 0, 0};
		count_field(em, j, m, u);
		for (int level = 0; level < LEVELS; level++) {
			sum_m += m[level];
			for (int s = 0; s < 3; s++)
				sum_u[s] += u[s][level];
		}
		double strength = prior_strength + 0.01 * sum_m;
		for (int level = 0; level < LEVELS; level++) {
			model->m[level] = (m[level] + strength * before[level]) / (sum_m + strength);
			double any = (u[2][level] + 0.5) / (sum_u[2] + 0.5 * LEVELS);
			model->u[2][level] = any;
			for (int s = 0; s < 2; s++)
				model->u[s][level] = (u[s][level] + 20 * any) / (sum_u[s] + 20);
		}
		at_least_half(&em->l->fields[j], model->m);
	}
	matches = matches > most ? most : matches < 0.5 ? 0.5 : matches;
	em->l->expected = matches;
	if (matches < em->most * 0.98 || em->l->prior == 0)
		em->l->prior = log(matches / (em->all - matches));
	weigh(em);
}

/* --- columns that go together --------------------------------------------- */

struct together {
	double both, first, second, all; /* pairs of different entities that agree in both, in one, that can be compared in both */
};

static struct together count_together(const struct em *em, size_t x, size_t y)
{
	struct together t = {0, 0, 0, 0};
	for (size_t i = 0; i < em->n; i++) {
		const struct cell *c = &em->cells[i];
		int a = level_in(c->pattern, x), b = level_in(c->pattern, y);
		if (a == NOTHING || b == NOTHING)
			continue;
		double no = (1 - c->p - c->r) * c->open + c->closed;
		t.all += no;
		t.first += a >= AGREES ? no : 0;
		t.second += b >= AGREES ? no : 0;
		t.both += a >= AGREES && b >= AGREES ? no : 0;
	}
	return t;
}

static double term(double both, double x, double y)
{
	return both > 0 && x > 0 && y > 0 ? both * log(both / (x * y)) : 0;
}

/* Mutual information, relative to what the rarer one has; 0 where they agree together no more than by chance, or so seldom that
 * it may be matches not found yet: rarer than there are rows. */
static double information(const struct together *t, double rows)
{
	if (t->both < rows || t->all <= 0 || t->first <= 0 || t->second <= 0 || t->both < 3 || t->both * t->all < 1.5 * t->first * t->second)
		return 0;
	double x = t->first / t->all, y = t->second / t->all, b = t->both / t->all, least = fmin(x, y);
	double mutual = term(b, x, y) + term(x - b, x, 1 - y) + term(y - b, 1 - x, y) + term(1 - x - y + b, 1 - x, 1 - y);
	return mutual / (-least * log(least) + 1e-12);
}

static void make_tree(struct em *em)
{
	struct linkage *l = em->l;
	double best[LINKAGE_FIELDS_MAX] = {0};
	int above[LINKAGE_FIELDS_MAX];
	bool inside[LINKAGE_FIELDS_MAX] = {false};
	memset(above, 0xff, sizeof(above));
	for (size_t step = 0; step < l->n_fields; step++) {
		size_t next = SIZE_MAX;
		for (size_t j = 0; j < l->n_fields; j++) {
			if (!inside[j] && (next == SIZE_MAX || best[j] > best[next]))
				next = j;
		}
		inside[next] = true;
		l->model[next].parent = best[next] > 0.01 ? above[next] : -1;
		for (size_t j = 0; j < l->n_fields; j++) {
			if (inside[j])
				continue;
			struct together t = count_together(em, next, j);
			double found = information(&t, (double)l->rows.n);
			if (found > best[j]) {
				best[j] = found;
				above[j] = (int)next;
			}
		}
	}
	for (size_t j = 0; j < l->n_fields; j++) {
		struct field_model *m = &l->model[j];
		m->dependence = 0;
		if (m->parent < 0)
			continue;
		struct together t = count_together(em, (size_t)m->parent, j);
		double given = t.both / fmax(t.first, 1e-9), any = t.second / fmax(t.all, 1e-9);
		m->dependence = fmin(fmax((given - any) / fmax(1 - any, 1e-9), 0), 1);
	}
}

static void begin(struct em *em)
{
	struct linkage *l = em->l;
	double n = (double)l->rows.n, guess = fmin(n / 8, em->all / 20);
	for (size_t j = 0; j < l->n_fields; j++)
		l->model[j] = (struct field_model){.parent = -1};
	/* what agrees everywhere is the first guess */
	for (size_t i = 0; i < em->n; i++)
		em->cells[i].p = 0;
	maximise(em, guess);
}

/* Of two tables without duplicates every row of the smaller has one partner; of a table with duplicates each row may have one. */
static double most_matches(const struct em *em)
{
	const struct linkage *l = em->l;
	double rows[2] = {0, 0}, most = 0.3 * em->all;
	if (!l->two || l->clean == 0)
		return most;
	for (size_t i = 0; i < l->rows.n; i++) {
		rows[0] += l->rows.side[i] & 1;
		rows[1] += l->rows.side[i] >> 1;
	}
	return fmin(most, l->clean == 1 ? rows[1] : l->clean == 2 ? rows[0] : fmin(rows[0], rows[1]));
}

/* --- related, not the same ------------------------------------------------- */

static double chance_of(const struct em *em, const struct cell *c, double m[2][LINKAGE_FIELDS_MAX][LEVELS], int class)
{
	double sum = 0;
	for (size_t j = 0; j < em->l->n_fields; j++) {
		int level = level_in(c->pattern, j);
		sum += level == NOTHING ? 0 : log(m[class][j][level]);
	}
	return sum;
}

static void count_classes(const struct em *em, double m[2][LINKAGE_FIELDS_MAX][LEVELS], const double *upper)
{
	for (size_t j = 0; j < em->l->n_fields; j++) {
		const double *before = usual(&em->l->fields[j]);
		double sum[2] = {0, 0}, count[2][LEVELS] = {{0}};
		for (size_t i = 0; i < em->n; i++) {
			const struct cell *c = &em->cells[i];
			int level = level_in(c->pattern, j);
			if (level == NOTHING)
				continue;
			double w = c->p * c->open;
			count[0][level] += w * upper[i];
			count[1][level] += w * (1 - upper[i]);
			sum[0] += w * upper[i];
			sum[1] += w * (1 - upper[i]);
		}
		for (int level = 0; level < LEVELS; level++) {
			m[0][j][level] = (count[0][level] + 10 * before[level]) / (sum[0] + 10);
			m[1][j][level] = (count[1][level] + 10.0 / LEVELS) / (sum[1] + 10);
		}
	}
}

bool field_tells_who(const struct field *f)
{
	if (f->twin || f->place)
		return f->twin;
	return f->kind == LINKAGE_NAME || f->kind == LINKAGE_DATE || f->kind == LINKAGE_TEXT || f->kind == LINKAGE_EMAIL;
}

/* Whether the second class is one of relatives: what tells who they are mostly differs, while the first agrees in it. */
static bool are_related(const struct em *em, double m[2][LINKAGE_FIELDS_MAX][LEVELS])
{
	double telling = 0, differing = 0;
	for (size_t j = 0; j < em->l->n_fields; j++) {
		double same = m[0][j][4] + m[0][j][5] + m[0][j][6], other = m[1][j][0] + m[1][j][1] + m[1][j][2];
		if (!field_tells_who(&em->l->fields[j]) || same < 0.5)
			continue;
		double weight = fmax(em->l->model[j].weight[2][EXACT], 0) * em->l->fields[j].filled;
		telling += weight;
		differing += other > 0.6 ? weight : 0;
	}
	return differing > 0.4 * telling && differing > 0;
}

static double split_round(const struct em *em, double m[2][LINKAGE_FIELDS_MAX][LEVELS], double *upper, double share)
{
	double first = 0, all = 0;
	for (size_t i = 0; i < em->n; i++) {
		const struct cell *c = &em->cells[i];
		if (c->p * c->open <= 0)
			continue;
		double odds = log(share / (1 - share)) + chance_of(em, c, m, 0) - chance_of(em, c, m, 1);
		upper[i] = 1 / (1 + exp(-odds));
		first += c->p * c->open * upper[i];
		all += c->p * c->open;
	}
	return all > 0 ? fmin(fmax(first / all, 0.001), 0.999) : 0.5;
}

/* Begins with those above and below the middle weight. */
static void split_begin(struct em *em, double *upper)
{
	double sum = 0, all = 0;
	for (int half = 0; half < 2; half++) {
		for (size_t i = 0; i < em->n; i++) {
			const struct cell *c = &em->cells[i];
			double odds = 0;
			for (size_t j = 0; c->p > 0.001 && j < em->l->n_fields; j++) {
				if (field_tells_who(&em->l->fields[j]))
					odds += score_field(em->l, j, c->pattern, 0);
			}
			sum += half ? 0 : c->p * c->open * odds;
			all += half ? 0 : c->p * c->open;
			if (half)
				upper[i] = odds > sum / fmax(all, 1e-9) ? 0.95 : 0.05;
		}
	}
}

/* The classes as they were split: the related ones no longer count as matches, nor as pairs that are one by chance. */
static void take_classes(struct em *em, double m[2][LINKAGE_FIELDS_MAX][LEVELS], const double *upper, double share)
{
	struct linkage *l = em->l;
	double matches = 0;
	l->relations = true;
	l->related_prior = log(share / (1 - share));
	for (size_t i = 0; i < em->n; i++) {
		em->cells[i].r = em->cells[i].p * (1 - upper[i]);
		em->cells[i].p *= upper[i];
		matches += em->cells[i].p * em->cells[i].open;
	}
	for (size_t j = 0; j < l->n_fields; j++) {
		struct field_model *f = &l->model[j];
		memcpy(f->m, m[0][j], sizeof(f->m));
		memcpy(f->r, m[1][j], sizeof(f->r));
		f->shared = f->r[4] + f->r[5] + f->r[6] > 0.5;
		for (int level = 0; level < LEVELS; level++)
			f->related[level] = fmin(fmax(log(f->m[level] / f->r[level]), weight_least), weight_most);
		grow_with_level(f->related, f->m);
	}
	l->expected = fmax(matches, 0.5);
	l->prior = log(l->expected / (em->all - l->expected));
	weigh(em);
}

/* A third class (Winkler 1993): pairs that belong together and are two. The match class of two is split by EM. */
static void find_related(struct em *em)
{
	struct linkage *l = em->l;
	double (*m)[LINKAGE_FIELDS_MAX][LEVELS] = calloc(2, sizeof(*m));
	double *upper = calloc(em->n + 1, sizeof(*upper)), share = 0.5;
	l->relations = false;
	if (m == NULL || upper == NULL || l->expected < 20) {
		free(m);
		free(upper);
		return;
	}
	split_begin(em, upper);
	for (int round = 0; round < 60; round++) {
		count_classes(em, m, upper);
		share = split_round(em, m, upper, share);
	}
	if (share > 0.01 && share < 0.99 && are_related(em, m))
		take_classes(em, m, upper, share);
	free(m);
	free(upper);
}

static void choose_order(struct linkage *l)
{
	for (size_t i = 0; i < l->n_fields; i++) {
		size_t at = i;
		double gain = l->model[i].weight[2][5] - l->model[i].weight[2][0];
		for (; at > 0 && l->model[l->order[at - 1]].weight[2][5] - l->model[l->order[at - 1]].weight[2][0] < gain; at--)
			l->order[at] = l->order[at - 1];
		l->order[at] = i;
	}
}

enum err em_fit(struct linkage *l, const struct sample *sample)
{
	struct em em = {.l = l};
	bool frequencies = l->frequencies;
	enum err err = gather(&em, sample);
	if (err != OK)
		return err;
	l->frequencies = false;
	em.most = most_matches(&em);
	begin(&em);
	double before = 0;
	make_tree(&em);
	maximise(&em, l->expected);
	for (int round = 0; round < ROUNDS_MAX; round++) {
		double matches = expect(&em);
		if (round == ROUNDS_LOOSE || round == 3 * ROUNDS_LOOSE)
			make_tree(&em);
		maximise(&em, matches);
		if (round > 4 * ROUNDS_LOOSE && fabs(matches - before) < 1e-4 * matches)
			break;
		before = matches;
	}
	find_related(&em);
	choose_order(l);
	l->frequencies = frequencies;
	free(em.cells);
	return OK;
}
