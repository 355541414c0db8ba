/* A stage that deals stand in is not taken away but replaced: they go on in another, and their history says so. */
#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "deals/internal.h"
#include "deals_sql.h"

enum { REPLACE_MAX = 5000 };

struct replace_body {
	int64_t by;
};

static const struct spec replace_specs[] = {
	{"by", SPEC_ID, offsetof(struct replace_body, by), true, 0, "The stage of the same pipeline that takes the deals over"},
	{0},
};

static enum err read_stages(struct ctx *ctx, const struct http_request *req, int64_t by, struct record **ret_old, struct record **ret_new)
{
	const struct entity_info *info = registry_find(ctx->registry, "stage");
	int64_t id;
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	enum err err = record_get(ctx, info, id, ACTION_DELETE, ret_old);
	if (err == OK)
		err = record_get(ctx, info, by, ACTION_UPDATE, ret_new);
	if (err != OK)
		return err;
	if (id == by || record_i64(*ret_old, "pipeline_id") != record_i64(*ret_new, "pipeline_id"))
		return fail(ctx, ERR_INVALID, "by", "stage_elsewhere");
	if (!str_equal(record_text(*ret_old, "category"), record_text(*ret_new, "category")))
		return fail(ctx, ERR_INVALID, "by", "stage_other_category");
	return OK;
}

static enum err read_deals(struct ctx *ctx, int64_t stage, int64_t *ids, size_t *ret_n)
{
	struct stmt *stmt;
	bool row;
	*ret_n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_stage_deal_ids, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, stage);
	stmt_bind_i64(stmt, 2, REPLACE_MAX + 1);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && *ret_n <= REPLACE_MAX)
		ids[(*ret_n)++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err == OK && *ret_n > REPLACE_MAX ? fail_arg(ctx, ERR_LIMIT, "", "stage_too_many", "5000") : err;
}

/* As the program itself: what the other stage asks for need not be there, and deals of others move too. */
static enum err move(struct ctx *ctx, const int64_t *ids, size_t n, int64_t to)
{
	const struct entity_info *info = registry_find(ctx->registry, "opportunity");
	const struct actor *before = ctx->actor;
	enum err err = OK;
	ctx->actor = gate_system();
	for (size_t i = 0; err == OK && i < n; i++) {
		struct record *patch;
		err = record_new(ctx, info, &patch);
		if (err == OK)
			err = record_set(ctx, patch, "stage_id", value_int(to));
		if (err == OK)
			err = record_update(ctx, ids[i], patch, 0, W_TRUSTED | W_NO_SEARCH, NULL);
	}
	ctx->actor = before;
	return err;
}

static enum err replace(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct replace_body body = {0};
	struct record *old, *new_;
	size_t n = 0;
	struct jsonw w;
	int64_t *ids = arena_array(ctx->arena, REPLACE_MAX + 1, sizeof(*ids));
	enum err err = ids != NULL ? http_read_body(ctx, req, &body) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = read_stages(ctx, req, body.by, &old, &new_);
	if (err == OK)
		err = read_deals(ctx, record_id(old), ids, &n);
	if (err == OK)
		err = move(ctx, ids, n, body.by);
	if (err == OK)
		err = record_delete(ctx, old->info, record_id(old), 0, 0);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_int(&w, "moved", (int64_t)n);
	jsonw_end_object(&w);
	return OK;
}

static const struct spec no_specs[] = {{0}};

const struct route deals_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/stage/*/replace", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = replace, .specs = replace_specs,
	 .doc = "Removes a stage; its deals go on in another of the same pipeline and kind"},
	{.method = METHOD_GET, .pattern = "/api/v1/forecast", .lane = LANE_HEAVY, .door = DOOR_SIGNED_IN, .handle = deal_forecast_get,
	 .doc = "Won, committed, best case, weighted and slipped by period and person, team, branch, pipeline or stage, now or as of a moment"},
	{.method = METHOD_GET, .pattern = "/api/v1/forecast/accuracy", .lane = LANE_HEAVY, .door = DOOR_SIGNED_IN, .handle = deal_accuracy_get,
	 .doc = "What the weeks' snapshots said of each month, and what it brought"},
	{.method = METHOD_POST, .pattern = "/api/v1/forecast/snapshot", .lane = LANE_WRITE, .door = DOOR_CAP, .cap = CAP_ADMIN, .handle = deal_snapshot_post, .specs = no_specs,
	 .doc = "Takes today's snapshot of the forecast, unless it is taken"},
	{.pattern = NULL},
};
