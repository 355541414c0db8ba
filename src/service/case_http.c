/* What the queue and the page of a case ask for besides records: who is there, the next case, merging and splitting, counters. */
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/rest/query.h"
#include "service/service_internal.h"
#include "service_sql.h"

enum { HERE_MS = 45000, COUNT_CAP = 10000, MOVE_MAX = 2000 };

static enum err read_case(struct ctx *ctx, const struct http_request *req, enum action action, struct record **ret)
{
	int64_t id;
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	return record_get(ctx, registry_find(ctx->registry, "case"), id, action, ret);
}

/* --- presence ---------------------------------------------------------------------------------------- */

static enum err run_two(struct ctx *ctx, const struct sql *sql, int64_t a, int64_t b)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, a);
	stmt_bind_i64(stmt, 2, b);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

enum err case_typing_name(struct ctx *ctx, int64_t case_id, const char **ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = NULL;
	enum err err = db_prepare(ctx, ctx->db, &sql_case_here_typing, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, case_id);
	stmt_bind_i64(stmt, 2, ctx_now(ctx));
	stmt_bind_i64(stmt, 3, ctx->actor != NULL ? ctx->actor->user_id : 0);
	err = stmt_step(ctx, stmt, &row);
	if (err == OK && row)
		*ret = arena_strdup(ctx->arena, stmt_text(stmt, 0));
	stmt_done(stmt);
	return err;
}

enum err case_take_over(struct ctx *ctx, int64_t case_id)
{
	return run_two(ctx, &sql_case_here_hush, case_id, ctx->actor->user_id);
}

struct here {
	bool typing, leave, take;
};

static const struct spec here_specs[] = {
	{"typing", SPEC_BOOL, offsetof(struct here, typing), false, 0, "An answer is being written"},
	{"leave", SPEC_BOOL, offsetof(struct here, leave), false, 0, "No longer in front of the case"},
	{"take", SPEC_BOOL, offsetof(struct here, take), false, 0, "Answer in spite of a colleague who types"},
	{.name = NULL},
};

static enum err note_here(struct ctx *ctx, int64_t case_id, bool typing)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_case_here_set, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, case_id);
	stmt_bind_i64(stmt, 2, ctx->actor->user_id);
	stmt_bind_i64(stmt, 3, ctx_now(ctx) + HERE_MS);
	stmt_bind_i64(stmt, 4, typing);
	stmt_bind_text(stmt, 5, ctx->actor->name != NULL ? ctx->actor->name : "");
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err put_people(struct ctx *ctx, int64_t case_id, struct jsonw *w)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_case_here_list, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, case_id);
	stmt_bind_i64(stmt, 2, ctx_now(ctx));
	stmt_bind_i64(stmt, 3, ctx->actor->user_id);
	jsonw_key(w, "people");
	jsonw_array(w);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		jsonw_object(w);
		jsonw_kv_id(w, "user_id", stmt_i64(stmt, 0));
		jsonw_kv_text(w, "name", stmt_text(stmt, 1));
		jsonw_kv_bool(w, "typing", stmt_i64(stmt, 2) != 0);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	stmt_done(stmt);
	return err;
}

static enum err here(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct here body = {0};
	struct record *record;
	struct jsonw w;
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK)
		err = read_case(ctx, req, ACTION_READ, &record);
	if (err != OK)
		return err;
	if (body.leave)
		err = run_two(ctx, &sql_case_here_leave, record_id(record), ctx->actor->user_id);
	else
		err = note_here(ctx, record_id(record), body.typing || body.take);
	if (err == OK && body.take)
		err = case_take_over(ctx, record_id(record));
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_int(&w, "last_seq", record_i64(record, "last_seq"));
	jsonw_kv_int(&w, "version", record_i64(record, "version"));
	err = put_people(ctx, record_id(record), &w);
	jsonw_end_object(&w);
	return err;
}

/* --- the next case ----------------------------------------------------------------------------------- */

static enum err first_of(struct ctx *ctx, const char *raw, enum action action, int64_t *ret)
{
	struct query *query;
	struct query_options options = {.action = action, .range_first = -1, .range_last = -1, .whole = true};
	int64_t *ids;
	size_t n = 0;
	*ret = 0;
	enum err err = query_parse(ctx, registry_find(ctx->registry, "case"), raw, &options, &query);
	if (err == OK)
		err = query_ids(ctx, query, 1, &ids, &n);
	if (err == OK && n > 0)
		*ret = ids[0];
	return err;
}

/* In this order: overdue ones of one's own, answers to them, overdue ones of nobody, the most urgent of nobody, the rest of
 * one's own. Nobody chooses the easy ones. */
static enum err find_next(struct ctx *ctx, int64_t skip, int64_t *ret)
{
	char now[TIME_TEXT_MAX];
	long long me = (long long)ctx->actor->user_id, other = (long long)(skip > 0 ? skip : 1); /* 1 is nobody's id */
	time_format(ctx_now(ctx), now);
	const char *open = "state=in.(new,open)&or=(snoozed_until.is.null,snoozed_until.lt.";
	const char *const rules[] = {
		arena_printf(ctx->arena, "%s%s)&owner_id=eq.%lld&id=neq.%lld&due_at=lt.%s&order=priority_rank.asc,due_at.asc", open, now, me, other, now),
		arena_printf(ctx->arena, "%s%s)&owner_id=eq.%lld&id=neq.%lld&unread=is.true&order=priority_rank.asc,last_in_at.asc", open, now, me, other),
		arena_printf(ctx->arena, "%s%s)&owner_id=is.null&id=neq.%lld&due_at=lt.%s&order=priority_rank.asc,due_at.asc", open, now, other, now),
		arena_printf(ctx->arena, "%s%s)&owner_id=is.null&id=neq.%lld&order=priority_rank.asc,due_at.asc.nullslast,opened_at.asc", open, now, other),
		arena_printf(ctx->arena, "%s%s)&owner_id=eq.%lld&id=neq.%lld&order=priority_rank.asc,due_at.asc.nullslast,opened_at.asc", open, now, me, other),
	};
	enum err err = OK;
	*ret = 0;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]) && err == OK && *ret == 0; i++)
		err = rules[i] == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : first_of(ctx, rules[i], ACTION_UPDATE, ret);
	return err;
}

struct next {
	int64_t skip;
};

static const struct spec next_specs[] = {
	{"skip", SPEC_ID, offsetof(struct next, skip), false, 0, "Not this one, which was just looked at"},
	{.name = NULL},
};

static enum err next(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct next body = {0};
	struct record *record, *patch;
	struct jsonw w;
	int64_t id = 0;
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK && ctx->actor->user_id == 0)
		err = fail(ctx, ERR_FORBIDDEN, "", "forbidden");
	if (err == OK)
		err = find_next(ctx, body.skip, &id);
	if (err == OK && id != 0)
		err = record_load(ctx, registry_find(ctx->registry, "case"), id, &record);
	if (err == OK && id != 0 && record_i64(record, "owner_id") == 0) {
		err = record_new(ctx, record->info, &patch);
		if (err == OK)
			err = record_set(ctx, patch, "owner_id", value_int(ctx->actor->user_id));
		if (err == OK)
			err = record_update(ctx, id, patch, 0, W_TRUSTED, NULL);
	}
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_key(&w, "id");
	if (id != 0)
		jsonw_id(&w, id);
	else
		jsonw_null(&w);
	jsonw_end_object(&w);
	return OK;
}

/* --- merging and splitting ---------------------------------------------------------------------------- */

static enum err move_message(struct ctx *ctx, int64_t message, int64_t from, int64_t to)
{
	struct record *patch;
	enum err err = record_new(ctx, registry_find(ctx->registry, "case_message"), &patch);
	if (err == OK)
		err = record_set(ctx, patch, "case_id", value_int(to));
	if (err == OK)
		err = record_set(ctx, patch, "moved_from_id", value_int(from));
	return err == OK ? record_update(ctx, message, patch, 0, W_TRUSTED, NULL) : err;
}

/* Messages of a case but what the program noted, from number `since` on. */
static enum err list_messages(struct ctx *ctx, int64_t case_id, int64_t since, int64_t **ret, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = false;
	*ret_n = 0;
	*ret = arena_array(ctx->arena, MOVE_MAX, sizeof(**ret));
	if (*ret == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = db_prepare(ctx, ctx->db, &sql_case_messages_of, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, case_id);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		if (stmt_i64(stmt, 1) < since)
			continue;
		if (*ret_n == MOVE_MAX) {
			err = fail(ctx, ERR_LIMIT, "", "case_too_many_messages");
			break;
		}
		(*ret)[(*ret_n)++] = stmt_i64(stmt, 0);
	}
	stmt_done(stmt);
	return err;
}

static enum err move_all(struct ctx *ctx, const int64_t *ids, size_t n, int64_t from, int64_t to)
{
	enum err err = OK;
	for (size_t i = 0; i < n && err == OK; i++)
		err = move_message(ctx, ids[i], from, to);
	return err;
}

static enum err answer_id(struct http_response *res, int64_t id)
{
	struct jsonw w;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", id);
	jsonw_end_object(&w);
	return OK;
}

struct merge {
	int64_t into;
};

static const struct spec merge_specs[] = {
	{"into", SPEC_ID, offsetof(struct merge, into), true, 0, "The case that stays"},
	{.name = NULL},
};

static enum err merge(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct merge body = {0};
	struct record *from, *into, *patch;
	int64_t *ids;
	size_t n;
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK)
		err = read_case(ctx, req, ACTION_UPDATE, &from);
	if (err == OK)
		err = record_get(ctx, from->info, body.into, ACTION_UPDATE, &into);
	if (err != OK)
		return err;
	if (record_id(from) == body.into)
		return fail(ctx, ERR_INVALID, "into", "case_of_itself");
	if (record_i64(from, "merged_into_id") != 0 || record_i64(into, "merged_into_id") != 0)
		return fail(ctx, ERR_CONFLICT, "into", "case_is_merged");
	/* what one customer wrote is not shown to another */
	if (record_i64(from, "customer_id") != record_i64(into, "customer_id"))
		return fail(ctx, ERR_CONFLICT, "into", "case_other_customer");
	err = list_messages(ctx, record_id(from), 0, &ids, &n);
	if (err == OK)
		err = move_all(ctx, ids, n, record_id(from), body.into);
	if (err == OK)
		err = record_new(ctx, from->info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "merged_into_id", value_int(body.into));
	if (err == OK)
		err = record_set(ctx, patch, "state", value_text("closed"));
	if (err == OK)
		err = record_update(ctx, record_id(from), patch, 0, W_TRUSTED, NULL);
	if (err == OK)
		err = case_tell(ctx, body.into, "case_merged", record_text(from, "number"));
	return err == OK ? answer_id(res, body.into) : err;
}

/* Back to where they came from: what was merged by mistake. */
static enum err unmerge(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *from, *into, *patch, *message;
	int64_t *ids;
	size_t n;
	enum err err = read_case(ctx, req, ACTION_UPDATE, &from);
	if (err == OK && record_i64(from, "merged_into_id") == 0)
		err = fail(ctx, ERR_CONFLICT, "", "case_not_merged");
	if (err == OK)
		err = record_get(ctx, from->info, record_i64(from, "merged_into_id"), ACTION_UPDATE, &into);
	if (err == OK)
		err = list_messages(ctx, record_id(into), 0, &ids, &n);
	for (size_t i = 0; err == OK && i < n; i++) {
		err = record_load(ctx, registry_find(ctx->registry, "case_message"), ids[i], &message);
		if (err == OK && record_i64(message, "moved_from_id") == record_id(from))
			err = move_message(ctx, ids[i], record_id(into), record_id(from));
	}
	if (err == OK)
		err = record_new(ctx, from->info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "merged_into_id", value_null());
	if (err == OK)
		err = record_set(ctx, patch, "state", value_text("open"));
	if (err == OK)
		err = record_update(ctx, record_id(from), patch, 0, W_TRUSTED, NULL);
	return err == OK ? answer_id(res, record_id(from)) : err;
}

struct split {
	int64_t since;
	const char *subject;
};

static const struct spec split_specs[] = {
	{"since", SPEC_INT, offsetof(struct split, since), true, 0, "Number of the first message that goes to the new case"},
	{"subject", SPEC_TEXT, offsetof(struct split, subject), true, 800, "What the new case is about"},
	{.name = NULL},
};

static enum err copy_head(struct ctx *ctx, const struct record *from, const char *subject, struct record **ret)
{
	static const char *const copied[] = {"customer_id", "contact", "channel", "shop_id", "topic_id", "product_id", "order_id", "owner_id", "team_id", "branch_id", "kind"};
	enum err err = record_new(ctx, from->info, ret);
	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]) && err == OK; i++)
		err = record_set(ctx, *ret, copied[i], *record_value(from, copied[i]));
	if (err == OK)
		err = record_set(ctx, *ret, "subject", value_text(subject));
	if (err == OK)
		err = record_set(ctx, *ret, "parent_id", value_int(record_id(from)));
	if (err == OK)
		err = record_set(ctx, *ret, "state", value_text("open"));
	return err;
}

static enum err split(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct split body = {0};
	struct record *seen, *from, *fresh;
	int64_t *ids;
	size_t n = 0;
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK)
		err = read_case(ctx, req, ACTION_UPDATE, &seen);
	if (err == OK)
		err = record_load(ctx, seen->info, record_id(seen), &from);
	if (err == OK)
		err = list_messages(ctx, record_id(from), body.since, &ids, &n);
	if (err == OK && n == 0)
		err = fail(ctx, ERR_INVALID, "since", "case_nothing_to_split");
	if (err == OK && entity_scope(ctx->actor, from->info, ACTION_CREATE) == SCOPE_NONE)
		err = fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", from->info->entity->name);
	if (err == OK)
		err = copy_head(ctx, from, body.subject, &fresh);
	if (err == OK)
		err = record_create(ctx, fresh, W_TRUSTED);
	if (err == OK)
		err = move_all(ctx, ids, n, record_id(from), record_id(fresh));
	if (err == OK)
		err = case_tell(ctx, record_id(from), "case_split", record_text(fresh, "number"));
	return err == OK ? answer_id(res, record_id(fresh)) : err;
}

/* --- counters ------------------------------------------------------------------------------------------ */

static enum err count_of(struct ctx *ctx, const char *raw, struct jsonw *w, const char *name)
{
	struct query *query;
	struct query_options options = {.action = ACTION_READ, .range_first = -1, .range_last = -1, .whole = true};
	int64_t n = 0;
	bool capped = false;
	if (raw == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = query_parse(ctx, registry_find(ctx->registry, "case"), raw, &options, &query);
	if (err == OK)
		err = query_count(ctx, query, COUNT_CAP, &n, &capped);
	jsonw_key(w, name);
	jsonw_object(w);
	jsonw_kv_int(w, "n", n);
	jsonw_kv_bool(w, "more", capped);
	jsonw_end_object(w);
	return err;
}

static enum err queue(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct jsonw w;
	char now[TIME_TEXT_MAX];
	long long me = (long long)ctx->actor->user_id;
	(void)req;
	time_format(ctx_now(ctx), now);
	const struct {
		const char *name, *raw;
	} views[] = {
		{"mine", arena_printf(ctx->arena, "owner_id=eq.%lld&state=in.(new,open)&or=(snoozed_until.is.null,snoozed_until.lt.%s)", me, now)},
		{"unread", arena_printf(ctx->arena, "owner_id=eq.%lld&unread=is.true&state=in.(new,open)", me)},
		{"unassigned", arena_printf(ctx->arena, "owner_id=is.null&state=in.(new,open)")},
		{"late", arena_printf(ctx->arena, "state=in.(new,open)&due_at=lt.%s", now)},
		{"complaints", arena_printf(ctx->arena, "kind=eq.complaint&state=in.(new,open,waiting_customer,waiting_other)")},
		{"waiting", arena_printf(ctx->arena, "state=in.(waiting_customer,waiting_other)")},
		{"snoozed", arena_printf(ctx->arena, "owner_id=eq.%lld&state=in.(new,open)&snoozed_until=gte.%s", me, now)},
		{"open", arena_printf(ctx->arena, "state=in.(new,open)")},
	};
	enum err err = OK;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]) && err == OK; i++)
		err = count_of(ctx, views[i].raw, &w, views[i].name);
	jsonw_end_object(&w);
	http_set_header(res, "Cache-Control", "no-store");
	return err;
}

const struct route service_case_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/case/*/here", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = here, .specs = here_specs,
	 .doc = "Says that one is in front of a case, or types; answers who else is, and the number of its last message"},
	{.method = METHOD_POST, .pattern = "/api/v1/case/next", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = next, .specs = next_specs,
	 .doc = "The case to work on next by the firm's rule; one of nobody becomes one's own"},
	{.method = METHOD_POST, .pattern = "/api/v1/case/*/merge", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = merge, .specs = merge_specs,
	 .doc = "Puts a case into another of the same customer"},
	{.method = METHOD_POST, .pattern = "/api/v1/case/*/unmerge", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = unmerge,
	 .doc = "Takes a merged case out again, with its messages"},
	{.method = METHOD_POST, .pattern = "/api/v1/case/*/split", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = split, .specs = split_specs,
	 .doc = "Makes a case of its own of the messages from a number on"},
	{.method = METHOD_GET, .pattern = "/api/v1/service/queue", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = queue,
	 .doc = "How many cases stand in each view of the queue; to 10,000 each"},
	{.pattern = NULL},
};
