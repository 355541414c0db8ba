/* Bringing back what was deleted, from the change log.  A deletion logs what goes
 * with it before the record itself, all in one group; so the set is found by
 * following cascading links through the group, and written in the opposite order. */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "core/events/events.h"
#include "core/entity/record_internal.h"

enum { PASSES_MAX = 32 };

struct gone {
	const struct entity_info *info;
	int64_t id, seq;
	const char *diff;
};

/* A link that was emptied because its target went. */
struct emptied {
	const struct entity_info *info;
	int64_t id, target;
	int field;
	const char *text; /* of a reference to a record of any kind; NULL: a link */
};

struct restore {
	struct gone *list;
	size_t n, cap;
	struct emptied *links;
	size_t n_links, cap_links;
	struct map ids;     /* of all in list */
	int64_t root_seq;
	bool grown;         /* this pass found more */
	bool want_links;    /* the pass after the last one that grew */
	bool trusted;       /* nobody is asked */
};

/* --- finding ----------------------------------------------------------------------------------- */

struct last {
	bool found;
	struct change change;
};

/* The newest entry about the record's content. */
static enum err find_last(struct ctx *ctx, const struct change *change, void *arg)
{
	struct last *last = arg;
	last->found = true;
	last->change = *change;
	last->change.diff = arena_strdup(ctx->arena, change->diff ? change->diff : "");
	return last->change.diff ? OK : record_no_memory(ctx);
}

static enum err grow(struct ctx *ctx, void **list, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return OK;
	size_t wider = *cap ? *cap * 2 : 16;
	void *more = arena_array(ctx->arena, wider, size);
	if (!more)
		return record_no_memory(ctx);
	if (n)
		memcpy(more, *list, n * size);
	*list = more;
	*cap = wider;
	return OK;
}

static bool is_gone(const struct restore *restore, int64_t id)
{
	int64_t ignored;
	return map_get(&restore->ids, &id, sizeof(id), &ignored);
}

static enum err add_gone(struct ctx *ctx, struct restore *restore, const struct entity_info *info, const struct change *change)
{
	void *list = restore->list;
	enum err err = grow(ctx, &list, restore->n, &restore->cap, sizeof(*restore->list));
	if (err)
		return err;
	restore->list = list;
	const char *diff = arena_strdup(ctx->arena, change->diff);
	if (!diff || !map_put(&restore->ids, &change->record_id, sizeof(change->record_id), 1))
		return record_no_memory(ctx);
	restore->list[restore->n++] = (struct gone){info, change->record_id, change->seq, diff};
	restore->grown = true;
	return OK;
}

static enum err add_link(struct ctx *ctx, struct restore *restore, const struct emptied *link)
{
	void *list = restore->links;
	enum err err = grow(ctx, &list, restore->n_links, &restore->cap_links, sizeof(*restore->links));
	if (err)
		return err;
	restore->links = list;
	restore->links[restore->n_links++] = *link;
	return OK;
}

/* The id in a diff's side: "123". */
static int64_t id_of(const json_t *json)
{
	int64_t id;
	const char *text = json_string_value(json);
	return text && id_parse(text, &id) ? id : 0;
}

/* The id in a diff's side that refers to a record of any kind: "order/123". */
static int64_t any_of(const struct registry *registry, const json_t *json)
{
	const struct entity_info *info;
	int64_t id;
	const char *text = json_string_value(json);
	return text && entity_any(registry, text, &info, &id) ? id : 0;
}

static bool went_with(const struct registry *registry, const struct restore *restore, const struct entity_info *info, const json_t *diff)
{
	for (int at = SF_COUNT; (size_t)at < info->n_fields; at++) {
		const struct field *field = info->fields[at];
		bool any = field->flags & F_ANY;
		if ((field->type == FIELD_LINK || any) && field->on_delete == DELETE_CASCADE) {
			const json_t *before = json_array_get(json_object_get(diff, field->name), 0);
			int64_t id = any ? any_of(registry, before) : id_of(before);
			if (id && is_gone(restore, id))
				return true;
		}
	}
	return false;
}

static bool has_id(const json_t *list, int64_t id)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (id_of(json_array_get(list, i)) == id)
			return true;
	return false;
}

static enum err add_any(struct ctx *ctx, struct restore *restore, const struct entity_info *info, int64_t holder, int at, const json_t *before)
{
	const char *text = arena_strdup(ctx->arena, json_string_value(before));
	return text ? add_link(ctx, restore, &(struct emptied){info, holder, any_of(ctx->registry, before), at, text}) : record_no_memory(ctx);
}

static enum err emptied_links(struct ctx *ctx, struct restore *restore, const struct entity_info *info, int64_t holder, const json_t *diff)
{
	for (int at = SF_COUNT; (size_t)at < info->n_fields; at++) {
		const json_t *pair = json_object_get(diff, info->fields[at]->name);
		const json_t *before = json_array_get(pair, 0), *after = json_array_get(pair, 1);
		enum err err = OK;
		if (info->fields[at]->type == FIELD_LINK && json_is_null(after) && is_gone(restore, id_of(before)))
			err = add_link(ctx, restore, &(struct emptied){info, holder, id_of(before), at, NULL});
		else if ((info->fields[at]->flags & F_ANY) && json_is_null(after) && is_gone(restore, any_of(ctx->registry, before)))
			err = add_any(ctx, restore, info, holder, at, before);
		for (size_t i = 0; !err && info->fields[at]->type == FIELD_LINKS && i < json_array_size(before); i++) {
			int64_t id = id_of(json_array_get(before, i));
			if (is_gone(restore, id) && !has_id(after, id))
				err = add_link(ctx, restore, &(struct emptied){info, holder, id, at, NULL});
		}
		if (err)
			return err;
	}
	return OK;
}

static enum err look_at(struct ctx *ctx, const struct change *change, void *arg)
{
	struct restore *restore = arg;
	const struct entity_info *info = registry_find(ctx->registry, change->entity);
	bool deleted = change->action == CHANGE_DELETE && !restore->want_links;
	bool updated = change->action == CHANGE_UPDATE && restore->want_links;
	if (!info || (!deleted && !updated) || change->seq >= restore->root_seq || str_empty(change->diff) ||
	    (deleted && is_gone(restore, change->record_id)))
		return OK;
	json_error_t error;
	json_t *diff = json_loads(change->diff, 0, &error);
	enum err err = OK;
	if (diff && updated)
		err = emptied_links(ctx, restore, info, change->record_id, diff);
	else if (diff && went_with(ctx->registry, restore, info, diff))
		err = add_gone(ctx, restore, info, change);
	json_decref(diff);
	return err;
}

/* Reads the group until nothing more belongs to it; memory only grows with what does. */
static enum err find_all(struct ctx *ctx, struct restore *restore, const struct entity_info *info, const struct change *root)
{
	enum err err = add_gone(ctx, restore, info, root);
	restore->root_seq = root->seq;
	for (int pass = 0; !err && restore->grown && pass < PASSES_MAX; pass++) {
		restore->grown = false;
		err = change_group(ctx, root->group, look_at, restore);
	}
	restore->want_links = true;
	return err ? err : change_group(ctx, root->group, look_at, restore);
}

/* --- writing ------------------------------------------------------------------------------------- */

static enum err exists(struct ctx *ctx, const struct entity_info *info, int64_t id, bool *ret)
{
	struct row_owner ignored;
	return record_owner_of(ctx, info, id, &ignored, ret);
}

/* Targets that are gone for good: an optional link stays empty, a required one refuses. */
static enum err keep_living_link(struct ctx *ctx, struct record *record, int at, const struct entity_info *target)
{
	struct value *value = &record->values[at];
	bool found;
	if (value->kind != VALUE_INT || value->i == record_id(record))
		return OK;
	enum err err = exists(ctx, target, value->i, &found);
	if (err || found)
		return err;
	if (field_never_null(record->info->fields[at]))
		return fail_arg(ctx, ERR_CONFLICT, record->info->fields[at]->name, "link_not_found", entity_name(target));
	*value = value_null();
	return OK;
}

static enum err keep_living_list(struct ctx *ctx, struct value *value, const struct entity_info *target)
{
	int64_t *ids = arena_array(ctx->arena, value->l.n + 1, sizeof(*ids));
	size_t n = 0;
	if (!ids)
		return record_no_memory(ctx);
	for (size_t i = 0; i < value->l.n; i++) {
		bool found;
		enum err err = exists(ctx, target, value->l.ids[i], &found);
		if (err)
			return err;
		if (found)
			ids[n++] = value->l.ids[i];
	}
	value->l.ids = ids;
	value->l.n = n;
	return OK;
}

static enum err keep_living_links(struct ctx *ctx, struct record *record)
{
	enum err err = OK;
	for (int at = SF_COUNT; !err && (size_t)at < record->info->n_fields; at++) {
		const struct entity_info *target = entity_link(record->info, at);
		if (!target)
			continue;
		err = record->values[at].kind == VALUE_LIST ? keep_living_list(ctx, &record->values[at], target)
		                                            : keep_living_link(ctx, record, at, target);
	}
	return err;
}

/* Values that today's descriptor does not take any more are left out. */
static enum err read_content(struct ctx *ctx, const struct gone *gone, struct record **ret)
{
	struct record *record;
	json_error_t error;
	enum err err = record_new(ctx, gone->info, &record);
	json_t *diff = err ? NULL : json_loads(gone->diff, 0, &error);
	if (!err && !diff)
		err = fail_arg(ctx, ERR_NOT_FOUND, "", "erased", entity_name(gone->info));
	for (int at = SF_VERSION; !err && (size_t)at < gone->info->n_fields; at++) {
		const struct field *field = gone->info->fields[at];
		const json_t *before = json_array_get(json_object_get(diff, field->name), 0);
		struct faults faults = ctx->faults;
		if (!before || (field->flags & F_SECRET))
			continue;
		err = field_ops(field->type)->parse_json(ctx, gone->info, at, before, &record->values[at]);
		record->set[at] = !err;
		if (err == ERR_INVALID) {
			ctx->faults = faults;
			record->values[at] = value_null();
			err = OK;
		}
	}
	json_decref(diff);
	if (err)
		return err;
	for (size_t i = 0; i < entity_state(gone->info)->n_many; i++) {
		struct value *list = &record->values[entity_state(gone->info)->many[i]];
		if (list->kind == VALUE_NULL)
			list->kind = VALUE_LIST;
	}
	record->values[SF_ID] = value_int(gone->id);
	record->set[SF_ID] = true;
	*ret = record;
	return record_check_values(ctx, record, record, NULL);
}

static enum err write_back(struct ctx *ctx, struct record *record)
{
	record->values[SF_VERSION] = value_int(record_i64_at(record, SF_VERSION) + 1);
	record->values[SF_UPDATED_AT] = value_int(ctx_now(ctx));
	record->values[SF_UPDATED_BY] = ctx->actor && ctx->actor->user_id > 0 ? value_int(ctx->actor->user_id) : value_null();
	if (record_is_null(record, SF_CREATED_AT))
		record->values[SF_CREATED_AT] = value_int(ctx_now(ctx));
	enum err err = keep_living_links(ctx, record);
	if (!err)
		err = record_before(ctx, record->info, NULL, record);
	if (!err)
		err = record_check_kinds(ctx, record);
	if (!err)
		err = record_set_forms(ctx, NULL, record);
	if (err)
		return err;
	record_check_required(ctx, record, NULL, CHECK_READONLY | CHECK_ORPHANS);
	err = faults_code(ctx);
	if (!err)
		err = record_insert(ctx, record);
	if (!err)
		err = record_log(ctx, NULL, record, CHANGE_RESTORE);
	if (!err)
		err = record_search_written(ctx, NULL, record);
	return err ? err : record_after(ctx, record->info, NULL, record);
}

/* Sets a link again, unless somebody has set it otherwise since. */
static enum err link_again(struct ctx *ctx, const struct emptied *link)
{
	struct record *record, *patch;
	bool found;
	enum err err = exists(ctx, link->info, link->id, &found);
	if (err || !found)
		return err;
	err = record_load(ctx, link->info, link->id, &record);
	if (!err)
		err = record_new(ctx, link->info, &patch);
	if (err)
		return err;
	const struct value *now = &record->values[link->field];
	if (now->kind == VALUE_LIST) {
		int64_t *ids = arena_array(ctx->arena, now->l.n + 1, sizeof(*ids));
		if (!ids)
			return record_no_memory(ctx);
		if (now->l.n)
			memcpy(ids, now->l.ids, now->l.n * sizeof(*ids));
		ids[now->l.n] = link->target;
		patch->values[link->field] = (struct value){.kind = VALUE_LIST, .l = {ids, now->l.n + 1}};
	} else if (now->kind == VALUE_NULL) {
		patch->values[link->field] = link->text ? value_text(link->text) : value_int(link->target);
	} else {
		return OK;
	}
	patch->set[link->field] = true;
	return record_update(ctx, link->id, patch, 0, W_TRUSTED, NULL);
}

static int newest_first(const void *a, const void *b)
{
	int64_t x = ((const struct gone *)a)->seq, y = ((const struct gone *)b)->seq;
	return (x < y) - (x > y);
}

/* What comes back because its parent does is asked for as its deletion was; what the program keeps, and what is one's own,
 * follows without a question. */
static enum err may_come_along(struct ctx *ctx, const struct record *record, const struct entity_info *above)
{
	const struct faults before = ctx->faults;
	if (record->info->entity->flags & (E_NO_API_WRITE | E_INTERNAL | E_PRIVATE))
		return OK;
	enum err err = record_gone_reach(ctx, record, ACTION_DELETE);
	if (err != ERR_FORBIDDEN && err != ERR_NOT_FOUND)
		return err;
	ctx->faults = before;
	const struct text2 *label = &record->info->entity->label_many;
	return fail_arg(ctx, ERR_FORBIDDEN, entity_name(above), "back_forbidden", ctx->locale == LOCALE_EN ? label->en : label->zh);
}

static enum err write_all(struct ctx *ctx, struct restore *restore)
{
	enum err err = OK;
	qsort(restore->list, restore->n, sizeof(*restore->list), newest_first);
	for (size_t i = 0; !err && i < restore->n; i++) {
		struct record *record;
		err = read_content(ctx, &restore->list[i], &record);
		if (!err && i == 0 && !restore->trusted)
			err = record_reach(ctx, record, ACTION_DELETE);
		else if (!err && !restore->trusted)
			err = may_come_along(ctx, record, restore->list[0].info);
		if (!err)
			err = write_back(ctx, record);
	}
	for (size_t i = 0; !err && i < restore->n_links; i++)
		err = link_again(ctx, &restore->links[i]);
	return err;
}

/* From its newest entry in the log, where that is its deletion. */
static enum err bring_back(struct ctx *ctx, const struct entity_info *info, int64_t id, bool trusted)
{
	struct last last = {0};
	struct restore restore = {.trusted = trusted};
	bool there = false;
	enum err err = change_history_content(ctx, entity_name(info), id, 1, find_last, &last);
	if (!err)
		err = exists(ctx, info, id, &there);
	if (err)
		return err;
	if (there)
		return fail_arg(ctx, ERR_CONFLICT, "", "not_deleted", entity_name(info));
	if (!last.found || last.change.action != CHANGE_DELETE)
		return fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", entity_name(info));
	if (str_empty(last.change.diff))
		return fail_arg(ctx, ERR_NOT_FOUND, "", "erased", entity_name(info));
	map_init(&restore.ids, 0, 0); /* our own ids, not chosen by anybody */
	err = find_all(ctx, &restore, info, &last.change);
	if (!err)
		err = write_all(ctx, &restore);
	map_release(&restore.ids);
	return err;
}

enum err record_bring_back(struct ctx *ctx, const struct entity_info *info, int64_t id)
{
	return bring_back(ctx, info, id, true);
}

enum err record_restore(struct ctx *ctx, const struct entity_info *info, int64_t id, struct record **ret)
{
	struct record *record;
	enum scope scope;
	int64_t into = 0;
	if (ret)
		*ret = NULL;
	enum err err = record_may(ctx, info, ACTION_DELETE, &scope);
	if (!err)
		err = record_alias(ctx, info, id, &into);
	if (!err && into) /* its journal brings back what belongs to it */
		err = record_merged_away(ctx, info, into);
	if (!err)
		err = bring_back(ctx, info, id, false);
	if (err || !ret)
		return err;
	err = record_load(ctx, info, id, &record);
	if (!err)
		err = record_redact(ctx, record);
	if (!err)
		*ret = record;
	return err;
}

enum err record_gone(struct ctx *ctx, const struct entity_info *info, int64_t id, const char *diff, struct record **ret)
{
	const struct gone gone = {info, id, 0, diff};
	return read_content(ctx, &gone, ret);
}

enum err record_gone_reach(struct ctx *ctx, const struct record *record, enum action action)
{
	enum scope scope;
	enum err err = record_may(ctx, record->info, action, &scope);
	return err ? err : record_reach(ctx, record, action);
}

enum err record_there(struct ctx *ctx, const struct entity_info *info, int64_t id, bool *ret)
{
	return exists(ctx, info, id, ret);
}
