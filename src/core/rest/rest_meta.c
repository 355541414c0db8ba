/* The descriptors as the actor may see them: what the page makes lists and forms from. */
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "core/entity/field_type.h"
#include "core/rest/rest_internal.h"
#include "core/settings/settings.h"

struct meta {
	struct ctx *ctx;
	const struct rest *rest;
	struct jsonw w;
};

static void put_label(struct meta *m, const char *key, const struct text2 *text)
{
	jsonw_kv_text(&m->w, key, rest_label(m->ctx, m->rest, text));
}

/* Its own name as key unless it is hidden. */
static const char *shown_field(struct meta *m, const struct entity_info *info, const char *name)
{
	int at = name ? entity_field(info, name) : -1;
	return at >= 0 && entity_field_right(m->ctx->actor, info, at) != RIGHT_HIDDEN ? name : NULL;
}

/* --- fields -------------------------------------------------------------------------- */

static const char *right_name(enum field_right right)
{
	static const char *const names[] = {[RIGHT_HIDDEN] = "hidden", [RIGHT_MASKED] = "masked", [RIGHT_READ] = "read", [RIGHT_WRITE] = "write"};
	return names[right];
}

static void put_options(struct meta *m, const struct field *field)
{
	if (!field->options)
		return;
	jsonw_key(&m->w, "options");
	jsonw_array(&m->w);
	for (const struct option *option = field->options; option->value; option++) {
		jsonw_object(&m->w);
		jsonw_kv_text(&m->w, "value", option->value);
		put_label(m, "label", &option->label);
		jsonw_kv_text(&m->w, "colour", option->colour);
		if (option->retired)
			jsonw_kv_bool(&m->w, "retired", true);
		jsonw_end_object(&m->w);
	}
	jsonw_end_array(&m->w);
}

static void put_flags(struct meta *m, const struct field *field, enum field_right right)
{
	const unsigned flags = field->flags;
	bool open = right >= RIGHT_READ; /* nothing is sorted or filtered by what is masked */
	unsigned compares = field_ops(field->type)->compares;
	const struct {
		const char *key;
		bool value, rare; /* rare: said where it is so, or the page's first answer would be a tenth larger */
	} all[] = {
		{"required", flags & F_REQUIRED, false}, {"unique", flags & F_UNIQUE, true}, {"readonly", flags & F_READONLY, false},
		{"insert_only", flags & F_INSERT_ONLY, true}, {"more", flags & F_MORE, true}, {"list", flags & F_LIST, true},
		{"sortable", open && (compares & COMPARE_ORDER), false}, {"filterable", open && compares, false},
		{"searchable", flags & F_SEARCH, false}, {"personal", flags & (F_PERSONAL | F_SENSITIVE), true}, {"maskable", flags & F_MASKABLE, true},
		{"record", flags & F_ANY, true},
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].value || !all[i].rare)
			jsonw_kv_bool(&m->w, all[i].key, all[i].value);
}

static bool is_system(size_t at)
{
	return at < SF_COUNT;
}

/* Whether field a comes after field b. */
static bool comes_after(const struct entity_info *info, size_t a, size_t b)
{
	int x = info->fields[a]->order, y = info->fields[b]->order;
	return x != y ? x > y : a > b;
}

static void put_own(struct jsonw *w, const struct field *field)
{
	jsonw_kv_bool(w, "custom", true);
	jsonw_kv_bool(w, "card", field->flags & F_CARD);
	jsonw_kv_int(w, "min_length", field->min);
	jsonw_kv_text(w, "least", field->least);
	jsonw_kv_text(w, "most", field->most);
}

static void put_field(struct meta *m, const struct entity_info *info, size_t at)
{
	const struct field *field = info->fields[at];
	enum field_right right = entity_field_right(m->ctx->actor, info, (int)at);
	if (right == RIGHT_HIDDEN)
		return;
	const struct entity_info *link = entity_link(info, (int)at);
	struct jsonw *w = &m->w;
	jsonw_object(w);
	jsonw_kv_text(w, "name", field->name);
	jsonw_kv_text(w, "type", field_type_name(field->type));
	put_label(m, "label", &field->label);
	put_label(m, "help", &field->help);
	jsonw_kv_text(w, "group", field->group);
	put_flags(m, field, right);
	jsonw_kv_text(w, "right", right_name(is_system(at) && right == RIGHT_WRITE ? RIGHT_READ : right));
	jsonw_kv_int(w, "max", field_max(field));
	jsonw_kv_int(w, "scale", field->scale);
	jsonw_kv_text(w, "currency_field", field->currency_field);
	jsonw_kv_text(w, "link", link && !(link->entity->flags & E_INTERNAL) ? link->entity->name : NULL);
	put_options(m, field);
	rest_put_transitions(m->ctx, m->rest, info, (int)at, NULL, w);
	jsonw_kv_text(w, "fallback", field->fallback);
	jsonw_kv_text(w, "asks", field->asks);
	if (field->flags & F_CUSTOM)
		put_own(w, field);
	jsonw_end_object(w);
}

/* Those of administrators behind the program's, in the order that they were given. */
static void put_own_fields(struct meta *m, const struct entity_info *info)
{
	size_t done = 0, last = 0;
	for (bool any = true; any; done++) {
		any = false;
		size_t best = 0;
		for (size_t i = SF_COUNT; i < info->n_fields; i++) {
			if (!(info->fields[i]->flags & F_CUSTOM) || (done && !comes_after(info, i, last)) || (any && !comes_after(info, best, i)))
				continue;
			best = i;
			any = true;
		}
		if (any)
			put_field(m, info, best);
		last = best;
	}
}

/* --- entities ------------------------------------------------------------------------ */

static const char *scope_name(enum scope scope)
{
	static const char *const names[] = {[SCOPE_NONE] = "none", [SCOPE_OWN] = "own", [SCOPE_TEAM] = "team", [SCOPE_BRANCH] = "branch", [SCOPE_ALL] = "all"};
	return names[scope];
}

static void put_actions(struct meta *m, const struct entity_info *info)
{
	static const char *const names[ACTION_COUNT] = {
		[ACTION_READ] = "read", [ACTION_CREATE] = "create", [ACTION_UPDATE] = "update",
		[ACTION_DELETE] = "delete", [ACTION_EXPORT] = "export", [ACTION_IMPORT] = "import",
	};
	jsonw_key(&m->w, "actions");
	jsonw_object(&m->w);
	for (int action = 0; action < ACTION_COUNT; action++)
		jsonw_kv_text(&m->w, names[action], scope_name(entity_scope(m->ctx->actor, info, (enum action)action)));
	jsonw_end_object(&m->w);
}

static void put_groups(struct meta *m, const struct entity *entity)
{
	jsonw_key(&m->w, "groups");
	jsonw_array(&m->w);
	for (const struct field_group *group = entity->groups; group && group->key; group++) {
		jsonw_object(&m->w);
		jsonw_kv_text(&m->w, "key", group->key);
		put_label(m, "label", &group->label);
		jsonw_end_object(&m->w);
	}
	jsonw_end_array(&m->w);
}

static bool seen(struct meta *m, const struct entity_info *info)
{
	return !(info->entity->flags & E_INTERNAL) && entity_scope(m->ctx->actor, info, ACTION_READ) != SCOPE_NONE;
}

/* What points here, as it can be embedded. */
static void put_children(struct meta *m, const struct entity_info *info)
{
	size_t n;
	const struct entity_ref *refs = entity_refs(info, &n);
	jsonw_key(&m->w, "children");
	jsonw_array(&m->w);
	for (size_t i = 0; i < n; i++) {
		const struct field *field = refs[i].info->fields[refs[i].field];
		if (!seen(m, refs[i].info) || entity_field_right(m->ctx->actor, refs[i].info, refs[i].field) < RIGHT_READ)
			continue;
		jsonw_object(&m->w);
		jsonw_kv_text(&m->w, "entity", refs[i].info->entity->name);
		jsonw_kv_text(&m->w, "field", field->name);
		jsonw_kv_text(&m->w, "plural", refs[i].info->entity->plural);
		jsonw_kv_bool(&m->w, "many", field->type == FIELD_LINKS);
		jsonw_end_object(&m->w);
	}
	jsonw_end_array(&m->w);
}

static void put_entity(struct meta *m, const struct entity_info *info)
{
	const struct entity *entity = info->entity;
	struct jsonw *w = &m->w;
	jsonw_object(w);
	jsonw_kv_text(w, "name", entity->name);
	jsonw_kv_text(w, "plural", entity->plural);
	put_label(m, "label", &entity->label);
	put_label(m, "label_many", &entity->label_many);
	jsonw_kv_text(w, "icon", entity->icon);
	jsonw_kv_text(w, "title", shown_field(m, info, entity->title));
	jsonw_kv_text(w, "subtitle", shown_field(m, info, entity->subtitle));
	jsonw_kv_text(w, "sort", entity->sort);
	jsonw_kv_bool(w, "system", entity->flags & E_SYSTEM);
	jsonw_kv_bool(w, "child", entity->flags & E_CHILD);
	jsonw_kv_bool(w, "searched", entity->search_rank > 0);
	jsonw_kv_text(w, "parent", shown_field(m, info, entity->parent));
	jsonw_kv_text(w, "owner", shown_field(m, info, entity->owner));
	jsonw_kv_text(w, "team", shown_field(m, info, entity->team));
	jsonw_kv_text(w, "branch", shown_field(m, info, entity->branch));
	put_actions(m, info);
	put_groups(m, entity);
	jsonw_key(w, "fields");
	jsonw_array(w);
	for (size_t i = 0; i < info->n_fields; i++)
		if (!(info->fields[i]->flags & F_CUSTOM))
			put_field(m, info, i);
	put_own_fields(m, info);
	jsonw_end_array(w);
	put_children(m, info);
	jsonw_end_object(w);
}

/* --- who asks ----------------------------------------------------------------------------- */

static void put_user(struct meta *m)
{
	static const char *const locales[LOCALE_COUNT] = {[LOCALE_EN] = "en", [LOCALE_ZH_HANS] = "zh-Hans", [LOCALE_ZH_HANT] = "zh-Hant"};
	const struct actor *actor = m->ctx->actor;
	struct jsonw *w = &m->w;
	jsonw_key(w, "user");
	jsonw_object(w);
	jsonw_kv_id(w, "id", actor->user_id);
	jsonw_kv_text(w, "name", actor->name);
	jsonw_kv_text(w, "email", actor->email);
	jsonw_kv_text(w, "locale", locales[m->ctx->locale]);
	jsonw_end_object(w);
}

/* What the page is headed by, and where its weeks begin for who asks. */
static enum err put_firm(struct meta *m)
{
	struct ctx *ctx = m->ctx;
	const char *name, *week;
	enum err err = setting_text(ctx, &firm_settings[FIRM_SHORT_NAME], &name);
	if (!err && str_empty(name))
		err = setting_text(ctx, &firm_settings[FIRM_NAME], &name);
	if (!err)
		err = setting_text_for(ctx, &firm_settings[FIRM_WEEK_START], ctx->actor->branch_id, ctx->actor->user_id, &week);
	if (err)
		return err;
	jsonw_kv_text(&m->w, "firm", name);
	jsonw_kv_text(&m->w, "week_start", week);
	return OK;
}

static void put_capabilities(struct meta *m)
{
	const struct cap_name *cap;
	jsonw_key(&m->w, "capabilities");
	jsonw_array(&m->w);
	for (unsigned bit = 0; (cap = registry_cap_at(m->ctx->registry, bit)) != NULL; bit++)
		if (gate_cap(m->ctx->actor, (enum capability)(1u << bit)))
			jsonw_text(&m->w, cap->name);
	jsonw_end_array(&m->w);
}

/* "language=zh-Hans": labels in a language that is not the reader's own, for what is looked for by its name in all of them. */
static enum err take_language(struct ctx *ctx, const struct http_request *req)
{
	static const struct {
		const char *tag;
		enum locale locale;
	} known[] = {{"en", LOCALE_EN}, {"zh-Hans", LOCALE_ZH_HANS}, {"zh-Hant", LOCALE_ZH_HANT}};
	const char *tag = http_query(ctx, req, "language", 0);
	if (!tag)
		return OK;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_equal(tag, known[i].tag)) {
			ctx->locale = known[i].locale;
			return OK;
		}
	return fail_arg(ctx, ERR_INVALID, "language", QK_SYNTAX, tag);
}

enum err rest_get_meta(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct meta m = {.ctx = ctx, .rest = app_rest(ctx->app)};
	struct buf *out = http_body(res);
	char etag[32];
	enum err err = take_language(ctx, req);
	if (err)
		return err;
	jsonw_init(&m.w, out);
	jsonw_object(&m.w);
	jsonw_kv_text(&m.w, "version", m.rest->config.version);
	jsonw_kv_text(&m.w, "base_currency", registry_base_currency(ctx->registry));
	err = put_firm(&m);
	if (err)
		return err;
	put_user(&m);
	put_capabilities(&m);
	jsonw_key(&m.w, "entities");
	jsonw_array(&m.w);
	for (size_t i = 0; i < registry_count(ctx->registry); i++)
		if (seen(&m, registry_at(ctx->registry, i)))
			put_entity(&m, registry_at(ctx->registry, i));
	jsonw_end_array(&m.w);
	jsonw_end_object(&m.w);
	if (buf_failed(out))
		return fail(ctx, ERR_LIMIT, "", "answer_too_large");
	snprintf(etag, sizeof(etag), "\"m%016llx\"", (unsigned long long)str_hash(buf_text(out), out->len));
	http_set_header(res, "Cache-Control", "private, no-cache");
	http_dense(res);
	if (http_not_modified(req, res, etag))
		buf_reset(out);
	return OK;
}
