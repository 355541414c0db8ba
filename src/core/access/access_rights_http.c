/* What a user may do, and which role gives it. */
#include <string.h>

#include "core/access/access_internal.h"
#include "core/text/text.h"

/* One source of rights: a role, or what everybody has. */
struct source {
	const char *name;
	struct rights *rights;
};
struct sources {
	struct source list[ACCESS_ROLES_MAX + 2];
	size_t n;
	struct rights *all; /* merged: what holds */
};

static const struct text2 everybody = {"Everybody", "所有人"}, by_users = {"Capability: users", "功能权限：用户管理"};

static const char *label_of(struct ctx *ctx, const struct text2 *text)
{
	const char *hant;
	if (ctx->locale == LOCALE_ZH_HANT && text->zh && !text_to_hant(ctx, text->zh, &hant))
		return hant;
	return access_label(ctx, text);
}

static void add_source(struct sources *sources, const char *name, struct rights *rights)
{
	sources->list[sources->n++] = (struct source){name, rights};
}

static enum err collect(struct ctx *ctx, int64_t user_id, struct sources *sources)
{
	struct access_role *roles;
	size_t n;
	struct rights *one;
	enum err err = access_user_roles(ctx, user_id, &roles, &n);
	for (size_t i = 0; i < n && !err; i++) {
		err = access_roles_merge(ctx, &roles[i], 1, &one);
		if (!err)
			add_source(sources, access_role_label(ctx, &roles[i]), one);
	}
	/* what everybody has */
	if (!err)
		err = access_rights_new(ctx, &one);
	if (err)
		return err;
	access_rights_complete(one);
	add_source(sources, label_of(ctx, &everybody), one);
	err = access_user_rights(ctx, user_id, &sources->all);
	if (err || !(sources->all->caps & CAP_USERS))
		return err;
	/* and what comes with one capability */
	err = access_rights_new(ctx, &one);
	if (err)
		return err;
	one->caps = CAP_USERS;
	access_rights_complete(one);
	one->caps = 0;
	add_source(sources, label_of(ctx, &by_users), one);
	return OK;
}

/* --- writing ------------------------------------------------------------------------- */

static void put_actions(struct jsonw *w, const struct sources *sources, size_t e)
{
	jsonw_key(w, "actions");
	jsonw_array(w);
	for (size_t a = 0; a < ACTION_COUNT; a++) {
		uint8_t scope = sources->all->grants[e].scope[a];
		if (scope == SCOPE_NONE)
			continue;
		jsonw_object(w);
		jsonw_kv_text(w, "action", access_action_name((enum action)a));
		jsonw_kv_text(w, "scope", access_scope_name((enum scope)scope));
		jsonw_key(w, "from");
		jsonw_array(w);
		for (size_t i = 0; i < sources->n; i++)
			if (sources->list[i].rights->grants[e].scope[a] == scope)
				jsonw_text(w, sources->list[i].name);
		jsonw_end_array(w);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static void put_fields(struct ctx *ctx, struct jsonw *w, const struct sources *sources, const struct entity_info *info)
{
	size_t e = info->number;
	jsonw_key(w, "fields");
	jsonw_array(w);
	for (size_t f = 0; f < info->n_fields; f++) {
		uint8_t right = sources->all->grants[e].fields[f];
		if (info->fields[f]->flags & F_SECRET)
			continue;
		jsonw_object(w);
		jsonw_kv_text(w, "field", info->fields[f]->name);
		jsonw_kv_text(w, "label", label_of(ctx, &info->fields[f]->label));
		jsonw_kv_text(w, "right", access_right_name((enum field_right)right));
		jsonw_key(w, "from");
		jsonw_array(w);
		for (size_t i = 0; i < sources->n && right != RIGHT_HIDDEN; i++)
			if (sources->list[i].rights->grants[e].fields[f] == right)
				jsonw_text(w, sources->list[i].name);
		jsonw_end_array(w);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static bool any_action(const struct grant *grant)
{
	for (size_t a = 0; a < ACTION_COUNT; a++)
		if (grant->scope[a] != SCOPE_NONE)
			return true;
	return false;
}

static void put_entities(struct ctx *ctx, struct jsonw *w, const struct sources *sources)
{
	jsonw_key(w, "entities");
	jsonw_array(w);
	for (size_t e = 0; e < sources->all->n; e++) {
		const struct entity_info *info = registry_at(ctx->registry, e);
		if ((info->entity->flags & E_INTERNAL) || !any_action(&sources->all->grants[e]))
			continue;
		jsonw_object(w);
		jsonw_kv_text(w, "entity", info->entity->name);
		jsonw_kv_text(w, "label", label_of(ctx, &info->entity->label));
		put_actions(w, sources, e);
		put_fields(ctx, w, sources, info);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static void put_caps(struct ctx *ctx, struct jsonw *w, const struct sources *sources)
{
	const struct cap_name *cap;
	jsonw_key(w, "capabilities");
	jsonw_array(w);
	for (unsigned bit = 0; (cap = registry_cap_at(ctx->registry, bit)) != NULL; bit++) {
		if (!(sources->all->caps & (UINT32_C(1) << bit)))
			continue;
		jsonw_object(w);
		jsonw_kv_text(w, "name", cap->name);
		jsonw_kv_text(w, "label", label_of(ctx, &cap->label));
		jsonw_key(w, "from");
		jsonw_array(w);
		for (size_t i = 0; i < sources->n; i++)
			if (sources->list[i].rights->caps & (UINT32_C(1) << bit))
				jsonw_text(w, sources->list[i].name);
		jsonw_end_array(w);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static enum err write_rights(struct ctx *ctx, struct http_response *res, int64_t user_id)
{
	struct access_user user;
	struct sources *sources = arena_alloc(ctx->arena, sizeof(*sources));
	struct jsonw w;
	if (!sources)
		return access_no_memory(ctx);
	enum err err = access_user_load(ctx, user_id, &user);
	if (!err)
		err = collect(ctx, user_id, sources);
	if (err)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_key(&w, "user");
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", user.id);
	jsonw_kv_text(&w, "name", user.name);
	jsonw_kv_bool(&w, "active", user.active);
	jsonw_end_object(&w);
	put_entities(ctx, &w, sources);
	put_caps(ctx, &w, sources);
	jsonw_end_object(&w);
	return access_answer(ctx, res);
}

enum err access_http_account_rights(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	(void)req;
	return write_rights(ctx, res, ctx->actor->user_id);
}

enum err access_http_user_rights(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	int64_t id;
	enum err err = access_param_id(ctx, req, 0, &id);
	if (!err && id != ctx->actor->user_id && !gate_cap(ctx->actor, CAP_USERS))
		err = fail(ctx, ERR_FORBIDDEN, "", "forbidden");
	return err ? err : write_rights(ctx, res, id);
}
