/* What the readers share: features, what was left out, lines of errors. */
#include <string.h>

#include "core/configure/configure_internal.h"

enum { LEFT_OUT_MAX = 1 << 20 };

void configure_model_init(struct ctx *ctx, struct configure_model *model)
{
	*model = (struct configure_model){0};
	configure_cnf_init(&model->cnf, ctx->arena);
	buf_init(&model->not_read, LEFT_OUT_MAX);
}

void configure_model_free(struct configure_model *model)
{
	buf_release(&model->not_read);
}

enum err configure_name(struct ctx *ctx, struct configure_model *model, int var, const char *name, size_t n)
{
	if (model->n >= CONFIGURE_FEATURES_MAX)
		return fail(ctx, ERR_LIMIT, "", "configure_large");
	if (model->n == model->cap) {
		size_t cap = model->cap * 2 + 256;
		struct configure_feature *more = arena_array(ctx->arena, cap, sizeof(*more));
		if (more == NULL)
			return fail(ctx, ERR_LIMIT, "", "configure_large");
		if (model->n > 0)
			memcpy(more, model->features, model->n * sizeof(*more));
		model->features = more;
		model->cap = cap;
	}
	struct configure_feature *f = &model->features[model->n];
	*f = (struct configure_feature){.name = arena_strndup(ctx->arena, name, n), .var = var};
	if (f->name == NULL)
		return fail(ctx, ERR_LIMIT, "", "configure_large");
	model->n++;
	return OK;
}

enum err configure_at_line(struct ctx *ctx, size_t line, const char *key, const char *arg)
{
	const char *field = arena_printf(ctx->arena, "line %zu", line);
	return fail_arg(ctx, ERR_INVALID, field != NULL ? field : "", key, arg);
}

void configure_left_out(struct configure_model *model, size_t line, const char *what)
{
	model->n_not_read++;
	buf_printf(&model->not_read, "line %zu: %s\n", line, what);
}
