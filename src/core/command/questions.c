#include "core/command/questions.h"

/* Puts the question's number before the field of what went wrong. */
static enum err at_question(struct ctx *ctx, enum err err, size_t number)
{
	struct fault first = ctx->faults.list[0];
	if (ctx->faults.count == 0)
		return err;
	const char *field = arena_printf(ctx->arena, "[%zu]%s%s", number, *first.field != '\0' ? "." : "", first.field);
	faults_clear(ctx);
	return fail_arg(ctx, err, field != NULL ? field : "", first.key, first.arg);
}

static enum err answer_one(struct ctx *ctx, const json_t *question, command_answer *answer, void *arg, struct buf *out)
{
	size_t before = out->len;
	enum err err = answer(ctx, question, arg, out);
	if (err != OK) {
		buf_truncate(out, before);
		return err;
	}
	buf_putc(out, '\n');
	return buf_failed(out) ? fail(ctx, ERR_LIMIT, "", "memory") : OK;
}

enum err command_questions(struct ctx *ctx, const char *json, size_t n, const char *not_json, command_answer *answer, void *arg, struct buf *out)
{
	json_error_t error;
	enum err err = OK;
	json_t *root = json_loadb(json, n, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL) {
		const char *at = arena_printf(ctx->arena, "%d:%d", error.line, error.column);
		return fail_arg(ctx, ERR_INVALID, "", not_json, at != NULL ? at : "");
	}
	size_t count = json_is_array(root) ? json_array_size(root) : 1;
	for (size_t i = 0; i < count && err == OK; i++) {
		struct arena_mark mark = arena_mark(ctx->arena);
		err = answer_one(ctx, json_is_array(root) ? json_array_get(root, i) : root, answer, arg, out);
		if (err != OK)
			err = at_question(ctx, err, i + 1);
		else
			arena_rewind(ctx->arena, mark);
	}
	json_decref(root);
	return err;
}
