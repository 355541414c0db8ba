/* The webhook as a record: what is asked before it is kept, and whose rights it has. */
#include <string.h>

#include "base/str.h"
#include "core/events/events.h"
#include "core/gate/gate.h"
#include "core/machine/machine.h"
#include "core/manifest/manifest.h"
#include "core/outward/outward.h"
#include "core/webhooks/webhooks_internal.h"
#include "webhooks_sql.h"

static const struct field webhook_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED | F_LIST, .max = 100, .label = {"Name", "名称"}},
	{.name = "url", .type = FIELD_TEXT, .flags = F_REQUIRED | F_LIST, .max = OUTWARD_URL_MAX, .label = {"Address", "网址"},
	 .help = {"Where changes are sent to, such as https://example.com/hook", "接收变更的网址，例如 https://example.com/hook"}},
	{.name = "entities", .type = FIELD_TEXT, .flags = F_LIST, .max = 1000, .label = {"Of", "对象"},
	 .help = {"Names with commas between, such as customer, order; empty: of everything", "以逗号分隔，例如 customer, order；留空表示全部"}},
	{.name = "actions", .type = FIELD_TEXT, .flags = F_LIST, .max = 100, .label = {"What happens", "操作"},
	 .help = {"create, update, delete, restore, with commas between; empty: all", "create、update、delete、restore，以逗号分隔；留空表示全部"}},
	{.name = "with_values", .type = FIELD_BOOL, .flags = F_REQUIRED, .fallback = "false", .label = {"Sends old and new values", "发送新旧值"},
	 .help = {"Otherwise only the names of the fields that changed", "否则只发送有变化的字段名"}},
	{.name = "active", .type = FIELD_BOOL, .flags = F_REQUIRED | F_LIST, .fallback = "true", .label = {"Switched on", "启用"}},
	{.name = "acting_id", .type = FIELD_LINK, .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_LIST, .label = {"With the rights of", "使用其权限"},
	 .help = {"Who last said where to and what of: nothing is sent that this person may not read.", "最后设置发送地址和内容的人；此人无权查看的内容不会发送。"}},
	{.name = "note", .type = FIELD_NOTE, .flags = F_MORE, .max = 2000, .label = {"Note", "备注"}},
};

const struct migration webhooks_steps[] = {
	{1, "webhooks",
	 "CREATE TABLE webhook_state (webhook_id BIGINT NOT NULL PRIMARY KEY, secret TEXT NOT NULL, previous TEXT, previous_until BIGINT NOT NULL,"
	 " since_seq BIGINT NOT NULL, failures BIGINT NOT NULL, paused_until BIGINT NOT NULL);"
	 "CREATE TABLE webhook_delivery (id BIGINT NOT NULL PRIMARY KEY, webhook_id BIGINT NOT NULL, seq BIGINT NOT NULL, kind TEXT NOT NULL, entity TEXT NOT NULL,"
	 " record_id BIGINT NOT NULL, action TEXT NOT NULL, state BIGINT NOT NULL, attempts BIGINT NOT NULL, next_at BIGINT NOT NULL, created_at BIGINT NOT NULL,"
	 " done_at BIGINT NOT NULL, status BIGINT NOT NULL, error TEXT, took_ms BIGINT NOT NULL);"
	 "CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, state, next_at);"
	 "CREATE INDEX webhook_delivery_record ON webhook_delivery (webhook_id, record_id, state, seq);"
	 "CREATE INDEX webhook_delivery_done ON webhook_delivery (state, done_at)",
	 "CREATE TABLE webhook_state (webhook_id bigint NOT NULL PRIMARY KEY, secret text NOT NULL, previous text, previous_until bigint NOT NULL,"
	 " since_seq bigint NOT NULL, failures bigint NOT NULL, paused_until bigint NOT NULL);"
	 "CREATE TABLE webhook_delivery (id bigint NOT NULL PRIMARY KEY, webhook_id bigint NOT NULL, seq bigint NOT NULL, kind text NOT NULL, entity text NOT NULL,"
	 " record_id bigint NOT NULL, action text NOT NULL, state bigint NOT NULL, attempts bigint NOT NULL, next_at bigint NOT NULL, created_at bigint NOT NULL,"
	 " done_at bigint NOT NULL, status bigint NOT NULL, error text, took_ms bigint NOT NULL);"
	 "CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, state, next_at);"
	 "CREATE INDEX webhook_delivery_record ON webhook_delivery (webhook_id, record_id, state, seq);"
	 "CREATE INDEX webhook_delivery_done ON webhook_delivery (state, done_at)",
	 NULL},
	{2, "deliveries of one webhook, newest first", "CREATE INDEX webhook_delivery_listed ON webhook_delivery (webhook_id, state, id)",
	 "CREATE INDEX webhook_delivery_listed ON webhook_delivery (webhook_id, state, id)", NULL},
};

/* --- before ------------------------------------------------------------------ */

typedef bool (*known_fn)(struct ctx *ctx, const char *word);

static bool known_entity(struct ctx *ctx, const char *word)
{
	const struct entity_info *info = registry_find(ctx->registry, word);
	return info != NULL && !(info->entity->flags & (E_INTERNAL | E_NO_LOG)) && str_equal(info->entity->name, word);
}

static bool known_action(struct ctx *ctx, const char *word)
{
	(void)ctx;
	for (int i = CHANGE_CREATE; i <= CHANGE_RESTORE; i++)
		if (str_equal(word, change_action_name((enum change_action)i)))
			return true;
	return false;
}

static enum err check_words(struct ctx *ctx, const struct record *now, const char *field, known_fn known, const char *fault)
{
	const char *list = record_text(now, field);
	for (const char *at = list != NULL ? list : ""; *(at += strspn(at, " ,")) != '\0';) {
		size_t n = strcspn(at, " ,");
		const char *word = arena_strndup(ctx->arena, at, n);
		if (word == NULL || !known(ctx, word))
			return fail_arg(ctx, ERR_INVALID, field, fault, word);
		at += n;
	}
	return OK;
}

static bool same_text(const struct record *old, const struct record *now, const char *field)
{
	const char *a = record_text(old, field), *b = record_text(now, field);
	return str_equal(a != NULL ? a : "", b != NULL ? b : "");
}

/* Who changes where it goes or what it says takes it over, or it would carry another's rights to a new place. */
static bool redirected(const struct record *old, const struct record *now)
{
	return old == NULL || !same_text(old, now, "url") || !same_text(old, now, "entities") || !same_text(old, now, "actions") ||
	       record_i64(old, "with_values") != record_i64(now, "with_values") || (record_i64(old, "active") == 0 && record_i64(now, "active") != 0);
}

/* More would be passed over without a word. */
static enum err check_count(struct ctx *ctx, const struct record *old, const struct record *now)
{
	struct stmt *stmt;
	bool row = false, begins = record_i64(now, "active") != 0 && (old == NULL || record_i64(old, "active") == 0);
	if (!begins)
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_webhook_active_count, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, 1);
	err = stmt_step(ctx, stmt, &row);
	bool full = err == OK && row && stmt_i64(stmt, 0) >= WEBHOOKS_MAX;
	stmt_done(stmt);
	return full ? fail_arg(ctx, ERR_LIMIT, "active", "webhook_many", arena_printf(ctx->arena, "%d", WEBHOOKS_MAX)) : err;
}

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	if (now == NULL || ctx->actor->kind == ACTOR_SYSTEM)
		return OK;
	if (!gate_cap(ctx->actor, CAP_ADMIN))
		return fail(ctx, ERR_FORBIDDEN, "", "webhook_admin");
	if (!redirected(old, now))
		return OK;
	/* it will have all the rights of its user, for good: a token that has fewer must not make one */
	if (ctx->actor->narrowed)
		return fail(ctx, ERR_FORBIDDEN, "", "webhook_narrowed");
	enum err err = outward_check_url(ctx, "url", record_text(now, "url"));
	if (err == OK)
		err = check_words(ctx, now, "entities", known_entity, "webhook_entity");
	if (err == OK)
		err = check_words(ctx, now, "actions", known_action, "webhook_action");
	if (err == OK)
		err = check_count(ctx, old, now);
	return err == OK ? record_set(ctx, now, "acting_id", value_int(ctx->actor->user_id)) : err;
}

/* --- after --------------------------------------------------------------------- */

static enum err run_id(struct ctx *ctx, const struct sql *sql, int64_t id)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* It hears of what comes after it. */
static enum err make_state(struct ctx *ctx, int64_t id)
{
	unsigned char secret[WEBHOOK_SECRET];
	const char *sealed;
	struct stmt *stmt;
	int64_t last = 0;
	ctx_random(ctx, secret, sizeof(secret));
	enum err err = machine_seal(ctx, WEBHOOKS_PURPOSE, secret, sizeof(secret), &sealed);
	if (err == OK)
		err = change_last_seq(ctx, &last);
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_webhook_state_make, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_text(stmt, 2, sealed);
	stmt_bind_i64(stmt, 3, last);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* What happened while it was switched off is not sent. */
static enum err begin_now(struct ctx *ctx, int64_t id)
{
	struct stmt *stmt;
	int64_t last = 0;
	enum err err = change_last_seq(ctx, &last);
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_webhook_state_since, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_i64(stmt, 2, last);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	if (old == NULL)
		return make_state(ctx, record_id(now));
	if (now != NULL)
		return record_i64(old, "active") == 0 && record_i64(now, "active") != 0 ? begin_now(ctx, record_id(now)) : OK;
	enum err err = run_id(ctx, &sql_webhook_state_drop, record_id(old));
	return err == OK ? run_id(ctx, &sql_webhook_delivery_drop, record_id(old)) : err;
}

const struct entity webhook_entity = {
	.name = "webhook",
	.plural = "webhook_list",
	.label = {"Webhook", "Webhook"},
	.label_many = {"Webhooks", "Webhook"},
	.fields = webhook_fields,
	.n_fields = sizeof(webhook_fields) / sizeof(webhook_fields[0]),
	.title = "name",
	.subtitle = "url",
	.sort = "name.asc",
	.icon = "api",
	.flags = E_SYSTEM,
	.cap = CAP_ADMIN,
	.hooks = {.before = before, .after = after},
};
