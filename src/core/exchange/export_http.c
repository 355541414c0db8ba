/* GET /api/v1/{entity}/export */
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/exchange/export.h"
#include "core/rest/query_keys.h"

enum { EXPORT_DEADLINE_MS = 2 * 3600 * 1000 };

static enum err send(struct ctx *ctx, void *arg, const void *data, size_t n)
{
	return http_write(ctx, arg, data, n);
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
	if (r->format == FILE_DETECT)
		return fail_arg(ctx, ERR_INVALID, "format", "not_allowed", format);
	r->query = req->query;
	r->encoding = http_query(ctx, req, "encoding", 0);
	r->delimiter = !str_empty(delimiter) ? delimiter[0] : str_equal(format, "tsv") ? '\t' : '\0';
	r->links_as_ids = str_equal(http_query(ctx, req, "links", 0), "ids");
	r->names = str_equal(http_query(ctx, req, "header", 0), "names");
	return OK;
}

enum err export_route(struct ctx *ctx, const struct http_request *req, struct http_response *res);

enum err export_route(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct export_request request = {.sink = send, .arg = res};
	struct export export = {.n = 0};
	const char *disposition = NULL;
	enum err err = read_request(ctx, req, &request);
	if (err == OK)
		err = export_prepare(ctx, &request, &export);
	if (err == OK)
		err = file_name(ctx, &request, request.delimiter == '\t', &disposition);
	if (err != OK) {
		export_release(&export);
		return err;
	}
	http_content_type(res, request.format == FILE_CSV && export.options.encoding == NULL ? "text/csv; charset=utf-8" : file_format_type(request.format));
	http_set_header(res, "Content-Disposition", disposition);
	http_set_header(res, "Cache-Control", "no-store");
	if (export.masked != NULL)
		http_set_header(res, "X-Masked", export.masked);
	ctx->deadline_ms = ctx_now(ctx) + EXPORT_DEADLINE_MS;
	if (!req->head) {
		err = http_stream_begin(ctx, res);
		if (err == OK)
			err = export_stream(ctx, &export);
	}
	export_release(&export);
	return err;
}
