/* Deadlines of one case: read what happened, derive its clocks, keep what changed, set the timer of the next alarm. */
#include "service/sla.h"

#include <string.h>

#include "base/str.h"
#include "service/service_internal.h"
#include "service_sql.h"

enum { MINUTE = 60000 };

/* A stretch in which something was promised. */
struct clock_now {
	enum sla_kind kind;
	int64_t start, stop; /* INT64_MAX: it runs */
	int64_t by;          /* who stopped it */
	struct sla_answer answer;
	int64_t target, warn; /* milliseconds; the moment of the warning, 0 none */
	int64_t level, id;    /* as kept; 0: not yet */
	bool done;            /* kept or missed before now: it stays as it was */
};

struct event {
	bool out;
	int64_t at, by;
};

struct keeping {
	struct record *record;
	struct sla_policy policy;
	const char *why;
	struct sla_calendars *calendars;
	struct sla_span *spans;
	struct event *events;
	struct clock_now *clocks;
	size_t n_spans, n_events, n_clocks, cap_spans, cap_events, cap_clocks;
	int64_t last_span, now, last_policy;
	const char *last_state;
	int64_t due, next;      /* of the case; of its timer */
	enum sla_kind due_kind;
	int64_t level;
	int64_t raised[4];      /* levels that are reached with this run, 0 none */
};

/* --- spans ---------------------------------------------------------------------------------------- */

static struct sla_span *add_span(struct ctx *ctx, struct keeping *k)
{
	if (k->n_spans == k->cap_spans) {
		size_t cap = k->cap_spans == 0 ? 16 : k->cap_spans * 2;
		struct sla_span *more = arena_array(ctx->arena, cap, sizeof(*more));
		if (more == NULL)
			return NULL;
		if (k->n_spans > 0)
			memcpy(more, k->spans, k->n_spans * sizeof(*more));
		k->spans = more;
		k->cap_spans = cap;
	}
	return &k->spans[k->n_spans++];
}

static enum err read_spans(struct ctx *ctx, struct keeping *k)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_sla_spans, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, record_id(k->record));
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		struct sla_span *s = add_span(ctx, k);
		if (s == NULL) {
			err = fail(ctx, ERR_LIMIT, "", "memory");
			break;
		}
		*s = (struct sla_span){stmt_i64(stmt, 1), stmt_is_null(stmt, 2) ? INT64_MAX : stmt_i64(stmt, 2), stmt_i64(stmt, 3) != 0, stmt_i64(stmt, 4), NULL};
		k->last_span = stmt_i64(stmt, 0);
		k->last_policy = stmt_i64(stmt, 5);
		k->last_state = stmt_text(stmt, 6) != NULL ? arena_strdup(ctx->arena, stmt_text(stmt, 6)) : "";
	}
	stmt_done(stmt);
	for (size_t i = 0; i < k->n_spans && err == OK; i++)
		err = sla_calendar(ctx, k->calendars, k->spans[i].calendar_id, &k->spans[i].calendar);
	return err;
}

static enum err end_span(struct ctx *ctx, struct keeping *k)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_sla_span_end, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, k->last_span);
	stmt_bind_i64(stmt, 2, k->now);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	k->spans[k->n_spans - 1].to = k->now;
	return err;
}

static enum err begin_span(struct ctx *ctx, struct keeping *k, const struct sla_span *span)
{
	struct record *row;
	enum err err = record_new(ctx, registry_find(ctx->registry, "case_span"), &row);
	if (err == OK)
		err = case_set_id(ctx, row, "case_id", record_id(k->record));
	if (err == OK)
		err = case_set_int(ctx, row, "from_at", span->from);
	if (err == OK)
		err = case_set_int(ctx, row, "running", span->running);
	if (err == OK)
		err = case_set_text(ctx, row, "state", record_text(k->record, "state"));
	if (err == OK)
		err = case_set_id(ctx, row, "calendar_id", span->calendar_id);
	if (err == OK)
		err = case_set_id(ctx, row, "policy_id", k->policy.id);
	if (err == OK)
		err = record_create(ctx, row, W_TRUSTED | W_NO_SEARCH);
	struct sla_span *kept = err == OK ? add_span(ctx, k) : NULL;
	if (kept != NULL)
		*kept = *span;
	return err == OK && kept == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

/* What is over keeps the promise under which it ended. */
static bool goes_on(const struct keeping *k, const struct sla_span *last, const struct sla_span *now)
{
	const char *state = record_text(k->record, "state");
	if (!str_equal(k->last_state, state))
		return false;
	return case_is_ended(state) || (last->running == now->running && last->calendar_id == now->calendar_id && k->last_policy == k->policy.id);
}

/* The case as it is now: a new span begins when anything of it differs from the last one. */
static enum err keep_spans(struct ctx *ctx, struct keeping *k)
{
	const char *state = record_text(k->record, "state");
	struct sla_span now = {.from = k->now, .to = INT64_MAX, .running = !case_is_ended(state) && !case_is_waiting(state)};
	enum err err = sla_calendar_of(ctx, &k->policy, record_i64(k->record, "team_id"), &now.calendar_id);
	if (err == OK)
		err = read_spans(ctx, k);
	if (err != OK)
		return err;
	const struct sla_span *last = k->n_spans > 0 ? &k->spans[k->n_spans - 1] : NULL;
	if (last != NULL && goes_on(k, last, &now))
		return OK;
	if (last == NULL && record_i64(k->record, "opened_at") < k->now)
		now.from = record_i64(k->record, "opened_at");
	if (last != NULL)
		err = end_span(ctx, k);
	if (err == OK)
		err = sla_calendar(ctx, k->calendars, now.calendar_id, &now.calendar);
	return err == OK ? begin_span(ctx, k, &now) : err;
}

/* --- clocks --------------------------------------------------------------------------------------- */

static enum err read_events(struct ctx *ctx, struct keeping *k)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_sla_messages, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, record_id(k->record));
	stmt_bind_i64(stmt, 2, 0);
	while (k->n_events < k->cap_events && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		k->events[k->n_events++] = (struct event){str_equal(stmt_text(stmt, 0), "out"), stmt_i64(stmt, 1), stmt_i64(stmt, 2)};
	stmt_done(stmt);
	return err;
}

static struct clock_now *add_clock(struct keeping *k, enum sla_kind kind, int64_t start)
{
	if (k->policy.target[kind] == 0 || k->n_clocks == k->cap_clocks)
		return NULL;
	k->clocks[k->n_clocks] = (struct clock_now){.kind = kind, .start = start, .stop = INT64_MAX, .target = k->policy.target[kind]};
	return &k->clocks[k->n_clocks++];
}

static void stop_clock(struct clock_now **clock, int64_t at, int64_t by)
{
	if (*clock == NULL)
		return;
	(*clock)->stop = at > (*clock)->start ? at : (*clock)->start;
	(*clock)->by = by;
	*clock = NULL;
}

/* What was promised since the case was opened: one first answer, an answer to each time the customer wrote after it, news since
 * the last answer, the solution. */
static void make_clocks(struct keeping *k)
{
	int64_t opened = record_i64(k->record, "opened_at"), solved = record_i64(k->record, "solved_at");
	int64_t by = record_i64(k->record, "solved_by_id");
	bool ended = case_is_ended(record_text(k->record, "state")), answered = false;
	struct clock_now *first = add_clock(k, SLA_FIRST, opened), *next = NULL, *update = NULL, *solve = add_clock(k, SLA_SOLVE, opened);
	for (size_t i = 0; i < k->n_events; i++) {
		const struct event *e = &k->events[i];
		if (!e->out && answered && next == NULL)
			next = add_clock(k, SLA_NEXT, e->at);
		if (!e->out)
			continue;
		stop_clock(&first, e->at, e->by);
		stop_clock(&next, e->at, e->by);
		stop_clock(&update, e->at, e->by);
		update = add_clock(k, SLA_UPDATE, e->at);
		answered = true;
	}
	if (!ended)
		return;
	stop_clock(&first, solved, by);
	stop_clock(&next, solved, by);
	stop_clock(&update, solved, by);
	stop_clock(&solve, solved, by);
}

static enum err derive(struct ctx *ctx, struct keeping *k)
{
	enum err err = OK;
	for (size_t i = 0; i < k->n_clocks && err == OK; i++) {
		struct clock_now *c = &k->clocks[i];
		struct sla_answer warn = {0};
		if (c->done)
			continue;
		err = sla_derive(ctx, k->spans, k->n_spans, c->start, c->stop, k->now, c->target, &c->answer);
		if (err == OK && c->stop == INT64_MAX)
			err = sla_derive(ctx, k->spans, k->n_spans, c->start, c->stop, k->now, c->target * k->policy.warn_percent / 100, &warn);
		c->warn = warn.due;
	}
	return err;
}

/* --- alarms --------------------------------------------------------------------------------------- */

/* The level that is reached by now, and the moment of the next one; 0 none. */
static int64_t level_of(const struct keeping *k, const struct clock_now *c, int64_t *ret_next)
{
	const int64_t moments[] = {c->warn, c->answer.due, c->answer.due != 0 && k->policy.escalate_ms[0] >= 0 ? c->answer.due + k->policy.escalate_ms[0] : 0,
	                           c->answer.due != 0 && k->policy.escalate_ms[1] >= 0 ? c->answer.due + k->policy.escalate_ms[1] : 0};
	int64_t level = 0;
	*ret_next = 0;
	if (c->answer.due == 0) /* time stands still: what was reached stays */
		return c->level;
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		if (moments[i] == 0)
			continue;
		if (moments[i] <= k->now)
			level = (int64_t)i + 1;
		else if (*ret_next == 0 || moments[i] < *ret_next)
			*ret_next = moments[i];
	}
	return level;
}

static void settle_alarms(struct keeping *k, bool fire)
{
	for (size_t i = 0; i < k->n_clocks; i++) {
		struct clock_now *c = &k->clocks[i];
		int64_t next, level;
		if (c->stop != INT64_MAX)
			continue;
		level = level_of(k, c, &next);
		if (level > c->level && !fire) {
			next = k->now; /* the timer raises it */
			level = c->level;
		} else if (level > c->level) {
			for (int64_t l = c->level + 1; l <= level; l++)
				k->raised[l - 1] = l;
		}
		c->level = level;
		if (level > k->level)
			k->level = level;
		if (next != 0 && (k->next == 0 || next < k->next))
			k->next = next;
		if (c->answer.due != 0 && (k->due == 0 || c->answer.due < k->due)) {
			k->due = c->answer.due;
			k->due_kind = c->kind;
		}
	}
}

/* --- keeping -------------------------------------------------------------------------------------- */

static struct clock_now *find_clock(struct keeping *k, const char *kind, int64_t start)
{
	for (size_t i = 0; i < k->n_clocks; i++) {
		if (k->clocks[i].start == start && str_equal(sla_kind_names[k->clocks[i].kind], kind))
			return &k->clocks[i];
	}
	return NULL;
}

/* What stands there: levels go on; a clock that was kept or missed keeps what was promised then. */
static enum err match_clocks(struct ctx *ctx, struct keeping *k, int64_t *drop, size_t *n_drop)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_sla_clocks, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, record_id(k->record));
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		struct clock_now *c = find_clock(k, stmt_text(stmt, 1), stmt_i64(stmt, 2));
		if (c == NULL) {
			bool kept = !stmt_is_null(stmt, 3) && case_is_ended(record_text(k->record, "state"));
			if (!kept && *n_drop < k->cap_clocks) /* more than that: the next time */
				drop[(*n_drop)++] = stmt_i64(stmt, 0);
			continue;
		}
		c->id = stmt_i64(stmt, 0);
		c->level = stmt_i64(stmt, 5);
		c->done = !stmt_is_null(stmt, 3) && c->stop == stmt_i64(stmt, 3);
	}
	stmt_done(stmt);
	return err;
}

static void bind_or_null(struct stmt *stmt, int at, bool given, int64_t value)
{
	if (given)
		stmt_bind_i64(stmt, at, value);
	else
		stmt_bind_null(stmt, at);
}

static enum err make_clock_row(struct ctx *ctx, const struct keeping *k, struct clock_now *c)
{
	struct record *row;
	enum err err = record_new(ctx, registry_find(ctx->registry, "case_clock"), &row);
	if (err == OK)
		err = case_set_id(ctx, row, "case_id", record_id(k->record));
	if (err == OK)
		err = record_set(ctx, row, "kind", value_text(sla_kind_names[c->kind]));
	if (err == OK)
		err = case_set_int(ctx, row, "started_at", c->start);
	if (err == OK)
		err = record_create(ctx, row, W_TRUSTED | W_NO_SEARCH);
	c->id = err == OK ? record_id(row) : 0;
	return err;
}

static enum err keep_clock(struct ctx *ctx, const struct keeping *k, struct clock_now *c)
{
	struct stmt *stmt;
	bool stopped = c->stop != INT64_MAX;
	enum err err = c->id == 0 ? make_clock_row(ctx, k, c) : OK;
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_sla_clock_set, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, c->id);
	bind_or_null(stmt, 2, stopped, c->stop);
	stmt_bind_i64(stmt, 3, c->target / MINUTE);
	stmt_bind_i64(stmt, 4, c->answer.elapsed / MINUTE);
	bind_or_null(stmt, 5, c->answer.due != 0, c->answer.due);
	bind_or_null(stmt, 6, stopped, c->answer.elapsed <= c->target);
	bind_or_null(stmt, 7, c->by != 0, c->by);
	bind_or_null(stmt, 8, k->policy.id != 0, k->policy.id);
	stmt_bind_i64(stmt, 9, c->level);
	err = stmt_run_later(ctx, stmt);
	stmt_done(stmt);
	return err;
}

static enum err drop_clocks(struct ctx *ctx, const int64_t *ids, size_t n)
{
	enum err err = OK;
	for (size_t i = 0; i < n && err == OK; i++) {
		struct stmt *stmt;
		err = db_prepare(ctx, ctx->db, &sql_sla_clock_drop, &stmt);
		if (err != OK)
			return err;
		stmt_bind_i64(stmt, 1, ids[i]);
		err = stmt_run(ctx, stmt, NULL);
		stmt_done(stmt);
	}
	return err;
}

static enum err keep_case(struct ctx *ctx, const struct keeping *k)
{
	static const char *const alarms[] = {NULL, "warned", "late", "escalated", "escalated_twice"};
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_sla_case_set, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, record_id(k->record));
	bind_or_null(stmt, 2, k->due != 0, k->due);
	stmt_bind_text(stmt, 3, k->due != 0 ? sla_kind_names[k->due_kind] : NULL);
	stmt_bind_text(stmt, 4, alarms[k->level >= 0 && k->level < 5 ? k->level : 0]);
	bind_or_null(stmt, 5, k->policy.id != 0, k->policy.id);
	stmt_bind_text(stmt, 6, k->why);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err keep_timer(struct ctx *ctx, const struct keeping *k)
{
	const char *key = arena_printf(ctx->arena, "%lld", (long long)record_id(k->record));
	if (key == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	return k->next != 0 ? timer_set(ctx, "case.clock", key, k->next, "") : timer_clear(ctx, "case.clock", key);
}

static enum err add_participant(struct ctx *ctx, const struct record *record, int64_t user)
{
	struct record *patch;
	const struct value *now = record_value(record, "participants");
	size_t n = now->kind == VALUE_LIST ? now->l.n : 0;
	int64_t *ids = arena_array(ctx->arena, n + 1, sizeof(*ids));
	if (ids == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < n; i++) {
		ids[i] = now->l.ids[i];
		if (ids[i] == user)
			return OK;
	}
	ids[n] = user;
	enum err err = record_new(ctx, record->info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "participants", (struct value){.kind = VALUE_LIST, .l = {ids, n + 1}});
	return err == OK ? record_update(ctx, record_id(record), patch, 0, W_TRUSTED, NULL) : err;
}

/* Who is told when an alarm is raised: the case says so, and who it is escalated to takes part from then on. */
static enum err tell_of(struct ctx *ctx, const struct keeping *k)
{
	static const char *const codes[] = {"sla_warned", "sla_late", "sla_escalated", "sla_escalated"};
	enum err err = OK;
	for (int i = 0; i < 4 && err == OK; i++) {
		int64_t to = i >= 2 ? k->policy.escalate_to[i - 2] : 0;
		if (k->raised[i] == 0)
			continue;
		err = case_tell(ctx, record_id(k->record), codes[i], k->due != 0 ? sla_kind_names[k->due_kind] : NULL);
		if (err == OK && to != 0)
			err = add_participant(ctx, k->record, to);
	}
	return err;
}

static enum err keep_all(struct ctx *ctx, struct keeping *k, bool fire)
{
	int64_t *drop = arena_array(ctx->arena, k->cap_clocks, sizeof(*drop));
	size_t n_drop = 0;
	if (drop == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = keep_spans(ctx, k);
	if (err == OK)
		err = read_events(ctx, k);
	if (err != OK)
		return err;
	make_clocks(k);
	err = match_clocks(ctx, k, drop, &n_drop);
	if (err == OK)
		err = derive(ctx, k);
	if (err != OK)
		return err;
	settle_alarms(k, fire);
	err = drop_clocks(ctx, drop, n_drop);
	for (size_t i = 0; i < k->n_clocks && err == OK; i++)
		err = k->clocks[i].done ? OK : keep_clock(ctx, k, &k->clocks[i]);
	if (err == OK)
		err = keep_case(ctx, k);
	if (err == OK)
		err = keep_timer(ctx, k);
	return err == OK ? tell_of(ctx, k) : err;
}

enum err sla_keep(struct ctx *ctx, struct sla_calendars *calendars, int64_t case_id, bool fire)
{
	struct keeping k = {.calendars = calendars, .now = ctx_now(ctx)};
	enum err err = record_load(ctx, registry_find(ctx->registry, "case"), case_id, &k.record);
	if (err == ERR_NOT_FOUND) { /* deleted meanwhile */
		faults_clear(ctx);
		return OK;
	}
	if (err != OK)
		return err;
	k.cap_events = (size_t)record_i64(k.record, "last_seq") + 1;
	k.cap_clocks = 2 * k.cap_events + SLA_KINDS;
	k.events = arena_array(ctx->arena, k.cap_events, sizeof(*k.events));
	k.clocks = arena_array(ctx->arena, k.cap_clocks, sizeof(*k.clocks));
	if (k.events == NULL || k.clocks == NULL)
		err = fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = sla_choose(ctx, k.record, &k.policy, &k.why);
	return err == OK ? keep_all(ctx, &k, fire) : err;
}

static enum err keep_once(struct ctx *ctx, void *arg)
{
	struct sla_calendars calendars = {.n = 0};
	enum err err = sla_keep(ctx, &calendars, (int64_t)(intptr_t)arg, false);
	sla_calendars_free(&calendars);
	return err;
}

enum err sla_later(struct ctx *ctx, int64_t case_id)
{
	/* the id itself is the argument, so that the store sees the same case twice as the same work */
	return db_before_commit(ctx, keep_once, (void *)(intptr_t)case_id);
}
