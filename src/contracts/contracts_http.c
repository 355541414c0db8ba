/* What is more than a change of one record: amending, renewing, making the plan. */
#include <stddef.h>
#include <string.h>

#include <jansson.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "contracts/contracts_internal.h"
#include "core/entity/field_type.h"

static enum err find(struct ctx *ctx, const struct http_request *req, struct record **ret)
{
	int64_t id;
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	return record_get(ctx, registry_find(ctx->registry, contract_entity.name), id, ACTION_UPDATE, ret);
}

static enum err whole(struct ctx *ctx, const struct http_request *req, struct record **ret)
{
	enum err err = find(ctx, req, ret);
	return err == OK ? record_load(ctx, (*ret)->info, record_id(*ret), ret) : err;
}

/* --- amending ---------------------------------------------------------------------------------- */

struct amend_body {
	const char *reason, *effective_on;
	json_t *changes;
};

static const struct spec amend_specs[] = {
	{"reason", SPEC_TEXT, offsetof(struct amend_body, reason), true, 2000, "Why"},
	{"effective_on", SPEC_TEXT, offsetof(struct amend_body, effective_on), false, 10, "From which day; empty: today"},
	{"changes", SPEC_JSON, offsetof(struct amend_body, changes), true, 0, "Fields of the contract and their new values: value, ends_on, title, renewal, notice_days, note …"},
	{0},
};

static enum err keep_version(struct ctx *ctx, const struct record *contract, const struct amend_body *body, const char *day)
{
	static const char *const same[] = {"title", "currency", "value", "starts_on", "ends_on", "renewal", "notice_days", "note", "version_no"};
	struct record *version;
	enum err err = record_new(ctx, registry_find(ctx->registry, contract_version_entity.name), &version);
	for (size_t i = 0; err == OK && i < sizeof(same) / sizeof(same[0]); i++)
		err = record_set(ctx, version, same[i], *record_value(contract, same[i]));
	if (err == OK)
		err = record_set(ctx, version, "contract_id", value_int(record_id(contract)));
	if (err == OK)
		err = record_set(ctx, version, "reason", value_text(body->reason));
	if (err == OK)
		err = record_set(ctx, version, "until_on", value_text(day));
	return err == OK ? record_create(ctx, version, W_TRUSTED) : err;
}

/* The day before it takes effect; nothing said: yesterday. */
static enum err day_before(struct ctx *ctx, const struct amend_body *body, const char **ret)
{
	char today[RECEIVABLES_DAY_BYTES], day[RECEIVABLES_DAY_BYTES];
	if (!str_empty(body->effective_on) && !date_valid(body->effective_on))
		return fail(ctx, ERR_INVALID, "effective_on", "contract_day");
	enum err err = receivables_today(ctx, 0, today);
	if (err == OK)
		err = receivables_day_after(ctx, str_empty(body->effective_on) ? today : body->effective_on, -1, day);
	*ret = err == OK ? arena_strdup(ctx->arena, day) : NULL;
	return err == OK && *ret == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

static enum err read_amend(struct ctx *ctx, const struct http_request *req, struct amend_body *ret)
{
	enum err err = http_read_body(ctx, req, ret);
	if (err == OK && (!json_is_object(ret->changes) || json_object_size(ret->changes) == 0))
		err = fail(ctx, ERR_INVALID, "changes", "contract_no_changes");
	if (err == OK && json_object_get(ret->changes, "state") != NULL)
		err = fail(ctx, ERR_INVALID, "changes.state", "contract_no_changes");
	return err;
}

static enum err amend(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct amend_body body = {0};
	struct record *contract, *patch, *number;
	const char *day;
	enum err err = read_amend(ctx, req, &body);
	if (err == OK)
		err = day_before(ctx, &body, &day);
	if (err == OK)
		err = whole(ctx, req, &contract);
	if (err == OK)
		err = keep_version(ctx, contract, &body, day);
	if (err == OK)
		err = record_new(ctx, contract->info, &patch);
	if (err == OK)
		err = record_read_json(ctx, patch, body.changes);
	if (err == OK) /* as any change of the contract is asked */
		err = record_update(ctx, record_id(contract), patch, 0, 0, NULL);
	if (err == OK)
		err = record_new(ctx, contract->info, &number);
	if (err == OK)
		err = record_set(ctx, number, "version_no", value_int(record_i64(contract, "version_no") + 1));
	if (err == OK)
		err = record_update(ctx, record_id(contract), number, 0, W_TRUSTED, NULL);
	if (err == OK)
		http_status(res, 204);
	return err;
}

/* --- renewing and planning ------------------------------------------------------------------------ */

static enum err renew(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *contract;
	struct jsonw w;
	int64_t next = 0;
	enum err err = whole(ctx, req, &contract);
	if (err == OK)
		err = contract_renew(ctx, contract, false, 0, &next);
	if (err != OK)
		return err;
	http_status(res, 201);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", next);
	jsonw_end_object(&w);
	return OK;
}

struct plan_body {
	const char *until;
};

static const struct spec plan_specs[] = {
	{"until", SPEC_TEXT, offsetof(struct plan_body, until), false, 10, "The last due day; empty: a year from now"},
	{0},
};

static enum err plan(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	const struct entity_info *due = registry_find(ctx->registry, receivable_entity.name);
	struct plan_body body = {0};
	struct record *contract;
	struct jsonw w;
	char until[RECEIVABLES_DAY_BYTES];
	int64_t made = 0;
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK && !str_empty(body.until) && !date_valid(body.until))
		err = fail(ctx, ERR_INVALID, "until", "contract_day");
	if (err == OK && (ctx->actor == NULL || entity_scope(ctx->actor, due, ACTION_CREATE) == SCOPE_NONE))
		err = fail(ctx, ERR_FORBIDDEN, "", "forbidden");
	if (err == OK)
		err = whole(ctx, req, &contract);
	if (err == OK && !str_equal(record_text(contract, "state"), "active"))
		err = fail(ctx, ERR_CONFLICT, "state", "contract_not_in_force");
	if (err == OK)
		err = receivables_today(ctx, 365, until);
	if (err == OK)
		err = contract_plan(ctx, contract, str_empty(body.until) ? until : body.until, &made);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_int(&w, "made", made);
	jsonw_end_object(&w);
	return OK;
}

const struct route contracts_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/contract/*/amend", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = amend, .specs = amend_specs,
	 .doc = "Changes a contract and keeps what it was as a version, with the reason"},
	{.method = METHOD_POST, .pattern = "/api/v1/contract/*/renew", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = renew,
	 .doc = "The contract that follows, as a draft: term, parties and recurring lines go on; a contract is renewed once"},
	{.method = METHOD_POST, .pattern = "/api/v1/contract/*/plan", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = plan, .specs = plan_specs,
	 .doc = "What its lines make due until a day becomes receivables, each once"},
	{.pattern = NULL},
};
