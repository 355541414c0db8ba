/* The list: each member of the segments gets a row, once, with a state and a reason. It is made in slices; a slice and how far the
 * list has come are one transaction, so that a crash loses nobody and lists nobody twice.
 *
 * Who may not be contacted is left out before lots are drawn: so that those who get it and those who do not are alike. */
#include <string.h>

#include "base/str.h"
#include "campaigns/campaigns_internal.h"
#include "campaigns_sql.h"

enum { SLICE = 500, PATIENCE_DAYS = 3, DAY_MS = 86400000 };

enum err campaign_run(struct ctx *ctx, const struct sql *sql, const int64_t *values, size_t n, int64_t *ret_changed)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	for (size_t i = 0; i < n; i++)
		stmt_bind_i64(stmt, (int)i + 1, values[i]);
	err = stmt_run(ctx, stmt, ret_changed);
	stmt_done(stmt);
	return err;
}

enum err campaign_number(struct ctx *ctx, const struct sql *sql, const int64_t *values, size_t n, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = 0;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	for (size_t i = 0; i < n; i++)
		stmt_bind_i64(stmt, (int)i + 1, values[i]);
	err = stmt_step(ctx, stmt, &row);
	if (!err && row)
		*ret = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

static void keep(char *to, size_t size, const char *text)
{
	size_t n = text != NULL ? strnlen(text, size - 1) : 0;
	memcpy(to, text != NULL ? text : "", n);
	to[n] = '\0';
}

enum err campaigns_running(struct ctx *ctx, int64_t only, struct campaign **ret, size_t *ret_n)
{
	enum { MAX = 200 };
	struct campaign *list = arena_array(ctx->arena, MAX, sizeof(*list));
	struct stmt *stmt;
	bool row = true;
	*ret_n = 0;
	*ret = list;
	enum err err = list != NULL ? db_prepare(ctx, ctx->db, &sql_campaigns_running, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, only);
	while (*ret_n < MAX && !(err = stmt_step(ctx, stmt, &row)) && row) {
		struct campaign *c = &list[(*ret_n)++];
		*c = (struct campaign){.id = stmt_i64(stmt, 0), .owner_id = stmt_i64(stmt, 1), .window_days = stmt_i64(stmt, 2), .control = stmt_i64(stmt, 3), .starts_at = stmt_i64(stmt, 4),
		                       .ends_at = stmt_i64(stmt, 5), .live = stmt_i64(stmt, 6) != 0, .at_segment = stmt_i64(stmt, 9), .at_record = stmt_i64(stmt, 10), .listed_ms = stmt_i64(stmt, 11)};
		keep(c->channel, sizeof(c->channel), stmt_text(stmt, 7));
		keep(c->seed, sizeof(c->seed), stmt_text(stmt, 8));
	}
	stmt_done(stmt);
	return err;
}

enum err campaign_arms(struct ctx *ctx, int64_t campaign_id, struct campaign_arm *arms, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = true;
	*ret_n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_campaign_variants, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, campaign_id);
	while (*ret_n < CAMPAIGN_VARIANTS_MAX && !(err = stmt_step(ctx, stmt, &row)) && row)
		arms[(*ret_n)++] = (struct campaign_arm){stmt_i64(stmt, 0), stmt_i64(stmt, 1)};
	stmt_done(stmt);
	return err;
}

/* Two draws of their own: changing the split moves nobody into the control group or out of it. */
int campaign_draw(const char *name, int64_t control, const struct campaign_arm *arms, size_t n, int64_t customer_id)
{
	struct condition_seed seed;
	char second[80];
	int64_t whole = 0, at;
	condition_seed(name, &seed);
	if (condition_share(&seed, customer_id) * CONDITION_SHARE_WHOLE < control * CONDITION_SHARE_PRIME)
		return -1;
	for (size_t i = 0; i < n; i++)
		whole += arms[i].share;
	size_t len = strnlen(name, sizeof(second) - 9);
	memcpy(second, name, len);
	memcpy(second + len, " variant", 9);
	condition_seed(second, &seed);
	at = condition_share(&seed, customer_id) * whole / CONDITION_SHARE_PRIME;
	for (size_t i = 0; i < n; i++) {
		if (at < arms[i].share)
			return (int)i;
		at -= arms[i].share;
	}
	return 0;
}

/* --- a slice ----------------------------------------------------------------------------------- */

struct row {
	int64_t customer_id, variant_id, due_at;
	const char *state, *reason;
};

struct slice {
	const struct campaign *campaign;
	struct row *rows;
	size_t n;
	int64_t segment, record, listed; /* the place after it */
};

static enum err put_row(struct ctx *ctx, const struct slice *s, const struct row *r)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_campaign_put_recipient, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, registry_next_id(ctx));
	stmt_bind_i64(stmt, 2, ctx_now(ctx));
	stmt_bind_i64(stmt, 3, s->campaign->id);
	stmt_bind_i64(stmt, 4, r->customer_id);
	if (r->variant_id != 0)
		stmt_bind_i64(stmt, 5, r->variant_id);
	else
		stmt_bind_null(stmt, 5);
	stmt_bind_text(stmt, 6, r->state);
	stmt_bind_text(stmt, 7, r->reason);
	if (r->due_at != 0)
		stmt_bind_i64(stmt, 8, r->due_at);
	else
		stmt_bind_null(stmt, 8);
	err = stmt_run_later(ctx, stmt);
	stmt_done(stmt);
	return err;
}

/* Nothing is listed for one that was paused or stopped meanwhile. */
static enum err write_slice(struct ctx *ctx, void *arg)
{
	struct slice *s = arg;
	int64_t running;
	enum err err = campaign_number(ctx, &sql_campaign_still_running, (const int64_t[]){s->campaign->id}, 1, &running);
	if (err || running == 0)
		return err;
	for (size_t i = 0; !err && i < s->n; i++)
		err = put_row(ctx, s, &s->rows[i]);
	return err ? err : campaign_run(ctx, &sql_campaign_put_place, (const int64_t[]){s->campaign->id, s->segment, s->record, s->listed}, 4, NULL);
}

static enum err read_members(struct ctx *ctx, const struct campaign *c, int64_t *ids, bool *skip, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = true;
	*ret_n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_campaign_candidates, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, c->id);
	stmt_bind_i64(stmt, 2, c->at_segment);
	stmt_bind_i64(stmt, 3, c->at_record);
	stmt_bind_i64(stmt, 4, SLICE);
	while (*ret_n < SLICE && !(err = stmt_step(ctx, stmt, &row)) && row) {
		ids[*ret_n] = stmt_i64(stmt, 0);
		skip[(*ret_n)++] = stmt_i64(stmt, 1) != 0;
	}
	stmt_done(stmt);
	return err;
}

static bool in_reach(const struct ctx *ctx, enum scope scope, const struct consent_answer *a, int64_t id)
{
	struct row_owner owner = {a->owner_id, a->team_id, a->branch_id, id};
	return gate_reach(ctx->actor, scope, &owner, ACTION_READ, ctx_now(ctx));
}

struct listing {
	const struct campaign *campaign;
	struct consent_run *run;
	struct campaign_arm arms[CAMPAIGN_VARIANTS_MAX];
	size_t n_arms;
	enum consent_channel channel;
	enum scope scope;
	int64_t latest; /* who would have to wait longer is left out */
};

static enum err judge_one(struct ctx *ctx, const struct listing *l, int64_t id, struct row *ret)
{
	struct consent_question q = {.customer_id = id, .channel = l->channel, .purpose = "marketing"};
	struct consent_answer a;
	*ret = (struct row){.customer_id = id, .state = "skipped"};
	enum err err = consent_ask(ctx, l->run, &q, &a);
	if (err)
		return err;
	bool no = a.verdict == CONSENT_NO || (a.verdict == CONSENT_LATER && a.until_ms > l->latest);
	if (a.reason != CONSENT_GONE && !in_reach(ctx, l->scope, &a, id))
		ret->reason = "out_of_reach";
	else if (no)
		ret->reason = consent_reason_names[a.reason];
	if (ret->reason != NULL)
		return OK;
	int arm = campaign_draw(l->campaign->seed, l->campaign->control, l->arms, l->n_arms, id);
	ret->state = arm < 0 ? "control" : l->channel == CONSENT_EMAIL ? "waiting" : "ready";
	ret->variant_id = arm < 0 || l->n_arms == 0 ? 0 : l->arms[arm].variant_id;
	ret->due_at = arm < 0 ? 0 : a.verdict == CONSENT_LATER ? a.until_ms : ctx_now(ctx);
	return OK;
}

static enum err judge_all(struct ctx *ctx, struct listing *l, const int64_t *ids, const bool *skip, size_t n, struct slice *s)
{
	const struct consent_question as = {.channel = l->channel, .purpose = "marketing"};
	int64_t asked[SLICE];
	size_t n_asked = 0;
	for (size_t i = 0; i < n; i++) {
		if (!skip[i])
			asked[n_asked++] = ids[i];
	}
	enum err err = consent_run_begin(ctx, &l->run);
	if (!err)
		err = consent_ahead(ctx, l->run, &as, asked, n_asked);
	for (size_t i = 0; !err && i < n; i++) {
		if (!skip[i])
			err = judge_one(ctx, l, ids[i], &s->rows[s->n++]);
	}
	if (l->run != NULL)
		consent_run_end(l->run);
	return err;
}

static int64_t latest_of(const struct ctx *ctx, const struct campaign *c)
{
	int64_t patience = ctx_now(ctx) + (int64_t)PATIENCE_DAYS * DAY_MS;
	return c->ends_at != 0 && c->ends_at < patience ? c->ends_at : patience;
}

/* The next segment, or the end of the list. */
static enum err move_on(struct ctx *ctx, const struct campaign *c, struct slice *s)
{
	enum err err = campaign_number(ctx, &sql_campaign_next_segment, (const int64_t[]){c->id, c->at_segment}, 2, &s->segment);
	s->record = 0;
	s->listed = !err && s->segment == 0 ? ctx_now(ctx) : 0;
	return err;
}

enum err campaign_list_some(struct ctx *ctx, const struct campaign *c, bool *ret_more)
{
	struct listing l = {.campaign = c, .latest = latest_of(ctx, c), .scope = entity_scope(ctx->actor, registry_find(ctx->registry, "customer"), ACTION_READ)};
	struct slice s = {.campaign = c, .segment = c->at_segment, .rows = arena_array(ctx->arena, SLICE, sizeof(*s.rows))};
	int64_t *ids = arena_array(ctx->arena, SLICE, sizeof(*ids));
	bool *skip = arena_array(ctx->arena, SLICE, sizeof(*skip));
	struct db *db = ctx->db;
	size_t n = 0;
	if (s.rows == NULL || ids == NULL || skip == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (!consent_channel_find(c->channel, &l.channel))
		return fail(ctx, ERR_BUG, "", "campaign");
	enum err err = campaign_arms(ctx, c->id, l.arms, &l.n_arms);
	if (!err && c->at_segment != 0)
		err = read_members(ctx, c, ids, skip, &n);
	if (!err)
		err = judge_all(ctx, &l, ids, skip, n, &s);
	s.record = n > 0 ? ids[n - 1] : 0;
	if (!err && n < SLICE)
		err = move_on(ctx, c, &s);
	*ret_more = s.listed == 0;
	if (!err)
		err = store_write(ctx, ctx->store, write_slice, &s);
	ctx->db = db;
	return err;
}
