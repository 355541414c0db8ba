/* An activity is finished with its outcome, and the next step planned, in one write: nothing ends without saying how it goes on. */
#include <stddef.h>
#include <stdlib.h>

#include "activities/activities.h"
#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "base/timeutil.h"

#include <jansson.h>

struct finish_body {
	const char *outcome, *body, *next_kind, *next_subject, *next_due_at;
	int64_t minutes, next_remind;
	json_t *report;
	bool cancelled;
};

static const struct spec finish_specs[] = {
	{"outcome", SPEC_TEXT, offsetof(struct finish_body, outcome), false, 1200, "How it went"},
	{"body", SPEC_TEXT, offsetof(struct finish_body, body), false, 60000, "What was said"},
	{"minutes", SPEC_INT, offsetof(struct finish_body, minutes), false, 0, "How long it took"},
	{"report", SPEC_JSON, offsetof(struct finish_body, report), false, 0, "[{\"question\": \"…\", \"answer\": \"…\"}]"},
	{"cancelled", SPEC_BOOL, offsetof(struct finish_body, cancelled), false, 0, "It did not take place"},
	{"next_kind", SPEC_TEXT, offsetof(struct finish_body, next_kind), false, 20, "Of the next step: call, visit, meeting, task …"},
	{"next_subject", SPEC_TEXT, offsetof(struct finish_body, next_subject), false, 800, "What is to be done next"},
	{"next_due_at", SPEC_TEXT, offsetof(struct finish_body, next_due_at), false, 40, "When, as 2026-03-01T09:00:00Z"},
	{"next_remind", SPEC_INT, offsetof(struct finish_body, next_remind), false, 0, "Minutes before that to remind; 0: no reminder"},
	{0},
};

static enum err set_text(struct ctx *ctx, struct record *r, const char *field, const char *text)
{
	return str_empty(text) ? OK : record_set(ctx, r, field, value_text(text));
}

static bool is_report(const json_t *report)
{
	const json_t *line;
	size_t i;
	json_array_foreach(report, i, line) {
		if (json_object_size(line) != 2 || !json_is_string(json_object_get(line, "question")) || !json_is_string(json_object_get(line, "answer")))
			return false;
	}
	return json_is_array(report);
}

static enum err set_report(struct ctx *ctx, struct record *r, const json_t *report)
{
	if (report == NULL || json_is_null(report))
		return OK;
	if (!is_report(report))
		return fail(ctx, ERR_INVALID, "report", "report_lines");
	char *text = json_dumps(report, JSON_COMPACT);
	const char *copy = text != NULL ? arena_strdup(ctx->arena, text) : NULL;
	free(text);
	return copy != NULL ? record_set(ctx, r, "report", value_text(copy)) : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err end_it(struct ctx *ctx, const struct record *activity, const struct finish_body *body)
{
	struct record *patch;
	enum err err = record_new(ctx, activity->info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "state", value_text(body->cancelled ? "cancelled" : "done"));
	if (err == OK)
		err = set_text(ctx, patch, "outcome", body->outcome);
	if (err == OK)
		err = set_text(ctx, patch, "body", body->body);
	if (err == OK && body->minutes != 0)
		err = record_set(ctx, patch, "minutes", value_int(body->minutes));
	if (err == OK)
		err = set_report(ctx, patch, body->report);
	/* a call that was to the customer is one that reached them */
	bool talk = str_equal(record_text(activity, "kind"), "call") || str_equal(record_text(activity, "kind"), "visit") ||
	            str_equal(record_text(activity, "kind"), "meeting");
	if (err == OK && talk && !body->cancelled && str_equal(record_text(activity, "direction"), "internal"))
		err = record_set(ctx, patch, "direction", value_text("out"));
	return err == OK ? record_update(ctx, record_id(activity), patch, record_i64(activity, "version"), 0, NULL) : err;
}

static enum err fill_next(struct ctx *ctx, const struct record *activity, const struct finish_body *body, int64_t due, struct record *next)
{
	static const char *const kept[] = {"customer_id", "about", "owner_id"};
	enum err err = OK;
	for (size_t i = 0; err == OK && i < sizeof(kept) / sizeof(kept[0]); i++)
		err = record_set(ctx, next, kept[i], *record_value(activity, kept[i]));
	if (err == OK)
		err = set_text(ctx, next, "kind", str_empty(body->next_kind) ? "task" : body->next_kind);
	if (err == OK)
		err = set_text(ctx, next, "subject", str_empty(body->next_subject) ? record_text(activity, "subject") : body->next_subject);
	if (err == OK)
		err = record_set(ctx, next, "state", value_text("planned"));
	if (err == OK)
		err = record_set(ctx, next, "due_at", value_int(due));
	return err == OK && body->next_remind != 0 ? record_set(ctx, next, "remind_minutes", value_int(body->next_remind)) : err;
}

static enum err plan_next(struct ctx *ctx, const struct record *activity, const struct finish_body *body, int64_t *ret_id)
{
	struct record *next;
	int64_t due;
	*ret_id = 0;
	if (str_empty(body->next_subject) && str_empty(body->next_due_at) && str_empty(body->next_kind))
		return OK;
	if (str_empty(body->next_due_at) || !time_parse(body->next_due_at, &due))
		return fail(ctx, ERR_INVALID, "next_due_at", "next_needs_due");
	enum err err = record_new(ctx, activity->info, &next);
	if (err == OK)
		err = fill_next(ctx, activity, body, due, next);
	if (err == OK)
		err = record_create(ctx, next, 0);
	if (err == OK)
		*ret_id = record_id(next);
	return err;
}

static enum err finish(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct finish_body body = {0};
	struct record *activity;
	struct jsonw w;
	int64_t id, next = 0;
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK)
		err = record_get(ctx, registry_find(ctx->registry, "interaction"), id, ACTION_UPDATE, &activity);
	if (err != OK)
		return err;
	if (!str_equal(record_text(activity, "state"), "planned") && !str_equal(record_text(activity, "state"), "open"))
		return fail(ctx, ERR_CONFLICT, "state", "finished_already");
	err = end_it(ctx, activity, &body);
	if (err == OK)
		err = plan_next(ctx, activity, &body, &next);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", id);
	if (next != 0)
		jsonw_kv_id(&w, "next", next);
	else
		jsonw_kv_text(&w, "next", NULL);
	jsonw_end_object(&w);
	return OK;
}

const struct route activities_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/interaction/*/finish", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = finish, .specs = finish_specs,
	 .doc = "Ends an activity with its outcome and plans the next step, in one write"},
	{.pattern = NULL},
};
