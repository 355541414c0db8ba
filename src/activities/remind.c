/* Reminders: one timer an activity, set and cleared by the write that plans, moves or finishes it. */
#include "activities/activities.h"
#include "base/id.h"
#include "base/str.h"
#include "customers/customers.h"

static const char kind_name[] = "activity.remind";
enum { MINUTE_MS = 60000 };

static bool is_open(const struct record *r)
{
	return str_equal(record_text(r, "state"), "planned") || str_equal(record_text(r, "state"), "open");
}

/* 0: nobody is to be reminded. */
static int64_t remind_at(const struct record *r)
{
	if (r == NULL || !is_open(r) || record_value(r, "remind_minutes")->kind == VALUE_NULL || record_i64(r, "due_at") == 0)
		return 0;
	return record_i64(r, "due_at") - record_i64(r, "remind_minutes") * MINUTE_MS;
}

static enum err after_activity(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	int64_t was = remind_at(old), is = remind_at(now);
	(void)entity;
	if (was == is)
		return OK;
	const char *key = arena_printf(ctx->arena, "%lld", (long long)record_id(now != NULL ? now : old));
	if (key == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	/* what was to be told an hour ago and is written only now is told at once */
	return is != 0 ? timer_set(ctx, kind_name, key, is, "") : timer_clear(ctx, kind_name, key);
}

/* The change is what open pages hear of. */
static enum err fire(struct ctx *ctx, const struct timer *timer)
{
	const struct entity_info *info = registry_find(ctx->registry, "interaction");
	struct record *activity, *patch;
	int64_t id;
	if (!id_parse(timer->key, &id))
		return fail(ctx, ERR_BUG, "timer", "not_found");
	enum err err = record_load(ctx, info, id, &activity);
	if (err == ERR_NOT_FOUND) {
		faults_clear(ctx);
		return OK;
	}
	if (err != OK || !is_open(activity))
		return err;
	err = record_new(ctx, info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "reminded_at", value_int(ctx_now(ctx)));
	return err == OK ? record_update(ctx, id, patch, 0, W_TRUSTED | W_NO_SEARCH, NULL) : err;
}

const struct reaction activities_reactions[] = {{"interaction", NULL, after_activity, NULL}, {0}};
const struct timer_kind activities_timers[] = {{kind_name, fire}, {0}};
