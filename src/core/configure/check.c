/* What a model says of each feature, by few questions to the solver: "is there a configuration in which one of these is
 * different?" takes many features off the list at once, and a no settles all that are left. */
#include <ccadical.h>

#include "core/configure/configure.h"

static void load(CCaDiCaL *solver, const struct configure_cnf *cnf)
{
	for (size_t i = 0; i < cnf->n; i++)
		ccadical_add(solver, cnf->lits[i]);
}

static int expired(void *arg)
{
	return ctx_expired(arg) ? 1 : 0;
}

struct backbone {
	struct ctx *ctx;
	CCaDiCaL *solver;
	int *open;    /* literals true in all configurations seen, one a feature */
	size_t *whose; /* their features */
	size_t n;
	struct configure_facts *facts;
};

/* *ret: 10 there is one, 20 there is none. */
static enum err solve(struct backbone *b, int *ret)
{
	b->facts->solved++;
	*ret = ccadical_solve(b->solver);
	return *ret == 10 || *ret == 20 ? OK : fail(b->ctx, ERR_LIMIT, "", "configure_deadline");
}

/* Leaves those in `open` that are true in every configuration. */
static enum err settle(struct backbone *b)
{
	int answer = 10;
	enum err err = OK;
	while (b->n > 0 && answer == 10 && err == OK) {
		for (size_t i = 0; i < b->n; i++)
			ccadical_constrain(b->solver, -b->open[i]);
		ccadical_constrain(b->solver, 0);
		err = solve(b, &answer);
		size_t kept = 0;
		for (size_t i = 0; err == OK && answer == 10 && i < b->n; i++) {
			int var = b->open[i] > 0 ? b->open[i] : -b->open[i];
			bool is = ccadical_val(b->solver, var) > 0;
			if (is == (b->open[i] > 0)) {
				b->whose[kept] = b->whose[i];
				b->open[kept++] = b->open[i];
			}
		}
		if (err == OK && answer == 10)
			b->n = kept;
	}
	return err;
}

static void all_dead(const struct configure_model *model, struct configure_facts *ret)
{
	ret->is_void = true;
	for (size_t i = 0; i < model->n; i++)
		ret->dead[i] = true;
	ret->n_dead = model->n;
}

static enum err find_core_and_dead(struct backbone *b, const struct configure_model *model)
{
	struct configure_facts *facts = b->facts;
	int answer;
	enum err err = solve(b, &answer);
	if (err != OK)
		return err;
	if (answer == 20) {
		all_dead(model, facts);
		return OK;
	}
	b->n = model->n;
	for (size_t i = 0; i < model->n; i++) {
		int var = model->features[i].var;
		b->open[i] = ccadical_val(b->solver, var) > 0 ? var : -var;
		b->whose[i] = i;
	}
	err = settle(b);
	for (size_t i = 0; i < b->n && err == OK; i++) {
		bool core = b->open[i] > 0;
		(core ? facts->core : facts->dead)[b->whose[i]] = true;
		(*(core ? &facts->n_core : &facts->n_dead))++;
	}
	return err;
}

/* Optional by the tree, and yet there whenever its parent is.  What is core is so; of what can be missing the solver is asked. */
static enum err find_false_optional(struct backbone *b, const struct configure_model *model)
{
	struct configure_facts *facts = b->facts;
	enum err err = OK;
	for (size_t i = 0; i < model->n && err == OK; i++) {
		const struct configure_feature *f = &model->features[i];
		int answer = 20;
		if (f->mandatory || f->parent == 0 || facts->dead[i])
			continue;
		if (!facts->core[i]) {
			ccadical_assume(b->solver, f->parent);
			ccadical_assume(b->solver, -f->var);
			err = solve(b, &answer);
		}
		facts->false_optional[i] = answer == 20;
		facts->n_false_optional += answer == 20;
	}
	return err;
}

enum err configure_check(struct ctx *ctx, const struct configure_model *model, struct configure_facts *ret)
{
	struct backbone b = {.ctx = ctx, .facts = ret};
	*ret = (struct configure_facts){0};
	ret->core = arena_array(ctx->arena, 3 * model->n + 1, sizeof(*ret->core));
	b.open = arena_array(ctx->arena, model->n + 1, sizeof(*b.open));
	b.whose = arena_array(ctx->arena, model->n + 1, sizeof(*b.whose));
	if (ret->core == NULL || b.open == NULL || b.whose == NULL || model->cnf.failed)
		return fail(ctx, ERR_LIMIT, "", "configure_large");
	ret->dead = ret->core + model->n;
	ret->false_optional = ret->dead + model->n;
	b.solver = ccadical_init();
	if (b.solver == NULL)
		return fail(ctx, ERR_LIMIT, "", "configure_large");
	ccadical_set_option(b.solver, "quiet", 1);
	ccadical_set_terminate(b.solver, ctx, expired);
	load(b.solver, &model->cnf);
	for (size_t i = 0; i < model->n; i++) { /* a feature that no clause names is one all the same */
		ccadical_add(b.solver, model->features[i].var);
		ccadical_add(b.solver, -model->features[i].var);
		ccadical_add(b.solver, 0);
	}
	enum err err = find_core_and_dead(&b, model);
	if (err == OK && model->tree && !ret->is_void)
		err = find_false_optional(&b, model);
	ccadical_release(b.solver);
	return err;
}
