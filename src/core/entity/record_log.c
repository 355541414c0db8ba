/* What changed, for the change log. */
#include "core/events/events.h"
#include "core/entity/record_internal.h"

/* System fields stand in the log's own columns, except of what is gone. */
static bool is_logged(const struct record *old, const struct record *now, size_t at)
{
	if (old->info->fields[at]->flags & F_SECRET || at == SF_ID)
		return false;
	return at >= SF_COUNT || now == NULL;
}

static void write_side(struct ctx *ctx, const struct record *record, size_t at, struct jsonw *w)
{
	if (!record)
		jsonw_null(w);
	else
		field_write_json(ctx->registry, record->info->fields[at], &record->values[at], record_currency(ctx, record, (int)at), w);
}

static bool is_none(const struct record *record, size_t at)
{
	const struct value *value = record ? &record->values[at] : NULL;
	return !value || value->kind == VALUE_NULL || (value->kind == VALUE_LIST && value->l.n == 0);
}

static bool differs(const struct record *old, const struct record *now, size_t at)
{
	if (is_none(old, at) && is_none(now, at))
		return false;
	return !old || !now || !value_equal(&old->values[at], &now->values[at]);
}

enum err record_log(struct ctx *ctx, const struct record *old, const struct record *now, enum change_action action)
{
	const struct entity_info *info = (now ? now : old)->info;
	if (info->entity->flags & E_NO_LOG)
		return OK;
	struct buf buf;
	struct jsonw w;
	buf_init(&buf, RECORD_DIFF_MAX);
	char *room = buf_reserve(&buf, 1000); /* one allocation for nearly all */
	if (!room) {
		buf_release(&buf);
		return record_no_memory(ctx);
	}
	jsonw_init(&w, &buf);
	jsonw_object(&w);
	for (size_t at = 0; at < info->n_fields; at++) {
		if (!is_logged(old ? old : now, now, at) || !differs(old, now, at))
			continue;
		jsonw_key(&w, info->fields[at]->name);
		jsonw_array(&w);
		write_side(ctx, old, at, &w);
		write_side(ctx, now, at, &w);
		jsonw_end_array(&w);
	}
	jsonw_end_object(&w);
	enum err err = buf_failed(&buf) ? fail(ctx, ERR_LIMIT, entity_name(info), "too_large")
	                                : change_append(ctx, entity_name(info), record_id(now ? now : old), action, buf_text(&buf));
	buf_release(&buf);
	return err;
}
