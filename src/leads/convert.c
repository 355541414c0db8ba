/* A lead becomes a customer, a contact and a deal in one write: all of it, once; and back again while nothing has grown on it. */
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "leads/leads.h"
#include "leads_sql.h"

struct convert_body {
	int64_t customer_id, pipeline_id;
	const char *deal_name, *amount, *close_on;
	bool without_deal;
};

static const struct spec convert_specs[] = {
	{"customer_id", SPEC_ID, offsetof(struct convert_body, customer_id), false, 0, "A customer who is there already; else one is made"},
	{"without_deal", SPEC_BOOL, offsetof(struct convert_body, without_deal), false, 0, "No deal comes of it"},
	{"deal_name", SPEC_TEXT, offsetof(struct convert_body, deal_name), false, 800, "What the deal is about"},
	{"pipeline_id", SPEC_ID, offsetof(struct convert_body, pipeline_id), false, 0, "Of the deal; the one for new deals unless given"},
	{"amount", SPEC_TEXT, offsetof(struct convert_body, amount), false, 40, "Of the deal, in the base currency"},
	{"close_on", SPEC_TEXT, offsetof(struct convert_body, close_on), false, 10, "Expected close, as 2026-03-31"},
	{0},
};

struct conversion {
	struct ctx *ctx;
	struct record *lead;
	const struct convert_body *body;
	int64_t customer, contact, deal;
	bool made_customer, made_contact, made_deal;
};

static enum err copy(struct ctx *ctx, const struct record *from, const char *field, struct record *to, const char *as)
{
	const struct value *value = record_value(from, field);
	return value->kind == VALUE_NULL ? OK : record_set(ctx, to, as, *value);
}

static enum err copy_all(struct ctx *ctx, const struct record *from, const char *const *names, struct record *to)
{
	enum err err = OK;
	for (; err == OK && *names != NULL; names++)
		err = copy(ctx, from, *names, to, *names);
	return err;
}

/* What customers call their sources, which are fewer. */
static const char *customer_source(const char *source)
{
	static const char *const known[] = {"exhibition", "call", "referral", "advert", "search", "social", "marketplace", "import", NULL};
	for (const char *const *k = known; *k != NULL; k++)
		if (str_equal(*k, source))
			return *k;
	return source != NULL ? "other" : NULL;
}

static const char *const reached[] = {"phone", "email", "country", "province", "city", "owner_id", "team_id", "branch_id", NULL};

static enum err make_customer(struct conversion *c)
{
	struct ctx *ctx = c->ctx;
	struct record *r, *there;
	bool company = !str_empty(record_text(c->lead, "company"));
	const char *source = customer_source(record_text(c->lead, "source"));
	if (c->body->customer_id != 0) {
		c->customer = c->body->customer_id;
		return record_get(ctx, registry_find(ctx->registry, "customer"), c->customer, ACTION_READ, &there);
	}
	enum err err = record_new(ctx, registry_find(ctx->registry, "customer"), &r);
	if (err == OK)
		err = record_set(ctx, r, "kind", value_text(company ? "company" : "person"));
	if (err == OK)
		err = copy(ctx, c->lead, company ? "company" : "name", r, "name");
	if (err == OK)
		err = copy_all(ctx, c->lead, reached, r);
	if (err == OK && source != NULL)
		err = record_set(ctx, r, "source", value_text(source));
	if (err == OK)
		err = copy(ctx, c->lead, "note", r, "note");
	if (err == OK)
		err = record_create(ctx, r, 0);
	c->made_customer = err == OK;
	c->customer = err == OK ? record_id(r) : 0;
	return err;
}

/* The person of a company. */
static enum err make_contact(struct conversion *c)
{
	struct ctx *ctx = c->ctx;
	struct record *r;
	const char *name = record_text(c->lead, "name"), *company = record_text(c->lead, "company");
	if (str_empty(company) || str_equal(name, company))
		return OK;
	enum err err = record_new(ctx, registry_find(ctx->registry, "customer"), &r);
	if (err == OK)
		err = record_set(ctx, r, "kind", value_text("person"));
	if (err == OK)
		err = copy(ctx, c->lead, "name", r, "name");
	if (err == OK)
		err = copy_all(ctx, c->lead, reached, r);
	if (err == OK)
		err = copy(ctx, c->lead, "job_title", r, "occupation");
	if (err == OK)
		err = copy(ctx, c->lead, "company", r, "employer");
	if (err == OK)
		err = record_create(ctx, r, 0);
	c->made_contact = err == OK;
	c->contact = err == OK ? record_id(r) : 0;
	return err;
}

static enum err set_given(struct ctx *ctx, struct record *r, const char *field, const char *text)
{
	return str_empty(text) ? OK : record_set(ctx, r, field, value_text(text));
}

static enum err fill_deal(struct conversion *c, struct record *r)
{
	static const char *const taken[] = {"source", "owner_id", "team_id", "branch_id", "note", NULL};
	struct ctx *ctx = c->ctx;
	const char *interest = record_text(c->lead, "interest"), *company = record_text(c->lead, "company");
	const char *name = !str_empty(c->body->deal_name) ? c->body->deal_name : !str_empty(interest) ? interest : !str_empty(company) ? company : record_text(c->lead, "name");
	enum err err = record_set(ctx, r, "name", value_text(name));
	if (err == OK)
		err = record_set(ctx, r, "customer_id", value_int(c->customer));
	if (err == OK && c->contact != 0)
		err = record_set(ctx, r, "contact_id", value_int(c->contact));
	if (err == OK)
		err = copy_all(ctx, c->lead, taken, r);
	if (err == OK && c->body->pipeline_id != 0)
		err = record_set(ctx, r, "pipeline_id", value_int(c->body->pipeline_id));
	if (err == OK)
		err = str_empty(c->body->amount) ? copy(ctx, c->lead, "amount", r, "amount") : set_given(ctx, r, "amount", c->body->amount);
	return err == OK ? set_given(ctx, r, "close_on", c->body->close_on) : err;
}

static enum err make_deal(struct conversion *c)
{
	struct record *r;
	if (c->body->without_deal)
		return OK;
	enum err err = record_new(c->ctx, registry_find(c->ctx->registry, "opportunity"), &r);
	if (err == OK)
		err = fill_deal(c, r);
	if (err == OK)
		err = record_create(c->ctx, r, 0);
	c->made_deal = err == OK;
	c->deal = err == OK ? record_id(r) : 0;
	return err;
}

/* What was planned and said with the lead stands with the customer, too; `customer` null: no more. */
static enum err move_activities(struct ctx *ctx, int64_t lead, struct value customer)
{
	enum { MOST = 500 };
	struct stmt *stmt;
	bool row;
	size_t n = 0;
	int64_t *ids = arena_array(ctx->arena, MOST, sizeof(*ids));
	const char *about = arena_printf(ctx->arena, "lead/%lld", (long long)lead);
	if (ids == NULL || about == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = db_prepare(ctx, ctx->db, &sql_lead_activities, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, about);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && n < MOST)
		ids[n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	for (size_t i = 0; err == OK && i < n; i++) {
		struct record *patch;
		err = record_new(ctx, registry_find(ctx->registry, "interaction"), &patch);
		if (err == OK)
			err = record_set(ctx, patch, "customer_id", customer);
		if (err == OK)
			err = record_update(ctx, ids[i], patch, 0, W_TRUSTED | W_NO_SEARCH, NULL);
	}
	return err;
}

/* First of all, so that of two at once one waits here, and finds it done. */
static enum err take(struct conversion *c)
{
	struct record *patch;
	enum err err = record_new(c->ctx, c->lead->info, &patch);
	if (err == OK)
		err = record_set(c->ctx, patch, "state", value_text("converted"));
	if (err == OK)
		err = record_set(c->ctx, patch, "converted_at", value_int(ctx_now(c->ctx)));
	return err == OK ? record_update(c->ctx, record_id(c->lead), patch, record_i64(c->lead, "version"), W_TRUSTED, NULL) : err;
}

static enum err note(struct conversion *c)
{
	struct record *patch;
	const char *made = arena_printf(c->ctx->arena, "%s%s%s.", c->made_customer ? "customer+" : "", c->made_contact ? "contact+" : "", c->made_deal ? "opportunity" : "");
	enum err err = made != NULL ? record_new(c->ctx, c->lead->info, &patch) : fail(c->ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = record_set(c->ctx, patch, "customer_id", value_int(c->customer));
	if (err == OK && c->contact != 0)
		err = record_set(c->ctx, patch, "contact_id", value_int(c->contact));
	if (err == OK && c->deal != 0)
		err = record_set(c->ctx, patch, "opportunity_id", value_int(c->deal));
	if (err == OK)
		err = record_set(c->ctx, patch, "made", value_text(made));
	return err == OK ? record_update(c->ctx, record_id(c->lead), patch, 0, W_TRUSTED, NULL) : err;
}

static enum err read_lead(struct ctx *ctx, const struct http_request *req, enum action action, struct record **ret)
{
	int64_t id;
	const struct entity_info *info = registry_find(ctx->registry, "lead");
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	enum err err = record_get(ctx, info, id, action, ret);
	return err == OK ? record_load(ctx, info, id, ret) : err; /* whole: what becomes of it is not masked */
}

static void put_id(struct jsonw *w, const char *key, int64_t id)
{
	if (id != 0)
		jsonw_kv_id(w, key, id);
	else
		jsonw_kv_text(w, key, NULL);
}

static enum err convert(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct convert_body body = {0};
	struct conversion c = {.ctx = ctx, .body = &body};
	struct jsonw w;
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK)
		err = read_lead(ctx, req, ACTION_UPDATE, &c.lead);
	if (err == OK && str_equal(record_text(c.lead, "state"), "converted"))
		err = fail(ctx, ERR_CONFLICT, "state", "lead_is_converted");
	if (err == OK)
		err = take(&c);
	if (err == OK)
		err = make_customer(&c);
	if (err == OK)
		err = make_contact(&c);
	if (err == OK)
		err = make_deal(&c);
	if (err == OK)
		err = move_activities(ctx, record_id(c.lead), value_int(c.customer));
	if (err == OK)
		err = note(&c);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	put_id(&w, "customer_id", c.customer);
	put_id(&w, "contact_id", c.contact);
	put_id(&w, "opportunity_id", c.deal);
	jsonw_end_object(&w);
	return OK;
}

/* --- and back ------------------------------------------------------------------------------------------- */

static int64_t made_id(const struct record *lead, const char *word, const char *field)
{
	const char *made = record_text(lead, "made");
	return made != NULL && strstr(made, word) != NULL ? record_i64(lead, field) : 0;
}

/* Handed on to others meanwhile, it is theirs: whoever may not change it does not make it go either. */
static enum err ask_reach(struct ctx *ctx, const char *entity, int64_t id)
{
	struct record *there;
	enum err err = id != 0 ? record_get(ctx, registry_find(ctx->registry, entity), id, ACTION_UPDATE, &there) : OK;
	if (err != ERR_NOT_FOUND && err != ERR_FORBIDDEN)
		return err;
	faults_clear(ctx);
	return fail(ctx, ERR_CONFLICT, "", "lead_grown");
}

/* Somebody has gone on with the customer or the deal: that would be lost. */
static enum err ask_grown(struct ctx *ctx, const struct record *lead)
{
	struct stmt *stmt;
	bool row = false;
	int64_t customer = made_id(lead, "customer", "customer_id"), deal = made_id(lead, "opportunity", "opportunity_id");
	const char *about = arena_printf(ctx->arena, "opportunity/%lld", (long long)deal);
	enum err err = about != NULL ? ask_reach(ctx, "customer", customer) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = ask_reach(ctx, "customer", made_id(lead, "contact", "contact_id"));
	if (err == OK)
		err = ask_reach(ctx, "opportunity", deal);
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_lead_grown, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, customer);
	stmt_bind_i64(stmt, 2, deal);
	stmt_bind_text(stmt, 3, about);
	err = stmt_step(ctx, stmt, &row);
	bool grown = err == OK && row && stmt_i64(stmt, 0) > 0;
	stmt_done(stmt);
	return grown ? fail(ctx, ERR_CONFLICT, "", "lead_grown") : err;
}

static enum err take_back(struct ctx *ctx, const struct record *lead, const char *word, const char *entity, const char *field)
{
	int64_t id = made_id(lead, word, field);
	return id != 0 ? record_delete(ctx, registry_find(ctx->registry, entity), id, 0, W_TRUSTED) : OK;
}

static enum err forget(struct ctx *ctx, const struct record *lead)
{
	static const char *const gone[] = {"converted_at", "customer_id", "contact_id", "opportunity_id", "made"};
	struct record *patch;
	enum err err = record_new(ctx, lead->info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "state", value_text("qualified"));
	for (size_t i = 0; err == OK && i < sizeof(gone) / sizeof(gone[0]); i++)
		err = record_set(ctx, patch, gone[i], value_null());
	return err == OK ? record_update(ctx, record_id(lead), patch, 0, W_TRUSTED, NULL) : err;
}

/* What was made goes, with what hangs on it; what other records stand on stays, and so does all of it. */
static enum err unconvert(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *lead;
	struct jsonw w;
	char nothing;
	enum err err = http_read_body(ctx, req, &nothing);
	if (err == OK)
		err = read_lead(ctx, req, ACTION_UPDATE, &lead);
	if (err == OK && !str_equal(record_text(lead, "state"), "converted"))
		err = fail(ctx, ERR_CONFLICT, "state", "lead_not_converted");
	if (err == OK)
		err = move_activities(ctx, record_id(lead), value_null());
	if (err == OK)
		err = ask_grown(ctx, lead);
	if (err == OK)
		err = take_back(ctx, lead, "opportunity", "opportunity", "opportunity_id");
	if (err == OK)
		err = take_back(ctx, lead, "contact", "customer", "contact_id");
	if (err == OK)
		err = take_back(ctx, lead, "customer", "customer", "customer_id");
	if (err == OK)
		err = forget(ctx, lead);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", record_id(lead));
	jsonw_end_object(&w);
	return OK;
}

static const struct spec no_specs[] = {{0}};

const struct route leads_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/lead/*/convert", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = convert, .specs = convert_specs,
	 .doc = "Makes a customer, a contact and a deal of a lead, once"},
	{.method = METHOD_POST, .pattern = "/api/v1/lead/*/undo", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = unconvert, .specs = no_specs,
	 .doc = "Takes a conversion back: what it made goes, unless other records stand on it"},
	{.pattern = NULL},
};
