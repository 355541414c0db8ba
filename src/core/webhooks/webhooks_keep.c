/* From the change log to deliveries that wait. */
#include <string.h>

#include "base/str.h"
#include "core/events/events.h"
#include "core/webhooks/webhooks_internal.h"
#include "webhooks_sql.h"

enum { KEEP_MAX = 500 };

bool webhooks_names(const char *list, const char *name)
{
	size_t len = strlen(name);
	bool any = false;
	for (const char *at = list != NULL ? list : ""; *(at += strspn(at, " ,")) != '\0'; any = true) {
		size_t n = strcspn(at, " ,");
		if (n == len && memcmp(at, name, n) == 0)
			return true;
		at += n;
	}
	return !any;
}

static const char *copy(struct ctx *ctx, const char *text)
{
	return text != NULL ? arena_strdup(ctx->arena, text) : NULL;
}

enum err webhooks_active(struct ctx *ctx, struct hook **ret, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = false;
	*ret_n = 0;
	*ret = arena_array(ctx->arena, WEBHOOKS_MAX, sizeof(**ret));
	if (*ret == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = db_prepare(ctx, ctx->db, &sql_webhook_active, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, 1);
	while (*ret_n < WEBHOOKS_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row) {
		(*ret)[(*ret_n)++] = (struct hook){
			.id = stmt_i64(stmt, 0), .url = copy(ctx, stmt_text(stmt, 1)), .entities = copy(ctx, stmt_text(stmt, 2)), .actions = copy(ctx, stmt_text(stmt, 3)),
			.with_values = stmt_i64(stmt, 4) != 0, .acting_id = stmt_i64(stmt, 5), .secret = copy(ctx, stmt_text(stmt, 6)), .previous = copy(ctx, stmt_text(stmt, 7)),
			.previous_until = stmt_i64(stmt, 8), .since_seq = stmt_i64(stmt, 9), .failures = stmt_i64(stmt, 10), .paused_until = stmt_i64(stmt, 11)};
	}
	stmt_done(stmt);
	return err;
}

struct keeping {
	const struct hook *hooks;
	size_t n, seen;
};

static enum err keep_delivery(struct ctx *ctx, int64_t webhook_id, const struct change *change, const char *kind, int64_t *ret_id)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_webhook_keep, &stmt);
	if (err != OK)
		return err;
	*ret_id = registry_next_id(ctx);
	stmt_bind_i64(stmt, 1, *ret_id);
	stmt_bind_i64(stmt, 2, webhook_id);
	stmt_bind_i64(stmt, 3, change->seq);
	stmt_bind_text(stmt, 4, kind);
	stmt_bind_text(stmt, 5, change->entity);
	stmt_bind_i64(stmt, 6, change->record_id);
	stmt_bind_text(stmt, 7, change->seq != 0 ? change_action_name(change->action) : "");
	stmt_bind_i64(stmt, 8, DELIVERY_BEHIND);
	stmt_bind_i64(stmt, 9, ctx_now(ctx));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

enum err webhooks_add_ping(struct ctx *ctx, int64_t webhook_id, int64_t *ret_id)
{
	const struct change none = {.entity = ""};
	return keep_delivery(ctx, webhook_id, &none, "ping", ret_id);
}

static bool wanted(const struct ctx *ctx, const struct hook *hook, const struct change *change)
{
	if (change->seq <= hook->since_seq || change->action > CHANGE_RESTORE || str_empty(change->entity))
		return false;
	const struct entity_info *info = registry_find(ctx->registry, change->entity);
	return info != NULL && !(info->entity->flags & E_INTERNAL) && webhooks_names(hook->entities, change->entity) &&
	       webhooks_names(hook->actions, change_action_name(change->action));
}

static enum err keep_change(struct ctx *ctx, const struct change *change, void *arg)
{
	struct keeping *k = arg;
	enum err err = OK;
	int64_t id;
	k->seen++;
	for (size_t i = 0; i < k->n && err == OK; i++)
		if (wanted(ctx, &k->hooks[i], change))
			err = keep_delivery(ctx, k->hooks[i].id, change, "change", &id);
	return err;
}

enum err webhooks_keep_new(struct ctx *ctx, bool *ret_more)
{
	struct hook *hooks;
	struct keeping k = {0};
	int64_t at = 0, last = 0;
	*ret_more = false;
	enum err err = webhooks_active(ctx, &hooks, &k.n);
	if (err != OK || k.n == 0)
		return err; /* the position stays; the first that is switched on says from where */
	k.hooks = hooks;
	int64_t since = hooks[0].since_seq;
	for (size_t i = 1; i < k.n; i++)
		since = hooks[i].since_seq < since ? hooks[i].since_seq : since;
	err = reader_position(ctx, WEBHOOKS_READER, &at);
	at = at > since ? at : since;
	if (err == OK)
		err = change_read(ctx, at, KEEP_MAX, keep_change, &k, &last);
	if (err == OK && last > at)
		err = reader_advance(ctx, WEBHOOKS_READER, last);
	*ret_more = k.seen == KEEP_MAX;
	return err;
}

enum err webhooks_release(struct ctx *ctx, int64_t webhook_id, int64_t record_id)
{
	struct stmt *stmt;
	if (record_id == 0)
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_webhook_release, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, webhook_id);
	stmt_bind_i64(stmt, 2, record_id);
	stmt_bind_i64(stmt, 3, ctx_now(ctx));
	stmt_bind_i64(stmt, 4, DELIVERY_BEHIND);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}
