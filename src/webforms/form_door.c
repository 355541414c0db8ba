/* The public door: /f/KEY, without account, cookie and script, and /f/KEY/data for pages of a firm's own.
 *
 * What is answered never depends on whether somebody is a customer. Whatever is refused is counted and not kept. */
#include <jansson.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "consent/consent.h"
#include "webforms/webforms_internal.h"
#include "webforms_sql.h"

enum { VIEWS_MINUTE = 120, PAIRS_MAX = 200, UTM_MAX = 120, PAGE_MAX = 300 };

enum outcome { TAKEN, AGAIN, ASK, BUSY, FULL, PRETEND };

static const char *const languages[LOCALE_COUNT] = {[LOCALE_EN] = "en", [LOCALE_ZH_HANS] = "zh-Hans", [LOCALE_ZH_HANT] = "zh-Hant"};

static void choose_language(struct ctx *ctx, const struct http_request *req, const char *asked)
{
	ctx->locale = http_locale(req);
	for (int i = 0; i < LOCALE_COUNT; i++)
		if (str_equal(languages[i], asked))
			ctx->locale = (enum locale)i;
}

static const char *said(const struct ctx *ctx, const char *key)
{
	struct fault word = {.field = "", .key = key};
	const char *text = app_message(ctx, &word);
	return text != NULL ? text : key;
}

/* --- which form --------------------------------------------------------------------------------- */

enum standing { STANDS, NOT_THERE, CLOSED };

static enum err id_of(struct ctx *ctx, const char *key, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = 0;
	enum err err = strlen(key) == FORM_KEY ? db_prepare(ctx, ctx->db, &sql_form_by_key, &stmt) : OK;
	if (err != OK || strlen(key) != FORM_KEY)
		return err;
	stmt_bind_text(stmt, 1, key);
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

static bool is_open(const struct ctx *ctx, const struct record *form)
{
	int64_t now = ctx_now(ctx), from = record_i64(form, "open_from"), until = record_i64(form, "open_until");
	return str_equal(record_text(form, "state"), "open") && now >= from && (until == 0 || now < until);
}

static enum err find_form(struct ctx *ctx, const char *key, struct form_answer *a, enum standing *ret)
{
	struct record *form;
	struct form_spec *spec;
	int64_t id;
	*ret = NOT_THERE;
	enum err err = id_of(ctx, key, &id);
	if (err != OK || id == 0)
		return err;
	err = record_load(ctx, registry_find(ctx->registry, "web_form"), id, &form);
	if (err != OK || str_equal(record_text(form, "state"), "draft"))
		return err;
	a->form = form;
	*ret = CLOSED;
	if (!is_open(ctx, form))
		return OK;
	err = form_spec_read(ctx, form, &spec);
	if (err == ERR_INVALID) { /* a field is gone since: as good as closed until somebody looks */
		faults_clear(ctx);
		return OK;
	}
	a->spec = err == OK ? spec : NULL;
	*ret = STANDS;
	return err;
}

static enum err not_open(struct ctx *ctx, const struct http_request *req, struct http_response *res, const struct record *form, enum standing standing)
{
	bool closed = standing == CLOSED;
	return form_page_says(ctx, req, res, closed ? 410 : 404, form, said(ctx, closed ? "web_form_closed_head" : "web_form_none_head"),
	                      said(ctx, closed ? "web_form_closed_text" : "web_form_none_text"));
}

/* --- what came along ---------------------------------------------------------------------------- */

/* Valid text without control characters that no field takes, cut at `max` bytes at a whole character; NULL: none. */
static const char *clean(struct ctx *ctx, const char *text, size_t max)
{
	size_t n = text != NULL ? strlen(text) : 0;
	if (n == 0 || !utf8_valid(text, n))
		return NULL;
	if (n > max)
		for (n = max; n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80; n--)
			;
	char *copy = arena_strndup(ctx->arena, text, n);
	for (size_t i = 0; copy != NULL && i < n; i++)
		if ((unsigned char)copy[i] < 0x20 || copy[i] == 0x7f)
			copy[i] = ' ';
	return copy;
}

/* The page it stood on, without what follows "?": that may name somebody. */
static const char *page_of(struct ctx *ctx, const char *address)
{
	const char *text = clean(ctx, address, PAGE_MAX);
	bool is = text != NULL && (str_starts(text, "https://") || str_starts(text, "http://"));
	return is ? arena_strndup(ctx->arena, text, strcspn(text, "?#")) : NULL;
}

static const char *typed(struct ctx *ctx, const char *text, const struct field *field)
{
	size_t max = field->type == FIELD_NOTE ? FORM_NOTE_MAX * 4 : 2000, n = text != NULL ? strlen(text) : 0;
	if (n == 0 || n > max || !utf8_valid(text, n))
		return NULL;
	size_t len;
	const char *start = str_trim(text, n, &len);
	return len > 0 ? arena_strndup(ctx->arena, start, len) : NULL;
}

/* The body of a form reads like a query. Fields that the form does not ask are not looked at. */
static void read_form(struct ctx *ctx, const struct http_request *req, struct form_answer *a)
{
	struct http_request body = *req;
	body.query = req->body;
	for (size_t i = 0; i < a->spec->n; i++) {
		const struct form_field *f = &a->spec->fields[i];
		a->values[i] = f->hidden ? NULL : typed(ctx, http_query(ctx, &body, f->name, 0), f->info->fields[f->at]);
	}
	for (size_t i = 0; i < a->spec->n_consents; i++) {
		const char *name = arena_printf(ctx->arena, "agree%zu", i);
		a->agreed[i] = name != NULL && str_equal(http_query(ctx, &body, name, 0), "1");
	}
	a->stamp = http_query(ctx, &body, "stamp", 0);
	a->trap = http_query(ctx, &body, "fax_number", 0);
	a->answer = http_query(ctx, &body, "answer", 0);
	a->page = page_of(ctx, http_query(ctx, &body, "page", 0));
	for (size_t i = 0; i < FORM_UTM; i++)
		a->utm[i] = clean(ctx, http_query(ctx, &body, form_utm_names[i], 0), UTM_MAX);
}

/* --- judging it ------------------------------------------------------------------------------------ */

/* A bucket of the address, one of the form. Under pressure (of either) a question is asked, or work. */
static enum err ask_buckets(struct ctx *ctx, const struct form_answer *a, bool *ret_busy, bool *ret_pressed)
{
	long long form = (long long)record_id(a->form);
	int64_t by_address = setting_int(ctx, &webforms_settings[WEBFORMS_ADDRESS]), by_form = setting_int(ctx, &webforms_settings[WEBFORMS_FORM]);
	const char *near = consent_neighbourhood(ctx, a->remote != NULL ? a->remote : "");
	bool address = false, whole = false, calm = false, quiet = false;
	enum err err = near != NULL ? form_bucket(ctx, arena_printf(ctx->arena, "%s/%lld", near, form), by_address, &address) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = form_bucket(ctx, arena_printf(ctx->arena, "f:%lld", form), by_form, &whole);
	if (err == OK)
		err = form_bucket(ctx, arena_printf(ctx->arena, "p:%lld", form), setting_int(ctx, &webforms_settings[WEBFORMS_PRESSURE]), &calm);
	if (err == OK)
		err = form_bucket(ctx, arena_printf(ctx->arena, "q:%s/%lld", near, form), (by_address + 1) / 2, &quiet);
	*ret_busy = !address || !whole;
	*ret_pressed = !calm || !quiet;
	return err;
}

static enum err answered(struct ctx *ctx, const struct form_answer *a, bool *ret)
{
	int x, y;
	int64_t given;
	*ret = form_stamp_worked(a->stamp, a->proof);
	enum err err = form_stamp_question(ctx, a->stamp, &x, &y);
	if (err == OK && !str_empty(a->answer) && str_to_i64(a->answer, &given))
		*ret = *ret || given == x + y;
	return err;
}

/* Says no with a word at the top, counted under `what`. */
static enum err again(struct ctx *ctx, struct form_answer *a, const char *what, const char *key)
{
	a->general = (struct form_problem){key, NULL};
	return form_count(ctx, record_id(a->form), what);
}

static enum err new_stamp(struct ctx *ctx, struct form_answer *a)
{
	char *stamp = arena_alloc(ctx->arena, STAMP_TEXT);
	a->stamp = stamp;
	return stamp != NULL ? form_stamp_new(ctx, record_id(a->form), stamp) : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err judge_stamp(struct ctx *ctx, struct form_answer *a, bool pressed, enum outcome *ret)
{
	struct form_stamp stamp;
	bool good, right = true;
	*ret = AGAIN;
	enum err err = form_stamp_read(ctx, a->stamp, record_id(a->form), &stamp, &good);
	if (err == OK && !good) {
		err = new_stamp(ctx, a);
		return err == OK ? again(ctx, a, "stale", "web_form_stale") : err;
	}
	if (err == OK && ctx_now(ctx) - stamp.at_ms < setting_int(ctx, &webforms_settings[WEBFORMS_SECONDS]) * 1000)
		return again(ctx, a, "fast", "web_form_fast");
	if (err == OK && pressed)
		err = answered(ctx, a, &right);
	if (err == OK && !right) {
		*ret = ASK;
		a->question = true;
		return again(ctx, a, "asked", "web_form_asked");
	}
	*ret = TAKEN;
	return err;
}

/* What is to be answered; what is taken in has been. */
static enum err judge(struct ctx *ctx, struct form_answer *a, bool begun, enum outcome *ret)
{
	int64_t today = 0, id = record_id(a->form);
	bool busy, pressed;
	enum err err = ask_buckets(ctx, a, &busy, &pressed);
	*ret = BUSY;
	if (err != OK || busy)
		return err == OK ? form_count(ctx, id, "busy") : err;
	err = begun ? form_count(ctx, id, "begun") : OK;
	*ret = PRETEND;
	if (err == OK && !str_empty(a->trap))
		return form_count(ctx, id, "trap");
	if (err == OK)
		err = form_counted_today(ctx, id, "sent", &today);
	*ret = FULL;
	if (err == OK && today >= record_i64(a->form, "day_limit"))
		return form_count(ctx, id, "full");
	if (err == OK)
		err = judge_stamp(ctx, a, pressed, ret);
	if (err != OK || *ret != TAKEN)
		return err;
	err = form_take(ctx, a);
	if (err == OK && a->n_problems > 0) {
		*ret = AGAIN;
		return form_count(ctx, id, "invalid");
	}
	return err;
}

/* --- the page --------------------------------------------------------------------------------------- */

static enum err say(struct ctx *ctx, const struct http_request *req, struct http_response *res, const struct form_answer *a, int status, const char *head, const char *text)
{
	if (status == 429)
		http_set_header(res, "Retry-After", "60");
	return form_page_says(ctx, req, res, status, a->form, said(ctx, head), said(ctx, text));
}

static enum err show(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct form_answer *a = arena_alloc(ctx->arena, sizeof(*a));
	enum standing standing;
	bool may = false;
	if (a == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	memset(a, 0, sizeof(*a));
	choose_language(ctx, req, http_query(ctx, req, "lang", 0));
	enum err err = find_form(ctx, req->params[0], a, &standing);
	if (err != OK)
		return err;
	if (standing != STANDS)
		return not_open(ctx, req, res, a->form, standing);
	const char *near = consent_neighbourhood(ctx, req->remote != NULL ? req->remote : "");
	err = near != NULL ? form_bucket(ctx, arena_printf(ctx->arena, "v:%s", near), VIEWS_MINUTE, &may) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK && !may)
		return say(ctx, req, res, a, 429, "web_form_busy_head", "web_form_busy_text");
	a->page = page_of(ctx, http_header(req, "Referer"));
	for (size_t i = 0; i < FORM_UTM; i++)
		a->utm[i] = clean(ctx, http_query(ctx, req, form_utm_names[i], 0), UTM_MAX);
	for (size_t i = 0; i < a->spec->n; i++)
		a->values[i] = a->spec->fields[i].hidden ? NULL : a->spec->fields[i].value;
	if (err == OK)
		err = form_count(ctx, record_id(a->form), "shown");
	if (err == OK)
		err = new_stamp(ctx, a);
	return err == OK ? form_page(ctx, req, res, 200, a) : err;
}

/* A reload of what follows sends nothing again. */
static enum err lead_on(struct ctx *ctx, struct http_response *res, const struct record *form)
{
	const char *url = record_text(form, "redirect_url");
	if (str_empty(url) || !str_starts(url, "https://"))
		url = arena_printf(ctx->arena, "/f/%s/thanks?lang=%s", record_text(form, "door_key"), languages[ctx->locale]);
	if (url == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	http_status(res, 303);
	http_set_header(res, "Location", url);
	http_set_header(res, "Cache-Control", "no-store");
	return OK;
}

static bool too_many_parts(const char *body)
{
	size_t n = 0;
	for (; *body != '\0'; body++)
		n += *body == '&';
	return n > PAIRS_MAX;
}

static enum err send(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct form_answer *a = arena_alloc(ctx->arena, sizeof(*a));
	const char *type = http_header(req, "Content-Type");
	enum standing standing;
	enum outcome outcome;
	if (a == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	memset(a, 0, sizeof(*a));
	ctx->actor = gate_system(); /* counts; what is made is made by less */
	choose_language(ctx, req, http_query(ctx, req, "lang", 0));
	enum err err = find_form(ctx, req->params[0], a, &standing);
	if (err != OK)
		return err;
	if (standing != STANDS)
		return not_open(ctx, req, res, a->form, standing);
	if (type == NULL || !str_starts(type, "application/x-www-form-urlencoded") || too_many_parts(req->body))
		return say(ctx, req, res, a, 400, "web_form_odd_head", "web_form_odd_text");
	a->remote = req->remote;
	read_form(ctx, req, a);
	struct http_request body = *req;
	body.query = req->body;
	err = judge(ctx, a, http_query(ctx, &body, "again", 0) == NULL, &outcome);
	if (err != OK)
		return err;
	if (outcome == BUSY)
		return say(ctx, req, res, a, 429, "web_form_busy_head", "web_form_busy_text");
	if (outcome == FULL)
		return say(ctx, req, res, a, 429, "web_form_full_head", "web_form_full_text");
	if (outcome == AGAIN || outcome == ASK)
		return form_page(ctx, req, res, 422, a);
	return lead_on(ctx, res, a->form);
}

static enum err thank(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct form_answer *a = arena_alloc(ctx->arena, sizeof(*a));
	enum standing standing;
	if (a == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	memset(a, 0, sizeof(*a));
	choose_language(ctx, req, http_query(ctx, req, "lang", 0));
	enum err err = find_form(ctx, req->params[0], a, &standing);
	if (err != OK)
		return err;
	if (a->form == NULL)
		return not_open(ctx, req, res, NULL, standing);
	const char *text = form_text(ctx, a->form, "thanks");
	return form_page_says(ctx, req, res, 200, a->form, said(ctx, "web_form_thanks_head"), text != NULL ? text : said(ctx, "web_form_thanks_text"));
}

/* --- for pages of the firm's own ----------------------------------------------------------------------- */

struct data_body {
	const char *stamp, *lang, *page, *answer, *proof;
	json_t *values, *agreed, *utm;
};

static const struct spec data_specs[] = {
	{"stamp", SPEC_TEXT, offsetof(struct data_body, stamp), true, 100, "As GET gave it"},
	{"values", SPEC_JSON, offsetof(struct data_body, values), true, 0, "{\"name\": …}: texts by field"},
	{"agreed", SPEC_JSON, offsetof(struct data_body, agreed), false, 0, "[true, false]: by the order of consents"},
	{"utm", SPEC_JSON, offsetof(struct data_body, utm), false, 0, "{\"utm_source\": …}"},
	{"lang", SPEC_TEXT, offsetof(struct data_body, lang), false, 12, "en, zh-Hans or zh-Hant"},
	{"page", SPEC_TEXT, offsetof(struct data_body, page), false, 2000, "Address of the page it stands on"},
	{"answer", SPEC_TEXT, offsetof(struct data_body, answer), false, 20, "To the question, where it was asked"},
	{"proof", SPEC_TEXT, offsetof(struct data_body, proof), false, 40, "Or a text with which SHA-256 of stamp:proof begins with so many zero bits"},
	{0},
};

/* Pages of the form's sites may ask; other programs name no origin. */
static enum err check_origin(struct ctx *ctx, const struct http_request *req, struct http_response *res, const struct record *form)
{
	const char *origin = http_header(req, "Origin"), *sites[FORM_SITES_MAX];
	size_t n = 0;
	http_set_header(res, "Vary", "Origin");
	http_set_header(res, "Cross-Origin-Resource-Policy", "cross-origin");
	if (origin == NULL)
		return OK;
	enum err err = form_sites(ctx, record_text(form, "sites"), sites, &n);
	for (size_t i = 0; err == OK && i < n; i++) {
		if (str_equal(sites[i], origin)) {
			http_set_header(res, "Access-Control-Allow-Origin", sites[i]);
			return OK;
		}
	}
	return err == OK ? fail(ctx, ERR_FORBIDDEN, "", "cross_site") : err;
}

static enum err open_data(struct ctx *ctx, const struct http_request *req, struct http_response *res, struct form_answer *a)
{
	enum standing standing;
	memset(a, 0, sizeof(*a));
	enum err err = find_form(ctx, req->params[0], a, &standing);
	if (err == OK && standing != STANDS)
		err = fail(ctx, ERR_NOT_FOUND, "", standing == CLOSED ? "web_form_closed_head" : "web_form_none_head");
	return err == OK ? check_origin(ctx, req, res, a->form) : err;
}

static enum err describe(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct form_answer *a = arena_alloc(ctx->arena, sizeof(*a));
	struct jsonw w;
	bool may = false;
	enum err err = a != NULL ? open_data(ctx, req, res, a) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	choose_language(ctx, req, http_query(ctx, req, "lang", 0));
	const char *near = consent_neighbourhood(ctx, req->remote != NULL ? req->remote : "");
	err = near != NULL ? form_bucket(ctx, arena_printf(ctx->arena, "v:%s", near), VIEWS_MINUTE, &may) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK && !may)
		err = fail(ctx, ERR_LIMIT, "", "rate");
	if (err == OK)
		err = form_count(ctx, record_id(a->form), "shown");
	if (err == OK)
		err = new_stamp(ctx, a);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_text(&w, "title", form_text(ctx, a->form, "title"));
	jsonw_kv_text(&w, "stamp", a->stamp);
	jsonw_key(&w, "fields");
	jsonw_array(&w);
	for (size_t i = 0; i < a->spec->n; i++) {
		const struct form_field *f = &a->spec->fields[i];
		if (f->hidden)
			continue;
		jsonw_object(&w);
		jsonw_kv_text(&w, "field", f->name);
		jsonw_kv_text(&w, "label", f->label[ctx->locale] != NULL ? f->label[ctx->locale] : entity_label(ctx, &f->info->fields[f->at]->label));
		jsonw_kv_bool(&w, "required", f->required);
		jsonw_end_object(&w);
	}
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return OK;
}

/* Texts of the fields that the form asks; what it does not ask is refused, not dropped: who writes a page wants to know. */
static enum err read_data(struct ctx *ctx, const struct data_body *body, struct form_answer *a)
{
	const char *name;
	json_t *value;
	if (!json_is_object(body->values))
		return fail(ctx, ERR_INVALID, "values", "not_an_object");
	json_object_foreach(body->values, name, value) {
		size_t i = 0;
		while (i < a->spec->n && (a->spec->fields[i].hidden || !str_equal(a->spec->fields[i].name, name)))
			i++;
		if (i == a->spec->n || !(json_is_string(value) || json_is_boolean(value) || json_is_null(value)))
			return fail_arg(ctx, ERR_INVALID, "values", "web_form_field", clean(ctx, name, 100));
		const char *text = json_is_true(value) ? "true" : json_string_value(value);
		a->values[i] = typed(ctx, text, a->spec->fields[i].info->fields[a->spec->fields[i].at]);
	}
	for (size_t i = 0; i < a->spec->n_consents; i++)
		a->agreed[i] = json_is_true(json_array_get(body->agreed, i));
	for (size_t i = 0; i < FORM_UTM; i++)
		a->utm[i] = clean(ctx, json_string_value(json_object_get(body->utm, form_utm_names[i])), UTM_MAX);
	a->stamp = body->stamp;
	a->page = page_of(ctx, body->page);
	a->answer = body->answer;
	a->proof = body->proof;
	return OK;
}

static enum err put_problems(struct ctx *ctx, struct http_response *res, const struct form_answer *a, bool ask)
{
	struct jsonw w;
	http_status(res, 422);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_text(&w, "message", said(ctx, a->general.key != NULL ? a->general.key : "web_form_check"));
	jsonw_kv_text(&w, "stamp", a->stamp);
	if (ask)
		jsonw_kv_int(&w, "work_bits", WORK_BITS);
	jsonw_key(&w, "problems");
	jsonw_object(&w);
	for (size_t i = 0; i < a->spec->n; i++) {
		struct fault fault = {.field = "", .key = a->problems[i].key, .arg = a->problems[i].arg};
		if (fault.key != NULL)
			jsonw_kv_text(&w, a->spec->fields[i].name, app_message(ctx, &fault));
	}
	jsonw_end_object(&w);
	jsonw_key(&w, "agree");
	jsonw_array(&w);
	for (size_t i = 0; i < a->spec->n_consents; i++)
		if (a->consent_problem[i])
			jsonw_int(&w, (int64_t)i);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return OK;
}

static enum err send_data(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct form_answer *a = arena_alloc(ctx->arena, sizeof(*a));
	struct data_body body = {0};
	struct jsonw w;
	enum outcome outcome;
	ctx->actor = gate_system();
	enum err err = a != NULL ? open_data(ctx, req, res, a) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = http_read_body(ctx, req, &body);
	if (err == OK) {
		choose_language(ctx, req, body.lang);
		a->remote = req->remote;
		err = read_data(ctx, &body, a);
	}
	if (err == OK)
		err = judge(ctx, a, true, &outcome);
	if (err != OK)
		return err;
	if (outcome == BUSY || outcome == FULL) {
		fault_add(ctx, ERR_LIMIT, "", "rate", "60");
		http_problem(ctx, res, 429, NULL);
		return OK;
	}
	if (outcome == AGAIN || outcome == ASK)
		return put_problems(ctx, res, a, outcome == ASK);
	const char *text = form_text(ctx, a->form, "thanks");
	http_status(res, 201);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_text(&w, "message", text != NULL ? text : said(ctx, "web_form_thanks_text"));
	jsonw_kv_text(&w, "redirect", record_text(a->form, "redirect_url"));
	jsonw_end_object(&w);
	return OK;
}

#define OPEN .lane = LANE_WRITE, .door = DOOR_PUBLIC

const struct route webforms_door_routes[] = {
	{OPEN, .method = METHOD_GET, .pattern = "/f/*", .handle = show, .doc = "For visitors: a form of the firm's, in their language, without script."},
	{OPEN, .method = METHOD_POST, .pattern = "/f/*", .no_csrf = true, .body_max = FORM_BODY_MAX, .handle = send,
	 .doc = "For visitors: sends a form in. The same is answered whether or not somebody is a customer."},
	{.lane = LANE_READ, .door = DOOR_PUBLIC, .method = METHOD_GET, .pattern = "/f/*/thanks", .handle = thank, .doc = "For visitors: the words of thanks of a form."},
	{OPEN, .method = METHOD_GET, .pattern = "/f/*/data", .cors = true, .handle = describe, .doc = "For pages of the firm's own: what a form asks, and a stamp to send it with."},
	{OPEN, .method = METHOD_POST, .pattern = "/f/*/data", .cors = true, .no_csrf = true, .body_max = FORM_BODY_MAX, .handle = send_data, .specs = data_specs,
	 .doc = "For pages of the firm's own, from the form's sites alone: sends a form in."},
	{.pattern = NULL},
};
