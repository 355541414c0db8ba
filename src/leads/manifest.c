/* The parts of src/leads, what built-in roles may do with them, and the points a firm begins with. */
#include "core/manifest/manifest.h"
#include "leads/leads.h"
#include "leads_sql.h"

static const struct entity *const entities[] = {&lead_entity, &lead_point_entity, &lead_assignment_entity, NULL};

static const struct route *const routes[] = {leads_routes, NULL};

static const struct role_right rights[] = {
	{"marketing", "lead", "aaa-aa"},           {"manager", "lead_point", "a-----"}, {"manager", "lead_assignment", "a-----"},
	{"sales", "lead_point", "a-----"},         {"sales", "lead_assignment", "a-----"}, {0},
};

static enum err put_point(struct ctx *ctx, const struct text2 *name, const char *condition, int64_t points, int64_t position)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, "lead_point"), &r);
	if (err == OK)
		err = record_set(ctx, r, "name", value_text(name->en));
	if (err == OK)
		err = record_set(ctx, r, "name_zh", value_text(name->zh));
	if (err == OK)
		err = record_set(ctx, r, "condition", value_text(condition));
	if (err == OK)
		err = record_set(ctx, r, "points", value_int(points));
	if (err == OK)
		err = record_set(ctx, r, "position", value_int(position));
	return err == OK ? record_create(ctx, r, W_TRUSTED | W_NO_SEARCH) : err;
}

static enum err begin(struct ctx *ctx, void *arg)
{
	static const struct {
		struct text2 name;
		const char *condition;
		int points;
	} points[] = {
		{{"Can be called", "留有电话"}, "{\"field\":\"phone\",\"op\":\"is\",\"value\":\"not_null\"}", 15},
		{{"Has an e-mail address", "留有邮箱"}, "{\"field\":\"email\",\"op\":\"is\",\"value\":\"not_null\"}", 5},
		{{"Is a company", "企业线索"}, "{\"field\":\"company\",\"op\":\"is\",\"value\":\"not_null\"}", 15},
		{{"Was recommended or met", "转介绍或展会"}, "{\"field\":\"source\",\"op\":\"in\",\"value\":[\"referral\",\"exhibition\",\"partner\"]}", 25},
		{{"Says what it wants", "说明了意向"}, "{\"field\":\"interest\",\"op\":\"is\",\"value\":\"not_null\"}", 20},
		{{"Is worth 10,000 or more", "预计金额 1 万以上"}, "{\"field\":\"amount\",\"op\":\"gte\",\"value\":\"10000\"}", 20},
	};
	struct stmt *stmt;
	bool row = false;
	(void)arg;
	enum err err = db_prepare(ctx, ctx->db, &sql_lead_points_any, &stmt);
	if (err != OK)
		return err;
	err = stmt_step(ctx, stmt, &row);
	bool none = err == OK && row && stmt_i64(stmt, 0) == 0;
	stmt_done(stmt);
	const struct actor *before = ctx->actor;
	ctx->actor = gate_system();
	for (size_t i = 0; err == OK && none && i < sizeof(points) / sizeof(points[0]); i++)
		err = put_point(ctx, &points[i].name, points[i].condition, points[i].points, (int64_t)i);
	ctx->actor = before;
	return err;
}

static const struct migration steps[] = {{1, "points of leads to begin with", NULL, NULL, begin}};

extern const struct manifest leads_manifest;
const struct manifest leads_manifest = {.name = "leads", .entities = entities, .routes = routes, .rights = rights, .stars = leads_stars, .steps = steps, .n_steps = 1};
