/* Settings over the API: what there is, what is set, setting it. */
#include <jansson.h>
#include <stddef.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/settings/settings_internal.h"

static const char *const type_names[] = {
	[SETTING_TEXT] = "text",         [SETTING_INT] = "int",           [SETTING_BOOL] = "bool",   [SETTING_CHOICE] = "choice",
	[SETTING_CHOICES] = "choices",   [SETTING_ZONE] = "zone",         [SETTING_CURRENCY] = "currency", [SETTING_COUNTRY] = "country",
	[SETTING_EMAIL] = "email",       [SETTING_PHONE] = "phone",       [SETTING_URL] = "url",
};

static const char *const scope_names[] = {[SETTING_FIRM] = "firm", [SETTING_BRANCH] = "branch", [SETTING_USER] = "user"};

struct where {
	enum setting_scope scope;
	int64_t id;
};

static enum err read_where(struct ctx *ctx, const char *scope, const char *id, struct where *ret)
{
	*ret = (struct where){.scope = SETTING_FIRM};
	if (str_empty(scope) || str_equal(scope, "firm"))
		return str_empty(id) ? OK : fail(ctx, ERR_INVALID, "id", "setting_scope");
	if (str_equal(scope, "user")) {
		ret->scope = SETTING_USER;
		ret->id = ctx->actor->user_id; /* one's own alone */
		return str_empty(id) ? OK : fail(ctx, ERR_INVALID, "id", "setting_scope");
	}
	ret->scope = SETTING_BRANCH;
	if (!str_equal(scope, "branch"))
		return fail(ctx, ERR_INVALID, "scope", "setting_option");
	return id_parse(id, &ret->id) ? OK : fail(ctx, ERR_INVALID, "id", "not_an_id");
}

/* --- reading ------------------------------------------------------------------------ */

static bool may_read(const struct ctx *ctx, const struct setting *setting, const struct where *where)
{
	return (setting->flags & SETTING_OPEN) || where->scope == SETTING_USER || gate_cap(ctx->actor, CAP_ADMIN);
}

static bool has_scope(const struct setting *setting, enum setting_scope scope)
{
	return ((setting->scopes ? setting->scopes : (unsigned)SETTING_FIRM) & (unsigned)scope) != 0;
}

static void put_options(struct ctx *ctx, struct jsonw *w, const struct setting *setting)
{
	jsonw_key(w, "options");
	jsonw_array(w);
	for (const struct option *o = setting->options; o && o->value; o++) {
		jsonw_object(w);
		jsonw_kv_text(w, "value", o->value);
		jsonw_kv_text(w, "label", settings_label(ctx, &o->label));
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

/** What it is called in each language: people look for it in the words they know. */
static void put_words(struct ctx *ctx, struct jsonw *w, const struct setting *setting)
{
	enum locale mine = ctx->locale;
	jsonw_key(w, "words");
	jsonw_array(w);
	for (int locale = 0; locale < LOCALE_COUNT; locale++) {
		ctx->locale = (enum locale)locale;
		jsonw_text(w, settings_label(ctx, &setting->label));
	}
	jsonw_end_array(w);
	ctx->locale = mine;
}

static void put_facts(struct ctx *ctx, struct jsonw *w, const struct setting *setting)
{
	jsonw_kv_text(w, "name", setting->name);
	jsonw_kv_text(w, "type", type_names[setting->type]);
	jsonw_kv_text(w, "group", settings_label(ctx, &setting->group));
	jsonw_kv_text(w, "label", settings_label(ctx, &setting->label));
	put_words(ctx, w, setting);
	jsonw_kv_text(w, "help", setting->help.en ? settings_label(ctx, &setting->help) : NULL);
	jsonw_key(w, "scopes");
	jsonw_array(w);
	for (unsigned scope = SETTING_FIRM; scope <= SETTING_USER; scope *= 2)
		if (has_scope(setting, (enum setting_scope)scope))
			jsonw_text(w, scope_names[scope]);
	jsonw_end_array(w);
	if (setting->type == SETTING_INT) {
		jsonw_kv_int(w, "min", setting->min);
		jsonw_kv_int(w, "max", setting->max);
	} else if (setting->type == SETTING_TEXT) {
		jsonw_kv_int(w, "max", setting->max > 0 ? setting->max : 200);
	}
	if (setting->options)
		put_options(ctx, w, setting);
}

static enum err put_setting(struct ctx *ctx, struct jsonw *w, const struct setting *setting, const struct where *where)
{
	const char *stored, *value;
	enum err err = setting_stored(ctx, setting, where->scope, where->id, &stored);
	if (!err)
		err = setting_text_for(ctx, setting, where->scope == SETTING_BRANCH ? where->id : ctx->actor->branch_id,
		                       where->scope == SETTING_USER ? where->id : 0, &value);
	if (err)
		return err;
	jsonw_object(w);
	put_facts(ctx, w, setting);
	jsonw_kv_text(w, "value", stored ? stored : value);
	jsonw_kv_bool(w, "set", stored != NULL);
	jsonw_kv_text(w, "default", setting_default(setting));
	jsonw_end_object(w);
	return OK;
}

static enum err list(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct where where;
	struct jsonw w;
	enum err err = read_where(ctx, http_query(ctx, req, "scope", 0), http_query(ctx, req, "id", 0), &where);
	if (err)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_array(&w);
	for (const struct setting *const *table = settings_tables(ctx); table && *table && !err; table++)
		for (const struct setting *s = *table; s->name && !err; s++)
			if (has_scope(s, where.scope) && may_read(ctx, s, &where))
				err = put_setting(ctx, &w, s, &where);
	jsonw_end_array(&w);
	http_set_header(res, "Cache-Control", "no-store");
	return err;
}

/* --- setting ------------------------------------------------------------------------- */

struct change_body {
	const char *scope, *id;
	json_t *values;
};

static const struct spec change_specs[] = {
	{"values", SPEC_JSON, offsetof(struct change_body, values), true, 0, "Names and their new values as texts; null: back to the default"},
	{"scope", SPEC_TEXT, offsetof(struct change_body, scope), false, 10, "firm (the default), branch, or user: one's own"},
	{"id", SPEC_TEXT, offsetof(struct change_body, id), false, 20, "Of the branch"},
	{0},
};

/* What is wrong with each value is told together. */
static enum err set_all(struct ctx *ctx, const struct change_body *body, const struct where *where)
{
	const char *name;
	json_t *value;
	json_object_foreach(body->values, name, value) {
		enum err err = json_is_string(value) || json_is_null(value)
		                   ? setting_set(ctx, name, where->scope, where->id, json_string_value(value))
		                   : fail(ctx, ERR_INVALID, name, "not_text");
		if (err && err != ERR_INVALID && err != ERR_CONFLICT)
			return err;
	}
	return faults_code(ctx);
}

static enum err change(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct change_body body = {0};
	struct where where;
	enum err err = http_read_body(ctx, req, &body);
	if (err)
		return err;
	if (!json_is_object(body.values))
		return fail(ctx, ERR_INVALID, "values", "not_an_object");
	err = read_where(ctx, body.scope, body.id, &where);
	if (!err && where.scope != SETTING_USER && !gate_cap(ctx->actor, CAP_ADMIN))
		err = fail(ctx, ERR_FORBIDDEN, "", "setting_admin");
	if (!err)
		err = set_all(ctx, &body, &where);
	if (!err)
		http_status(res, 204);
	return err;
}

const struct route settings_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/settings", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = list,
	 .doc = "What can be set and what is set (?scope=firm|branch|user&id=); administrators see all, others what is open to them."},
	{.method = METHOD_PATCH, .pattern = "/api/v1/settings", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = change, .specs = change_specs,
	 .body_max = 256 * 1024, .doc = "Sets several at once, all or none: the firm's and branches' by administrators, one's own by anybody."},
	{.pattern = NULL},
};
