/* What the handlers of rows have in common: who is meant, and how it is answered. */
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/str.h"
#include "core/rest/rest_internal.h"

/* --- what is asked for ------------------------------------------------------------ */

struct media_name {
	const char *name;
	enum rest_media media;
};

static const struct media_name medias[] = {
	{"application/json", MEDIA_JSON},
	{"application/vnd.pgrst.object+json", MEDIA_SINGLE},
	{"application/vnd.pgrst.object", MEDIA_SINGLE},
	{"application/vnd.pgrst.array+json", MEDIA_JSON},
	{"application/vnd.pgrst.array", MEDIA_JSON},
	{"text/csv", MEDIA_CSV},
	{"application/*", MEDIA_JSON},
	{"*/*", MEDIA_JSON},
};

/* One range of the header, as far as its ';'. */
static bool find_media(const char *text, size_t n, struct rest_accept *ret)
{
	size_t name;
	const char *semicolon = memchr(text, ';', n);
	const char *start = str_trim(text, semicolon ? (size_t)(semicolon - text) : n, &name);
	for (size_t i = 0; i < sizeof(medias) / sizeof(medias[0]); i++) {
		if (strlen(medias[i].name) != name || strncasecmp(medias[i].name, start, name) != 0)
			continue;
		ret->media = medias[i].media;
		ret->strip_nulls = false;
		if (semicolon && medias[i].media != MEDIA_CSV) {
			const char *params = str_trim(semicolon + 1, n - (size_t)(semicolon + 1 - text), &name);
			ret->strip_nulls = name == strlen("nulls=stripped") && memcmp(params, "nulls=stripped", name) == 0;
		}
		return true;
	}
	return false;
}

enum err rest_accept(struct ctx *ctx, const struct http_request *req, struct rest_accept *ret)
{
	const char *p = http_header(req, "Accept");
	*ret = (struct rest_accept){.media = MEDIA_JSON};
	if (str_empty(p))
		return OK;
	for (const char *at = p; *at; at += *at == ',') {
		size_t n = strcspn(at, ",");
		if (find_media(at, n, ret))
			return OK;
		at += n;
	}
	return fail(ctx, ERR_INVALID, "Accept", "not_acceptable");
}

enum err rest_entity(struct ctx *ctx, const char *name, const struct entity_info **ret)
{
	*ret = registry_find(ctx->registry, name);
	if (!*ret || ((*ret)->entity->flags & E_INTERNAL))
		return fail_arg(ctx, ERR_NOT_FOUND, "", QK_ENTITY, name);
	return OK;
}

enum err rest_id(struct ctx *ctx, const struct entity_info *info, const char *text, int64_t *ret)
{
	return id_parse(text, ret) ? OK : fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", info->entity->name);
}

/* --- how it is answered ------------------------------------------------------------- */

void rest_content_range(struct http_response *res, int64_t offset, size_t rows, int64_t total)
{
	char range[64], of[24];
	if (total >= 0)
		snprintf(of, sizeof(of), "%lld", (long long)total);
	else
		snprintf(of, sizeof(of), "*");
	if (rows > 0)
		snprintf(range, sizeof(range), "%lld-%lld/%s", (long long)offset, (long long)(offset + (int64_t)rows - 1), of);
	else
		snprintf(range, sizeof(range), "*/%s", of);
	http_set_header(res, "Content-Range", range);
}

void rest_set_etag(struct http_response *res, int64_t version)
{
	char etag[32];
	snprintf(etag, sizeof(etag), "\"v%lld\"", (long long)version);
	http_set_header(res, "ETag", etag);
}

enum err rest_write_rows(struct ctx *ctx, struct query *query, const struct rest_accept *accept, struct http_response *res, struct query_page *ret)
{
	enum err err;
	struct buf *body = http_body(res);
	if (accept->strip_nulls)
		query_strip_nulls(query);
	if (accept->media == MEDIA_CSV) {
		http_content_type(res, "text/csv; charset=utf-8");
		err = query_csv(ctx, query, body, ret);
	} else {
		http_content_type(res, accept->media == MEDIA_SINGLE ? "application/vnd.pgrst.object+json; charset=utf-8" : "application/json; charset=utf-8");
		err = query_json(ctx, query, accept->media == MEDIA_SINGLE, body, ret);
	}
	if (!err && accept->media == MEDIA_SINGLE && ret->rows != 1) {
		char rows[24];
		snprintf(rows, sizeof(rows), "%zu", ret->rows);
		err = fail_arg(ctx, ERR_INVALID, "", QK_SINGLE, rows);
	}
	if (err)
		return err;
	if (ret->masked)
		http_set_header(res, "X-Masked", ret->masked);
	if (ret->next_cursor)
		http_set_header(res, "X-Next-Cursor", ret->next_cursor);
	return OK;
}

enum err rest_write_ids(struct ctx *ctx, const struct http_request *req, const struct entity_info *info, const int64_t *ids, size_t n,
                        const struct rest_accept *accept, struct http_response *res, struct query_page *ret)
{
	struct query *query;
	struct query_options options = {.action = ACTION_READ, .whole = true, .range_first = -1, .range_last = -1, .no_children = accept->media == MEDIA_CSV};
	enum err err;
	if (n == 1) {
		err = query_parse_kept(ctx, info, req->query, &options, ids, &query);
	} else {
		err = query_parse(ctx, info, req->query, &options, &query);
		if (!err)
			err = query_only_ids(ctx, query, ids, n);
	}
	return err ? err : rest_write_rows(ctx, query, accept, res, ret);
}

const char *rest_label(struct ctx *ctx, const struct rest *rest, const struct text2 *text)
{
	if (!text->en && !text->zh)
		return NULL;
	if (rest->config.label)
		return rest->config.label(ctx, text);
	return ctx->locale == LOCALE_EN || !text->zh ? text->en : text->zh;
}
