/* Inviting people, and taking up an invitation. */
#include <stddef.h>
#include <string.h>

#include "access_sql.h"
#include "base/str.h"
#include "core/access/access_internal.h"
#include "core/settings/settings.h"

enum { PEOPLE_MAX = 200, DAYS_USUAL = 7, DAYS_MAX = 30 };

/* --- who ------------------------------------------------------------------------------ */

struct invite_body {
	json_t *people;
	int64_t days;
};

const struct spec access_spec_invite[] = {
	{"people", SPEC_JSON, offsetof(struct invite_body, people), true, 0,
	 "Up to 200 of {name, email, phone, team_id, branch_id, locale, roles: [ids]}; all are made or none"},
	{"days", SPEC_INT, offsetof(struct invite_body, days), false, 0, "How long the links work, 1 to 30; absent: 7"},
	{0},
};

struct invite_job {
	const json_t *people;
	int64_t days;
	struct invite_made *made;
};

static enum err check_days(struct ctx *ctx, int64_t *days)
{
	if (*days == 0)
		*days = DAYS_USUAL;
	return *days >= 1 && *days <= DAYS_MAX ? OK : fail_arg(ctx, ERR_INVALID, "days", "setting_range", "1 – 30");
}

static enum err read_roles(struct ctx *ctx, struct record *user, const json_t *list)
{
	int64_t *ids;
	size_t n;
	enum err err = access_read_roles(ctx, list, &ids, &n);
	if (err)
		return err;
	return record_set(ctx, user, "roles", (struct value){.kind = VALUE_LIST, .l = {ids, n}});
}

static enum err read_member(struct ctx *ctx, struct record *user, const char *name, const json_t *value)
{
	static const char *const texts[] = {"name", "email", "phone", "team_id", "branch_id", "locale"};
	if (str_equal(name, "roles"))
		return read_roles(ctx, user, value);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (!str_equal(name, texts[i]))
			continue;
		const char *text = json_string_value(value);
		if (json_is_null(value))
			return OK;
		if (!text || strlen(text) != json_string_length(value))
			return fail(ctx, ERR_INVALID, name, "not_text");
		text = str_equal(name, "locale") ? access_stored_locale(text) : text;
		return record_set_text(ctx, user, entity_field(user->info, name), text);
	}
	return fail(ctx, ERR_INVALID, name, "unknown_field");
}

/* Through the gate and the hooks of users, like any other way of making one: nobody gives rights they do not have. */
static enum err make_one(struct ctx *ctx, const json_t *person, int64_t days, struct invite_made *made)
{
	struct record *user;
	const char *name;
	json_t *value;
	if (!json_is_object(person))
		return fail(ctx, ERR_INVALID, "", "not_an_object");
	enum err err = record_new(ctx, registry_find(ctx->registry, "user"), &user);
	if (err)
		return err;
	json_object_foreach((json_t *)(uintptr_t)person, name, value) {
		err = read_member(ctx, user, name, value);
		if (err && err != ERR_INVALID)
			return err;
	}
	err = faults_code(ctx);
	if (!err)
		err = record_create(ctx, user, 0);
	return err ? err : access_invite_make(ctx, record_id(user), days, made);
}

/* What is wrong with each is told together, by its place in the list. */
static enum err make_all(struct ctx *ctx, void *arg)
{
	struct invite_job *job = arg;
	struct faults *all = arena_alloc(ctx->arena, sizeof(*all));
	if (!all)
		return access_no_memory(ctx);
	memset(all, 0, sizeof(*all));
	for (size_t i = 0; i < json_array_size(job->people); i++) {
		enum err err = make_one(ctx, json_array_get(job->people, i), job->days, &job->made[i]);
		if (err && err != ERR_INVALID && err != ERR_CONFLICT && err != ERR_FORBIDDEN)
			return err;
		if (err && !all->code)
			all->code = err;
		for (size_t f = 0; f < ctx->faults.count && all->count < FAULTS_MAX; f++) {
			struct fault fault = ctx->faults.list[f];
			fault.field = arena_printf(ctx->arena, "people.%zu%s%s", i, *fault.field ? "." : "", fault.field);
			if (!fault.field)
				return access_no_memory(ctx);
			all->list[all->count++] = fault;
		}
		faults_clear(ctx);
	}
	ctx->faults = *all;
	return all->code;
}

static void put_made(struct jsonw *w, const struct invite_made *made)
{
	jsonw_kv_id(w, "user_id", made->user_id);
	jsonw_kv_text(w, "token", made->token);
	jsonw_key(w, "expires_at");
	jsonw_time(w, made->expires_ms);
}

enum err access_http_invite(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct invite_body body = {0};
	struct jsonw w;
	enum err err = http_read_body(ctx, req, &body);
	if (!err)
		err = check_days(ctx, &body.days);
	size_t n = json_array_size(body.people);
	if (!err && (!json_is_array(body.people) || n == 0))
		err = fail(ctx, ERR_INVALID, "people", "role_not_list");
	if (!err && n > PEOPLE_MAX)
		err = fail_arg(ctx, ERR_INVALID, "people", "invite_many", "200");
	if (err)
		return err;
	struct invite_job job = {.people = body.people, .days = body.days, .made = arena_array(ctx->arena, n, sizeof(*job.made))};
	if (!job.made)
		return access_no_memory(ctx);
	err = store_write(ctx, ctx->store, make_all, &job);
	if (err)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_key(&w, "rows");
	jsonw_array(&w);
	for (size_t i = 0; i < n; i++) {
		jsonw_object(&w);
		put_made(&w, &job.made[i]);
		jsonw_end_object(&w);
	}
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	http_status(res, 201);
	return access_answer(ctx, res);
}

/* --- those that are open ------------------------------------------------------------------- */

enum err access_http_invitations(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	(void)req;
	struct stmt *stmt;
	struct jsonw w;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_invite_list, &stmt);
	if (err)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_key(&w, "rows");
	jsonw_array(&w);
	while (!(err = stmt_step(ctx, stmt, &row)) && row) {
		jsonw_object(&w);
		jsonw_kv_id(&w, "user_id", stmt_i64(stmt, 0));
		jsonw_kv_text(&w, "name", stmt_text(stmt, 1));
		jsonw_kv_text(&w, "email", stmt_text(stmt, 2));
		jsonw_key(&w, "created_at");
		jsonw_time(&w, stmt_i64(stmt, 3));
		jsonw_key(&w, "expires_at");
		jsonw_time(&w, stmt_i64(stmt, 4));
		jsonw_kv_bool(&w, "expired", stmt_i64(stmt, 4) <= ctx_now(ctx));
		jsonw_kv_text(&w, "invited_by", stmt_text(stmt, 5));
		jsonw_end_object(&w);
	}
	stmt_done(stmt);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return err ? err : access_answer(ctx, res);
}

struct again_body {
	int64_t days;
};

const struct spec access_spec_invite_again[] = {
	{"days", SPEC_INT, offsetof(struct again_body, days), false, 0, "How long the link works, 1 to 30; absent: 7"},
	{0},
};

struct again {
	int64_t user_id, days;
	struct invite_made made;
};

/* Only for who has no password: to others a link would be a way past the old one. */
static enum err again_write(struct ctx *ctx, void *arg)
{
	struct again *again = arg;
	struct record *user;
	enum err err = record_load(ctx, registry_find(ctx->registry, "user"), again->user_id, &user);
	if (!err)
		err = access_guard_user(ctx, again->user_id);
	if (!err && !record_i64(user, "active"))
		err = fail(ctx, ERR_CONFLICT, "", "user_inactive");
	if (!err && record_value(user, "password_changed_at")->kind != VALUE_NULL)
		err = fail(ctx, ERR_CONFLICT, "", "invite_needless");
	return err ? err : access_invite_make(ctx, again->user_id, again->days, &again->made);
}

enum err access_http_invite_again(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct again_body body = {0};
	struct again again = {0};
	struct jsonw w;
	enum err err = access_param_id(ctx, req, 0, &again.user_id);
	if (!err && req->body_len)
		err = http_read_body(ctx, req, &body);
	if (!err)
		err = check_days(ctx, &body.days);
	again.days = body.days;
	if (!err)
		err = store_write(ctx, ctx->store, again_write, &again);
	if (err)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	put_made(&w, &again.made);
	jsonw_end_object(&w);
	return access_answer(ctx, res);
}

enum err access_http_invite_end(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	int64_t id, n = 0;
	enum err err = access_param_id(ctx, req, 0, &id);
	if (!err)
		err = access_guard_user(ctx, id);
	if (!err)
		err = access_invite_end(ctx, id, &n);
	if (!err && n == 0)
		err = fail(ctx, ERR_NOT_FOUND, "", "not_found");
	if (!err)
		err = access_log_user(ctx, id, CHANGE_LOGIN, access_event_diff(ctx, "invitation_ended", NULL));
	if (!err)
		http_status(res, 204);
	return err;
}

/* --- taking it up: everybody may ask, a link alone answers ------------------------------------ */

struct take_body {
	const char *token, *password, *locale;
};

const struct spec access_spec_invite_look[] = {
	{"token", SPEC_TEXT, offsetof(struct take_body, token), true, 100, "What stands in the link"},
	{0},
};
const struct spec access_spec_invite_accept[] = {
	{"token", SPEC_TEXT, offsetof(struct take_body, token), true, 100, "What stands in the link"},
	{"password", SPEC_TEXT, offsetof(struct take_body, password), true, ACCESS_PASSWORD_MAX, "The password one chooses; at least 8 characters"},
	{"locale", SPEC_TEXT, offsetof(struct take_body, locale), false, 20, "en, zh-Hans or zh-Hant"},
	{0},
};

struct take {
	const struct take_body *body;
	struct throttle keys;
	struct invite invite;
	const char *hash, *address;
};

/* Counted before it is looked at, as in signing in; a link that is good is no failure. */
static enum err look_write(struct ctx *ctx, void *arg)
{
	struct take *take = arg;
	enum err err = access_throttle_take(ctx, &take->keys);
	if (!err)
		err = access_invite_find(ctx, take->body->token, &take->invite);
	if (!err && take->invite.user_id)
		return access_throttle_give_back(ctx, &take->keys);
	if (err)
		return err;
	const struct actor *before = ctx->actor;
	ctx->actor = gate_system(); /* nobody has signed in */
	err = change_append(ctx, "", 0, CHANGE_DENIED,
	                    access_event_diff(ctx, "invitation_refused", "address", take->address, "locked", take->keys.closes ? "true" : NULL, NULL));
	ctx->actor = before;
	return err;
}

/* Whether it expired, was used, was taken back or never was is nobody's business. */
static enum err look(struct ctx *ctx, const struct http_request *req, struct take *take)
{
	take->address = req->remote;
	ctx->actor = NULL; /* whose cookie came along has no part in it */
	enum err err = access_throttle_address(ctx, req->remote, &take->keys);
	if (!err)
		err = access_throttle_check(ctx, &take->keys);
	if (!err)
		err = store_write(ctx, ctx->store, look_write, take);
	return err || take->invite.user_id ? err : fail(ctx, ERR_NOT_FOUND, "", "invite_invalid");
}

static enum err answer_invite(struct ctx *ctx, struct http_response *res, const struct invite *invite)
{
	struct jsonw w;
	const char *firm;
	enum err err = setting_text(ctx, &firm_settings[FIRM_NAME], &firm);
	if (err)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_text(&w, "name", invite->name);
	jsonw_kv_text(&w, "email", invite->email);
	jsonw_kv_text(&w, "locale", access_locale_tag(invite->locale));
	jsonw_kv_text(&w, "firm", firm);
	jsonw_key(&w, "expires_at");
	jsonw_time(&w, invite->expires_ms);
	jsonw_end_object(&w);
	return access_answer(ctx, res);
}

enum err access_http_invite_look(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct take_body body = {0};
	struct take take = {.body = &body};
	const struct actor *before = ctx->actor;
	enum err err = http_read_body(ctx, req, &body);
	if (!err)
		err = look(ctx, req, &take);
	ctx->actor = before;
	return err ? err : answer_invite(ctx, res, &take.invite);
}

static enum err choose_locale(struct ctx *ctx, int64_t user_id, const char *locale)
{
	struct record *patch;
	if (str_empty(locale))
		return OK;
	enum err err = record_new(ctx, registry_find(ctx->registry, "user"), &patch);
	if (!err)
		err = record_set_text(ctx, patch, entity_field(patch->info, "locale"), access_stored_locale(locale));
	return err ? err : record_update(ctx, user_id, patch, 0, W_TRUSTED, NULL);
}

/* The link is looked at again: two who use it at once are one too many. */
static enum err accept_write(struct ctx *ctx, void *arg)
{
	struct take *take = arg;
	struct invite now;
	struct actor self = {.kind = ACTOR_USER, .user_id = take->invite.user_id, .name = take->invite.name, .email = take->invite.email};
	const struct actor *before = ctx->actor;
	enum err err = access_invite_find(ctx, take->body->token, &now);
	if (!err && now.user_id != take->invite.user_id)
		err = fail(ctx, ERR_NOT_FOUND, "", "invite_invalid");
	if (!err)
		err = access_invite_use(ctx, now.user_id, take->body->token);
	if (err)
		return err;
	ctx->actor = &self;
	err = choose_locale(ctx, now.user_id, take->body->locale);
	if (!err)
		err = access_password_store(ctx, now.user_id, take->hash, false);
	if (!err)
		err = access_log_user(ctx, now.user_id, CHANGE_LOGIN, access_event_diff(ctx, "invitation_accepted", "address", take->address, NULL));
	ctx->actor = before;
	return err;
}

enum err access_http_invite_accept(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct take_body body = {0};
	struct take take = {.body = &body};
	const struct actor *before = ctx->actor;
	enum err err = http_read_body(ctx, req, &body);
	if (!err)
		err = look(ctx, req, &take);
	if (!err)
		err = access_password_check(ctx, "password", body.password, take.invite.name, take.invite.email);
	if (!err)
		err = access_password_hash(ctx, app_access(ctx->app), body.password, &take.hash);
	if (!err)
		err = store_write(ctx, ctx->store, accept_write, &take);
	ctx->actor = before;
	return err ? err : answer_invite(ctx, res, &take.invite);
}
