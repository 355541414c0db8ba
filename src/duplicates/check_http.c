/* Looked at before a customer is made: who is there already. Of those whom one may not see only a masked name and whose they are, so many a
 * day, and each look is kept in the log: a list of numbers is not checked against the file that way. */
#include <jansson.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "core/events/events.h"
#include "core/settings/settings.h"
#include "core/store/store.h"
#include "core/text/text.h"
#include "duplicates/merge.h"
#include "duplicates/rule.h"
#include "duplicates_sql.h"

struct check_body {
	json_t *values;
};

static const struct spec specs[] = {
	{"values", SPEC_JSON, offsetof(struct check_body, values), true, 0, "{\"name\": …, \"phone\": …}: the customer as they would be saved"},
	{0},
};

const struct setting duplicates_settings[] = {
	{.name = "duplicates.budget", .type = SETTING_INT, .min = 0, .max = 100000, .fallback = "50", .group = {"Duplicates", "查重"},
	 .label = {"Masked matches a person is told in a day", "每人每天可查看的脱敏匹配数"},
	 .help = {"Of customers whom they may not see; each is kept in the log.", "指无权查看的客户；每次查看均记入日志。"}},
	{.name = NULL},
};

static const char *const taken[] = {"name", "kind", "phone", "email", "city", "birthday", "employer", "country"};

/* What cannot be read yet, in a form that is being filled in, is left out. */
static enum err fill(struct ctx *ctx, const json_t *values, struct record **ret)
{
	const struct entity_info *info = registry_find(ctx->registry, "customer");
	enum err err = record_new(ctx, info, ret);
	for (size_t i = 0; err == OK && i < sizeof(taken) / sizeof(taken[0]); i++) {
		const char *text = json_string_value(json_object_get(values, taken[i]));
		const struct faults before = ctx->faults;
		struct value value;
		int at = entity_field(info, taken[i]);
		if (str_empty(text) || strlen(text) > 1000)
			continue;
		err = field_parse(ctx, info, at, text, &value);
		if (err == ERR_INVALID) {
			ctx->faults = before;
			err = OK;
			continue;
		}
		if (err == OK)
			err = record_set(ctx, *ret, taken[i], value);
	}
	return err;
}

/* --- how many more they are told today ----------------------------------------------------------- */

static int64_t today(const struct ctx *ctx)
{
	return ctx_now(ctx) / 86400000;
}

static enum err read_left(struct ctx *ctx, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_check_budget, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, ctx->actor->user_id);
	stmt_bind_i64(stmt, 2, today(ctx));
	err = stmt_step(ctx, stmt, &row);
	int64_t left = setting_int(ctx, &duplicates_settings[0]) - (err == OK && row ? stmt_i64(stmt, 0) : 0);
	stmt_done(stmt);
	*ret = left > 0 ? left : 0;
	return err;
}

static enum err spend(struct ctx *ctx, int64_t n)
{
	struct stmt *stmt;
	enum err err = n > 0 ? db_prepare(ctx, ctx->db, &sql_check_spend, &stmt) : OK;
	if (err != OK || n == 0)
		return err;
	stmt_bind_i64(stmt, 1, ctx->actor->user_id);
	stmt_bind_i64(stmt, 2, today(ctx));
	stmt_bind_i64(stmt, 3, n);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_check_forget, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, ctx->actor->user_id);
	stmt_bind_i64(stmt, 2, today(ctx) - 7);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* --- the answer -------------------------------------------------------------------------------------- */

struct telling {
	struct ctx *ctx;
	struct jsonw w;
	int64_t left, told;
};

static void put_rule(struct telling *t, const struct rule_match *m)
{
	jsonw_kv_text(&t->w, "rule", m->name);
	jsonw_kv_bool(&t->w, "refuses", m->refuses);
}

static void put_seen(struct telling *t, const struct rule_match *m, const struct record *r)
{
	static const char *const shown[] = {"name", "city", "phone"};
	jsonw_object(&t->w);
	jsonw_kv_bool(&t->w, "visible", true);
	jsonw_kv_id(&t->w, "id", m->id);
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		jsonw_kv_text(&t->w, shown[i], record_text(r, shown[i]));
	put_rule(t, m);
	jsonw_end_object(&t->w);
}

static enum err put_masked(struct telling *t, const struct rule_match *m)
{
	struct record *r, *owner;
	const char *masked = NULL, *of = NULL;
	struct ctx *ctx = t->ctx;
	enum err err = record_load(ctx, registry_find(ctx->registry, "customer"), m->id, &r);
	if (err == OK && record_text(r, "name") != NULL)
		err = text_mask(ctx, record_text(r, "name"), MASK_NAME, &masked);
	if (err == OK && record_i64(r, "owner_id") != 0)
		err = record_load(ctx, registry_find(ctx->registry, "user"), record_i64(r, "owner_id"), &owner);
	if (err == OK && record_i64(r, "owner_id") != 0)
		of = record_text(owner, "name");
	if (err == OK)
		err = change_append(ctx, "customer", m->id, CHANGE_READ, "{\"event\":\"duplicate_check\"}");
	if (err != OK)
		return err;
	jsonw_object(&t->w);
	jsonw_kv_bool(&t->w, "visible", false);
	jsonw_kv_text(&t->w, "name", masked);
	jsonw_kv_text(&t->w, "owner", of);
	put_rule(t, m);
	jsonw_end_object(&t->w);
	return OK;
}

static enum err put_match(struct telling *t, const struct rule_match *m)
{
	struct record *seen;
	const struct faults before = t->ctx->faults;
	enum err err = record_get(t->ctx, registry_find(t->ctx->registry, "customer"), m->id, ACTION_READ, &seen);
	if (err == OK) {
		put_seen(t, m, seen);
		return OK;
	}
	if (err != ERR_NOT_FOUND && err != ERR_FORBIDDEN)
		return err;
	t->ctx->faults = before;
	if (t->told >= t->left)
		return OK;
	t->told++;
	return put_masked(t, m);
}

static enum err check(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct check_body body = {0};
	struct telling t = {.ctx = ctx};
	struct record *customer;
	struct rule_match *list = arena_array(ctx->arena, RULE_MATCHES_MAX, sizeof(*list));
	size_t n = 0;
	enum err err = list != NULL ? http_read_body(ctx, req, &body) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK && !json_is_object(body.values))
		err = fail(ctx, ERR_INVALID, "values", "not_an_object");
	if (err == OK && entity_scope(ctx->actor, registry_find(ctx->registry, "customer"), ACTION_CREATE) == SCOPE_NONE)
		err = fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", "customer");
	if (err == OK)
		err = fill(ctx, body.values, &customer);
	if (err == OK)
		err = rule_find(ctx, customer, false, list, &n);
	if (err == OK)
		err = read_left(ctx, &t.left);
	if (err != OK)
		return err;
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&t.w, http_body(res));
	jsonw_object(&t.w);
	jsonw_key(&t.w, "matches");
	jsonw_array(&t.w);
	for (size_t i = 0; err == OK && i < n; i++)
		err = put_match(&t, &list[i]);
	jsonw_end_array(&t.w);
	/* whether or not there was a further match: else that alone would tell, as often as one likes and in no log */
	jsonw_kv_bool(&t.w, "spent", t.told >= t.left && setting_int(ctx, &duplicates_settings[0]) > 0);
	jsonw_end_object(&t.w);
	return err == OK ? spend(ctx, t.told) : err;
}

enum { NAMED_MAX = 20 };

enum err duplicates_made(void *arg, struct ctx *ctx, const struct entity_info *info, int64_t id, const struct http_request *req, struct http_response *res)
{
	struct record *made, *other;
	struct rule_match *list = arena_array(ctx->arena, RULE_MATCHES_MAX, sizeof(*list));
	struct buf ids;
	size_t n = 0, named = 0;
	(void)arg;
	if (!str_equal(info->entity->name, "customer"))
		return OK;
	enum err err = list != NULL ? record_load(ctx, info, id, &made) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = rule_find(ctx, made, false, list, &n);
	buf_init(&ids, 1000);
	for (size_t i = 0; err == OK && i < n && named < NAMED_MAX; i++) {
		const struct faults before = ctx->faults;
		if (record_get(ctx, info, list[i].id, ACTION_READ, &other) == OK)
			buf_printf(&ids, "%s%lld", named++ > 0 ? ", " : "", (long long)list[i].id);
		ctx->faults = before;
	}
	if (err == OK && named > 0)
		http_set_header(res, "X-Duplicates", buf_text(&ids));
	/* of whom they may not see nothing is told, not even this */
	if (err == OK && named > 0 && str_equal(http_header(req, "X-Duplicates"), "refuse"))
		err = fail_arg(ctx, ERR_CONFLICT, "", "duplicates_found", arena_strdup(ctx->arena, buf_text(&ids)));
	buf_release(&ids);
	return err;
}

const struct route duplicates_check_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/duplicates/check", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = check, .specs = specs,
	 .doc = "Who is there already that agrees with a customer who would be saved, by the rules; masked where one may not see them, so many a day"},
	{.pattern = NULL},
};
