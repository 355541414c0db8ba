/* Clauses, and counting in clauses (Sinz 2005: sequential counters). */
#include <string.h>

#include "core/configure/configure.h"

enum { VARS_MAX = 50000000, LITS_MAX = 200000000, PAIRWISE_MAX = 6 };

void configure_cnf_init(struct configure_cnf *cnf, struct arena *arena)
{
	*cnf = (struct configure_cnf){.arena = arena};
}

int configure_cnf_var(struct configure_cnf *cnf)
{
	if (cnf->vars >= VARS_MAX) {
		cnf->failed = true;
		return cnf->vars;
	}
	return ++cnf->vars;
}

void configure_cnf_clause(struct configure_cnf *cnf, const int *lits, size_t n)
{
	if (cnf->failed)
		return;
	if (cnf->n + n + 1 > cnf->cap) {
		size_t cap = cnf->cap * 2 + n + 1024;
		int *more = cap <= LITS_MAX ? arena_array(cnf->arena, cap, sizeof(*more)) : NULL;
		if (more == NULL) {
			cnf->failed = true;
			return;
		}
		if (cnf->n > 0)
			memcpy(more, cnf->lits, cnf->n * sizeof(*more));
		cnf->lits = more;
		cnf->cap = cap;
	}
	if (n > 0)
		memcpy(cnf->lits + cnf->n, lits, n * sizeof(*lits));
	cnf->n += n;
	cnf->lits[cnf->n++] = 0;
	cnf->clauses++;
}

static void clause(struct configure_cnf *cnf, int a, int b, int c)
{
	int lits[3];
	size_t n = 0;
	for (int i = 0; i < 3; i++) {
		int lit = i == 0 ? a : i == 1 ? b : c;
		if (lit != 0)
			lits[n++] = lit;
	}
	configure_cnf_clause(cnf, lits, n);
}

/* now[j]: of the literals so far at least j + 1 are true; before[j]: of those before this one. */
static void counter(struct configure_cnf *cnf, const int *lits, size_t n, size_t k, int unless)
{
	int *now = arena_array(cnf->arena, k, sizeof(*now)), *before = arena_array(cnf->arena, k, sizeof(*before));
	if (now == NULL || before == NULL) {
		cnf->failed = true;
		return;
	}
	for (size_t i = 0; i < n && !cnf->failed; i++) {
		if (i >= k)
			clause(cnf, -lits[i], -before[k - 1], unless);
		for (size_t j = 0; i + 1 < n && j < k && j <= i; j++) {
			now[j] = configure_cnf_var(cnf);
			clause(cnf, -lits[i], j > 0 ? -before[j - 1] : 0, now[j]);
			if (j < i)
				clause(cnf, -before[j], now[j], 0);
		}
		int *swap = before;
		before = now;
		now = swap;
	}
}

void configure_cnf_at_most(struct configure_cnf *cnf, const int *lits, size_t n, size_t k, int guard)
{
	if (k >= n)
		return;
	for (size_t i = 0; k == 0 && i < n; i++)
		clause(cnf, -lits[i], -guard, 0);
	if (k == 0)
		return;
	for (size_t i = 0; k == 1 && n <= PAIRWISE_MAX && i < n; i++) {
		for (size_t j = i + 1; j < n; j++)
			clause(cnf, -lits[i], -lits[j], -guard);
	}
	if (k > 1 || n > PAIRWISE_MAX)
		counter(cnf, lits, n, k, -guard);
}

void configure_cnf_at_least(struct configure_cnf *cnf, const int *lits, size_t n, size_t k, int guard)
{
	int *turned = arena_array(cnf->arena, n + 1, sizeof(*turned));
	if (turned == NULL) {
		cnf->failed = true;
		return;
	}
	if (k == 0)
		return;
	if (k > n) { /* cannot be */
		clause(cnf, -guard, 0, 0);
		return;
	}
	if (k == 1) {
		memcpy(turned, lits, n * sizeof(*turned));
		turned[n] = -guard;
		configure_cnf_clause(cnf, turned, guard != 0 ? n + 1 : n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		turned[i] = -lits[i];
	configure_cnf_at_most(cnf, turned, n, n - k, guard);
}
