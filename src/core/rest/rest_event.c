#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/rest/rest_events.h"

enum { EVENT_FIELDS_MAX = 500 };

/* --- keeping ----------------------------------------------------------------------- */

static bool is_event(enum change_action action)
{
	return action == CHANGE_CREATE || action == CHANGE_UPDATE || action == CHANGE_DELETE || action == CHANGE_RESTORE;
}

static json_t *parse_diff(const char *diff)
{
	json_error_t error;
	json_t *object = str_empty(diff) ? NULL : json_loads(diff, 0, &error);
	if (object && !json_is_object(object)) {
		json_decref(object);
		object = NULL;
	}
	return object;
}

static enum err keep_fields(struct ctx *ctx, const char *diff, struct rest_event *event)
{
	json_t *object = parse_diff(diff);
	const char *name;
	json_t *value;
	event->fields = arena_array(ctx->arena, EVENT_FIELDS_MAX, sizeof(*event->fields));
	if (event->fields)
		json_object_foreach(object, name, value)
			if (event->n_fields < EVENT_FIELDS_MAX)
				event->fields[event->n_fields++] = arena_strdup(ctx->arena, name);
	json_decref(object);
	return ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : OK;
}

enum err rest_event_keep(struct ctx *ctx, const struct change *change, struct rest_event *ret)
{
	*ret = (struct rest_event){.change = *change};
	ret->change.entity = ret->change.diff = ret->change.request_id = NULL;
	if (!is_event(change->action))
		return OK;
	ret->info = registry_find(ctx->registry, change->entity);
	if (ret->info && (ret->info->entity->flags & E_INTERNAL))
		ret->info = NULL;
	if (!ret->info)
		return OK;
	if (change->action == CHANGE_DELETE && change->diff)
		ret->change.diff = arena_strdup(ctx->arena, change->diff);
	return keep_fields(ctx, change->diff, ret);
}

/* --- whose row ------------------------------------------------------------------------ */

/* An id in a deleted record's content: {"owner_id":["12",null]}. */
static int64_t old_id(const json_t *diff, const struct entity_info *info, int at)
{
	int64_t id = 0;
	if (at < 0)
		return 0;
	const char *text = json_string_value(json_array_get(json_object_get(diff, info->fields[at]->name), 0));
	return text && id_parse(text, &id) ? id : 0;
}

static bool owner_of(struct ctx *ctx, const struct entity_info *info, int64_t id, struct row_owner *ret)
{
	struct record *record;
	enum err err = record_load(ctx, info, id, &record);
	if (!err)
		err = record_owner(ctx, record, ret);
	faults_clear(ctx);
	return err == OK;
}

/* Of a row that is gone: its parent's owner while that is there, its own otherwise. */
static bool old_owner(struct ctx *ctx, const struct rest_event *event, struct row_owner *ret)
{
	const struct entity_info *info = event->info;
	json_t *diff = parse_diff(event->change.diff);
	int64_t parent = old_id(diff, info, info->parent);
	bool known = diff != NULL;
	if (known && parent)
		known = owner_of(ctx, info->parent_info, parent, ret);
	else if (known)
		*ret = (struct row_owner){old_id(diff, info, info->owner), old_id(diff, info, info->team), old_id(diff, info, info->branch)};
	json_decref(diff);
	return known;
}

static bool find_owner(struct ctx *ctx, struct rest_event *event)
{
	if (event->owner_asked)
		return event->owner_known;
	event->owner_asked = true;
	event->owner_known = owner_of(ctx, event->info, event->change.record_id, &event->owner);
	if (!event->owner_known && event->change.action == CHANGE_DELETE)
		event->owner_known = old_owner(ctx, event, &event->owner);
	return event->owner_known;
}

bool rest_event_visible(struct ctx *ctx, struct rest_event *event)
{
	if (!event->info)
		return false;
	enum scope scope = entity_scope(ctx->actor, event->info, ACTION_READ);
	if (scope == SCOPE_ALL || scope == SCOPE_NONE)
		return scope == SCOPE_ALL;
	return find_owner(ctx, event) && gate_reach(ctx->actor, scope, &event->owner, ACTION_READ, ctx_now(ctx));
}

/* --- writing ---------------------------------------------------------------------------- */

static bool seen_field(const struct ctx *ctx, const struct rest_event *event, const char *name)
{
	int at = entity_field(event->info, name);
	return at >= 0 && entity_field_right(ctx->actor, event->info, at) != RIGHT_HIDDEN;
}

bool rest_event_speaks(const struct ctx *ctx, const struct rest_event *event)
{
	bool speaks = event->change.action != CHANGE_UPDATE || event->n_fields == 0;
	for (size_t i = 0; i < event->n_fields && !speaks; i++)
		speaks = seen_field(ctx, event, event->fields[i]);
	return speaks;
}

void rest_event_members(const struct ctx *ctx, const struct rest_event *event, struct jsonw *w)
{
	jsonw_kv_int(w, "seq", event->change.seq);
	jsonw_kv_text(w, "entity", event->info->entity->name);
	jsonw_kv_id(w, "id", event->change.record_id);
	jsonw_kv_text(w, "action", change_action_name(event->change.action));
	jsonw_kv_id(w, "actor_id", event->change.actor_id);
	jsonw_key(w, "fields");
	jsonw_array(w);
	for (size_t i = 0; i < event->n_fields; i++)
		if (seen_field(ctx, event, event->fields[i]))
			jsonw_text(w, event->fields[i]);
	jsonw_end_array(w);
}

void rest_event_write(struct ctx *ctx, const struct rest_event *event, struct buf *out)
{
	struct jsonw w;
	jsonw_init(&w, out);
	jsonw_object(&w);
	rest_event_members(ctx, event, &w);
	jsonw_end_object(&w);
}
