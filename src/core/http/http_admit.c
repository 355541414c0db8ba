/* Who calls, and may they call this route at all. */
#include <string.h>

#include "base/str.h"
#include "core/http/http_internal.h"

/* The part of an Origin that Host repeats: "https://crm.example:8443" has "crm.example:8443". */
static const char *origin_host(const char *origin)
{
	const char *at = strstr(origin, "://");
	return at != NULL ? at + 3 : NULL;
}

/* The name the browser used.  Host is only compared, never put into a link. */
static const char *called_host(const struct http_call *call)
{
	const char *host = call->conn->proxy ? http_header(&call->req, "X-Forwarded-Host") : NULL;
	return host != NULL ? host : http_header(&call->req, "Host");
}

/* A browser says where a request comes from; other programs say nothing and are no
 * danger here, since they hold no cookie of somebody else. */
static bool from_other_site(const struct http_call *call)
{
	const char *site = http_header(&call->req, "Sec-Fetch-Site");
	if (site != NULL)
		return !str_equal_nocase(site, "same-origin") && !str_equal_nocase(site, "none");
	const char *origin = http_header(&call->req, "Origin");
	if (origin == NULL)
		return false;
	const char *from = origin_host(origin), *to = called_host(call);
	return from == NULL || to == NULL || !str_equal_nocase(from, to);
}

static enum err authenticate(struct http_call *call)
{
	struct http *http = call->http;
	if (http->config.authenticate == NULL)
		return OK;
	enum err err = http->config.authenticate(&call->ctx, &call->req, &call->needs_csrf);
	if (err == ERR_DENIED && call->route->door == DOOR_PUBLIC) {
		/* an old cookie must not keep anybody from signing in */
		call->ctx.actor = NULL;
		call->needs_csrf = false;
		faults_clear(&call->ctx);
		err = OK;
	}
	return err;
}

static enum err check_door(struct http_call *call)
{
	struct ctx *ctx = &call->ctx;
	if (call->route->door == DOOR_PUBLIC)
		return OK;
	if (ctx->actor == NULL)
		return fail(ctx, ERR_DENIED, "", "not_signed_in");
	if (call->route->door == DOOR_CAP && !gate_cap(ctx->actor, (enum capability)call->route->cap))
		return fail(ctx, ERR_FORBIDDEN, "", "forbidden");
	return OK;
}

static enum err check_forgery(struct http_call *call)
{
	struct ctx *ctx = &call->ctx;
	if (call->req.method == METHOD_GET || call->route->cors)
		return OK;
	if ((call->needs_csrf || ctx->actor == NULL) && from_other_site(call))
		return fail(ctx, ERR_FORBIDDEN, "", "cross_site");
	if (!call->needs_csrf || call->route->no_csrf)
		return OK;
	if (call->http->config.csrf_ok == NULL || !call->http->config.csrf_ok(ctx, &call->req))
		return fail(ctx, ERR_FORBIDDEN, "", "csrf");
	return OK;
}

/* Stripe's limits: up to 255 characters, here printable ASCII. */
static enum err read_idempotency(struct http_call *call)
{
	if (call->req.method != METHOD_POST || call->route->lane != LANE_WRITE || call->http->config.idem_find == NULL)
		return OK;
	const struct http_field *f = http_field_find(&call->head, "idempotency-key", 15);
	if (f == NULL)
		return OK;
	bool ok = f->value_n > 0 && f->value_n <= 255;
	for (size_t i = 0; ok && i < f->value_n; i++)
		ok = f->value[i] >= 0x20 && f->value[i] < 0x7f;
	if (!ok)
		return fail(&call->ctx, ERR_INVALID, "Idempotency-Key", "idempotency_key_invalid");
	call->idempotency_key = f->value;
	return OK;
}

bool http_admit(struct http_call *call)
{
	if (call->admitted)
		return true;
	call->ctx.door = call->route->door == DOOR_CAP ? call->route->cap : 0; /* every write asks for it again */
	enum err err = authenticate(call);
	if (err == OK)
		err = check_door(call);
	if (err == OK)
		err = check_forgery(call);
	if (err == OK && call->at_head && call->route->may != NULL)
		err = call->route->may(&call->ctx, &call->req);
	if (err == OK)
		err = read_idempotency(call);
	call->result = err;
	if (err != OK) {
		http_finish(call);
		return false;
	}
	call->admitted = true;
	call->start = arena_mark(&call->arena); /* the actor outlives a rerun of the handler */
	return true;
}
