/* The parts of src/pool, what built-in roles may do with them, and the stage rules a firm begins with (not in use until it says so). */
#include "core/manifest/manifest.h"
#include "core/store/store.h"
#include "pool/pool_internal.h"
#include "pool/pool_simulate.h"
#include "pool_sql.h"

static const struct entity *const entities[] = {&pool_entity, &pool_rule_entity, &pool_exempt_entity, &pool_entry_entity, &pool_move_entity,
                                                &pool_look_entity, &pool_warning_entity, &stage_rule_entity, &stage_move_entity, NULL};

static const struct route *const routes[] = {pool_routes, pool_simulate_routes, lifecycle_routes, NULL};

static const struct role_right rights[] = {
	{"manager", "pool", "a-----"},       {"manager", "pool_rule", "a-----"},  {"manager", "pool_entry", "a-----"}, {"manager", "stage_rule", "a-----"},
	{"sales", "pool", "a-----"},         {"sales", "pool_rule", "a-----"},    {"sales", "pool_entry", "a-----"},   {"sales", "pool_exempt", "t-----"},
	{"sales", "stage_rule", "a-----"},   {"service", "pool", "a-----"},       {"service", "pool_rule", "a-----"},  {"service", "pool_exempt", "a-----"},
	{"service", "stage_rule", "a-----"}, {0},
};

#define WATCH "CREATE TABLE pool_watch (customer_id bigint NOT NULL PRIMARY KEY, at bigint NOT NULL, held bigint NOT NULL DEFAULT -1)"
#define SWEEP "CREATE TABLE pool_sweep (id bigint NOT NULL PRIMARY KEY, after_id bigint NOT NULL)"
#define INDEX "CREATE INDEX pool_watch_at ON pool_watch (at)"

static enum err put_rule(struct ctx *ctx, const char *name, const char *stage, const char *condition, int64_t position)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, "stage_rule"), &r);
	if (err == OK)
		err = record_set(ctx, r, "name", value_text(name));
	if (err == OK)
		err = record_set(ctx, r, "stage", value_text(stage));
	if (err == OK)
		err = record_set(ctx, r, "condition", value_text(condition));
	if (err == OK)
		err = record_set(ctx, r, "position", value_int(position));
	if (err == OK)
		err = record_set(ctx, r, "active", value_int(0));
	return err == OK ? record_create(ctx, r, W_TRUSTED | W_NO_SEARCH) : err;
}

/* Those who have an owner have had them since they were made, as far as anybody knows. */
static enum err begin(struct ctx *ctx, void *arg)
{
	static const struct {
		struct text2 name;
		const char *stage, *condition;
	} list[] = {
		{{"No order for a year", "一年未下单"}, "lost", "{\"all\":[{\"field\":\"orders_count\",\"op\":\"gte\",\"value\":\"1\"},{\"field\":\"last_order_at\",\"op\":\"lt\",\"value\":\"now-365d\"}]}"},
		{{"Five orders, the last within half a year", "五单以上且半年内有订单"}, "loyal", "{\"all\":[{\"field\":\"orders_count\",\"op\":\"gte\",\"value\":\"5\"},{\"field\":\"last_order_at\",\"op\":\"gte\",\"value\":\"now-180d\"}]}"},
		{{"Has ordered", "有订单"}, "trading", "{\"field\":\"orders_count\",\"op\":\"gte\",\"value\":\"1\"}"},
	};
	int64_t there;
	(void)arg;
	enum err err = pool_run(ctx, &sql_pool_held_begin, NULL, 0);
	if (err == OK)
		err = pool_number(ctx, &sql_stage_rules_any, NULL, 0, &there);
	const struct actor *before = ctx->actor;
	ctx->actor = gate_system();
	for (size_t i = 0; err == OK && there == 0 && i < sizeof(list) / sizeof(list[0]); i++)
		err = put_rule(ctx, ctx->locale == LOCALE_EN ? list[i].name.en : list[i].name.zh, list[i].stage, list[i].condition, (int64_t)i);
	ctx->actor = before;
	return err;
}

static const struct migration steps[] = {
	{1, "moments at which pools look again", WATCH " WITHOUT ROWID; " SWEEP "; " INDEX, WATCH "; " SWEEP "; " INDEX, NULL},
	{2, "since when owners have their customers; stage rules to begin with", NULL, NULL, begin},
};

extern const struct manifest pool_manifest;
const struct manifest pool_manifest = {
	.name = "pool", .entities = entities, .routes = routes, .reactions = pool_reactions, .services = pool_services, .rights = rights,
	.steps = steps, .n_steps = sizeof(steps) / sizeof(steps[0]),
};
