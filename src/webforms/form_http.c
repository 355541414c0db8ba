/* For staff: what was counted, what somebody typed, who they may be, and what becomes of it. */
#include <jansson.h>
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "duplicates/rule.h"
#include "webforms/webforms_internal.h"
#include "webforms_sql.h"

enum { DAYS_MAX = 400, CANDIDATES_SHOWN = 10 };

static enum err get_record(struct ctx *ctx, const char *entity, const char *text, struct record **ret)
{
	int64_t id;
	return id_parse(text, &id) ? record_get(ctx, registry_find(ctx->registry, entity), id, ACTION_READ, ret) : fail(ctx, ERR_NOT_FOUND, "", "not_found");
}

/* --- counts ------------------------------------------------------------------------------------ */

static enum err counts(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	const char *asked = http_query(ctx, req, "days", 0);
	struct record *form;
	struct stmt *stmt;
	struct jsonw w;
	char since[11];
	int64_t days = 30;
	bool row = true;
	enum err err = get_record(ctx, "web_form", req->params[0], &form);
	if (err == OK && asked != NULL && (!str_to_i64(asked, &days) || days < 1 || days > DAYS_MAX))
		err = fail(ctx, ERR_INVALID, "days", "web_form_days");
	if (err == OK)
		err = form_today(ctx, days - 1, since);
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_form_days, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, record_id(form));
	stmt_bind_text(stmt, 2, since);
	jsonw_init(&w, http_body(res));
	jsonw_array(&w);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		jsonw_object(&w);
		jsonw_kv_text(&w, "day", stmt_text(stmt, 0));
		jsonw_kv_text(&w, "what", stmt_text(stmt, 1));
		jsonw_kv_int(&w, "n", stmt_i64(stmt, 2));
		jsonw_end_object(&w);
	}
	stmt_done(stmt);
	jsonw_end_array(&w);
	return err;
}

/* --- what was typed ------------------------------------------------------------------------------- */

static json_t *sent_of(const struct record *entry)
{
	const char *text = record_text(entry, "sent");
	json_error_t wrong;
	return text != NULL ? json_loads(text, 0, &wrong) : NULL;
}

enum err form_answer_kept(struct ctx *ctx, const struct record *entry, struct form_answer *ret)
{
	struct record *form;
	struct form_spec *spec;
	memset(ret, 0, sizeof(*ret));
	enum err err = record_load(ctx, registry_find(ctx->registry, "web_form"), record_i64(entry, "form_id"), &form);
	if (err == OK)
		err = form_spec_read(ctx, form, &spec);
	if (err != OK)
		return err;
	json_t *sent = sent_of(entry);
	const json_t *values = json_object_get(sent, "values");
	ret->form = form;
	ret->spec = spec;
	for (size_t i = 0; i < spec->n; i++) {
		const char *text = json_string_value(json_object_get(values, spec->fields[i].name));
		ret->values[i] = text != NULL ? arena_strdup(ctx->arena, text) : NULL;
	}
	json_decref(sent);
	return ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : OK;
}

/* The entry whole, for whoever may see what it became; of what became nothing yet, for whoever may see all of that kind. */
static enum err open_entry(struct ctx *ctx, const char *id, struct record **ret, struct record **ret_form)
{
	struct record *seen, *made;
	const struct entity_info *info;
	int64_t record;
	enum err err = get_record(ctx, "web_form_entry", id, &seen);
	if (err == OK)
		err = record_load(ctx, seen->info, record_id(seen), ret);
	if (err == OK)
		err = record_load(ctx, registry_find(ctx->registry, "web_form"), record_i64(*ret, "form_id"), ret_form);
	if (err != OK)
		return err;
	const char *of = record_text(*ret, "record");
	if (of != NULL && entity_any(ctx->registry, of, &info, &record))
		return record_get(ctx, info, record, ACTION_READ, &made);
	info = registry_find(ctx->registry, record_text(*ret_form, "entity"));
	bool all = info != NULL && entity_scope(ctx->actor, info, ACTION_READ) == SCOPE_ALL;
	return all ? OK : fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", info != NULL ? info->entity->name : "web_form_entry");
}

static void put_value(struct ctx *ctx, struct jsonw *w, const char *entity, const char *name, const char *value)
{
	struct form_field f = {.name = name, .hidden = true};
	const struct faults before = ctx->faults;
	bool there = form_field_find(ctx, entity, &f) == OK;
	ctx->faults = before;
	enum field_right right = there ? entity_field_right(ctx->actor, f.info, f.at) : RIGHT_HIDDEN;
	bool may = there && entity_scope(ctx->actor, f.info, ACTION_READ) != SCOPE_NONE;
	if (!may || right == RIGHT_HIDDEN)
		return;
	jsonw_object(w);
	jsonw_kv_text(w, "field", name);
	jsonw_kv_text(w, "label", entity_label(ctx, &f.info->fields[f.at]->label));
	jsonw_kv_text(w, "value", right == RIGHT_MASKED ? NULL : value);
	jsonw_kv_bool(w, "masked", right == RIGHT_MASKED);
	jsonw_end_object(w);
}

static void put_candidate(struct jsonw *w, const struct record *r, const struct rule_match *m)
{
	static const char *const shown[] = {"name", "phone", "email", "city"};
	jsonw_object(w);
	jsonw_kv_id(w, "id", record_id(r));
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		jsonw_kv_text(w, shown[i], record_text(r, shown[i]));
	jsonw_kv_text(w, "rule", m->name);
	jsonw_kv_int(w, "percent", m->chance / 10000);
	jsonw_end_object(w);
}

/* Who they may be, as the rules see it now; those out of reach are counted alone. */
static enum err put_candidates(struct ctx *ctx, struct jsonw *w, const struct record *entry)
{
	struct form_answer *a = arena_alloc(ctx->arena, sizeof(*a));
	struct rule_match *list = arena_array(ctx->arena, RULE_MATCHES_MAX, sizeof(*list));
	struct record *person = NULL, *seen;
	size_t n = 0;
	int64_t unseen = 0;
	enum err err = a != NULL && list != NULL ? form_answer_kept(ctx, entry, a) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err == ERR_INVALID) { /* the form asks what is not there any more */
		faults_clear(ctx);
		err = OK;
	} else if (err == OK) {
		err = form_person(ctx, a, &person);
	}
	if (err == OK && person != NULL)
		err = rule_find(ctx, person, false, list, &n);
	jsonw_key(w, "candidates");
	jsonw_array(w);
	for (size_t i = 0; err == OK && i < n && i < CANDIDATES_SHOWN; i++) {
		const struct faults before = ctx->faults;
		enum err got = record_get(ctx, registry_find(ctx->registry, "customer"), list[i].id, ACTION_READ, &seen);
		ctx->faults = before;
		if (got == OK)
			put_candidate(w, seen, &list[i]);
		else
			unseen++;
	}
	jsonw_end_array(w);
	jsonw_kv_int(w, "unseen", unseen);
	return err;
}

static enum err sent(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *entry, *form;
	struct jsonw w;
	const char *name;
	json_t *value;
	enum err err = open_entry(ctx, req->params[0], &entry, &form);
	if (err != OK)
		return err;
	json_t *kept = sent_of(entry);
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_key(&w, "values");
	jsonw_array(&w);
	json_object_foreach(json_object_get(kept, "values"), name, value)
		put_value(ctx, &w, record_text(form, "entity"), name, json_string_value(value));
	jsonw_end_array(&w);
	json_decref(kept);
	if (str_equal(record_text(entry, "state"), "waiting"))
		err = put_candidates(ctx, &w, entry);
	jsonw_end_object(&w);
	return err;
}

/* --- decided ---------------------------------------------------------------------------------------- */

struct decide_body {
	int64_t customer_id;
	bool fresh, aside;
};

static const struct spec decide_specs[] = {
	{"customer_id", SPEC_ID, offsetof(struct decide_body, customer_id), false, 0, "It is this customer"},
	{"fresh", SPEC_BOOL, offsetof(struct decide_body, fresh), false, 0, "It is somebody new"},
	{"aside", SPEC_BOOL, offsetof(struct decide_body, aside), false, 0, "Nothing becomes of it"},
	{0},
};

static enum err decide(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct decide_body body = {0};
	struct record *entry, *form;
	struct jsonw w;
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK && (body.customer_id != 0) + body.fresh + body.aside != 1)
		err = fail(ctx, ERR_INVALID, "", "web_form_decide");
	if (err == OK)
		err = open_entry(ctx, req->params[0], &entry, &form);
	if (err != OK)
		return err;
	const struct entity_info *info = registry_find(ctx->registry, record_text(form, "entity"));
	if (info == NULL || entity_scope(ctx->actor, info, ACTION_CREATE) == SCOPE_NONE)
		return fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", info != NULL ? info->entity->name : "web_form_entry");
	if (!str_equal(record_text(entry, "state"), "waiting"))
		return fail(ctx, ERR_CONFLICT, "state", "web_form_decided");
	err = form_decide(ctx, entry, body.customer_id, body.fresh);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", record_id(entry));
	jsonw_end_object(&w);
	return OK;
}

#define SIGNED_IN .door = DOOR_SIGNED_IN

const struct route webforms_routes[] = {
	{SIGNED_IN, .method = METHOD_GET, .pattern = "/api/v1/web_forms/*/counts", .lane = LANE_READ, .handle = counts,
	 .doc = "How often a form was shown, begun, sent and refused, by day and reason; ?days= of the last, 30 unless given."},
	{SIGNED_IN, .method = METHOD_GET, .pattern = "/api/v1/web_form_entries/*/sent", .lane = LANE_READ, .handle = sent,
	 .doc = "What was typed in an entry, with the rights to the fields it is for; of one that waits, who it may be."},
	{SIGNED_IN, .method = METHOD_POST, .pattern = "/api/v1/web_form_entries/*/decide", .lane = LANE_WRITE, .handle = decide, .specs = decide_specs,
	 .doc = "Of an entry that waits: it is this customer, somebody new, or nothing becomes of it."},
	{.pattern = NULL},
};
