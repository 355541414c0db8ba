/* Feature models from outside.  The first byte says what the rest is: d DIMACS, else UVL.  What was read is checked (small
 * ones), and holds together: every literal is a variable of the model, nothing is core and dead at once. */
#include <stdlib.h>

#include "core/configure/configure.h"
#include "fuzz.h"

enum { CHECKED_VARS = 200, CHECKED_LITS = 5000 };

static struct arena arena;
static struct ctx ctx;

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void look(const struct configure_model *model)
{
	struct configure_facts facts;
	for (size_t i = 0; i < model->cnf.n; i++)
		require(model->cnf.lits[i] <= model->cnf.vars && model->cnf.lits[i] >= -model->cnf.vars);
	for (size_t i = 0; i < model->n; i++)
		require(model->features[i].var > 0 && model->features[i].var <= model->cnf.vars && model->features[i].parent < model->features[i].var);
	if (model->cnf.vars > CHECKED_VARS || model->cnf.n > CHECKED_LITS || configure_check(&ctx, model, &facts) != OK)
		return;
	for (size_t i = 0; i < model->n; i++)
		require(!facts.core[i] || !facts.dead[i]);
	require(!facts.is_void || facts.n_dead == model->n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct configure_model model;
	if (size == 0)
		return 0;
	if (arena.cap == 0)
		arena_init(&arena, 256 << 20);
	arena_reset(&arena);
	ctx_init(&ctx, &arena, clock_system());
	configure_model_init(&ctx, &model);
	const char *text = (const char *)data + 1;
	char *ended = arena_strndup(&arena, text, size - 1);
	if (ended != NULL) {
		enum err err = data[0] == 'd' ? configure_read_dimacs(&ctx, ended, size - 1, &model) : configure_read_uvl(&ctx, ended, size - 1, &model);
		if (err == OK)
			look(&model);
		else
			require(ctx.faults.count == 1);
	}
	configure_model_free(&model);
	return 0;
}
