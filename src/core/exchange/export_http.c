/* GET /api/v1/{entity}/export */
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/exchange/export.h"
#include "core/exchange/export_http.h"
#include "core/rest/query_keys.h"

enum { EXPORT_DEADLINE_MS = 2 * 3600 * 1000 };

struct download {
	struct http_response *res;
	bool begun;
};

/* Nothing is sent before there is something to send, so that a refusal still has its status. */
static enum err send(struct ctx *ctx, void *arg, const void *data, size_t n)
{
	struct download *d = arg;
	enum err err = d->begun ? OK : http_stream_begin(ctx, d->res);
	d->begun = true;
	return err == OK ? http_write(ctx, d->res, data, n) : err;
}

/* "customers-2026-11-22.csv" */
static enum err file_name(struct ctx *ctx, const struct export_request *r, bool tabs, const char **ret)
{
	char now[TIME_TEXT_MAX];
	(void)time_format(ctx_now(ctx), now);
	const char *name = arena_printf(ctx->arena, "%s-%.10s%s", r->info->entity->plural, now, tabs ? ".tsv" : file_format_suffix(r->format));
	return name != NULL ? file_disposition(ctx, name, ret) : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err read_request(struct ctx *ctx, const struct http_request *req, struct export_request *r)
{
	const char *format = http_query(ctx, req, "format", 0), *delimiter = http_query(ctx, req, "delimiter", 0);
	r->info = registry_find(ctx->registry, req->params[0]);
	if (r->info == NULL || (r->info->entity->flags & E_INTERNAL))
		return fail_arg(ctx, ERR_NOT_FOUND, "", QK_ENTITY, req->params[0]);
	r->format = format == NULL ? FILE_CSV : file_format_named(format);
	if (!file_format_writes(r->format))
		return fail_arg(ctx, ERR_INVALID, "format", "export_format", format);
	r->query = req->query;
	r->encoding = http_query(ctx, req, "encoding", 0);
	r->zone = http_query(ctx, req, "time_zone", 0);
	r->links_as_ids = str_equal(http_query(ctx, req, "ids", 0), "1");
	r->names = str_equal(http_query(ctx, req, "names", 0), "1");
	r->delimiter = str_equal(format, "tsv") || str_equal(delimiter, "tab") ? '\t' : !str_empty(delimiter) ? delimiter[0] : '\0';
	if (!str_empty(delimiter) && !str_equal(delimiter, "tab") && (delimiter[1] != '\0' || strchr(",;|\t", delimiter[0]) == NULL))
		return fail_arg(ctx, ERR_INVALID, "delimiter", "export_delimiter", delimiter);
	return OK;
}

static void set_headers(struct http_response *res, const struct export *export, const char *disposition)
{
	bool utf8 = export->request->format == FILE_CSV && export->options.encoding == NULL;
	http_content_type(res, utf8 ? "text/csv; charset=utf-8" : file_format_type(export->request->format));
	http_set_header(res, "Content-Disposition", disposition);
	http_set_header(res, "Cache-Control", "no-store");
	if (export->masked != NULL)
		http_set_header(res, "X-Masked", export->masked);
}

static enum err export_list(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct download download = {res, false};
	struct export_request request = {.sink = send, .arg = &download};
	struct export export = {.n = 0};
	const char *disposition = NULL;
	enum err err = read_request(ctx, req, &request);
	if (err == OK)
		err = export_prepare(ctx, &request, &export);
	if (err == OK)
		err = file_name(ctx, &request, request.delimiter == '\t', &disposition);
	if (err == OK) {
		set_headers(res, &export, disposition);
		ctx->deadline_ms = ctx_now(ctx) + EXPORT_DEADLINE_MS;
		err = req->head ? OK : export_stream(ctx, &export);
	}
	if (err == OK && !download.begun && !req->head) /* JSON Lines of no rows */
		err = http_stream_begin(ctx, res);
	export_release(&export);
	return err;
}

const struct route export_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/*/export", .lane = LANE_HEAVY, .work = WORK_EXPORT, .door = DOOR_SIGNED_IN, .handle = export_list,
	 .doc = "A list as a file: ?format=csv|tsv|xlsx|jsonl|vcard&encoding=&delimiter=&ids=1&names=1&time_zone= (of times in CSV and XLSX; the firm's, if nothing is said) and the list's own parameters."},
	{.pattern = NULL},
};
