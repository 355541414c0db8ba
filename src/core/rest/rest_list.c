/* GET and HEAD of many rows. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/rest/rest_internal.h"
#include "core/store/store.h"

/* "0-19", "items=0-19", "20-"; anything else (a download's "bytes=…") is not ours. */
static void read_range(const struct http_request *req, struct query_options *options)
{
	const char *text = http_header(req, "Range");
	char first[20];
	int64_t from, to = -1;
	if (str_empty(text))
		return;
	if (str_starts(text, "items="))
		text += strlen("items=");
	size_t n = strcspn(text, "-");
	if (n == 0 || n >= sizeof(first) || text[n] != '-')
		return;
	memcpy(first, text, n);
	first[n] = '\0';
	if (!str_to_i64(first, &from) || from < 0)
		return;
	if (text[n + 1] && (!str_to_i64(text + n + 1, &to) || to < 0))
		return;
	options->range_first = from;
	options->range_last = to;
}

static enum err count_rows(struct ctx *ctx, struct query *query, const struct rest_prefer *prefer, struct http_response *res, int64_t *ret_total)
{
	bool capped = false;
	*ret_total = -1;
	if (prefer->count == COUNT_NONE)
		return OK;
	enum err err = query_count(ctx, query, prefer->count == COUNT_EXACT ? 0 : QUERY_COUNT_CAP, ret_total, &capped);
	if (!err && capped)
		http_set_header(res, "X-Count-Capped", "true"); /* the page writes "10,000+" */
	return err;
}

/* A page beyond the end, when the end is known. */
static enum err check_offset(struct ctx *ctx, int64_t offset, int64_t total)
{
	if (total < 0 || offset <= total)
		return OK;
	char text[64];
	snprintf(text, sizeof(text), "%lld of %lld", (long long)offset, (long long)total);
	return fail_arg(ctx, ERR_INVALID, "offset", QK_RANGE, text);
}

static void answer_status(struct http_response *res, const struct query_page *page, int64_t total)
{
	rest_content_range(res, page->offset, page->rows, total);
	if (total >= 0 && (int64_t)page->rows < total)
		http_status(res, 206);
}

/* Rows and their children as they stood together. */
static enum err write_rows(struct ctx *ctx, struct query *query, const struct rest_accept *accept, struct http_response *res, struct query_page *page)
{
	bool together = query_has_children(query);
	enum err err = together ? db_begin_read(ctx, ctx->db) : OK;
	if (err)
		return err;
	err = rest_write_rows(ctx, query, accept, res, page);
	if (together)
		db_end_read(ctx->db);
	return err;
}

enum err rest_get_list(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	const struct entity_info *info;
	struct rest_prefer prefer;
	struct rest_accept accept;
	struct query_options options = {.action = ACTION_READ, .whole = true, .range_first = -1, .range_last = -1};
	struct query *query;
	struct query_page page;
	int64_t total;
	enum err err = rest_entity(ctx, req->params[0], &info);
	if (!err)
		err = rest_prefer(ctx, req, res, &prefer);
	if (!err)
		err = rest_accept(ctx, req, &accept);
	const char *buckets = err ? NULL : http_query(ctx, req, "buckets", 0);
	if (err)
		return err;
	if (buckets)
		return rest_get_buckets(ctx, req, res, info, buckets);
	options.no_children = accept.media == MEDIA_CSV;
	read_range(req, &options);
	err = query_parse_kept(ctx, info, req->query, &options, NULL, &query);
	if (!err)
		err = count_rows(ctx, query, &prefer, res, &total);
	if (!err)
		err = check_offset(ctx, query_offset(query), total);
	if (!err)
		err = write_rows(ctx, query, &accept, res, &page);
	if (!err)
		answer_status(res, &page, total);
	return err;
}
