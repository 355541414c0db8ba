/* Conditions over the API: what one says, how many records match, why one does. The records themselves: ?condition= of their list. */
#include "core/condition/condition.h"
#include "core/rest/rest_internal.h"

struct condition_body {
	const char *entity;
	json_t *condition;
	bool exact;
	int64_t record_id;
};

const struct spec rest_condition_specs[] = {
	{"entity", SPEC_TEXT, offsetof(struct condition_body, entity), true, 60, "whose records"},
	{"condition", SPEC_JSON, offsetof(struct condition_body, condition), true, 0, "the tree"},
	{"exact", SPEC_BOOL, offsetof(struct condition_body, exact), false, 0, "count all of them, however many"},
	{.name = NULL},
};

const struct spec rest_why_specs[] = {
	{"entity", SPEC_TEXT, offsetof(struct condition_body, entity), true, 60, "whose records"},
	{"condition", SPEC_JSON, offsetof(struct condition_body, condition), true, 0, "the tree"},
	{"record_id", SPEC_ID, offsetof(struct condition_body, record_id), true, 0, "the record that is asked about"},
	{.name = NULL},
};

/* Whoever may not read such records learns nothing of their fields either. */
static enum err read_request(struct ctx *ctx, const struct http_request *req, struct condition_body *body, struct condition **ret)
{
	const struct entity_info *info;
	enum err err = http_read_body(ctx, req, body);
	if (!err)
		err = rest_entity(ctx, body->entity, &info);
	if (!err && entity_scope(ctx->actor, info, ACTION_READ) == SCOPE_NONE)
		err = fail_arg(ctx, ERR_FORBIDDEN, "entity", QK_FORBIDDEN, info->entity->name);
	return err ? err : condition_parse_json(ctx, info, body->condition, ret);
}

static void begin(struct http_response *res, struct jsonw *w)
{
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(w, http_body(res));
	jsonw_object(w);
}

static void put_reads(struct jsonw *w, const struct condition_read *list, size_t n)
{
	jsonw_key(w, "reads");
	jsonw_array(w);
	for (size_t i = 0; i < n; i++) {
		jsonw_object(w);
		jsonw_kv_text(w, "entity", list[i].info->entity->name);
		if (list[i].field >= 0)
			jsonw_kv_text(w, "field", list[i].info->fields[list[i].field]->name);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

enum err rest_check_condition(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct condition_body body = {0};
	struct condition *condition;
	struct condition_read *reads;
	size_t n;
	const char *words;
	struct jsonw w;
	enum err err = read_request(ctx, req, &body, &condition);
	if (!err)
		err = condition_say(ctx, condition, &words);
	if (!err)
		err = condition_reads(ctx, condition, &reads, &n);
	if (err)
		return err;
	begin(res, &w);
	jsonw_kv_text(&w, "words", words);
	jsonw_kv_bool(&w, "moves", condition->moves);
	put_reads(&w, reads, n);
	jsonw_key(&w, "tree");
	err = condition_say_json(ctx, condition, &w);
	jsonw_end_object(&w);
	return err;
}

enum err rest_count_condition(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct condition_body body = {0};
	struct condition *condition;
	struct query *query;
	const char *words;
	int64_t n = 0;
	bool more = false;
	struct jsonw w;
	enum err err = read_request(ctx, req, &body, &condition);
	if (!err)
		err = condition_say(ctx, condition, &words);
	if (!err)
		err = query_of_condition(ctx, condition, ACTION_READ, &query);
	if (!err)
		err = query_count(ctx, query, body.exact ? 0 : QUERY_COUNT_CAP, &n, &more);
	if (err)
		return err;
	begin(res, &w);
	jsonw_kv_int(&w, "count", n);
	jsonw_kv_bool(&w, "more", more);
	jsonw_kv_text(&w, "words", words);
	jsonw_end_object(&w);
	return OK;
}

enum err rest_why_condition(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct condition_body body = {0};
	struct condition *condition;
	struct jsonw w;
	enum err err = read_request(ctx, req, &body, &condition);
	if (err)
		return err;
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&w, http_body(res));
	return condition_why(ctx, condition, body.record_id, &w);
}
