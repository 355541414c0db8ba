/* Schedules: when next, and the timer each of them keeps. */
#include "base/str.h"
#include "core/text/text.h"
#include "core/timers/timers_internal.h"
#include "timers_sql.h"

enum { DAY_MS = 86400000, MINUTE_MS = 60000 };

static int64_t floor_to(int64_t value, int64_t step)
{
	int64_t down = value / step * step;
	return down > value ? down - step : down;
}

int64_t schedule_next(const struct schedule *schedule, const char *zone_name, int64_t after_ms)
{
	struct text_zone *zone = NULL;
	if (schedule->every_ms > 0)
		return floor_to(after_ms, schedule->every_ms) + schedule->every_ms;
	if (!text_zone_new(zone_name, &zone)) /* no zone, or no memory: by UTC rather than never */
		zone = NULL;
	int64_t shift = zone != NULL ? INT64_C(1000) * text_zone_seconds(zone, after_ms) : 0;
	int64_t day = floor_to(after_ms + shift, DAY_MS), next;
	do {
		int64_t local = day + (int64_t)schedule->minute * MINUTE_MS;
		next = local - (zone != NULL ? (int64_t)text_zone_offset(zone, local) * MINUTE_MS : 0);
		day += DAY_MS;
	} while (next <= after_ms);
	if (zone != NULL)
		text_zone_free(zone);
	return next;
}

const struct schedule *timers_schedule(const struct timers *timers, const char *name)
{
	for (const struct schedule *const *table = timers->config.schedules; *table != NULL; table++)
		for (const struct schedule *s = *table; s->name != NULL; s++)
			if (str_equal(s->name, name))
				return s;
	return NULL;
}

static enum err set_next(struct ctx *ctx, const struct timers *timers, const struct schedule *schedule)
{
	const char *zone;
	enum err err = timers->config.zone(ctx, &zone);
	return err ? err : timer_set(ctx, SCHEDULE_KIND, schedule->name, schedule_next(schedule, zone, ctx_now(ctx)), "");
}

/* Those whose schedule is no more. */
static enum err forget_others(struct ctx *ctx, const struct timers *timers)
{
	struct stmt *stmt;
	const char *gone[64];
	size_t n = 0;
	bool row = true;
	enum err err = db_prepare(ctx, ctx->db, &sql_timer_schedules, &stmt);
	if (err)
		return err;
	while (!(err = stmt_step(ctx, stmt, &row)) && row && n < sizeof(gone) / sizeof(gone[0])) {
		const char *name = arena_strdup(ctx->arena, stmt_text(stmt, 0));
		if (name == NULL) {
			err = fail(ctx, ERR_LIMIT, "", "memory");
			break;
		}
		if (timers_schedule(timers, name) == NULL)
			gone[n++] = name;
	}
	stmt_done(stmt);
	for (size_t i = 0; i < n && !err; i++)
		err = timer_clear(ctx, SCHEDULE_KIND, gone[i]);
	return err;
}

enum err timers_keep_schedules(struct ctx *ctx, const struct timers *timers)
{
	enum err err = forget_others(ctx, timers);
	for (const struct schedule *const *table = timers->config.schedules; *table != NULL && !err; table++) {
		for (const struct schedule *s = *table; s->name != NULL && !err; s++) {
			int64_t due, latest = ctx_now(ctx) + (s->every_ms > 0 ? s->every_ms : DAY_MS + 2 * 60 * MINUTE_MS);
			err = timer_due(ctx, SCHEDULE_KIND, s->name, &due);
			/* one that is due stays and is made up for; one that is too far off is of an earlier rule */
			if (!err && (due == 0 || due > latest))
				err = set_next(ctx, timers, s);
		}
	}
	return err;
}

enum err timers_run_schedule(struct ctx *ctx, const struct timers *timers, const struct timer *timer)
{
	const struct schedule *schedule = timers_schedule(timers, timer->key);
	if (schedule == NULL) /* of a newer program on another node */
		return fail_arg(ctx, ERR_BUG, "timer", "timer_unknown", timer->key);
	enum err err = set_next(ctx, timers, schedule);
	return err ? err : schedule->run(ctx);
}
