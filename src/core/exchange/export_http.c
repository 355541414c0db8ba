/* GET /api/v1/{entity}/export: the list, as filtered and permitted, as a file. */
#include <string.h>

#include "base/str.h"
#include "core/exchange/export_http.h"

struct download {
	const struct export_request *request;
	struct http_response *res;
	const char *name;
	bool begun;
};

/* Nothing is sent until there is something to send, so that a refusal still has its status. */
static enum err begin(struct ctx *ctx, struct download *d)
{
	const char *disposition;
	enum err err = file_disposition(ctx, d->name, &disposition);
	if (err != OK)
		return err;
	http_set_header(d->res, "Content-Disposition", disposition);
	http_content_type(d->res, file_format_type(d->request->format));
	d->begun = true;
	return http_stream_begin(ctx, d->res);
}

static enum err send_piece(struct ctx *ctx, void *arg, const void *data, size_t n)
{
	struct download *d = arg;
	enum err err = d->begun ? OK : begin(ctx, d);
	return err == OK ? http_write(ctx, d->res, data, n) : err;
}

static enum err read_options(struct ctx *ctx, const struct http_request *req, struct export_request *ret)
{
	const char *format = http_query(ctx, req, "format", 0), *delimiter = http_query(ctx, req, "delimiter", 0);
	ret->format = format == NULL ? FILE_CSV : file_format_named(format);
	ret->encoding = http_query(ctx, req, "encoding", 0);
	ret->links_as_ids = str_equal(http_query(ctx, req, "ids", 0), "1");
	ret->names = str_equal(http_query(ctx, req, "names", 0), "1");
	if (ret->format == FILE_DETECT)
		return fail_arg(ctx, ERR_INVALID, "format", "export_format", format);
	if (str_equal(format, "tsv"))
		ret->delimiter = '\t';
	if (delimiter != NULL) {
		ret->delimiter = str_equal(delimiter, "tab") ? '\t' : delimiter[0];
		if (!str_equal(delimiter, "tab") && (strlen(delimiter) != 1 || strchr(",;|\t", delimiter[0]) == NULL))
			return fail_arg(ctx, ERR_INVALID, "delimiter", "export_delimiter", delimiter);
	}
	return OK;
}

static enum err export_list(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct export_request request = {.info = registry_find(ctx->registry, req->params[0]), .query = req->query};
	struct download d = {.request = &request, .res = res};
	int64_t rows;
	if (request.info == NULL || (request.info->entity->flags & E_INTERNAL) != 0)
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	enum err err = read_options(ctx, req, &request);
	if (err != OK)
		return err;
	d.name = arena_printf(ctx->arena, "%s%s", app_label(ctx, &request.info->entity->label_many), file_format_suffix(request.format));
	if (d.name == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	request.sink = send_piece;
	request.arg = &d;
	err = export_table(ctx, &request, &rows);
	if (err == OK && !d.begun) /* JSON Lines of no rows */
		err = begin(ctx, &d);
	return err;
}

const struct route export_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/*/export", .lane = LANE_HEAVY, .door = DOOR_SIGNED_IN, .handle = export_list,
	 .doc = "A list as a file: ?format=csv|tsv|xlsx|jsonl|vcard&encoding=&delimiter= and the list's own parameters."},
	{.pattern = NULL},
};
