/* What was sent and what became of it; a new secret, a try, sending again. For administrators. */
#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/events/events.h"
#include "core/gate/gate.h"
#include "core/settings/settings.h"
#include "core/webhooks/webhooks_internal.h"
#include "webhooks_sql.h"

enum { LISTED = 50, LISTED_MAX = 200, COUNTED_MAX = 10000, AGAIN_MAX = 1000 };

static const char *const states[DELIVERY_STATES] = {"waiting", "delivered", "failed", "nothing"};

/* What went wrong, in words. */
static const struct {
	const char *key;
	struct text2 text;
} words[] = {
	{"outward_name", {"The name of the address is not known", "无法解析该网址的域名"}},
	{"outward_barred", {"The address lies inside the house and is not called", "该网址指向内部地址，未调用"}},
	{"outward_connect", {"No connection could be made", "无法建立连接"}},
	{"outward_tls", {"The certificate of the address is not right", "该网址的证书无效"}},
	{"outward_timeout", {"There was no answer in time", "对方未在规定时间内应答"}},
	{"outward_large", {"The answer was too large", "应答内容过大"}},
	{"outward_broken", {"The connection broke", "连接中断"}},
	{"webhook_nobody", {"Whoever set it up has no account any more", "设置者的账号已失效"}},
	{"webhook_unsent", {"It could not be made", "无法生成内容"}},
};

static const char *in_words(struct ctx *ctx, const char *key)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_equal(words[i].key, key))
			return settings_label(ctx, &words[i].text);
	return key;
}

static enum err webhook_id(struct ctx *ctx, const struct http_request *req, int64_t *ret)
{
	struct record *record;
	const struct entity_info *info = registry_find(ctx->registry, "webhook");
	if (!id_parse(req->params[0], ret))
		return fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "webhook");
	return record_get(ctx, info, *ret, ACTION_READ, &record);
}

static void put_when(struct jsonw *w, const char *key, int64_t ms)
{
	jsonw_key(w, key);
	if (ms > 0 && ms < DELIVERY_BEHIND)
		jsonw_time(w, ms);
	else
		jsonw_null(w);
}

static void put_delivery(struct ctx *ctx, struct jsonw *w, const struct stmt *stmt)
{
	int64_t state = stmt_i64(stmt, 6);
	jsonw_object(w);
	jsonw_kv_id(w, "id", stmt_i64(stmt, 0));
	jsonw_kv_int(w, "seq", stmt_i64(stmt, 1));
	jsonw_kv_text(w, "kind", stmt_text(stmt, 2));
	jsonw_kv_text(w, "entity", stmt_text(stmt, 3));
	jsonw_kv_id(w, "record_id", stmt_i64(stmt, 4));
	jsonw_kv_text(w, "action", stmt_text(stmt, 5));
	jsonw_kv_text(w, "state", state >= 0 && state < DELIVERY_STATES ? states[state] : "");
	jsonw_kv_int(w, "attempts", stmt_i64(stmt, 7));
	put_when(w, "next_at", state == DELIVERY_WAITING ? stmt_i64(stmt, 8) : 0);
	put_when(w, "created_at", stmt_i64(stmt, 9));
	put_when(w, "done_at", stmt_i64(stmt, 10));
	jsonw_kv_int(w, "status", stmt_i64(stmt, 11));
	jsonw_kv_text(w, "error", stmt_text(stmt, 12) != NULL ? in_words(ctx, stmt_text(stmt, 12)) : NULL);
	jsonw_kv_int(w, "took_ms", stmt_i64(stmt, 13));
	jsonw_end_object(w);
}

static enum err put_counts(struct ctx *ctx, struct jsonw *w, int64_t id)
{
	static const struct sql *const asked[] = {&sql_webhook_counts, &sql_webhook_health};
	static const char *const names[2][2] = {{"waiting", "failed"}, {"failures", NULL}};
	enum err err = OK;
	for (size_t k = 0; k < 2 && err == OK; k++) {
		struct stmt *stmt;
		bool row = false;
		err = db_prepare(ctx, ctx->db, asked[k], &stmt);
		if (err != OK)
			return err;
		stmt_bind_i64(stmt, 1, id);
		if (k == 0)
			stmt_bind_i64(stmt, 2, COUNTED_MAX);
		err = stmt_step(ctx, stmt, &row);
		for (int i = 0; err == OK && row && i < 2 && names[k][i] != NULL; i++)
			jsonw_kv_int(w, names[k][i], stmt_i64(stmt, i));
		if (err == OK && row && k == 1)
			put_when(w, "paused_until", stmt_i64(stmt, 1));
		stmt_done(stmt);
	}
	return err;
}

struct asked {
	int64_t state, before, limit;
};

static enum err read_asked(struct ctx *ctx, const struct http_request *req, struct asked *ret)
{
	const char *state = http_query(ctx, req, "state", 0), *before = http_query(ctx, req, "before", 0), *limit = http_query(ctx, req, "limit", 0);
	*ret = (struct asked){-1, INT64_MAX, LISTED};
	for (int i = 0; i < DELIVERY_STATES; i++)
		if (str_equal(states[i], state))
			ret->state = i;
	if (!str_empty(state) && ret->state < 0)
		return fail_arg(ctx, ERR_INVALID, "state", "webhook_state", state);
	if (!str_empty(before) && !id_parse(before, &ret->before))
		return fail_arg(ctx, ERR_INVALID, "before", "webhook_number", before);
	if (!str_empty(limit) && (!str_to_i64(limit, &ret->limit) || ret->limit < 1))
		return fail_arg(ctx, ERR_INVALID, "limit", "webhook_number", limit);
	ret->limit = ret->limit > LISTED_MAX ? LISTED_MAX : ret->limit;
	return OK;
}

static enum err put_deliveries(struct ctx *ctx, struct jsonw *w, int64_t id, const struct asked *asked)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_webhook_listed, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_i64(stmt, 2, asked->before);
	stmt_bind_i64(stmt, 3, asked->limit);
	for (int i = 0; i < DELIVERY_STATES; i++) /* the newest of each state, by an index; one that is asked for is all of them */
		stmt_bind_i64(stmt, 4 + i, asked->state < 0 ? i : asked->state);
	jsonw_key(w, "deliveries");
	jsonw_array(w);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row)
		put_delivery(ctx, w, stmt);
	jsonw_end_array(w);
	stmt_done(stmt);
	return err;
}

static enum err list(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct jsonw w;
	struct asked asked;
	int64_t id;
	enum err err = webhook_id(ctx, req, &id);
	if (err == OK)
		err = read_asked(ctx, req, &asked);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	err = put_counts(ctx, &w, id);
	if (err == OK)
		err = put_deliveries(ctx, &w, id, &asked);
	jsonw_end_object(&w);
	http_set_header(res, "Cache-Control", "no-store");
	return err;
}

static enum err new_secret(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct jsonw w;
	const char *secret;
	int64_t id;
	enum err err = webhook_id(ctx, req, &id);
	if (err == OK)
		err = webhooks_new_secret(ctx, id, &secret);
	if (err == OK)
		err = change_append(ctx, "webhook", id, CHANGE_UPDATE, "{\"secret\":[\"***\",\"***\"]}");
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_text(&w, "secret", secret);
	jsonw_end_object(&w);
	http_set_header(res, "Cache-Control", "no-store");
	return OK;
}

static enum err put_id(struct http_response *res, int status, int64_t id)
{
	struct jsonw w;
	http_status(res, status);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", id);
	jsonw_end_object(&w);
	return OK;
}

static enum err ping(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	int64_t id, delivery;
	enum err err = webhook_id(ctx, req, &id);
	if (err == OK)
		err = webhooks_add_ping(ctx, id, &delivery);
	if (err == OK)
		err = services_wake(ctx, "webhooks");
	return err == OK ? put_id(res, 202, delivery) : err;
}

static enum err send_again(struct ctx *ctx, int64_t id, int64_t delivery, int64_t *ret_rows)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_webhook_again, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_i64(stmt, 2, delivery);
	stmt_bind_i64(stmt, 3, ctx_now(ctx));
	stmt_bind_i64(stmt, 4, DELIVERY_BEHIND);
	err = stmt_run(ctx, stmt, ret_rows);
	stmt_done(stmt);
	return err;
}

static enum err replay(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	int64_t id, delivery, rows = 0;
	enum err err = webhook_id(ctx, req, &id);
	if (err == OK && !id_parse(req->params[1], &delivery))
		err = fail(ctx, ERR_NOT_FOUND, "", "webhook_delivery");
	if (err == OK)
		err = send_again(ctx, id, delivery, &rows);
	if (err == OK && rows == 0)
		err = fail(ctx, ERR_NOT_FOUND, "", "webhook_delivery");
	if (err == OK)
		err = services_wake(ctx, "webhooks");
	return err == OK ? put_id(res, 202, delivery) : err;
}

/* Of what failed, the oldest first: of each record in order. */
static enum err replay_failed(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct stmt *stmt;
	struct jsonw w;
	bool row = false;
	int64_t id, n = 0, rows, *ids = arena_array(ctx->arena, AGAIN_MAX, sizeof(*ids));
	enum err err = webhook_id(ctx, req, &id);
	if (err == OK && ids == NULL)
		err = fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_webhook_dead, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_i64(stmt, 2, AGAIN_MAX);
	while (n < AGAIN_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		ids[n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	for (int64_t i = 0; i < n && err == OK; i++)
		err = send_again(ctx, id, ids[i], &rows);
	if (err == OK)
		err = services_wake(ctx, "webhooks");
	if (err != OK)
		return err;
	http_status(res, 202);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_int(&w, "again", n);
	jsonw_kv_bool(&w, "more", n == AGAIN_MAX);
	jsonw_end_object(&w);
	return OK;
}

#define ADMIN .door = DOOR_CAP, .cap = CAP_ADMIN
#define OF_ONE "/api/v1/webhooks/*"

const struct route webhooks_routes[] = {
	{.method = METHOD_GET, .pattern = OF_ONE "/deliveries", .lane = LANE_READ, ADMIN, .handle = list,
	 .doc = "What a webhook has sent, is sending and could not send: ?state=waiting|delivered|failed|nothing&before=ID&limit=; how it is."},
	{.method = METHOD_POST, .pattern = OF_ONE "/secret", .lane = LANE_WRITE, ADMIN, .handle = new_secret,
	 .doc = "A new secret, told this once; the old one signs beside it for a day."},
	{.method = METHOD_POST, .pattern = OF_ONE "/ping", .lane = LANE_WRITE, ADMIN, .handle = ping,
	 .doc = "Sends a message of the type ping, to try whether it arrives."},
	{.method = METHOD_POST, .pattern = OF_ONE "/deliveries/*/replay", .lane = LANE_WRITE, ADMIN, .handle = replay,
	 .doc = "Sends one that is through, or failed, again."},
	{.method = METHOD_POST, .pattern = OF_ONE "/replay", .lane = LANE_WRITE, ADMIN, .handle = replay_failed,
	 .doc = "Sends again what failed, up to a thousand at once."},
	{.pattern = NULL},
};
