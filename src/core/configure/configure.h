/* Models of what can be chosen together: features in a tree with groups, and constraints across it.  Read from UVL or DIMACS,
 * turned into clauses, asked of a SAT solver.  The only folder that includes ccadical.h. */
#ifndef GUANXI_CORE_CONFIGURE_CONFIGURE_H
#define GUANXI_CORE_CONFIGURE_CONFIGURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/ctx.h"

enum { CONFIGURE_BYTES_MAX = 64 << 20, CONFIGURE_FEATURES_MAX = 1000000, CONFIGURE_DEPTH_MAX = 400 };

/* Clauses over variables 1, 2, …; a literal is a variable or its negative. */
struct configure_cnf {
	int *lits; /* each clause ended by 0 */
	size_t n, cap;
	size_t clauses;
	int vars;
	struct arena *arena;
	bool failed; /* no memory, or too many variables */
};

struct configure_feature {
	const char *name;
	int var;        /* in the clauses */
	int parent;     /* its parent's variable; 0: none, or the file knows of no tree */
	bool mandatory; /* a must of its parent, by the tree */
};

struct configure_model {
	struct configure_feature *features;
	size_t n, cap;
	bool tree;          /* parents are known */
	size_t constraints; /* across the tree, as the file has them */
	struct configure_cnf cnf;
	struct buf not_read; /* lines on what the file says and this program does not follow; owned */
	size_t n_not_read;
};

/* Starts an empty model in ctx's arena; configure_model_free gives back what is outside it. */
void configure_model_init(struct ctx *ctx, struct configure_model *model);
void configure_model_free(struct configure_model *model);

/* Universal Variability Language: features, groups, cardinalities, attributes (their constraints too), constraints with
 * ! & | => <=>.  What is said of numbers and texts is left out and told in not_read.  ERR_INVALID "configure_…" with the
 * line; ERR_LIMIT "configure_large". */
enum err configure_read_uvl(struct ctx *ctx, const char *text, size_t n, struct configure_model *ret) MUST_CHECK;
/* DIMACS, the features' names in lines "c NUMBER NAME"; without any, each variable is one, by its number. */
enum err configure_read_dimacs(struct ctx *ctx, const char *text, size_t n, struct configure_model *ret) MUST_CHECK;

/* What holds of every configuration that the model allows. */
struct configure_facts {
	bool is_void;         /* there is none: all are dead then */
	bool *core, *dead;    /* by position of the feature */
	bool *false_optional; /* not a must of its parent, and yet never without it; only with a tree */
	size_t n_core, n_dead, n_false_optional;
	size_t solved;        /* questions put to the solver */
};
/* ERR_LIMIT "configure_deadline" once ctx's deadline has passed. */
enum err configure_check(struct ctx *ctx, const struct configure_model *model, struct configure_facts *ret) MUST_CHECK;

/* --- clauses ------------------------------------------------------------------ */

void configure_cnf_init(struct configure_cnf *cnf, struct arena *arena);
int configure_cnf_var(struct configure_cnf *cnf);
/* At most `k` of the literals; with `guard` not 0 only where that literal is true. */
void configure_cnf_at_most(struct configure_cnf *cnf, const int *lits, size_t n, size_t k, int guard);
void configure_cnf_at_least(struct configure_cnf *cnf, const int *lits, size_t n, size_t k, int guard);
void configure_cnf_clause(struct configure_cnf *cnf, const int *lits, size_t n);

#endif
