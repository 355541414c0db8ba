/* What one does with a campaign: start, pause, go on, stop, send again to those that failed; look before it starts. */
#include <stddef.h>
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "campaigns/campaigns_internal.h"
#include "campaigns_sql.h"
#include "models/models.h"

enum { DAY_MS = 86400000 };

static enum err get_campaign(struct ctx *ctx, const struct http_request *req, enum action action, struct record **ret)
{
	int64_t id;
	if (!id_parse(req->params[0], &id))
		return fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "campaign");
	return record_get(ctx, registry_find(ctx->registry, "campaign"), id, action, ret);
}

enum err campaign_check_owner(struct ctx *ctx, const struct record *campaign)
{
	if (ctx->actor->narrowed)
		return fail(ctx, ERR_FORBIDDEN, "", "campaign_owner");
	bool may = record_i64(campaign, "owner_id") == ctx->actor->user_id || gate_cap(ctx->actor, CAP_ADMIN);
	return may ? OK : fail(ctx, ERR_FORBIDDEN, "owner_id", "campaign_owner");
}

enum err campaign_check_state(struct ctx *ctx, const struct record *campaign, const char *allowed)
{
	const char *state = record_text(campaign, "state");
	const char *at = strstr(allowed, state);
	return at != NULL ? OK : fail_arg(ctx, ERR_CONFLICT, "state", "campaign_state", state);
}

static enum err check_segments(struct ctx *ctx, int64_t id)
{
	int64_t first, waiting, minus = 0;
	enum err err = campaign_number(ctx, &sql_campaign_next_segment, (const int64_t[]){id, 0}, 2, &first);
	if (!err && first == 0)
		err = fail(ctx, ERR_INVALID, "segments", "campaign_nobody");
	if (!err)
		err = campaign_number(ctx, &sql_campaign_segment_state, (const int64_t[]){id}, 1, &waiting);
	if (!err)
		err = campaign_number(ctx, &sql_campaign_minus_state, (const int64_t[]){id}, 1, &minus);
	return !err && waiting + minus > 0 ? fail(ctx, ERR_CONFLICT, "segments", "campaign_segments_wait") : err;
}

/* Each variant has something to say. */
static enum err check_contents(struct ctx *ctx, int64_t id)
{
	struct campaign_contents *contents = arena_alloc(ctx->arena, sizeof(*contents));
	struct campaign_arm arms[CAMPAIGN_VARIANTS_MAX] = {{0}};
	size_t n = 0;
	enum err err = contents != NULL ? campaign_contents_read(ctx, id, contents) : fail(ctx, ERR_LIMIT, "", "memory");
	if (!err)
		err = campaign_arms(ctx, id, arms, &n);
	for (size_t i = 0; !err && i < (n > 0 ? n : 1); i++) {
		if (campaign_content_for(contents, arms[i].variant_id, NULL) == NULL)
			err = fail(ctx, ERR_INVALID, "", "campaign_no_content");
	}
	return err;
}

static enum err check_address(struct ctx *ctx, const struct record *campaign)
{
	bool reachable = true;
	enum err err = str_equal(record_text(campaign, "channel"), "email") ? campaign_has_address(ctx, &reachable) : OK;
	return !err && !reachable ? fail(ctx, ERR_CONFLICT, "channel", "campaign_no_url") : err;
}

static enum err check_ready(struct ctx *ctx, const struct record *campaign)
{
	int64_t ends = record_i64(campaign, "ends_at");
	enum err err = check_segments(ctx, record_id(campaign));
	if (!err && ends != 0 && ends <= ctx_now(ctx))
		err = fail(ctx, ERR_INVALID, "ends_at", "campaign_over");
	if (!err)
		err = check_address(ctx, campaign);
	return err || !str_equal(record_text(campaign, "channel"), "email") ? err : check_contents(ctx, record_id(campaign));
}

static enum err answer_state(struct http_response *res, int64_t id, const char *state)
{
	struct jsonw w;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", id);
	jsonw_kv_text(&w, "state", state);
	jsonw_end_object(&w);
	return OK;
}

static enum err patch_start(struct ctx *ctx, const struct record *campaign)
{
	struct record *patch;
	const char *seed = record_text(campaign, "seed");
	enum err err = record_new(ctx, campaign->info, &patch);
	if (str_empty(seed))
		seed = arena_printf(ctx->arena, "campaign %lld", (long long)record_id(campaign));
	if (!err && seed == NULL)
		err = fail(ctx, ERR_LIMIT, "", "memory");
	if (!err)
		err = record_set(ctx, patch, "state", value_text("running"));
	if (!err)
		err = record_set(ctx, patch, "seed", value_text(seed));
	if (!err)
		err = record_set(ctx, patch, "started_at", value_int(ctx_now(ctx)));
	return err ? err : record_update(ctx, record_id(campaign), patch, 0, W_TRUSTED, NULL);
}

static enum err start(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *campaign;
	enum err err = get_campaign(ctx, req, ACTION_UPDATE, &campaign);
	if (!err)
		err = campaign_check_owner(ctx, campaign);
	if (!err)
		err = campaign_check_state(ctx, campaign, "draft");
	if (!err)
		err = check_ready(ctx, campaign);
	if (!err)
		err = patch_start(ctx, campaign);
	if (!err)
		err = campaign_run(ctx, &sql_campaign_put_place, (const int64_t[]){record_id(campaign), 0, 0, 0}, 4, NULL);
	if (!err)
		err = services_wake(ctx, "campaigns");
	return err ? err : answer_state(res, record_id(campaign), "running");
}

static enum err pause_it(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *campaign;
	enum err err = get_campaign(ctx, req, ACTION_UPDATE, &campaign);
	if (!err)
		err = campaign_check_state(ctx, campaign, "running");
	if (!err)
		err = campaign_set_state(ctx, record_id(campaign), "paused", NULL);
	if (!err)
		err = campaign_take_back(ctx, record_id(campaign));
	return err ? err : answer_state(res, record_id(campaign), "paused");
}

static enum err resume(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *campaign;
	enum err err = get_campaign(ctx, req, ACTION_UPDATE, &campaign);
	if (!err)
		err = campaign_check_owner(ctx, campaign);
	if (!err)
		err = campaign_check_state(ctx, campaign, "paused");
	if (!err)
		err = check_address(ctx, campaign);
	if (!err)
		err = campaign_set_state(ctx, record_id(campaign), "running", NULL);
	if (!err)
		err = services_wake(ctx, "campaigns");
	return err ? err : answer_state(res, record_id(campaign), "running");
}

static enum err stop(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *campaign;
	struct stmt *stmt;
	enum err err = get_campaign(ctx, req, ACTION_UPDATE, &campaign);
	if (!err)
		err = campaign_check_state(ctx, campaign, "running paused");
	if (!err)
		err = campaign_set_state(ctx, record_id(campaign), "stopped", NULL);
	if (!err)
		err = campaign_take_back(ctx, record_id(campaign));
	if (!err)
		err = db_prepare(ctx, ctx->db, &sql_campaign_skip_waiting, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, record_id(campaign));
	stmt_bind_text(stmt, 2, "stopped");
	stmt_bind_i64(stmt, 3, ctx_now(ctx));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err ? err : answer_state(res, record_id(campaign), "stopped");
}

/* Those that failed wait again, under a new key; a finished one runs on for them. */
static enum err resend(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *campaign;
	int64_t n = 0;
	enum err err = get_campaign(ctx, req, ACTION_UPDATE, &campaign);
	if (!err)
		err = campaign_check_owner(ctx, campaign);
	if (!err)
		err = campaign_check_state(ctx, campaign, "running paused finished");
	if (!err)
		err = check_address(ctx, campaign);
	if (!err)
		err = campaign_run(ctx, &sql_campaign_resend, (const int64_t[]){record_id(campaign), ctx_now(ctx)}, 2, &n);
	if (!err && n == 0)
		err = fail(ctx, ERR_CONFLICT, "", "campaign_none_failed");
	if (!err && str_equal(record_text(campaign, "state"), "finished"))
		err = campaign_set_state(ctx, record_id(campaign), "running", NULL);
	if (!err)
		err = services_wake(ctx, "campaigns");
	return err ? err : answer_state(res, record_id(campaign), str_equal(record_text(campaign, "state"), "paused") ? "paused" : "running");
}

/* --- before it starts ------------------------------------------------------------------------- */

static enum err read_size(struct ctx *ctx, int64_t id, int64_t since, int64_t *ret_n, int64_t *ret_bought)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_campaign_size, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_i64(stmt, 2, since);
	err = stmt_step(ctx, stmt, &row);
	*ret_n = row ? stmt_i64(stmt, 0) : 0;
	*ret_bought = row ? stmt_i64(stmt, 1) : 0;
	stmt_done(stmt);
	return err;
}

/* The smallest lift that groups of this size would show four times of five: by halving, as there is no formula for it. */
static enum err smallest_lift(struct ctx *ctx, double rate, double n, double *ret)
{
	double low = 0, high = 1 - rate;
	for (int i = 0; i < 50; i++) {
		double middle = (low + high) / 2, needed;
		if (middle <= 1e-9)
			break;
		enum err err = model_sample_size(ctx, rate, rate + middle * 0.999999, 0.05, 0.8, &needed);
		if (err)
			return err;
		if (needed > n)
			low = middle;
		else
			high = middle;
	}
	*ret = high;
	return OK;
}

static enum err write_power(struct ctx *ctx, struct jsonw *w, double rate, double lift, double control, double treated)
{
	double needed = 0, least = 0, smaller = control < treated ? control : treated;
	enum err err = OK;
	if (rate > 0 && rate < 1 && lift > 0 && rate + lift < 1)
		err = model_sample_size(ctx, rate, rate + lift, 0.05, 0.8, &needed);
	if (!err && rate > 0 && rate < 1 && smaller >= 2)
		err = smallest_lift(ctx, rate, smaller, &least);
	if (err)
		return err;
	jsonw_key(w, "needed_per_group");
	jsonw_real(w, needed > 0 ? (double)(int64_t)(needed + 0.999999) : 0);
	jsonw_kv_bool(w, "enough", needed > 0 && smaller >= needed);
	jsonw_key(w, "smallest_lift");
	jsonw_real(w, least);
	return OK;
}

/* Whether some people bought is told to who may see all orders: a segment of one would tell it of that one. */
static bool sees_orders(const struct ctx *ctx)
{
	static const char *const needed[] = {"customer_id", "placed_at", "state", "kind"};
	const struct entity_info *info = registry_find(ctx->registry, "order");
	bool sees = entity_scope(ctx->actor, info, ACTION_READ) == SCOPE_ALL;
	for (size_t i = 0; sees && i < sizeof(needed) / sizeof(needed[0]); i++)
		sees = entity_field_right(ctx->actor, info, entity_field(info, needed[i])) >= RIGHT_READ;
	return sees;
}

static enum err plan(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *campaign;
	struct jsonw w;
	int64_t n, bought, lift = 0;
	const char *asked = http_query(ctx, req, "lift", 0);
	enum err err = get_campaign(ctx, req, ACTION_READ, &campaign);
	if (!err && asked != NULL && (!str_to_i64(asked, &lift) || lift < 1 || lift > 9999))
		err = fail_arg(ctx, ERR_INVALID, "lift", "campaign_lift", asked);
	if (!err)
		err = read_size(ctx, record_id(campaign), ctx_now(ctx) - record_i64(campaign, "window_days") * DAY_MS, &n, &bought);
	if (err)
		return err;
	bool sees = sees_orders(ctx);
	double share = (double)record_i64(campaign, "control_share") / 10000, rate = n > 0 && sees ? (double)bought / (double)n : 0;
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_int(&w, "members", n);
	if (sees) {
		jsonw_kv_int(&w, "bought", bought);
		jsonw_key(&w, "rate");
		jsonw_real(&w, rate);
	}
	jsonw_kv_int(&w, "control", (int64_t)((double)n * share + 0.5));
	if (sees)
		err = write_power(ctx, &w, rate, (double)(lift != 0 ? lift : 200) / 10000, (double)n * share, (double)n * (1 - share));
	jsonw_end_object(&w);
	return err;
}

/* --- what somebody would get --------------------------------------------------------------------- */

struct preview_body {
	int64_t content_id, customer_id;
};

static const struct spec preview_specs[] = {
	{"content_id", SPEC_ID, offsetof(struct preview_body, content_id), true, 0, "what is said"},
	{"customer_id", SPEC_ID, offsetof(struct preview_body, customer_id), false, 0, "to whom; a member of the segments unless given"},
	{.name = NULL},
};

/* A member that the reader may see. */
static enum err some_member(struct ctx *ctx, int64_t campaign_id, struct record **ret)
{
	enum { LOOK = 50 };
	int64_t ids[LOOK];
	struct stmt *stmt;
	bool row = true;
	int n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_campaign_some_members, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, campaign_id);
	stmt_bind_i64(stmt, 2, LOOK);
	while (n < LOOK && !(err = stmt_step(ctx, stmt, &row)) && row)
		ids[n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	unsigned char first = 0;
	ctx_random(ctx, &first, sizeof(first));
	for (int i = 0; !err && i < n; i++) {
		const struct faults before = ctx->faults;
		err = record_get(ctx, registry_find(ctx->registry, "customer"), ids[(i + first) % n], ACTION_READ, ret);
		if (err != ERR_NOT_FOUND)
			return err;
		ctx->faults = before;
		err = OK;
	}
	return err ? err : fail(ctx, ERR_CONFLICT, "", "campaign_no_member");
}

static enum err preview(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct preview_body body = {0};
	struct record *campaign, *content, *customer;
	struct campaign_letter letter;
	struct jsonw w;
	enum err err = http_read_body(ctx, req, &body);
	if (!err)
		err = get_campaign(ctx, req, ACTION_READ, &campaign);
	if (!err)
		err = record_get(ctx, registry_find(ctx->registry, "campaign_content"), body.content_id, ACTION_READ, &content);
	if (!err && record_i64(content, "campaign_id") != record_id(campaign))
		err = fail_arg(ctx, ERR_NOT_FOUND, "content_id", "not_found", "campaign_content");
	if (!err && body.customer_id != 0)
		err = record_get(ctx, registry_find(ctx->registry, "customer"), body.customer_id, ACTION_READ, &customer);
	else if (!err)
		err = some_member(ctx, record_id(campaign), &customer);
	if (err)
		return err;
	struct campaign_content c = {0, record_text(content, "language"), record_text(content, "subject"), record_text(content, "text"), record_text(content, "html")};
	if (c.subject == NULL || c.text == NULL)
		return fail(ctx, ERR_FORBIDDEN, "content_id", "forbidden");
	err = campaign_render(ctx, &c, customer, 0, true, &letter);
	if (err)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "customer_id", record_id(customer));
	jsonw_kv_text(&w, "name", letter.name);
	jsonw_kv_text(&w, "subject", letter.subject);
	jsonw_kv_text(&w, "text", letter.text);
	jsonw_kv_text(&w, "html", letter.html);
	jsonw_kv_int(&w, "missing", (int64_t)letter.missing);
	jsonw_end_object(&w);
	return OK;
}

#define ACTS(name) .method = METHOD_POST, .pattern = "/api/v1/campaigns/*/" name, .lane = LANE_WRITE, .door = DOOR_SIGNED_IN

const struct route campaign_routes[] = {
	{ACTS("start"), .handle = start, .doc = "Starts a campaign: its list is made, and what is due goes out, with its owner's rights."},
	{ACTS("pause"), .handle = pause_it, .doc = "Pauses a campaign; what waits in the outbox goes back to wait in it."},
	{ACTS("resume"), .handle = resume, .doc = "A paused campaign goes on where it was."},
	{ACTS("stop"), .handle = stop, .doc = "Stops a campaign for good: whoever waits gets nothing."},
	{ACTS("resend"), .handle = resend, .doc = "Sends again to those for whom sending failed."},
	{.method = METHOD_GET, .pattern = "/api/v1/campaigns/*/plan", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = plan,
	 .doc = "Before it starts: how many members, how many of them bought lately, and how large groups must be to show a lift (hundredths of a percent: ?lift=200)."},
	{.method = METHOD_POST, .pattern = "/api/v1/campaigns/*/preview", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = preview, .specs = preview_specs,
	 .doc = "A content as a real customer would get it, with the reader's rights; what is missing is marked."},
	{.pattern = NULL},
};
