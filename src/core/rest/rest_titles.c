/* Names of records of any kind, for pages that show references to them. */
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "core/rest/rest_internal.h"

enum { TITLES_MAX = 200 };

static enum err put_title(struct ctx *ctx, const char *name, struct jsonw *w)
{
	const struct entity_info *info;
	struct record *record;
	int64_t id;
	if (!entity_any(ctx->registry, name, &info, &id))
		return fail_arg(ctx, ERR_INVALID, "of", "not_a_record", name);
	enum err err = record_get(ctx, info, id, ACTION_READ, &record);
	if (err == ERR_NOT_FOUND || err == ERR_FORBIDDEN) {
		faults_clear(ctx);
		return OK;
	}
	if (!err)
		jsonw_kv_text(w, name, record_text(record, info->entity->title));
	return err;
}

enum err rest_get_titles(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	const char *of = http_query(ctx, req, "of", 0);
	struct jsonw w;
	enum err err = OK;
	size_t n = 0;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	for (const char *at = of ? of : ""; *at && !err;) {
		size_t len = strcspn(at, ",");
		const char *name = arena_strndup(ctx->arena, at, len);
		if (!name || ++n > TITLES_MAX)
			return fail_arg(ctx, ERR_LIMIT, "of", QK_TOO_MANY, "200");
		err = put_title(ctx, name, &w);
		at += len;
		at += *at == ',';
	}
	jsonw_end_object(&w);
	return err;
}
