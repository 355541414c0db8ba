/* Deadlines of all open cases, after a calendar or a promise changed: a job in short batches, so that nobody waits for it. And
 * the timer that raises alarms.
 *
 * Where only calendars changed, nothing began or ended: the deadlines of what runs are derived from the spans that are kept,
 * many cases with two questions. Where another calendar or promise holds now, the case is read whole. */
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/str.h"
#include "service/complaint.h"
#include "service/service_internal.h"
#include "service/sla.h"
#include "service_sql.h"

enum { BATCH = 500, WHOLE_BATCH = 100, MINUTE = 60000, CASES_MAX = BATCH };

static const char kind_name[] = "service.deadlines";

struct open_clock {
	int64_t id, case_id, start, target, due, team;
	enum sla_kind kind;
};

struct recount {
	const struct job *job;
	struct sla_calendars calendars;
	bool whole;
	int64_t after, upto, total, done;
	size_t n; /* cases of this batch */
	struct open_clock *clocks;
	size_t n_clocks, cap_clocks;
	struct sla_span *spans;
	int64_t *span_case, *span_policy;
	size_t n_spans, cap_spans;
};

static enum err ask_two(struct ctx *ctx, const struct sql *sql, int64_t a, int64_t b, int64_t *ret_first, int64_t *ret_second)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	if (b != 0) {
		stmt_bind_i64(stmt, 1, a);
		stmt_bind_i64(stmt, 2, b);
	}
	err = stmt_step(ctx, stmt, &row);
	*ret_first = row ? stmt_i64(stmt, 0) : 0;
	if (ret_second != NULL)
		*ret_second = row ? stmt_i64(stmt, 1) : 0;
	stmt_done(stmt);
	return err;
}

/* --- the quick way: calendars changed -------------------------------------------------------------- */

static bool grow(struct ctx *ctx, void *list, size_t n, size_t *cap, size_t size)
{
	void **at = list;
	if (n < *cap)
		return true;
	size_t more = *cap == 0 ? 2048 : *cap * 2;
	void *fresh = arena_array(ctx->arena, more, size);
	if (fresh == NULL)
		return false;
	if (n > 0)
		memcpy(fresh, *at, n * size);
	*at = fresh;
	*cap = more;
	return true;
}

static enum sla_kind kind_of(const char *name)
{
	for (int i = 0; i < SLA_KINDS; i++) {
		if (str_equal(sla_kind_names[i], name))
			return (enum sla_kind)i;
	}
	return SLA_SOLVE;
}

static enum err read_clocks(struct ctx *ctx, struct recount *r)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_sla_open_clocks, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, r->after);
	stmt_bind_i64(stmt, 2, r->upto);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		if (!grow(ctx, (void *)&r->clocks, r->n_clocks, &r->cap_clocks, sizeof(*r->clocks))) {
			err = fail(ctx, ERR_LIMIT, "", "memory");
			break;
		}
		r->clocks[r->n_clocks++] = (struct open_clock){stmt_i64(stmt, 0), stmt_i64(stmt, 1), stmt_i64(stmt, 3), stmt_i64(stmt, 4) * MINUTE,
		                                               stmt_i64(stmt, 5), stmt_i64(stmt, 6), kind_of(stmt_text(stmt, 2))};
	}
	stmt_done(stmt);
	return err;
}

static enum err read_spans(struct ctx *ctx, struct recount *r)
{
	struct stmt *stmt;
	bool row = false;
	size_t cap_case = 0, cap_policy = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_sla_open_spans, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, r->after);
	stmt_bind_i64(stmt, 2, r->upto);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		if (!grow(ctx, (void *)&r->spans, r->n_spans, &r->cap_spans, sizeof(*r->spans)) ||
		    !grow(ctx, (void *)&r->span_case, r->n_spans, &cap_case, sizeof(*r->span_case)) ||
		    !grow(ctx, (void *)&r->span_policy, r->n_spans, &cap_policy, sizeof(*r->span_policy))) {
			err = fail(ctx, ERR_LIMIT, "", "memory");
			break;
		}
		r->spans[r->n_spans] = (struct sla_span){stmt_i64(stmt, 1), stmt_is_null(stmt, 2) ? INT64_MAX : stmt_i64(stmt, 2), stmt_i64(stmt, 3) != 0, stmt_i64(stmt, 4), NULL};
		r->span_case[r->n_spans] = stmt_i64(stmt, 0);
		r->span_policy[r->n_spans++] = stmt_i64(stmt, 5);
	}
	stmt_done(stmt);
	for (size_t i = 0; i < r->n_spans && err == OK; i++)
		err = sla_calendar(ctx, &r->calendars, r->spans[i].calendar_id, &r->spans[i].calendar);
	return err;
}

static enum err set_due(struct ctx *ctx, const struct sql *sql, int64_t id, int64_t due, const char *kind, int64_t minutes)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	if (due != 0)
		stmt_bind_i64(stmt, 2, due);
	else
		stmt_bind_null(stmt, 2);
	if (kind == NULL)
		stmt_bind_i64(stmt, 3, minutes);
	else
		stmt_bind_text(stmt, 3, due != 0 ? kind : NULL);
	err = stmt_run_later(ctx, stmt);
	stmt_done(stmt);
	return err;
}

/* The calendar that holds for the team and the promise of a case's last span. */
static enum err calendar_differs(struct ctx *ctx, const struct recount *r, size_t last, int64_t team, bool *ret)
{
	struct sla_policy policy = {.id = r->span_policy[last]};
	struct record *record;
	int64_t calendar = 0;
	enum err err = OK;
	if (policy.id != 0) {
		err = record_load(ctx, registry_find(ctx->registry, "sla_policy"), policy.id, &record);
		policy.calendar_id = err == OK ? record_i64(record, "calendar_id") : 0;
		if (err == ERR_NOT_FOUND) {
			faults_clear(ctx);
			err = OK;
		}
	}
	if (err == OK)
		err = sla_calendar_of(ctx, &policy, team, &calendar);
	*ret = calendar != r->spans[last].calendar_id;
	return err;
}

struct seen {
	int64_t team, policy, calendar;
	bool differs;
};

/* One case's clocks, from `c` up to `end`; its spans from `s`, `n` of them. */
static enum err one_case(struct ctx *ctx, struct recount *r, size_t c, size_t end, size_t s, size_t n)
{
	int64_t now = ctx_now(ctx), due = 0;
	bool moved = false;
	enum sla_kind kind = SLA_FIRST;
	enum err err = OK;
	for (; c < end && err == OK; c++) {
		struct sla_answer answer;
		err = sla_derive(ctx, r->spans + s, n, r->clocks[c].start, INT64_MAX, now, r->clocks[c].target, &answer);
		if (err != OK)
			return err;
		if (answer.due != r->clocks[c].due) {
			moved = true;
			err = set_due(ctx, &sql_sla_clock_due, r->clocks[c].id, answer.due, NULL, answer.elapsed / MINUTE);
		}
		if (answer.due != 0 && (due == 0 || answer.due < due)) {
			due = answer.due;
			kind = r->clocks[c].kind;
		}
	}
	if (err != OK || !moved)
		return err;
	int64_t case_id = r->clocks[end - 1].case_id;
	char key[32];
	snprintf(key, sizeof(key), "%lld", (long long)case_id);
	err = set_due(ctx, &sql_sla_case_due, case_id, due, sla_kind_names[kind], 0);
	/* looked at whole then: the timer knows the next alarm */
	if (err == OK && due != 0)
		err = timer_set(ctx, "case.clock", key, due < now ? now : now + (due - now) / 2, "");
	return err;
}

/* Whether another calendar holds for it by now; asked once for cases of the same team, promise and calendar in a row. */
static enum err ask_calendar(struct ctx *ctx, const struct recount *r, int64_t team, size_t last, struct seen *seen)
{
	if (seen->team == team && seen->policy == r->span_policy[last] && seen->calendar == r->spans[last].calendar_id)
		return OK;
	*seen = (struct seen){team, r->span_policy[last], r->spans[last].calendar_id, false};
	return calendar_differs(ctx, r, last, team, &seen->differs);
}

/* The case of clock `c`: its clocks end at *end, its spans begin at *s. */
static enum err one_of(struct ctx *ctx, struct recount *r, size_t c, size_t *end, size_t *s, struct seen *seen)
{
	int64_t id = r->clocks[c].case_id;
	size_t n = 0;
	for (*end = c; *end < r->n_clocks && r->clocks[*end].case_id == id;)
		(*end)++;
	while (*s < r->n_spans && r->span_case[*s] < id)
		(*s)++;
	while (*s + n < r->n_spans && r->span_case[*s + n] == id)
		n++;
	if (n == 0)
		return OK;
	enum err err = ask_calendar(ctx, r, r->clocks[c].team, *s + n - 1, seen);
	if (err != OK)
		return err;
	return seen->differs ? sla_keep(ctx, &r->calendars, id, false) : one_case(ctx, r, c, *end, *s, n);
}

static enum err quick(struct ctx *ctx, struct recount *r)
{
	struct seen seen = {-1, -1, -1, false};
	size_t s = 0;
	enum err err = read_clocks(ctx, r);
	if (err == OK)
		err = read_spans(ctx, r);
	for (size_t c = 0, end = 0; c < r->n_clocks && err == OK; c = end)
		err = one_of(ctx, r, c, &end, &s, &seen);
	return err;
}

/* --- the whole way ---------------------------------------------------------------------------------- */

static enum err whole(struct ctx *ctx, struct recount *r)
{
	struct stmt *stmt;
	bool row = false;
	int64_t ids[WHOLE_BATCH];
	size_t n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_sla_open_cases, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, r->after);
	stmt_bind_i64(stmt, 2, WHOLE_BATCH);
	while (n < WHOLE_BATCH && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		ids[n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	for (size_t i = 0; i < n && err == OK; i++)
		err = sla_keep(ctx, &r->calendars, ids[i], false);
	return err;
}

static enum err batch(struct ctx *ctx, void *arg)
{
	struct recount *r = arg;
	int64_t n = 0;
	r->n_clocks = r->n_spans = r->cap_clocks = r->cap_spans = 0;
	r->calendars.n = 0;
	enum err err = job_hold(ctx, r->job, r->done, r->total, NULL);
	ctx->actor = gate_system();
	if (err == OK)
		err = ask_two(ctx, &sql_sla_nth_open, r->after, r->whole ? WHOLE_BATCH : BATCH, &r->upto, &n);
	r->n = (size_t)n;
	if (err == OK && n > 0)
		err = r->whole ? whole(ctx, r) : quick(ctx, r);
	sla_calendars_free(&r->calendars);
	return err;
}

static enum err run(struct ctx *ctx, const struct job *job)
{
	struct recount r = {.job = job, .whole = str_equal(job->payload, "\"whole\"")};
	enum err err = ask_two(ctx, &sql_sla_count_open, 0, 0, &r.total, NULL);
	do {
		struct arena_mark mark = arena_mark(ctx->arena);
		if (err == OK)
			err = store_write(ctx, ctx->store, batch, &r);
		if (err == OK)
			arena_rewind(ctx->arena, mark);
		r.done += (int64_t)r.n;
		r.after = r.upto;
	} while (err == OK && r.n > 0);
	return err;
}

const struct job_kind service_job_kinds[] = {{.kind = kind_name, .run = run}, {.kind = NULL}};

static enum err enqueue(struct ctx *ctx, void *arg)
{
	int64_t id;
	return job_enqueue(ctx, kind_name, arg != NULL ? "\"whole\"" : "\"calendars\"", 0, &id);
}

enum err sla_recount_later(struct ctx *ctx, bool whole_)
{
	/* once a job's end, however many days of a calendar it changes */
	return db_before_commit(ctx, enqueue, whole_ ? (void *)(intptr_t)1 : NULL);
}

/* --- what sets it off -------------------------------------------------------------------------------- */

static enum err calendar_changed(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	(void)old;
	(void)now;
	return sla_recount_later(ctx, false);
}

const struct reaction service_reactions[] = {
	{"calendar", NULL, calendar_changed, NULL},
	{"calendar_day", NULL, calendar_changed, NULL},
	{0},
};

static enum err fire(struct ctx *ctx, const struct timer *timer)
{
	struct sla_calendars calendars = {.n = 0};
	int64_t id;
	if (!id_parse(timer->key, &id))
		return fail(ctx, ERR_BUG, "", "timer_key");
	enum err err = sla_keep(ctx, &calendars, id, true);
	sla_calendars_free(&calendars);
	return err;
}

const struct timer_kind service_timers[] = {{"case.clock", fire}, {"case.follow", complaint_ask_again}, {.kind = NULL}};
