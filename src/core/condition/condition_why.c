/* The tree as JSON: its words, and what it saw in one record. */
#include "core/condition/condition_say.h"

static const char *const kind_names[] = {
	[CONDITION_ALL] = "all", [CONDITION_ANY] = "any", [CONDITION_NOT] = "not", [CONDITION_FIELD] = "field",
	[CONDITION_RELATED] = "related", [CONDITION_MEMBER] = "segment", [CONDITION_TEXT] = "text", [CONDITION_SHARE] = "share",
};

struct writing {
	struct ctx *ctx;
	struct jsonw *w;
	struct condition_run *run;   /* NULL: of no record */
	const struct record *record;
	bool told;                   /* to others, too: no values */
};

/* What the leaf looked at, in words. */
static enum err put_saw(struct writing *t, const struct condition_node *node, const struct condition_seen *seen)
{
	struct say s = {.ctx = t->ctx};
	const char *text;
	bool field = node->kind == CONDITION_FIELD;
	if (!field && node->kind != CONDITION_RELATED)
		return OK;
	buf_init(&s.out, 8 * 1024);
	bool number = node->measure == MEASURE_EXISTS || node->measure == MEASURE_COUNT;
	condition_say_value(&s, field ? node->info : node->other, field ? node->compare.named : number ? -1 : node->of, &seen->value);
	text = buf_failed(&s.out) ? "…" : arena_strndup(t->ctx->arena, buf_text(&s.out), s.out.len);
	buf_release(&s.out);
	jsonw_kv_text(t->w, "saw", text);
	return text ? OK : fail(t->ctx, ERR_LIMIT, "condition", "memory");
}

static enum err put_node(struct writing *t, const struct condition_node *node)
{
	struct say s = {.ctx = t->ctx};
	struct condition_seen seen = {.next = CONDITION_NEVER};
	const char *words;
	enum err err = condition_say_node(&s, node, &words);
	if (!err && t->run)
		err = condition_node_one(t->run, node, t->record, &seen);
	if (err)
		return err;
	jsonw_object(t->w);
	jsonw_kv_text(t->w, "kind", kind_names[node->kind]);
	jsonw_kv_text(t->w, "place", node->place);
	jsonw_kv_text(t->w, "words", words);
	if (t->run)
		jsonw_kv_bool(t->w, "holds", seen.holds);
	if (t->run && !t->told && seen.next != CONDITION_NEVER) {
		jsonw_key(t->w, "next_at");
		jsonw_time(t->w, seen.next);
	}
	if (t->run && !t->told)
		err = put_saw(t, node, &seen);
	if (!err && condition_is_group(node)) {
		jsonw_key(t->w, "parts");
		jsonw_array(t->w);
		for (const struct condition_node *inner = node->first; !err && inner; inner = inner->next)
			err = put_node(t, inner);
		jsonw_end_array(t->w);
	}
	jsonw_end_object(t->w);
	return err;
}

enum err condition_say_json(struct ctx *ctx, const struct condition *condition, struct jsonw *w)
{
	struct writing t = {.ctx = ctx, .w = w};
	return put_node(&t, condition->root);
}

static enum err put_why(struct ctx *ctx, const struct condition *condition, int64_t id, bool told, struct jsonw *w)
{
	struct condition_run run;
	struct writing t = {.ctx = ctx, .w = w, .run = &run, .told = told};
	struct record *record;
	const struct actor *before = ctx->actor;
	condition_run_begin(ctx, &run);
	ctx->actor = condition->actor;
	enum err err = condition_load(&run, condition, id, &record);
	if (!err && !record)
		err = fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", condition->info->entity->name);
	t.record = record;
	if (!err)
		err = put_node(&t, condition->root);
	ctx->actor = before;
	condition_run_end(&run);
	return err;
}

enum err condition_why(struct ctx *ctx, const struct condition *condition, int64_t id, struct jsonw *w)
{
	return put_why(ctx, condition, id, false, w);
}

enum err condition_why_told(struct ctx *ctx, const struct condition *condition, int64_t id, struct jsonw *w)
{
	return put_why(ctx, condition, id, true, w);
}
