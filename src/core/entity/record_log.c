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
	w->after_key = true; /* the commas are written here */
	if (!record) {
		jsonw_null(w);
		return;
	}
	const struct field *field = record->info->fields[at];
	const char *currency = field->type == FIELD_MONEY ? record_currency(ctx, record, (int)at) : NULL;
	field_write_json(ctx->registry, field, &record->values[at], currency, w);
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

enum err record_diff(struct ctx *ctx, const struct record *old, const struct record *now, struct buf *out)
{
	const struct entity_info *info = (now ? now : old)->info;
	struct jsonw w;
	if (!buf_reserve(out, 1000)) /* one allocation for nearly all */
		return record_no_memory(ctx);
	jsonw_init(&w, out);
	const struct entity_state *state = entity_state(info);
	char before = '{';
	for (size_t at = 0; at < info->n_fields; at++) {
		if (!is_logged(old ? old : now, now, at) || !differs(old, now, at))
			continue;
		/* This runs for every row of an import: keys are ready made. */
		buf_putc(out, before);
		buf_puts(out, state->log_keys[at]);
		write_side(ctx, old, at, &w);
		buf_putc(out, ',');
		write_side(ctx, now, at, &w);
		buf_putc(out, ']');
		before = ',';
	}
	buf_puts(out, before == '{' ? "{}" : "}");
	return buf_failed(out) ? fail(ctx, ERR_LIMIT, entity_name(info), "too_large") : OK;
}

enum err record_log(struct ctx *ctx, const struct record *old, const struct record *now, enum change_action action)
{
	const struct entity_info *info = (now ? now : old)->info;
	struct buf buf;
	if (info->entity->flags & E_NO_LOG)
		return OK;
	buf_init(&buf, RECORD_DIFF_MAX);
	enum err err = record_diff(ctx, old, now, &buf);
	if (!err)
		err = change_append(ctx, entity_name(info), record_id(now ? now : old), action, buf_text(&buf));
	buf_release(&buf);
	return err;
}
