/* One thread moves all running campaigns on: lists, sends, finishes. What it has done is in the store; it keeps nothing itself. */
#include <stdio.h>

#include "base/id.h"
#include "base/log.h"
#include "base/str.h"
#include "campaigns/campaigns_internal.h"
#include "campaigns_sql.h"

enum { WAIT_MS = 3000, LIVE_MS = 60000 };

enum err campaign_set_state(struct ctx *ctx, int64_t id, const char *state, const char *error)
{
	const struct actor *before = ctx->actor;
	struct record *patch;
	enum err err = record_new(ctx, registry_find(ctx->registry, "campaign"), &patch);
	if (!err)
		err = record_set(ctx, patch, "state", value_text(state));
	if (!err)
		err = record_set(ctx, patch, "error", error != NULL ? value_text(error) : value_null());
	if (!err && str_equal(state, "finished"))
		err = record_set(ctx, patch, "finished_at", value_int(ctx_now(ctx)));
	if (before == NULL)
		ctx->actor = gate_system();
	if (!err)
		err = record_update(ctx, id, patch, 0, W_TRUSTED, NULL);
	ctx->actor = before;
	return err;
}

struct change {
	const struct campaign *campaign;
	const char *state, *error;
	bool ended;
};

static enum err skip_waiting(struct ctx *ctx, int64_t id, const char *reason)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_campaign_skip_waiting, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_text(stmt, 2, reason);
	stmt_bind_i64(stmt, 3, ctx_now(ctx));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* Only of one that still runs. */
static enum err write_change(struct ctx *ctx, void *arg)
{
	struct change *c = arg;
	int64_t running;
	enum err err = campaign_number(ctx, &sql_campaign_still_running, (const int64_t[]){c->campaign->id}, 1, &running);
	if (err || running == 0)
		return err;
	ctx->actor = gate_system();
	if (c->ended)
		return skip_waiting(ctx, c->campaign->id, "ended");
	return campaign_set_state(ctx, c->campaign->id, c->state, c->error);
}

static enum err change(struct ctx *ctx, struct change c)
{
	struct db *db = ctx->db;
	enum err err = store_write(ctx, ctx->store, write_change, &c);
	ctx->db = db;
	return err;
}

static enum err list_anew(struct ctx *ctx, void *arg)
{
	const struct campaign *c = arg;
	return campaign_run(ctx, &sql_campaign_put_place, (const int64_t[]){c->id, 0, 0, 0}, 4, NULL);
}

/* Everybody has a row, and every row has an end. */
static enum err finish(struct ctx *ctx, const struct campaign *c)
{
	int64_t open;
	struct db *db = ctx->db;
	bool ended = c->ends_at != 0 && c->ends_at <= ctx_now(ctx);
	enum err err = ended ? change(ctx, (struct change){.campaign = c, .ended = true}) : OK;
	if (!err)
		err = campaign_number(ctx, &sql_campaign_unfinished, (const int64_t[]){c->id}, 1, &open);
	if (err)
		return err;
	if (open == 0 && (!c->live || ended))
		return change(ctx, (struct change){.campaign = c, .state = "finished"});
	if (c->live && !ended && ctx_now(ctx) - c->listed_ms > LIVE_MS) {
		struct campaign again = *c;
		err = store_write(ctx, ctx->store, list_anew, &again);
		ctx->db = db;
	}
	return err;
}

/* The address that links lead to may be taken away while a campaign runs. */
static enum err send(struct ctx *ctx, const struct campaign *c, size_t *ret_sent)
{
	bool reachable;
	enum err err = campaign_has_address(ctx, &reachable);
	if (err)
		return err;
	return reachable ? campaign_send_some(ctx, c, ret_sent) : change(ctx, (struct change){.campaign = c, .state = "paused", .error = "url"});
}

static enum err step(struct ctx *ctx, const struct campaign *c, bool *ret_more)
{
	size_t sent = 0;
	*ret_more = false;
	if (c->starts_at > ctx_now(ctx))
		return OK;
	if (c->listed_ms == 0) {
		enum err err = campaign_list_some(ctx, c, ret_more);
		*ret_more = true; /* the list, or what comes after it */
		return err;
	}
	enum err err = str_equal(c->channel, "email") ? send(ctx, c, &sent) : OK;
	*ret_more = sent > 0;
	return err || sent > 0 ? err : finish(ctx, c);
}

/* Trouble of the store or of the machine is everybody's: the turn ends, and the next one tries again. */
static bool is_common(enum err err)
{
	return err == ERR_RETRY || err == ERR_UPSTREAM || err == ERR_LIMIT;
}

/* What cannot go on waits for a person, who sees that it does; those behind it go on. */
static enum err set_aside(struct ctx *ctx, const struct campaign *c)
{
	const struct fault *fault = ctx->faults.count > 0 ? &ctx->faults.list[0] : NULL;
	char id[ID_TEXT_MAX];
	(void)snprintf(id, sizeof(id), "%lld", (long long)c->id);
	log_event(LOG_ERROR, "a campaign cannot go on", "campaign", id, "why", fault != NULL ? fault->key : "?", "field",
	          fault != NULL && fault->field != NULL ? fault->field : "", NULL);
	faults_clear(ctx);
	return change(ctx, (struct change){.campaign = c, .state = "paused", .error = "failed"});
}

static const char *const gone = "owner";

static enum err one(struct ctx *ctx, struct service_turn *t, const struct campaign *c, bool *ret_more)
{
	const struct actor *before = ctx->actor;
	*ret_more = false;
	enum err err = t->as_user(t->arg, ctx, c->owner_id);
	if (err == ERR_DENIED) {
		faults_clear(ctx);
		ctx->actor = before;
		return change(ctx, (struct change){.campaign = c, .state = "paused", .error = gone});
	}
	if (!err)
		err = step(ctx, c, ret_more);
	ctx->actor = before;
	return err && !is_common(err) ? set_aside(ctx, c) : err;
}

/* Each in its turn a slice, so that a large one holds up no other. */
static enum err turn(struct ctx *ctx, struct service_turn *t)
{
	struct campaign *list;
	size_t n;
	bool any = false;
	enum err err = campaigns_running(ctx, 0, &list, &n);
	for (size_t i = 0; !err && i < n && !*t->stopping; i++) {
		bool more;
		err = one(ctx, t, &list[i], &more);
		any = any || more;
	}
	t->wait_ms = any ? 0 : n > 0 ? WAIT_MS : SERVICE_WAIT_MAX_MS;
	return err;
}

const struct service campaign_services[] = {{.name = "campaigns", .alone = true, .quiet = true, .turn = turn}, {.name = NULL}};
