/* Deadlines of cases. What was promised runs on a business calendar, in intervals ("spans"): a new one begins whenever the
 * case begins or ceases to wait, or gets another policy or calendar. A deadline is always derived from the spans and never
 * moved, so that nothing is lost when several of these change. */
#ifndef GUANXI_SERVICE_SLA_H
#define GUANXI_SERVICE_SLA_H

#include "core/calendar/calendar.h"
#include "core/entity/entity.h"
#include "core/store/store.h"

struct sla_span {
	int64_t from, to; /* UTC milliseconds; to INT64_MAX: it goes on */
	bool running;     /* false: time stands still */
	int64_t calendar_id; /* 0: around the clock */
	struct calendar *calendar; /* of that id; NULL: around the clock */
};

struct sla_answer {
	int64_t elapsed; /* milliseconds of open time in running spans from start to stop */
	int64_t due;     /* the moment at which the target is reached; 0: not as long as it stands still */
};

/* Spans in order of time. `stop` INT64_MAX: until the end of the last one, where elapsed counts to `now`. */
enum err sla_derive(struct ctx *ctx, const struct sla_span *spans, size_t n, int64_t start, int64_t stop, int64_t now, int64_t target_ms,
                    struct sla_answer *ret) MUST_CHECK;

enum sla_kind { SLA_FIRST, SLA_NEXT, SLA_UPDATE, SLA_SOLVE, SLA_KINDS };
extern const char *const sla_kind_names[SLA_KINDS];

/* Calendars ready for questions, one thread's, for as long as one write job. */
struct sla_calendars {
	struct {
		int64_t id;
		struct calendar *calendar;
	} list[256];
	size_t n;
};
/* *ret NULL for id 0 and for calendars that are no more. */
enum err sla_calendar(struct ctx *ctx, struct sla_calendars *all, int64_t id, struct calendar **ret) MUST_CHECK;
void sla_calendars_free(struct sla_calendars *all);

/* In a write job: at its end the deadlines of the case are derived anew. */
enum err sla_later(struct ctx *ctx, int64_t case_id) MUST_CHECK;
/* In a write job: now. `fire`: alarms whose moment has come are raised. */
enum err sla_keep(struct ctx *ctx, struct sla_calendars *calendars, int64_t case_id, bool fire) MUST_CHECK;
/* In a write job: all open cases, by a job after the commit. `whole`: policies may fit otherwise; else only calendars differ. */
enum err sla_recount_later(struct ctx *ctx, bool whole) MUST_CHECK;

struct sla_policy {
	int64_t id, calendar_id;
	int64_t target[SLA_KINDS]; /* milliseconds, 0: none promised */
	int64_t warn_percent, escalate_ms[2], escalate_to[2];
};
/* The first policy, by position, that fits; id 0: none. *ret_why is JSON: policies in their order, with what did not fit. */
enum err sla_choose(struct ctx *ctx, const struct record *record, struct sla_policy *ret, const char **ret_why) MUST_CHECK;
/* That of a policy, else of a team, else the default; 0: around the clock. */
enum err sla_calendar_of(struct ctx *ctx, const struct sla_policy *policy, int64_t team_id, int64_t *ret) MUST_CHECK;

#endif
