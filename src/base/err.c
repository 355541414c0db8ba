#include "base/ctx.h"

enum err fail_arg(struct ctx *ctx, enum err code, const char *field, const char *key, const char *arg)
{
	fault_add(ctx, code, field, key, arg);
	return code;
}

enum err fail(struct ctx *ctx, enum err code, const char *field, const char *key)
{
	return fail_arg(ctx, code, field, key, NULL);
}

/* A fault must be reportable even when the arena is full, so a copy that fails
 * falls back to a constant. */
static const char *keep(struct ctx *ctx, const char *text, const char *fallback)
{
	if (text == NULL)
		return fallback;
	const char *copy = arena_strdup(ctx->arena, text);
	return copy != NULL ? copy : fallback;
}

void fault_add(struct ctx *ctx, enum err code, const char *field, const char *key, const char *arg)
{
	struct faults *f = &ctx->faults;
	if (f->count == 0)
		f->code = code;
	if (f->count >= FAULTS_MAX) {
		f->more = true;
		return;
	}
	f->list[f->count++] = (struct fault){
		.field = keep(ctx, field, ""),
		.key = keep(ctx, key, "bug"),
		.arg = keep(ctx, arg, NULL),
	};
}

void faults_clear(struct ctx *ctx)
{
	ctx->faults.code = OK;
	ctx->faults.count = 0;
	ctx->faults.more = false;
}

enum err faults_code(const struct ctx *ctx)
{
	return ctx->faults.count == 0 ? OK : ctx->faults.code;
}
