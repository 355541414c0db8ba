/* What was said in a case: by the customer, to the customer, among colleagues, and what the program did.
 *
 * Messages of a case are numbered, so that a page goes on by number after a lost connection. Whoever answers says up to which
 * message they have read: an answer is refused when somebody else has said something since. */
#include "base/str.h"
#include "service/complaint.h"
#include "service/service_internal.h"
#include "service/sla.h"
#include "service_sql.h"

static const struct option kinds[] = {
	{"in", {"From the customer", "客户来信"}, "info"},
	{"out", {"Answer", "答复"}, "good"},
	{"note", {"Note among colleagues", "内部备注"}, "warn"},
	{"event", {"What happened", "系统记录"}, "quiet"},
	{0},
};

static const struct option channels[] = {
	{"email", {"E-mail", "电子邮件"}, NULL}, {"phone", {"Phone", "电话"}, NULL}, {"chat", {"Chat", "在线聊天"}, NULL},
	{"wechat", {"WeChat", "微信"}, NULL}, {"sms", {"SMS", "短信"}, NULL}, {"line", {"LINE", "LINE"}, NULL}, {"form", {"Web form", "网页表单"}, NULL},
	{"portal", {"Portal", "自助门户"}, NULL}, {"visit", {"In person", "当面"}, NULL}, {"fax", {"Fax", "传真"}, NULL}, {"other", {"Other", "其他"}, NULL}, {0},
};

static const struct option then_states[] = {
	{"open", {"In work", "处理中"}, NULL}, {"waiting_customer", {"Waiting for the customer", "等待客户"}, NULL},
	{"waiting_other", {"Waiting for others", "等待第三方"}, NULL}, {"solved", {"Solved", "已解决"}, NULL}, {0},
};

static const struct field fields[] = {
	{.name = "case_id", .type = FIELD_LINK, .label = {"Case", "工单"}, .link = "case", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INDEX},
	{.name = "seq", .type = FIELD_INT, .label = {"No.", "序号"}, .flags = F_READONLY | F_LIST},
	{.name = "kind", .type = FIELD_ENUM, .label = {"Kind", "类型"}, .options = kinds, .fallback = "note", .flags = F_REQUIRED | F_LIST | F_INSERT_ONLY},
	{.name = "channel", .type = FIELD_ENUM, .label = {"Channel", "渠道"}, .options = channels, .flags = F_LIST | F_INSERT_ONLY},
	{.name = "body", .type = FIELD_NOTE, .label = {"Text", "内容"}, .flags = F_REQUIRED | F_SEARCH | F_INSERT_ONLY},
	{.name = "at", .type = FIELD_TIME, .label = {"When", "时间"}, .fallback = "now", .flags = F_REQUIRED | F_LIST | F_INSERT_ONLY},
	{.name = "author_id", .type = FIELD_LINK, .label = {"Who", "作者"}, .link = "user", .on_delete = DELETE_RESTRICT, .flags = F_READONLY | F_LIST | F_INDEX},
	{.name = "automatic", .type = FIELD_BOOL, .label = {"By a machine", "自动发送"}, .fallback = "false", .flags = F_INSERT_ONLY,
	 .help = {"Counts as nobody's answer", "不计为任何人的答复"}},
	{.name = "seen", .type = FIELD_INT, .label = {"Had read up to", "答复时已读到"}, .flags = F_INSERT_ONLY | F_MORE,
	 .help = {"Number of the last message the author had seen; an answer is refused when there is a later one", "作者已看到的最后一条消息的序号；之后有新消息时不予发送"}},
	{.name = "then_state", .type = FIELD_ENUM, .label = {"Then the case is", "随后状态"}, .options = then_states, .flags = F_INSERT_ONLY | F_MORE},
	{.name = "macro_id", .type = FIELD_LINK, .label = {"Standard answer", "标准答复"}, .link = "macro", .on_delete = DELETE_SET_NULL, .flags = F_INSERT_ONLY | F_MORE},
	{.name = "moved_from_id", .type = FIELD_LINK, .label = {"Moved from", "移自"}, .link = "case", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_MORE},
	{.name = "detail", .type = FIELD_TEXT, .label = {"Detail", "细节"}, .max = 500, .flags = F_READONLY | F_MORE},
};

/* The next number of the case's; whoever writes into the same case at once waits here. */
static enum err next_number(struct ctx *ctx, int64_t case_id, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_case_next_number, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, case_id);
	err = stmt_step(ctx, stmt, &row);
	*ret = row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err == OK && !row ? fail(ctx, ERR_INVALID, "case_id", "not_found") : err;
}

/* Others have said something since: nobody answers past a colleague. */
static enum err check_seen(struct ctx *ctx, const struct record *now, int64_t case_id)
{
	struct stmt *stmt;
	bool row = false, out = str_equal(record_text(now, "kind"), "out");
	const char *typing = NULL;
	bool given = record_value(now, "seen")->kind != VALUE_NULL;
	if (!out || record_i64(now, "automatic") != 0)
		return OK;
	if (!given) /* programs may; a person in front of a page always knows */
		return ctx->actor != NULL && ctx->actor->kind == ACTOR_USER ? fail(ctx, ERR_INVALID, "seen", "required") : OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_case_said_since, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, case_id);
	stmt_bind_i64(stmt, 2, record_i64(now, "seen"));
	stmt_bind_i64(stmt, 3, ctx->actor != NULL ? ctx->actor->user_id : 0);
	err = stmt_step(ctx, stmt, &row);
	stmt_done(stmt);
	if (err == OK && row)
		return fail(ctx, ERR_CONFLICT, "seen", "case_moved_on");
	if (err == OK)
		err = case_typing_name(ctx, case_id, &typing);
	return err == OK && typing != NULL ? fail_arg(ctx, ERR_CONFLICT, "seen", "case_is_answered", typing) : err;
}

/* Only merging and splitting move messages, and note it; what happened is noted by the program alone. */
static enum err check_origin(struct ctx *ctx, const struct record *old, const struct record *now)
{
	bool system = ctx->actor == NULL || ctx->actor->kind == ACTOR_SYSTEM;
	if (old != NULL)
		return record_i64(now, "moved_from_id") == record_i64(old, "case_id") ? OK : fail(ctx, ERR_INVALID, "case_id", "case_message_moved");
	if (str_equal(record_text(now, "kind"), "event") && str_empty(record_text(now, "detail")) && !system)
		return fail(ctx, ERR_INVALID, "kind", "case_event_kept");
	return OK;
}

/* Whoever may only talk in a case does not end it by what they say. */
static enum err check_then(struct ctx *ctx, const struct record *now, int64_t case_id)
{
	const char *then = record_text(now, "then_state");
	struct record *matter;
	bool system = ctx->actor == NULL || ctx->actor->kind == ACTOR_SYSTEM;
	return system || then == NULL || !case_is_ended(then) ? OK : record_get(ctx, registry_find(ctx->registry, "case"), case_id, ACTION_UPDATE, &matter);
}

static enum err set_author(struct ctx *ctx, struct record *now)
{
	bool ours = str_equal(record_text(now, "kind"), "out") || str_equal(record_text(now, "kind"), "note");
	if (!ours || record_i64(now, "automatic") != 0 || ctx->actor == NULL)
		return OK;
	return case_set_id(ctx, now, "author_id", ctx->actor->user_id);
}

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	int64_t number, case_id = now != NULL ? record_i64(now, "case_id") : 0;
	if (case_id == 0 || case_is_restored(old, now) || (old != NULL && record_i64(old, "case_id") == case_id))
		return OK; /* without a case: said with the other faults */
	enum err err = check_origin(ctx, old, now);
	if (err == OK)
		err = next_number(ctx, case_id, &number);
	if (err == OK && old == NULL)
		err = check_seen(ctx, now, case_id);
	if (err == OK && old == NULL)
		err = check_then(ctx, now, case_id);
	if (err == OK)
		err = case_set_int(ctx, now, "seq", number);
	return err == OK && old == NULL ? set_author(ctx, now) : err;
}

/* A customer who writes again takes up what waited or was solved; an answer takes up what was new. */
static const char *state_after(const struct record *message, const struct record *record)
{
	const char *kind = record_text(message, "kind"), *state = record_text(record, "state"), *then = record_text(message, "then_state");
	if (str_equal(kind, "event") || record_i64(message, "automatic") != 0)
		return state;
	if (then != NULL)
		return then;
	if (str_equal(kind, "in"))
		return case_is_ended(state) || str_equal(state, "waiting_customer") ? "open" : state;
	return str_equal(kind, "out") && str_equal(state, "new") ? "open" : state;
}

static enum err note_in(struct ctx *ctx, struct record *patch, const struct record *message, const struct record *record, bool ended)
{
	enum err err = OK;
	if (record_i64(message, "at") > record_i64(record, "last_in_at"))
		err = case_set_int(ctx, patch, "last_in_at", record_i64(message, "at"));
	if (err == OK && record_i64(record, "feeling_by_person") == 0)
		err = complaint_feel(ctx, patch, record_text(message, "body"));
	return err == OK && !ended ? case_set_int(ctx, patch, "unread", 1) : err;
}

/* Who answers a case of nobody has it. */
static enum err note_out(struct ctx *ctx, struct record *patch, const struct record *message, const struct record *record)
{
	enum err err = case_set_int(ctx, patch, "last_out_at", record_i64(message, "at"));
	if (err == OK)
		err = case_set_int(ctx, patch, "unread", 0);
	if (err == OK && record_i64(record, "owner_id") == 0)
		err = case_set_id(ctx, patch, "owner_id", record_i64(message, "author_id"));
	return err;
}

static enum err patch_case(struct ctx *ctx, const struct record *message, const struct record *record)
{
	struct record *patch;
	const char *kind = record_text(message, "kind"), *state = state_after(message, record);
	bool in = str_equal(kind, "in"), out = str_equal(kind, "out") && record_i64(message, "automatic") == 0;
	bool moves = !str_equal(state, record_text(record, "state"));
	if (!in && !out && !moves)
		return OK;
	enum err err = record_new(ctx, record->info, &patch);
	if (err == OK && moves)
		err = record_set(ctx, patch, "state", value_text(state));
	if (err == OK && in)
		err = note_in(ctx, patch, message, record, case_is_ended(state));
	if (err == OK && out)
		err = note_out(ctx, patch, message, record);
	return err == OK ? record_update(ctx, record_id(record), patch, 0, W_TRUSTED, NULL) : err;
}

static enum err count_macro(struct ctx *ctx, int64_t macro)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_macro_used, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, macro);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	struct record *record;
	const struct record *message = now != NULL ? now : old;
	bool fresh = old == NULL && !case_is_restored(old, now);
	enum err err = record_load(ctx, registry_find(ctx->registry, "case"), record_i64(message, "case_id"), &record);
	if (err == ERR_NOT_FOUND) { /* deleted with its messages */
		faults_clear(ctx);
		return OK;
	}
	if (err == OK && fresh)
		err = patch_case(ctx, now, record);
	if (err == OK && fresh && record_i64(now, "macro_id") != 0)
		err = count_macro(ctx, record_i64(now, "macro_id"));
	return err == OK && !str_equal(record_text(message, "kind"), "event") ? sla_later(ctx, record_id(record)) : err;
}

static const char *const indexes[] = {"unique case_id,seq", "author_id,at", NULL};

const struct entity case_message_entity = {
	.name = "case_message", .plural = "case_messages", .label = {"Message", "消息"}, .label_many = {"Messages", "消息"},
	.fields = fields, .n_fields = sizeof(fields) / sizeof(fields[0]), .title = "body", .parent = "case_id", .sort = "seq.asc", .icon = "note",
	.flags = E_CHILD, .search_rank = 8, .hooks = {.before = before, .after = after}, .indexes = indexes,
};

enum err case_tell(struct ctx *ctx, int64_t case_id, const char *code, const char *detail)
{
	struct record *message;
	enum err err = record_new(ctx, registry_find(ctx->registry, "case_message"), &message);
	if (err == OK)
		err = case_set_id(ctx, message, "case_id", case_id);
	if (err == OK)
		err = record_set(ctx, message, "kind", value_text("event"));
	if (err == OK)
		err = case_set_text(ctx, message, "body", code);
	if (err == OK)
		err = case_set_text(ctx, message, "detail", str_empty(detail) ? "-" : detail);
	return err == OK ? record_create(ctx, message, W_TRUSTED) : err;
}
