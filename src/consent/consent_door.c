/* The public door for customers: signed links alone speak here, without cookie, script or anything from elsewhere.
 *
 * A GET asks and changes nothing (mail scanners follow links); a POST acts (RFC 8058: one click, whatever the body says). What is
 * answered is the same whether or not there is such a customer, and a wrong link is told like one whose time is over. */
#include <string.h>

#include "base/str.h"
#include "consent/consent_internal.h"
#include "consent_sql.h"

enum { BODY_MAX = 4096, ADDRESS_MINUTE = 60, PERSON_MINUTE = 12, MINUTE_MS = 60000 };

static const char *const channel_words[CONSENT_CHANNELS] = {
	[CONSENT_EMAIL] = "door_by_email", [CONSENT_SMS] = "door_by_sms", [CONSENT_PHONE] = "door_by_phone", [CONSENT_POST] = "door_by_post",
	[CONSENT_WECHAT] = "door_by_wechat", [CONSENT_LINE] = "door_by_line", [CONSENT_APP] = "door_by_app",
};

static const char style[] =
	"body{margin:0;background:#f5f5f2;color:#222;font:16px/1.6 system-ui,sans-serif}main{max-width:32em;margin:8vh auto;padding:2em;background:#fff;border-radius:8px}"
	"h1{font-size:1.4em;margin:0 0 .6em}button{font:inherit;padding:.6em 1.6em;border:0;border-radius:6px;background:#174ea6;color:#fff;cursor:pointer}"
	"button:focus-visible,a:focus-visible,input:focus-visible{outline:3px solid #f9ab00;outline-offset:2px}label{display:block;padding:.4em 0}input{width:1.2em;height:1.2em;"
	"vertical-align:-.2em;margin-right:.6em}a{color:#174ea6}footer{margin-top:2em;font-size:.9em}footer a{margin-right:1em}"
	"@media(prefers-color-scheme:dark){body{background:#121212;color:#eee}main{background:#1e1e1e}a{color:#8ab4f8}button{background:#8ab4f8;color:#111}}";

static void escaped(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		const char *with = *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : *text == '&' ? "&amp;" : *text == '"' ? "&quot;" : NULL;
		if (with != NULL)
			buf_puts(out, with);
		else
			buf_add(out, text, 1);
	}
}

static void say(const struct ctx *ctx, struct buf *out, const char *key)
{
	struct fault word = {.field = "", .key = key};
	escaped(out, app_message(ctx, &word));
}

static const char *const locales[LOCALE_COUNT] = {[LOCALE_EN] = "en", [LOCALE_ZH_HANS] = "zh-Hans", [LOCALE_ZH_HANT] = "zh-Hant"};

/* ?lang= before what the browser says. */
static enum err choose_language(struct ctx *ctx, const struct http_request *req)
{
	const char *asked = http_query(ctx, req, "lang", 0);
	ctx->locale = http_locale(req);
	for (int i = 0; i < LOCALE_COUNT; i++) {
		if (str_equal(locales[i], asked))
			ctx->locale = (enum locale)i;
	}
	return OK;
}

static void add_style_policy(struct ctx *ctx, struct http_response *res, char nonce[33])
{
	unsigned char bytes[16];
	ctx_random(ctx, bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		nonce[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		nonce[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	nonce[32] = '\0';
	const char *policy = arena_printf(ctx->arena, "default-src 'none'; style-src 'nonce-%s'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'", nonce);
	http_set_header(res, "Content-Security-Policy", policy != NULL ? policy : "default-src 'none'");
	http_set_header(res, "Referrer-Policy", "no-referrer"); /* the address is the key */
	http_set_header(res, "Cache-Control", "no-store");
	http_set_header(res, "X-Robots-Tag", "noindex");
}

static enum err begin_page(struct ctx *ctx, struct http_response *res, int status, const char *head)
{
	struct buf *out = http_body(res);
	char nonce[33];
	const char *firm;
	enum err err = setting_text(ctx, &firm_settings[FIRM_NAME], &firm);
	if (err)
		return err;
	http_status(res, status);
	http_content_type(res, "text/html; charset=utf-8");
	add_style_policy(ctx, res, nonce);
	buf_printf(out, "<!doctype html><html lang=\"%s\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>", locales[ctx->locale]);
	say(ctx, out, head);
	buf_printf(out, "</title><style nonce=\"%s\">%s</style></head><body><main><p>", nonce, style);
	escaped(out, firm);
	buf_puts(out, "</p><h1>");
	say(ctx, out, head);
	buf_puts(out, "</h1>");
	return OK;
}

static void paragraph(struct ctx *ctx, struct buf *out, const char *text)
{
	buf_puts(out, "<p>");
	say(ctx, out, text);
	buf_puts(out, "</p>");
}

static void end_page(const struct http_request *req, struct buf *out)
{
	static const char *const names[LOCALE_COUNT] = {[LOCALE_EN] = "English", [LOCALE_ZH_HANS] = "简体中文", [LOCALE_ZH_HANT] = "繁體中文"};
	buf_puts(out, "<footer>");
	for (int i = 0; req->method == METHOD_GET && i < LOCALE_COUNT; i++)
		buf_printf(out, "<a href=\"?lang=%s\" lang=\"%s\">%s</a>", locales[i], locales[i], names[i]);
	buf_puts(out, "</footer></main></body></html>");
}

static enum err plain_page(struct ctx *ctx, const struct http_request *req, struct http_response *res, int status, const char *head, const char *text)
{
	enum err err = begin_page(ctx, res, status, head);
	if (err)
		return err;
	paragraph(ctx, http_body(res), text);
	end_page(req, http_body(res));
	return OK;
}

static void button(struct ctx *ctx, struct buf *out, const char *text)
{
	buf_puts(out, "<p><button type=\"submit\">");
	say(ctx, out, text);
	buf_puts(out, "</button></p></form>");
}

/* What the link says; false: a page has been answered. */
static enum err open_link(struct ctx *ctx, const struct http_request *req, struct http_response *res, struct consent_link *link, bool *ret)
{
	enum err err = choose_language(ctx, req);
	if (!err)
		err = consent_link_read(ctx, req->params[0], link);
	*ret = err == OK;
	if (err != ERR_NOT_FOUND)
		return err;
	faults_clear(ctx);
	return plain_page(ctx, req, res, 404, "door_bad_head", "door_bad_text");
}

/* --- too often ------------------------------------------------------------------------ */

static enum err count(struct ctx *ctx, const char *who, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = who != NULL ? db_prepare(ctx, ctx->db, &sql_door_count, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err)
		return err;
	stmt_bind_text(stmt, 1, who);
	stmt_bind_i64(stmt, 2, ctx_now(ctx) / MINUTE_MS);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_door_ask, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, who);
	err = stmt_step(ctx, stmt, &row);
	*ret = !err && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

const char *consent_neighbourhood(struct ctx *ctx, const char *address)
{
	size_t n = 0;
	int colons = 0;
	if (strchr(address, ':') == NULL || str_starts(address, "::ffff:"))
		return arena_printf(ctx->arena, "a:%s", address);
	while (address[n] != '\0' && !(address[n] == ':' && ++colons == 4))
		n++;
	return arena_printf(ctx->arena, "a:%.*s", (int)n, address);
}

static enum err too_often(struct ctx *ctx, const struct http_request *req, struct http_response *res, const struct consent_link *link, bool *ret)
{
	int64_t by_address = 0, by_person = 0;
	enum err err = count(ctx, consent_neighbourhood(ctx, req->remote != NULL ? req->remote : ""), &by_address);
	if (!err)
		err = count(ctx, arena_printf(ctx->arena, "c:%lld", (long long)link->customer_id), &by_person);
	*ret = by_address > ADDRESS_MINUTE || by_person > PERSON_MINUTE;
	if (err || !*ret)
		return err;
	http_set_header(res, "Retry-After", "60");
	return plain_page(ctx, req, res, 429, "door_busy_head", "door_busy_text");
}

/* --- unsubscribe, confirm ---------------------------------------------------------------- */

static void choices_link(struct ctx *ctx, struct buf *out, const char *token)
{
	buf_printf(out, "<p><a href=\"/u/%s/choices?lang=%s\">", token, locales[ctx->locale]);
	say(ctx, out, "door_choices");
	buf_puts(out, "</a></p>");
}

static enum err ask_page(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct consent_link link;
	bool good;
	enum err err = open_link(ctx, req, res, &link, &good);
	if (err || !good)
		return err;
	struct buf *out = http_body(res);
	err = begin_page(ctx, res, 200, link.confirm ? "door_confirm_head" : "door_ask_head");
	if (err)
		return err;
	paragraph(ctx, out, link.confirm ? "door_confirm_text" : "door_ask_text");
	buf_printf(out, "<form method=\"post\" action=\"/u/%s?lang=%s\">", req->params[0], locales[ctx->locale]);
	button(ctx, out, link.confirm ? "door_confirm_button" : "door_ask_button");
	if (!link.confirm)
		choices_link(ctx, out, req->params[0]);
	end_page(req, out);
	return OK;
}

/* The customer who is meant now: who was merged into another is that one. 0: gone. */
static enum err person_of(struct ctx *ctx, int64_t id, int64_t *ret)
{
	const struct entity_info *info = registry_find(ctx->registry, "customer");
	int64_t into = 0;
	bool there;
	*ret = 0;
	enum err err = record_there(ctx, info, id, &there);
	if (!err && !there)
		err = record_alias(ctx, info, id, &into); /* of several merges the last: an alias moves on with its record */
	if (!err)
		*ret = there ? id : into;
	return err;
}

static enum err note(struct ctx *ctx, const struct http_request *req, const struct consent_link *link, const char *channel, bool given, const char *source)
{
	int64_t person;
	enum err err = person_of(ctx, link->customer_id, &person);
	if (err)
		return err;
	const char *cause = link->cause_id != 0 ? arena_printf(ctx->arena, "; %s %lld", link->confirm ? "asked by entry" : "contact", (long long)link->cause_id) : "";
	const char *evidence = cause != NULL ? arena_printf(ctx->arena, "signed link%s; from %s", cause, req->remote != NULL ? req->remote : "?") : NULL;
	struct consent_entry entry = {.customer_id = person != 0 ? person : link->customer_id, .channel = channel, .purpose = "marketing", .state = given ? "given" : "withdrawn", .source = source,
	                              .evidence = evidence};
	if (evidence == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	return person != 0 ? consent_add(ctx, &entry, NULL) : consent_gone_note(ctx, &entry);
}

/* A confirmation holds for what was asked: not once the customer has said no since. */
static enum err confirm(struct ctx *ctx, const struct http_request *req, const struct consent_link *link, bool *ret)
{
	struct record *asked;
	struct stmt *stmt;
	bool row = false, open = false;
	*ret = false;
	enum err err = record_load(ctx, registry_find(ctx->registry, "consent"), link->cause_id, &asked);
	if (err == ERR_NOT_FOUND) {
		faults_clear(ctx);
		return OK;
	}
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_consent_newest, &stmt);
	if (err)
		return err;
	int64_t person = record_i64(asked, "customer_id"); /* an entry moves on with who was merged */
	stmt_bind_i64(stmt, 1, person);
	stmt_bind_text(stmt, 2, record_text(asked, "channel"));
	stmt_bind_text(stmt, 3, record_text(asked, "purpose"));
	err = stmt_step(ctx, stmt, &row);
	open = !err && row && !str_equal(stmt_text(stmt, 1), "withdrawn");
	stmt_done(stmt);
	if (err || !open)
		return err;
	struct consent_entry entry = {.customer_id = person, .channel = record_text(asked, "channel"), .purpose = record_text(asked, "purpose"), .state = "given",
	                              .source = "double opt-in", .text_version = record_text(asked, "text_version"),
	                              .evidence = arena_printf(ctx->arena, "signed link; asked by entry %lld; from %s", (long long)link->cause_id, req->remote ? req->remote : "?")};
	*ret = true;
	return entry.evidence != NULL ? consent_add(ctx, &entry, NULL) : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err act(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct consent_link link;
	bool good, often, confirmed = true;
	enum err err = open_link(ctx, req, res, &link, &good);
	if (err || !good)
		return err;
	err = too_often(ctx, req, res, &link, &often);
	if (err || often)
		return err;
	ctx->actor = gate_system();
	err = link.confirm ? confirm(ctx, req, &link, &confirmed) : note(ctx, req, &link, consent_channel_names[link.channel], false, "unsubscribe link");
	if (err)
		return err;
	if (!confirmed)
		return plain_page(ctx, req, res, 404, "door_bad_head", "door_bad_text");
	err = begin_page(ctx, res, 200, link.confirm ? "door_confirmed_head" : "door_done_head");
	if (err)
		return err;
	paragraph(ctx, http_body(res), link.confirm ? "door_confirmed_text" : "door_done_text");
	if (!link.confirm)
		choices_link(ctx, http_body(res), req->params[0]);
	end_page(req, http_body(res));
	return OK;
}

/* --- choices ----------------------------------------------------------------------------- */

/* The channels that are ticked. */
static enum err read_choices(struct ctx *ctx, int64_t customer, bool ticked[CONSENT_CHANNELS])
{
	struct stmt *stmt;
	bool row;
	enum consent_channel channel;
	memset(ticked, 0, sizeof(bool) * CONSENT_CHANNELS);
	enum err err = db_prepare(ctx, ctx->db, &sql_consent_nows, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, customer);
	while (!(err = stmt_step(ctx, stmt, &row)) && row) {
		if (str_equal(stmt_text(stmt, 1), "marketing") && consent_channel_find(stmt_text(stmt, 0), &channel))
			ticked[channel] = str_equal(stmt_text(stmt, 2), "given");
	}
	stmt_done(stmt);
	return err;
}

static enum err choices_page(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct consent_link link;
	bool good, ticked[CONSENT_CHANNELS];
	int64_t person = 0;
	enum err err = open_link(ctx, req, res, &link, &good);
	if (err || !good)
		return err;
	if (link.confirm)
		return plain_page(ctx, req, res, 404, "door_bad_head", "door_bad_text");
	err = person_of(ctx, link.customer_id, &person);
	if (!err)
		err = read_choices(ctx, person, ticked);
	if (!err)
		err = begin_page(ctx, res, 200, "door_choices_head");
	if (err)
		return err;
	struct buf *out = http_body(res);
	paragraph(ctx, out, "door_choices_text");
	buf_printf(out, "<form method=\"post\" action=\"/u/%s/choices?lang=%s\">", req->params[0], locales[ctx->locale]);
	for (int i = 0; i < CONSENT_CHANNELS; i++) {
		buf_printf(out, "<label><input type=\"checkbox\" name=\"%s\" value=\"1\"%s>", consent_channel_names[i], ticked[i] ? " checked" : "");
		say(ctx, out, channel_words[i]);
		buf_puts(out, "</label>");
	}
	button(ctx, out, "door_choices_button");
	end_page(req, out);
	return OK;
}

/* "email=1&sms=1": whether the name is there. */
static bool in_form(const char *body, const char *name)
{
	size_t n = strlen(name);
	for (const char *at = body; at != NULL && *at != '\0'; at = strchr(at, '&'), at = at != NULL ? at + 1 : NULL) {
		if (strncmp(at, name, n) == 0 && str_starts(at + n, "=1"))
			return true;
	}
	return false;
}

static enum err choose(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct consent_link link;
	bool good, often, ticked[CONSENT_CHANNELS];
	int64_t person = 0;
	enum err err = open_link(ctx, req, res, &link, &good);
	if (err || !good)
		return err;
	if (link.confirm)
		return plain_page(ctx, req, res, 404, "door_bad_head", "door_bad_text");
	err = too_often(ctx, req, res, &link, &often);
	if (err || often)
		return err;
	ctx->actor = gate_system();
	err = person_of(ctx, link.customer_id, &person);
	if (!err)
		err = read_choices(ctx, person, ticked);
	for (int i = 0; !err && i < CONSENT_CHANNELS; i++) {
		bool wish = in_form(req->body, consent_channel_names[i]);
		if (wish != ticked[i] || person == 0) /* of the deleted nothing is shown: all that they say counts */
			err = note(ctx, req, &link, consent_channel_names[i], wish, "preference page");
	}
	return err ? err : plain_page(ctx, req, res, 200, "door_saved_head", "door_saved_text");
}

#define ASKS .method = METHOD_GET, .lane = LANE_READ, .door = DOOR_PUBLIC
#define ACTS .method = METHOD_POST, .lane = LANE_WRITE, .door = DOOR_PUBLIC, .no_csrf = true, .body_max = BODY_MAX

const struct route consent_door_routes[] = {
	{ASKS, .pattern = "/u/*", .handle = ask_page, .doc = "For customers: asks whether to unsubscribe, or to confirm a consent. The link is signed; nothing is changed."},
	{ACTS, .pattern = "/u/*", .handle = act, .doc = "For customers: unsubscribes in one click (RFC 8058), or confirms; whatever the body says."},
	{ASKS, .pattern = "/u/*/choices", .handle = choices_page, .doc = "For customers: the channels over which offers may reach them."},
	{ACTS, .pattern = "/u/*/choices", .handle = choose, .doc = "For customers: sets the channels over which offers may reach them."},
	{.pattern = NULL},
};
