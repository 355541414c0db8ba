/* Consents over the API, beside their records: how somebody stands now and may be contacted, asking for a confirmation, links. */
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "consent/consent_internal.h"
#include "consent_sql.h"
#include "core/outbox/outbox.h"

static const char *const purposes[] = {"marketing", "service", "profiling", "sharing", "sensitive", "abroad"};

/* Whether the actor may see what the ledger says. */
static bool sees_ledger(const struct ctx *ctx)
{
	static const char *const fields[] = {"channel", "purpose", "state", "at"};
	const struct entity_info *info = registry_find(ctx->registry, "consent");
	bool sees = entity_scope(ctx->actor, info, ACTION_READ) != SCOPE_NONE;
	for (size_t i = 0; sees && i < sizeof(fields) / sizeof(fields[0]); i++)
		sees = entity_field_right(ctx->actor, info, entity_field(info, fields[i])) >= RIGHT_READ;
	return sees;
}

static enum err get_customer(struct ctx *ctx, const char *text, struct record **ret)
{
	int64_t id;
	if (text == NULL || !id_parse(text, &id))
		return fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "customer");
	enum err err = record_get(ctx, registry_find(ctx->registry, "customer"), id, ACTION_READ, ret);
	return !err && !sees_ledger(ctx) ? fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", "consent") : err;
}

static enum err write_now(struct ctx *ctx, struct jsonw *w, int64_t customer)
{
	struct stmt *stmt;
	bool row;
	enum err err = db_prepare(ctx, ctx->db, &sql_consent_nows, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, customer);
	jsonw_key(w, "now");
	jsonw_array(w);
	while (!(err = stmt_step(ctx, stmt, &row)) && row) {
		jsonw_object(w);
		jsonw_kv_text(w, "channel", stmt_text(stmt, 0));
		jsonw_kv_text(w, "purpose", stmt_text(stmt, 1));
		jsonw_kv_text(w, "state", stmt_text(stmt, 2));
		jsonw_key(w, "at");
		jsonw_time(w, stmt_i64(stmt, 3));
		jsonw_kv_id(w, "consent_id", stmt_i64(stmt, 4));
		jsonw_end_object(w);
	}
	stmt_done(stmt);
	jsonw_end_array(w);
	return err;
}

/* What somebody may not know of cases is not told by a reason. */
static const char *reason_told(const struct ctx *ctx, enum consent_reason reason)
{
	bool of_case = reason == CONSENT_COMPLAINT || reason == CONSENT_RETURN;
	bool hidden = of_case && entity_scope(ctx->actor, registry_find(ctx->registry, "case"), ACTION_READ) == SCOPE_NONE;
	return hidden ? "other" : consent_reason_names[reason];
}

static enum err write_may(struct ctx *ctx, struct jsonw *w, int64_t customer)
{
	static const char *const verdicts[] = {[CONSENT_YES] = "yes", [CONSENT_LATER] = "later", [CONSENT_NO] = "no"};
	struct consent_run *run;
	enum err err = consent_run_begin(ctx, &run);
	if (err)
		return err;
	jsonw_key(w, "may");
	jsonw_array(w);
	for (int i = 0; !err && i <= CONSENT_POST; i++) {
		struct consent_question q = {.customer_id = customer, .channel = (enum consent_channel)i, .purpose = "marketing"};
		struct consent_answer a;
		err = consent_ask(ctx, run, &q, &a);
		jsonw_object(w);
		jsonw_kv_text(w, "channel", consent_channel_names[i]);
		jsonw_kv_text(w, "verdict", err ? "no" : verdicts[a.verdict]);
		jsonw_kv_text(w, "reason", err ? "" : reason_told(ctx, a.reason));
		if (!err && a.verdict == CONSENT_LATER) {
			jsonw_key(w, "until");
			jsonw_time(w, a.until_ms);
		}
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	consent_run_end(run);
	return err;
}

static enum err of_customer(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *customer;
	struct jsonw w;
	enum err err = get_customer(ctx, req->params[0], &customer);
	if (err)
		return err;
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	err = write_now(ctx, &w, record_id(customer));
	if (!err)
		err = write_may(ctx, &w, record_id(customer));
	jsonw_end_object(&w);
	return err;
}

/* --- asked to confirm -------------------------------------------------------------------- */

struct ask_body {
	int64_t customer_id;
	const char *purpose, *text_version, *source;
};

static const struct spec ask_specs[] = {
	{"customer_id", SPEC_ID, offsetof(struct ask_body, customer_id), true, 0, "who is asked"},
	{"purpose", SPEC_TEXT, offsetof(struct ask_body, purpose), false, 40, "marketing unless given"},
	{"text_version", SPEC_TEXT, offsetof(struct ask_body, text_version), false, 320, "of the words agreed to"},
	{"source", SPEC_TEXT, offsetof(struct ask_body, source), false, 800, "where they were asked first"},
	{.name = NULL},
};

static enum err check_purpose(struct ctx *ctx, const char *purpose)
{
	for (size_t i = 0; i < sizeof(purposes) / sizeof(purposes[0]); i++) {
		if (str_equal(purposes[i], purpose))
			return OK;
	}
	return fail_arg(ctx, ERR_INVALID, "purpose", "consent_purpose", purpose);
}

/* As the actor: whoever may add to the ledger may ask. */
static enum err add_asked(struct ctx *ctx, const struct ask_body *body, int64_t *ret)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, "consent"), &r);
	if (!err)
		err = record_set(ctx, r, "customer_id", value_int(body->customer_id));
	if (!err)
		err = record_set(ctx, r, "channel", value_text("email"));
	if (!err)
		err = record_set(ctx, r, "purpose", value_text(body->purpose));
	if (!err)
		err = record_set(ctx, r, "state", value_text("asked"));
	if (!err && !str_empty(body->text_version))
		err = record_set(ctx, r, "text_version", value_text(body->text_version));
	if (!err && !str_empty(body->source))
		err = record_set(ctx, r, "source", value_text(body->source));
	if (!err)
		err = record_create(ctx, r, 0);
	*ret = err ? 0 : record_id(r);
	return err;
}

static enum locale locale_of(const char *language)
{
	if (language == NULL || str_starts(language, "zh"))
		return language != NULL && (str_starts(language, "zh-Hant") || str_starts(language, "zh-TW") || str_starts(language, "zh-HK")) ? LOCALE_ZH_HANT : LOCALE_ZH_HANS;
	return LOCALE_EN;
}

static const char *said(const struct ctx *ctx, const char *key)
{
	struct fault word = {.field = "", .key = key};
	return app_message(ctx, &word);
}

static enum err send_asked(struct ctx *ctx, int64_t customer, int64_t entry)
{
	struct consent_link link = {.customer_id = customer, .cause_id = entry, .channel = CONSENT_EMAIL, .confirm = true, .expires_ms = ctx_now(ctx) + 7LL * CONSENT_DAY_MS};
	struct record *person;
	const char *url, *firm;
	int64_t id;
	enum locale before = ctx->locale;
	enum err err = record_load(ctx, registry_find(ctx->registry, "customer"), customer, &person);
	const char *email = err ? NULL : record_text(person, "email");
	if (!err && str_empty(email))
		err = fail(ctx, ERR_INVALID, "customer_id", "consent_no_email");
	if (!err)
		err = consent_link_url(ctx, &link, &url);
	if (!err)
		err = setting_text(ctx, &firm_settings[FIRM_NAME], &firm);
	if (err)
		return err;
	ctx->locale = locale_of(record_text(person, "language"));
	const char *text = arena_printf(ctx->arena, "%s\n\n%s\n\n%s\n", said(ctx, "consent_asked_before"), url, said(ctx, "consent_asked_after"));
	const char *head = arena_printf(ctx->arena, "%s%s%s", firm, str_empty(firm) ? "" : ": ", said(ctx, "door_confirm_head"));
	ctx->locale = before;
	if (text == NULL || head == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	struct outbox_mail mail = {.to_address = email, .subject = head, .text = text, .entity = "customer", .record_id = customer, .purpose = OUTBOX_SERVICE,
	                           .key = arena_printf(ctx->arena, "consent/%lld", (long long)entry)};
	return outbox_mail(ctx, &mail, &id);
}

/* Nobody is asked by mail again and again. */
static enum err asked_lately(struct ctx *ctx, const struct ask_body *body, bool *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_consent_newest, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, body->customer_id);
	stmt_bind_text(stmt, 2, "email");
	stmt_bind_text(stmt, 3, body->purpose);
	err = stmt_step(ctx, stmt, &row);
	*ret = !err && row && str_equal(stmt_text(stmt, 1), "asked") && stmt_i64(stmt, 2) > ctx_now(ctx) - CONSENT_DAY_MS;
	stmt_done(stmt);
	return err;
}

/* The newest entry about mails of this purpose. */
static enum err newest_of(struct ctx *ctx, const struct consent_entry *entry, int64_t *ret_id, bool *ret_given)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_consent_newest, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, entry->customer_id);
	stmt_bind_text(stmt, 2, "email");
	stmt_bind_text(stmt, 3, entry->purpose);
	err = stmt_step(ctx, stmt, &row);
	*ret_id = !err && row ? stmt_i64(stmt, 0) : 0;
	*ret_given = !err && row && str_equal(stmt_text(stmt, 1), "given");
	stmt_done(stmt);
	return err;
}

enum err consent_ask_by_mail(struct ctx *ctx, const struct consent_entry *entry)
{
	struct ask_body body = {.customer_id = entry->customer_id, .purpose = entry->purpose};
	struct consent_entry asked = *entry;
	struct record *person;
	int64_t id;
	bool given = false, lately = false;
	enum err err = newest_of(ctx, entry, &id, &given);
	if (!err)
		err = asked_lately(ctx, &body, &lately);
	if (!err)
		err = record_load(ctx, registry_find(ctx->registry, "customer"), entry->customer_id, &person);
	if (err || given || lately || str_empty(record_text(person, "email")))
		return err;
	asked.channel = "email";
	asked.state = "asked";
	err = consent_add(ctx, &asked, NULL);
	if (!err)
		err = newest_of(ctx, entry, &id, &given);
	return err ? err : send_asked(ctx, entry->customer_id, id);
}

static enum err ask(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct ask_body body = {.purpose = "marketing"};
	struct jsonw w;
	int64_t id;
	bool lately = false;
	enum err err = http_read_body(ctx, req, &body);
	if (!err)
		err = check_purpose(ctx, body.purpose);
	if (!err)
		err = asked_lately(ctx, &body, &lately);
	if (!err)
		err = add_asked(ctx, &body, &id);
	if (!err && lately) /* told to those alone who may ask */
		err = fail(ctx, ERR_CONFLICT, "customer_id", "consent_asked_already");
	if (!err)
		err = send_asked(ctx, body.customer_id, id);
	if (err)
		return err;
	http_status(res, 201);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", id);
	jsonw_end_object(&w);
	return OK;
}

/* The page where a customer chooses, for whoever may write in the ledger on their behalf anyway. */
static enum err link_of(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *customer;
	struct jsonw w;
	const char *url;
	enum err err = get_customer(ctx, req->params[0], &customer);
	const struct entity_info *info = registry_find(ctx->registry, "consent");
	struct row_owner owner;
	if (!err)
		err = record_owner(ctx, customer, &owner);
	if (!err && !gate_reach(ctx->actor, entity_scope(ctx->actor, info, ACTION_CREATE), &owner, ACTION_UPDATE, ctx_now(ctx)))
		err = fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", "consent");
	if (err)
		return err;
	int64_t days = setting_int(ctx, &consent_settings[CONSENT_LINK_DAYS]);
	struct consent_link link = {.customer_id = record_id(customer), .channel = CONSENT_EMAIL, .expires_ms = ctx_now(ctx) + days * CONSENT_DAY_MS};
	err = consent_link_url(ctx, &link, &url);
	if (err)
		return err;
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_text(&w, "url", url);
	jsonw_end_object(&w);
	return OK;
}

const struct route consent_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/customer/*/contact", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = of_customer,
	 .doc = "What a customer agreed to as it stands now, and over which channels promotions may go to them at this moment."},
	{.method = METHOD_GET, .pattern = "/api/v1/customer/*/contact_link", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = link_of,
	 .doc = "The signed address of the page where a customer chooses what they are sent."},
	{.method = METHOD_POST, .pattern = "/api/v1/consents/ask", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = ask, .specs = ask_specs,
	 .doc = "Asks a customer by mail to confirm a consent (double opt-in): it counts once they press the button of the page behind the link."},
	{.pattern = NULL},
};
