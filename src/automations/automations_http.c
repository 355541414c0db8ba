/* By hand: tried without effect, or run by a button. */
#include <stdio.h>

#include "automations/automations_internal.h"
#include "base/id.h"
#include "base/str.h"
#include "core/access/access.h"
#include "core/gate/gate.h"
#include "core/store/store.h"

struct body {
	int64_t record_id;
};

static const struct spec specs[] = {
	{"record_id", SPEC_ID, offsetof(struct body, record_id), true, 0, "the record it is about"},
	{.name = NULL},
};

/* Whoever may read the automation and change the record may press its button; it acts as its owner all the same. */
static enum err open(struct ctx *ctx, const struct http_request *req, enum action action, struct automation **ret, int64_t *ret_record)
{
	struct body body = {0};
	struct record *automation, *record;
	int64_t id;
	size_t n = 0;
	enum err err = http_read_body(ctx, req, &body);
	if (!err && !id_parse(req->params[0], &id))
		err = fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "automation");
	if (!err)
		err = record_get(ctx, registry_find(ctx->registry, "automation"), id, ACTION_READ, &automation);
	if (!err)
		err = automations_read(ctx, NULL, id, ret, &n);
	if (!err && (n == 0 || (*ret)->info == NULL))
		err = fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "automation");
	if (!err)
		err = record_get(ctx, (*ret)->info, body.record_id, action, &record);
	*ret_record = body.record_id;
	return err;
}

struct asked {
	struct condition *condition;
	bool holds;
};

static enum err ask(struct ctx *ctx, const struct automation *a, int64_t record_id, struct asked *ret)
{
	struct condition_run run;
	*ret = (struct asked){.holds = true};
	if (str_empty(a->condition))
		return OK;
	enum err err = condition_parse(ctx, a->info, a->condition, &ret->condition);
	if (err)
		return err;
	condition_run_begin(ctx, &run);
	err = condition_one(&run, ret->condition, record_id, &ret->holds, NULL);
	condition_run_end(&run);
	return err;
}

static enum err put_seen(struct ctx *ctx, const struct asked *asked, int64_t record_id, struct jsonw *w)
{
	jsonw_kv_bool(w, "holds", asked->holds);
	if (!asked->condition)
		return OK;
	jsonw_key(w, "why");
	return condition_why(ctx, asked->condition, record_id, w);
}

/* All is done as it would be, and then undone. */
static enum err act_and_undo(struct ctx *ctx, const struct automation *a, const struct actor *owner, int64_t record_id, struct buf *did, const char **ret_error)
{
	const struct actor *before = ctx->actor;
	enum err err = db_savepoint(ctx);
	if (err)
		return err;
	ctx->actor = owner;
	err = automation_act(ctx, a, record_id, did);
	ctx->actor = before;
	const struct fault *fault = err && ctx->faults.count > 0 ? &ctx->faults.list[0] : NULL;
	*ret_error = fault ? arena_printf(ctx->arena, "%s %s", fault->key, fault->field ? fault->field : "") : err ? "?" : NULL;
	db_rollback_to(ctx);
	if (err == ERR_RETRY || err == ERR_BUG)
		return err;
	faults_clear(ctx);
	return OK;
}

/* With the reader's own rights for what is shown, the owner's for what would be done. */
static enum err try(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct automation *a;
	struct asked asked;
	const struct actor *owner;
	const char *error = NULL;
	int64_t record_id;
	struct buf did;
	struct jsonw w;
	enum err err = open(ctx, req, ACTION_READ, &a, &record_id);
	if (!err)
		err = ask(ctx, a, record_id, &asked);
	if (!err)
		err = access_actor(ctx, app_access(ctx->app), a->owner_id, &owner);
	if (err)
		return err;
	buf_init(&did, 60000);
	if (asked.holds)
		err = act_and_undo(ctx, a, owner, record_id, &did, &error);
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	if (!err)
		err = put_seen(ctx, &asked, record_id, &w);
	if (error)
		jsonw_kv_text(&w, "error", error);
	else if (asked.holds) {
		jsonw_key(&w, "would");
		jsonw_raw(&w, buf_text(&did), did.len);
	}
	jsonw_end_object(&w);
	buf_release(&did);
	return err;
}

static enum err press(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct automation *a;
	struct asked asked;
	struct automation_due due = {0};
	const struct actor *before = ctx->actor;
	const char *state = "skipped";
	struct jsonw w;
	enum err err = open(ctx, req, ACTION_UPDATE, &a, &due.record_id);
	if (!err && !str_equal(a->event, "button"))
		err = fail(ctx, ERR_CONFLICT, "", "automation_no_button");
	if (!err)
		err = access_actor(ctx, app_access(ctx->app), a->owner_id, &due.actor);
	if (err)
		return err;
	ctx->actor = due.actor;
	err = ask(ctx, a, due.record_id, &asked);
	ctx->actor = before;
	due.automation = a;
	if (!err && asked.holds)
		err = automation_run(ctx, &due, &state);
	if (err)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_text(&w, "state", state);
	jsonw_end_object(&w);
	return OK;
}

const struct route automations_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/automations/*/try", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = try, .specs = specs,
	 .doc = "What an automation would see and do with a record; nothing stays."},
	{.method = METHOD_POST, .pattern = "/api/v1/automations/*/run", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = press, .specs = specs,
	 .doc = "Runs an automation that waits for a button on a record: done, failed, stopped, or skipped as its condition does not hold."},
	{.pattern = NULL},
};
