/* One record of an act: done, and taken back. */
#include <string.h>

#include "base/str.h"
#include "core/bulk/bulk_internal.h"
#include "core/entity/field_type.h"
#include "core/events/events.h"
#include "core/rest/query.h"

enum { HISTORY_LOOK = 200, NAMES_MAX = 250 };

/* --- doing ---------------------------------------------------------------------------- */

static bool has(const struct value *list, int64_t id)
{
	for (size_t i = 0; i < list->l.n; i++)
		if (list->l.ids[i] == id)
			return true;
	return false;
}

/* `list` without `less` and with `more`. */
static enum err merge_lists(struct ctx *ctx, const struct value *list, const struct value *more, const struct value *less, struct value *ret)
{
	size_t n = 0;
	int64_t *ids = arena_array(ctx->arena, list->l.n + more->l.n + 1, sizeof(*ids));
	if (ids == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < list->l.n; i++)
		if (!has(less, list->l.ids[i]))
			ids[n++] = list->l.ids[i];
	for (size_t i = 0; i < more->l.n; i++)
		if (!has(list, more->l.ids[i]))
			ids[n++] = more->l.ids[i];
	*ret = (struct value){.kind = VALUE_LIST, .l = {ids, n}};
	return OK;
}

static struct value as_list(const struct value *value)
{
	return value->kind == VALUE_LIST ? *value : (struct value){.kind = VALUE_LIST};
}

/* The lists that are added to or taken from, read from JSON; by field position. */
static enum err read_lists(struct ctx *ctx, const struct entity_info *info, const json_t *object, struct record **ret)
{
	const char *name;
	json_t *value;
	enum err err = record_new(ctx, info, ret);
	json_object_foreach((json_t *)(uintptr_t)object, name, value) {
		int at = entity_field(info, name);
		if (err == OK && (at < 0 || entity_field_right(ctx->actor, info, at) == RIGHT_HIDDEN))
			err = fail(ctx, ERR_INVALID, name, "unknown_field");
		else if (err == OK && info->fields[at]->type != FIELD_LINKS)
			err = fail(ctx, ERR_INVALID, name, "bulk_not_list");
		else if (err == OK)
			err = record_set_json(ctx, *ret, at, value);
	}
	return err;
}

static enum err patch_lists(struct ctx *ctx, const json_t *wish, int64_t id, struct record *patch)
{
	const struct entity_info *info = patch->info;
	struct record *more, *less, *now;
	enum err err = read_lists(ctx, info, json_object_get(wish, "add"), &more);
	if (err == OK)
		err = read_lists(ctx, info, json_object_get(wish, "remove"), &less);
	if (err == OK && id != 0)
		err = record_load(ctx, info, id, &now);
	for (size_t at = SF_COUNT; err == OK && at < info->n_fields; at++) {
		if (!more->set[at] && !less->set[at])
			continue;
		struct value had = id != 0 ? as_list(&now->values[at]) : (struct value){.kind = VALUE_LIST};
		struct value plus = as_list(&more->values[at]), minus = as_list(&less->values[at]);
		err = merge_lists(ctx, &had, &plus, &minus, &patch->values[at]);
		patch->set[at] = true;
	}
	return err;
}

static enum err make_patch(struct ctx *ctx, const struct entity_info *info, const json_t *wish, int64_t id, struct record **ret)
{
	const json_t *set = json_object_get(wish, "set");
	enum err err = record_new(ctx, info, ret);
	if (err == OK && json_is_object(set))
		err = record_read_json(ctx, *ret, set);
	return err == OK ? patch_lists(ctx, wish, id, *ret) : err;
}

enum err bulk_check_wish(struct ctx *ctx, const struct entity_info *info, const json_t *wish)
{
	struct record *patch;
	bool any = false;
	enum err err = make_patch(ctx, info, wish, 0, &patch);
	for (size_t at = 0; err == OK && at < info->n_fields; at++) {
		if (!patch->set[at])
			continue;
		any = true;
		if (entity_field_right(ctx->actor, info, (int)at) != RIGHT_WRITE || (info->fields[at]->flags & F_INSERT_ONLY))
			err = fail_arg(ctx, ERR_FORBIDDEN, info->fields[at]->name, "forbidden", info->entity->name);
	}
	return err == OK && !any ? fail(ctx, ERR_INVALID, "set", "bulk_no_change") : err;
}

static enum err change(struct ctx *ctx, const json_t *wish, const struct bulk_item *item)
{
	struct record *patch;
	enum err err = make_patch(ctx, item->info, wish, item->record_id, &patch);
	return err == OK ? record_update(ctx, item->record_id, patch, 0, 0, NULL) : err;
}

/* Whether it is still the leaver's, and still to be done: what was finished since tells who did it. */
static enum err check_open(struct ctx *ctx, const struct bulk_act *act, const struct bulk_item *item)
{
	struct query *query;
	struct query_options options = {.action = ACTION_UPDATE, .all_rows = true, .whole = true, .range_first = -1, .range_last = -1};
	const char *work = item->info->entity->work;
	int64_t *ids;
	size_t n = 0;
	const char *filter = arena_printf(ctx->arena, "id=eq.%lld&%s=eq.%lld%s%s", (long long)item->record_id,
	                                  item->info->fields[item->info->owner]->name, (long long)act->from_id, str_empty(work) ? "" : "&",
	                                  str_empty(work) ? "" : work);
	if (filter == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = query_parse(ctx, item->info, filter, &options, &query);
	if (err == OK)
		err = query_ids(ctx, query, 1, &ids, &n);
	return err == OK && n == 0 ? fail(ctx, ERR_CONFLICT, "", "handover_settled") : err;
}

/* Asks for the right to assign; whom it may go to was asked before it began. */
static enum err hand_over(struct ctx *ctx, const struct bulk_act *act, const struct bulk_item *item)
{
	struct record *patch;
	if (!gate_cap(ctx->actor, CAP_ASSIGN) || item->info->owner < 0)
		return fail(ctx, ERR_FORBIDDEN, "", "forbidden");
	enum err err = check_open(ctx, act, item);
	if (err == OK)
		err = record_new(ctx, item->info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, item->info->fields[item->info->owner]->name, value_int(item->target));
	return err == OK ? record_update(ctx, item->record_id, patch, 0, 0, NULL) : err;
}

enum err bulk_apply(struct ctx *ctx, const struct bulk_act *act, const json_t *wish, const struct bulk_item *item)
{
	if (item->info == NULL)
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	if (str_equal(act->kind, "delete"))
		return record_delete(ctx, item->info, item->record_id, 0, 0);
	if (str_equal(act->kind, "restore"))
		return record_restore(ctx, item->info, item->record_id, NULL);
	return str_equal(act->kind, "handover") ? hand_over(ctx, act, item) : change(ctx, wish, item);
}

/* --- taking back ---------------------------------------------------------------------------- */

struct entry {
	const char *request_id, *diff;
};

static enum err find_entry(struct ctx *ctx, const struct change *change, void *arg)
{
	struct entry *e = arg;
	if (e->diff != NULL || change->action != CHANGE_UPDATE || !str_equal(change->request_id, e->request_id))
		return OK;
	e->diff = arena_strdup(ctx->arena, change->diff);
	return e->diff != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

static bool same_list(const struct value *a, const struct value *b)
{
	for (size_t i = 0; i < a->l.n; i++)
		if (!has(b, a->l.ids[i]))
			return false;
	return a->l.n == b->l.n;
}

struct reverting {
	const struct entity_info *info;
	const struct record *now;
	struct record *patch;
	const json_t *only; /* names of fields that go back whatever they are now; NULL: those that still stand as they were set */
	struct buf kept; /* names of fields */
	size_t n;        /* that are put back */
};

/* A list goes back by what the act added and took, whatever others did to it since. */
static enum err revert_list(struct ctx *ctx, struct reverting *r, int at, const struct value *before, const struct value *after)
{
	struct value was = as_list(before), is = as_list(after), now = as_list(&r->now->values[at]), added, taken, none = {.kind = VALUE_LIST};
	enum err err = merge_lists(ctx, &is, &none, &was, &added);
	if (err == OK)
		err = merge_lists(ctx, &was, &none, &is, &taken);
	if (err == OK)
		err = merge_lists(ctx, &now, &taken, &added, &r->patch->values[at]);
	r->patch->set[at] = err == OK && !same_list(&now, &r->patch->values[at]);
	r->n++;
	return err;
}

static enum err revert_field(struct ctx *ctx, struct reverting *r, int at, const json_t *pair)
{
	struct record *was, *is;
	const struct field *field = r->info->fields[at];
	const struct actor *actor = ctx->actor;
	enum err err = record_new(ctx, r->info, &was);
	if (err == OK)
		err = record_new(ctx, r->info, &is);
	int money = entity_currency(r->info, at);
	if (err == OK && money >= 0) {
		was->values[money] = r->now->values[money];
		is->values[money] = r->now->values[money];
	}
	ctx->actor = gate_system(); /* only reads what stands in the log */
	if (err == OK)
		err = record_set_json(ctx, was, at, json_array_get(pair, 0));
	if (err == OK)
		err = record_set_json(ctx, is, at, json_array_get(pair, 1));
	if (err == OK && field->type == FIELD_MONEY)
		err = field_ops(FIELD_MONEY)->check(ctx, r->info, at, record_currency(ctx, r->now, at), &is->values[at]);
	ctx->actor = actor;
	if (err != OK)
		return err;
	if (field->type == FIELD_LINKS)
		return revert_list(ctx, r, at, &was->values[at], &is->values[at]);
	if (r->only == NULL && !value_equal(&r->now->values[at], &is->values[at])) {
		if (r->kept.len < NAMES_MAX)
			buf_printf(&r->kept, "%s%s", r->kept.len > 0 ? "," : "", field->name);
		return OK;
	}
	r->patch->values[at] = was->values[at];
	r->patch->set[at] = true;
	r->n++;
	return OK;
}

static bool is_asked(const struct reverting *r, const char *name)
{
	for (size_t i = 0; r->only != NULL && i < json_array_size(r->only); i++)
		if (str_equal(json_string_value(json_array_get(r->only, i)), name))
			return true;
	return r->only == NULL;
}

static enum err revert_fields(struct ctx *ctx, struct reverting *r, const char *text)
{
	json_error_t error;
	json_t *diff = json_loads(text, 0, &error), *pair;
	const char *name;
	enum err err = diff != NULL ? OK : fail(ctx, ERR_NOT_FOUND, "", "bulk_history_gone");
	json_object_foreach(diff, name, pair) {
		int at = entity_field(r->info, name);
		if (err == OK && at >= SF_COUNT && is_asked(r, name) && !(r->info->fields[at]->flags & (F_READONLY | F_SECRET | F_INSERT_ONLY)))
			err = revert_field(ctx, r, at, pair);
	}
	json_decref(diff);
	return err;
}

enum err bulk_revert_diff(struct ctx *ctx, const struct entity_info *info, int64_t id, const char *diff, const json_t *only, const char **ret_kept)
{
	struct reverting r = {.info = info, .only = only};
	struct record *now;
	*ret_kept = NULL;
	enum err err = record_load(ctx, info, id, &now);
	r.now = now;
	if (err == OK)
		err = record_new(ctx, info, &r.patch);
	if (err != OK)
		return err;
	buf_init(&r.kept, 4096);
	err = revert_fields(ctx, &r, diff);
	if (err == OK && r.kept.len > 0) {
		*ret_kept = arena_strdup(ctx->arena, buf_text(&r.kept));
		err = *ret_kept != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
	}
	buf_release(&r.kept);
	return err == OK && r.n > 0 ? record_update(ctx, id, r.patch, 0, W_BACK, NULL) : err;
}

static enum err revert_change(struct ctx *ctx, const struct bulk_act *act, const struct bulk_item *item, const char **ret_kept)
{
	struct entry entry = {.request_id = bulk_request_id(ctx, act->id, false)};
	enum err err = change_history_content(ctx, item->info->entity->name, item->record_id, HISTORY_LOOK, find_entry, &entry);
	/* Nothing was changed, as it stood so already. */
	if (err != OK || entry.diff == NULL)
		return err;
	return bulk_revert_diff(ctx, item->info, item->record_id, entry.diff, NULL, ret_kept);
}

static bool is_fault(const struct ctx *ctx, const char *key)
{
	return ctx->faults.count == 1 && str_equal(ctx->faults.list[0].key, key);
}

enum err bulk_revert(struct ctx *ctx, const struct bulk_act *act, const struct bulk_item *item, const char **ret_kept)
{
	enum err err;
	*ret_kept = NULL;
	if (item->info == NULL)
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	if (str_equal(act->kind, "delete")) {
		err = record_restore(ctx, item->info, item->record_id, NULL);
		/* somebody has put it back already */
		if (err == ERR_CONFLICT && is_fault(ctx, "not_deleted")) {
			faults_clear(ctx);
			err = OK;
		}
		return err;
	}
	if (str_equal(act->kind, "restore"))
		return record_delete(ctx, item->info, item->record_id, 0, 0);
	return revert_change(ctx, act, item, ret_kept);
}
