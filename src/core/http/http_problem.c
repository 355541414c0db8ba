/* Problem documents (RFC 9457) with PostgREST's members code, message, details, hint. */
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "core/http/http_internal.h"

struct by_key {
	const char *key;
	int status;
	const char *code; /* NULL: the key itself */
};

/* Keys that say more than their error code does.  PGRST… and SQLSTATEs are what
 * PostgREST answers, with its status. */
static const struct by_key by_key[] = {
	{"json_malformed", 400, "PGRST102"},
	{"body_unexpected", 400, NULL},
	{"framing", 400, NULL},
	{"header_malformed", 400, NULL},
	{"request_malformed", 400, NULL},
	{"url_malformed", 400, NULL},
	{"not_acceptable", 406, NULL},
	{"method_not_allowed", 405, NULL},
	{"timeout", 408, NULL},
	{"unique", 409, "23505"},
	{"reference", 409, "23503"},
	{"version", 412, NULL},
	{"too_large", 413, NULL},
	{"answer_too_large", 413, NULL},
	{"url_too_long", 414, NULL},
	{"media_type", 415, "PGRST107"},
	{"range", 416, "PGRST103"},
	{"precondition_needed", 428, NULL},
	{"rate", 429, NULL},
	{"headers_too_large", 431, NULL},
	{"forbidden", 403, "42501"},
	{"budget", 503, NULL},
	{"deadline", 503, NULL},
	{"memory", 503, NULL},
	{"no_memory", 503, NULL},
	{"threads", 503, NULL},
	{"queue_full", 503, NULL},
	{"share_full", 429, NULL},
	{"uploads_at_once", 429, NULL},
	{"too_slow", 503, NULL},
	{"disk_full", 507, NULL},
	{"PGRST103", 416, NULL},
	{"PGRST106", 406, NULL},
	{"PGRST107", 415, NULL},
	{"PGRST116", 406, NULL},
	{"PGRST200", 400, NULL},
	{"PGRST201", 300, NULL},
	{"PGRST202", 404, NULL},
	{"PGRST205", 404, NULL},
	{"22P02", 400, NULL},
	{"23502", 400, NULL},
	{"23503", 409, NULL},
	{"23505", 409, NULL},
	{"23514", 400, NULL},
	{"42501", 403, NULL},
	{"42703", 400, NULL},
	{"42803", 400, NULL},
	{"42883", 404, NULL},
};

static int status_of(enum err code)
{
	switch (code) {
	case OK: return 200;
	case ERR_INVALID: return 422;
	case ERR_NOT_FOUND: return 404;
	case ERR_DENIED: return 401;
	case ERR_FORBIDDEN: return 403;
	case ERR_CONFLICT: return 409;
	case ERR_RETRY: return 503;
	case ERR_LIMIT: return 413;
	case ERR_UPSTREAM: return 502;
	case ERR_BUG: return 500;
	}
	return 500;
}

static const char *title_of(int status)
{
	const char *title = MHD_get_reason_phrase_for((unsigned)status);
	return title != NULL ? title : "Error";
}

static const struct by_key *find_key(const char *key)
{
	for (size_t i = 0; i < sizeof(by_key) / sizeof(by_key[0]); i++)
		if (strcmp(by_key[i].key, key) == 0)
			return &by_key[i];
	return NULL;
}

/* Our own faults say nothing of what lies behind them. */
static const char *shown_key(enum err code, const char *key)
{
	return code == ERR_BUG ? "internal_error" : key;
}

static const char *message_for(struct ctx *ctx, const struct http *http, const struct fault *fault)
{
	const char *text = http->config.message != NULL ? http->config.message(ctx, fault) : NULL;
	return text != NULL ? text : fault->key;
}

static void write_errors(struct jsonw *w, struct ctx *ctx, const struct http *http)
{
	const struct faults *f = &ctx->faults;
	jsonw_key(w, "errors");
	jsonw_array(w);
	for (size_t i = 0; i < f->count; i++) {
		struct fault fault = f->list[i];
		fault.key = shown_key(f->code, fault.key);
		if (f->code == ERR_BUG)
			fault.field = "";
		jsonw_object(w);
		jsonw_kv_text(w, "field", fault.field);
		jsonw_kv_text(w, "key", fault.key);
		jsonw_kv_text(w, "message", message_for(ctx, http, &fault));
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

struct verdict {
	int status;
	const char *code;
	struct fault first;
};

static struct verdict judge(const struct ctx *ctx, int status, const char *code)
{
	const struct faults *f = &ctx->faults;
	struct verdict v = {.status = 500, .code = "internal_error", .first = {.field = "", .key = "internal_error"}};
	if (f->count > 0) {
		v.first = f->list[0];
		v.first.key = shown_key(f->code, v.first.key);
		v.status = status_of(f->code);
		v.code = v.first.key;
		const struct by_key *known = find_key(v.first.key);
		bool pgrst = strncmp(v.first.key, "PGRST", 5) == 0;
		if (known != NULL)
			v.status = known->status;
		else if (pgrst)
			v.status = 400;
		else if (f->code == ERR_INVALID)
			v.code = "invalid"; /* what is wrong stands in `errors` */
		if (known != NULL && known->code != NULL)
			v.code = known->code;
	}
	if (status != 0)
		v.status = status;
	if (code != NULL)
		v.code = code;
	return v;
}

static void set_problem_headers(struct http_response *res, const struct verdict *v)
{
	if (v->status == 401)
		http_set_header(res, "WWW-Authenticate", "Bearer realm=\"guanxi\"");
	if (v->status == 429 || v->status == 503) {
		int64_t seconds;
		bool given = v->first.arg != NULL && str_to_i64(v->first.arg, &seconds) && seconds > 0;
		http_set_header(res, "Retry-After", given ? v->first.arg : "1");
	}
}

static const char *cap_name(unsigned cap)
{
	static const struct {
		enum capability cap;
		const char *name;
	} names[] = {{CAP_ADMIN, "admin"}, {CAP_USERS, "users"}, {CAP_AUDIT, "audit"}, {CAP_BULK, "bulk"}, {CAP_ASSIGN, "assign"}, {CAP_TOKENS, "tokens"}};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].cap == (enum capability)cap)
			return names[i].name;
	return NULL;
}

static const char *action_of(const struct http_call *call)
{
	static const char *const names[METHOD_COUNT] = {
		[METHOD_GET] = "read", [METHOD_POST] = "create", [METHOD_PUT] = "update", [METHOD_PATCH] = "update", [METHOD_DELETE] = "delete",
	};
	/* an act on a record changes it */
	bool act = call->req.method == METHOD_POST && strstr(call->route->pattern, "/*/") != NULL;
	return act ? "update" : names[call->req.method];
}

/* The right that is missing: a capability, "customer.update", or "customer.phone" of a field; NULL: it is no right that is. */
static const char *right_of(struct ctx *ctx, const struct http_call *call, const struct fault *fault)
{
	static const struct {
		const char *key, *right;
	} keys[] = {{"bulk_needed", "bulk"}, {"handover_reach", "assign"}, {"setting_admin", "admin"}};
	const char *entity = NULL, *last = NULL;
	if (call->route == NULL)
		return NULL;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (str_equal(fault->key, keys[i].key))
			return keys[i].right;
	if (str_equal(fault->key, "import_forbidden") || str_equal(fault->key, "export_forbidden")) {
		entity = fault->arg;
		last = fault->key[0] == 'i' ? "import" : "export";
	} else if (str_equal(fault->key, "field_forbidden")) {
		entity = call->req.params[0];
		last = fault->field;
	} else if (str_equal(fault->key, "outside_scope")) {
		entity = call->req.params[0];
		last = action_of(call);
	} else if (str_equal(fault->key, "forbidden") || str_equal(fault->key, "42501")) {
		if (fault->arg == NULL)
			return call->route->door == DOOR_CAP ? cap_name(call->route->cap) : NULL;
		entity = fault->arg;
		last = action_of(call);
	}
	return entity != NULL && last != NULL ? arena_printf(ctx->arena, "%s.%s", entity, last) : NULL;
}

/* Which right is missing, and who can give it. */
static void write_missing(struct jsonw *w, struct ctx *ctx, const struct http_call *call, const struct verdict *v)
{
	const char *right = v->status == 403 && ctx->actor != NULL ? right_of(ctx, call, &v->first) : NULL;
	if (right == NULL)
		return;
	jsonw_kv_text(w, "right", right);
	jsonw_kv_text(w, "ask", str_empty(ctx->actor->ask) ? NULL : ctx->actor->ask);
}

void http_problem(struct ctx *ctx, struct http_response *res, int status, const char *code)
{
	struct http_call *call = http_call_of(res);
	if (ctx->actor == NULL)
		ctx->locale = http_locale(&call->req);
	struct verdict v = judge(ctx, status, code);
	buf_reset(&res->body);
	res->kind = KIND_BODY;
	res->status = v.status;
	res->type = "application/problem+json";
	struct jsonw w;
	jsonw_init(&w, &res->body);
	jsonw_object(&w);
	jsonw_kv_text(&w, "type", "about:blank");
	jsonw_kv_text(&w, "title", title_of(v.status));
	jsonw_kv_int(&w, "status", v.status);
	jsonw_kv_text(&w, "code", v.code);
	jsonw_kv_text(&w, "message", message_for(ctx, call->http, &v.first));
	jsonw_kv_text(&w, "details", NULL);
	jsonw_kv_text(&w, "hint", NULL);
	jsonw_kv_text(&w, "request_id", call->request_id);
	write_missing(&w, ctx, call, &v);
	write_errors(&w, ctx, call->http);
	jsonw_end_object(&w);
	set_problem_headers(res, &v);
}

/* --- language ----------------------------------------------------------------------- */

/* One language range to one of ours; LOCALE_COUNT: none of them. */
static enum locale locale_of(const char *tag, size_t n)
{
	static const struct {
		const char *prefix;
		enum locale locale;
	} ranges[] = {
		{"zh-hant", LOCALE_ZH_HANT}, {"zh-tw", LOCALE_ZH_HANT}, {"zh-hk", LOCALE_ZH_HANT}, {"zh-mo", LOCALE_ZH_HANT},
		{"zh", LOCALE_ZH_HANS},      {"en", LOCALE_EN},         {"*", LOCALE_EN},
	};
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		size_t len = strlen(ranges[i].prefix);
		if (n >= len && strncasecmp(tag, ranges[i].prefix, len) == 0 && (n == len || tag[len] == '-'))
			return ranges[i].locale;
	}
	return LOCALE_COUNT;
}

/* "0.8" as 800; 1000 without a q. */
static int quality(const char *params, size_t n)
{
	const char *at = NULL;
	for (size_t i = 0; at == NULL && i + 2 < n; i++)
		if ((params[i] == 'q' || params[i] == 'Q') && params[i + 1] == '=')
			at = params + i + 2;
	if (at == NULL || *at == '1')
		return 1000;
	int value = 0, unit = 100;
	if (at[0] == '0' && at[1] == '.')
		for (at += 2; *at >= '0' && *at <= '9' && unit > 0; at++, unit /= 10)
			value += (*at - '0') * unit;
	return value;
}

enum locale http_locale(const struct http_request *req)
{
	const char *list = http_header(req, "Accept-Language");
	enum locale best = LOCALE_EN;
	int best_quality = 0;
	while (list != NULL && *list != '\0') {
		list += strspn(list, " \t,");
		size_t n = strcspn(list, ","), tag = strcspn(list, ";, \t");
		enum locale locale = locale_of(list, tag);
		int q = quality(list + tag, n - tag);
		if (locale != LOCALE_COUNT && q > best_quality) {
			best = locale;
			best_quality = q;
		}
		list += n;
	}
	return best;
}
