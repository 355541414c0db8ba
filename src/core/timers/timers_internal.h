/* Between timers as rows and the thread that fires them. */
#ifndef GUANXI_CORE_TIMERS_TIMERS_INTERNAL_H
#define GUANXI_CORE_TIMERS_TIMERS_INTERNAL_H

#include "core/timers/timers.h"

/* In a write job: a timer is due then; after the commit this program's thread hears of it if it would sleep longer. */
enum err timers_note_due(struct ctx *ctx, int64_t due_ms) MUST_CHECK;

#define SCHEDULE_KIND "schedule"

struct timers {
	struct store *store;
	struct timers_config config;
	const struct clock *clock;
	struct timers_thread *thread;
};

const struct schedule *timers_schedule(const struct timers *timers, const char *name);
/* In a write job. */
enum err timers_keep_schedules(struct ctx *ctx, const struct timers *timers) MUST_CHECK;
/* `fire` of SCHEDULE_KIND. */
enum err timers_run_schedule(struct ctx *ctx, const struct timers *timers, const struct timer *timer) MUST_CHECK;

#endif
