/* Follows the change log: what is due for whom, found with a read connection; done, and kept, in the job that moves the position. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "automations/automations_internal.h"
#include "automations_sql.h"
#include "base/str.h"
#include "core/events/events.h"
#include "core/gate/gate.h"
#include "core/readers/readers.h"
#include "core/store/store.h"

const struct setting automations_settings[] = {
	{.name = "automation.seconds", .type = SETTING_INT, .min = 1, .max = 600, .fallback = "10", .group = {"Limits", "限制"},
	 .label = {"An automation may take for 200 changes (s)", "自动化处理 200 项变更的时限（秒）"},
	 .help = {"What it has not looked at by then fails, and says so: the others would wait for it.", "超时未判断的变更记为失败并注明原因，以免其他自动化等待。"}},
	{.name = NULL},
};

enum { BATCH = 200, AUTOMATIONS_MAX = 1000, SAW_MAX = 50000 };

/* An automation made ready to be asked of a batch of changes: once, however many they are. */
struct opened {
	bool done;
	int64_t left_ms; /* of the time it may take */
	const char *error;
	const struct actor *actor;
	struct condition *condition;
};

struct watching {
	struct service_turn *turn;
	struct opened *opened; /* beside `list` */
	struct automation *list;
	size_t n_list;
	struct automation_due *due;
	size_t n, cap;
};

enum err automations_read(struct ctx *ctx, const char *event, int64_t only_id, struct automation **ret, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = true;
	struct automation *list = arena_array(ctx->arena, only_id ? 1 : AUTOMATIONS_MAX, sizeof(*list));
	*ret_n = 0;
	*ret = list;
	enum err err = list ? db_prepare(ctx, ctx->db, &sql_automation_list, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err)
		return err;
	stmt_bind_text(stmt, 1, event ? event : "");
	stmt_bind_i64(stmt, 2, only_id);
	while (*ret_n < (only_id ? 1 : AUTOMATIONS_MAX) && !(err = stmt_step(ctx, stmt, &row)) && row) {
		const char *entity = stmt_text(stmt, 9);
		list[(*ret_n)++] = (struct automation){
			.id = stmt_i64(stmt, 0), .owner_id = stmt_i64(stmt, 1), .version = stmt_i64(stmt, 2), .per_minute = stmt_i64(stmt, 3), .per_record = stmt_i64(stmt, 4),
			.created_ms = stmt_i64(stmt, 10),
			.name = arena_strdup(ctx->arena, stmt_text(stmt, 5)), .event = arena_strdup(ctx->arena, stmt_text(stmt, 6)),
			.condition = stmt_is_null(stmt, 7) ? NULL : arena_strdup(ctx->arena, stmt_text(stmt, 7)), .actions = arena_strdup(ctx->arena, stmt_text(stmt, 8)),
			.info = entity ? registry_find(ctx->registry, entity) : NULL};
	}
	stmt_done(stmt);
	return err;
}

/* Two changes that are read together are one: the record is seen as it stands now. */
static enum err add_due(struct ctx *ctx, struct watching *w, struct automation_due due)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->due[i].automation == due.automation && w->due[i].record_id == due.record_id) {
			w->due[i] = due;
			return OK;
		}
	if (w->n == w->cap) {
		size_t cap = w->cap * 2 + 32;
		struct automation_due *more = arena_array(ctx->arena, cap, sizeof(*more));
		if (!more)
			return fail(ctx, ERR_LIMIT, "", "memory");
		if (w->n)
			memcpy(more, w->due, w->n * sizeof(*more));
		w->due = more;
		w->cap = cap;
	}
	w->due[w->n++] = due;
	return OK;
}

/* "auto-123-2": how many automations in a row have led here. */
static int depth_of(const char *request_id)
{
	const char *last = str_starts(request_id, "auto-") ? strrchr(request_id, '-') : NULL;
	int64_t depth = 0;
	return last && str_to_i64(last + 1, &depth) && depth > 0 && depth < 1000 ? (int)depth : 0;
}

/* A change bears on a condition that looks at one of its fields; without a condition every change does. */
static enum err bears(struct ctx *ctx, const struct condition *condition, const struct change *change, bool *ret)
{
	struct condition_read *reads;
	size_t n;
	json_t *diff;
	*ret = change->action != CHANGE_UPDATE || !condition;
	if (*ret)
		return OK;
	enum err err = condition_reads(ctx, condition, &reads, &n);
	diff = err ? NULL : json_loads(change->diff, 0, NULL);
	for (size_t i = 0; !err && i < n; i++)
		*ret |= reads[i].info == condition->info && reads[i].field >= 0 && json_object_get(diff, condition->info->fields[reads[i].field]->name) != NULL;
	json_decref(diff);
	return err;
}

static enum err see(struct ctx *ctx, const struct condition *condition, int64_t id, const char **ret)
{
	struct buf saw;
	struct jsonw w;
	struct arena_mark mark = arena_mark(ctx->arena);
	buf_init(&saw, SAW_MAX);
	jsonw_init(&w, &saw);
	enum err err = condition_why_told(ctx, condition, id, &w);
	if (!err)
		arena_rewind(ctx->arena, mark);
	*ret = err || buf_failed(&saw) ? NULL : arena_strndup(ctx->arena, buf_text(&saw), saw.len);
	buf_release(&saw);
	return err;
}

static bool is_unable(enum err err)
{
	return err == ERR_INVALID || err == ERR_FORBIDDEN || err == ERR_DENIED || err == ERR_NOT_FOUND;
}

static enum err holds_of(struct ctx *ctx, const struct condition *condition, const struct change *change, bool *ret)
{
	struct condition_run run;
	enum err err = bears(ctx, condition, change, ret);
	if (err || !*ret || !condition)
		return err;
	condition_run_begin(ctx, &run);
	err = condition_one(&run, condition, change->record_id, ret, NULL);
	condition_run_end(&run);
	return err;
}

/* Whether the condition, if there is one, holds of the record, and what it saw. */
static enum err find_holds(struct ctx *ctx, const struct condition *condition, const struct change *change, bool *ret, const char **ret_saw)
{
	struct arena_mark mark = arena_mark(ctx->arena);
	enum err err = holds_of(ctx, condition, change, ret);
	if (err)
		return err;
	arena_rewind(ctx->arena, mark);
	return *ret && condition ? see(ctx, condition, change->record_id, ret_saw) : OK;
}

static enum err open_one(struct ctx *ctx, struct watching *w, const struct automation *a, struct opened *o)
{
	enum err err = w->turn->as_user(w->turn->arg, ctx, a->owner_id);
	o->actor = ctx->actor;
	if (!err && !str_empty(a->condition))
		err = condition_parse(ctx, a->info, a->condition, &o->condition);
	if (err && !is_unable(err))
		return err;
	o->left_ms = setting_int(ctx, &automations_settings[0]) * 1000;
	o->error = !err ? NULL : err == ERR_DENIED ? "automation_owner_gone" : "automation_condition";
	faults_clear(ctx);
	o->done = true;
	return OK;
}

/* One thread looks for all automations, so none may hold it for as long as it likes. */
static enum err find_in_time(struct ctx *ctx, struct opened *o, const struct change *change, bool *ret, const char **ret_saw)
{
	int64_t begun = ctx_now(ctx), until = begun + o->left_ms;
	ctx->deadline_ms = until;
	enum err err = find_holds(ctx, o->condition, change, ret, ret_saw);
	ctx->deadline_ms = 0;
	o->left_ms -= ctx_now(ctx) - begun;
	if (err != ERR_LIMIT || ctx_now(ctx) < until)
		return err;
	faults_clear(ctx);
	o->error = "automation_slow";
	return OK;
}

static enum err ask(struct ctx *ctx, struct watching *w, const struct automation *a, const struct change *change)
{
	struct automation_due due = {.automation = a, .record_id = change->record_id, .seq = change->seq, .depth = depth_of(change->request_id)};
	struct opened *o = &w->opened[a - w->list];
	bool holds = false;
	enum err err = o->done ? OK : open_one(ctx, w, a, o);
	if (err)
		return err;
	due.actor = ctx->actor = o->actor;
	if (!o->error)
		err = find_in_time(ctx, o, change, &holds, &due.saw);
	due.error = o->error;
	return err || !(holds || o->error) ? err : add_due(ctx, w, due);
}

static enum err begin_look(struct ctx *ctx, struct watching *w)
{
	w->n = 0;
	enum err err = automations_read(ctx, NULL, 0, &w->list, &w->n_list);
	if (err)
		return err;
	w->opened = arena_array(ctx->arena, w->n_list + 1, sizeof(*w->opened));
	return w->opened ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err look(struct ctx *ctx, void *arg, const struct change *list, size_t n, bool *ret_any)
{
	struct watching *w = arg;
	const struct actor *before = ctx->actor;
	enum err err = begin_look(ctx, w);
	for (size_t i = 0; !err && i < n; i++) {
		const char *event = list[i].action == CHANGE_CREATE ? "created" : list[i].action == CHANGE_UPDATE ? "changed" : NULL;
		for (size_t k = 0; event && !err && k < w->n_list; k++) {
			const struct automation *a = &w->list[k];
			struct faults faults = ctx->faults;
			/* what happened before it was made is none of its business, however late it is read */
			bool mine = a->info && str_equal(a->info->entity->name, list[i].entity) && str_equal(a->event, event) && list[i].at_ms >= a->created_ms;
			if (!mine)
				continue;
			err = ask(ctx, w, a, &list[i]);
			if (is_unable(err)) { /* gone meanwhile */
				ctx->faults = faults;
				err = OK;
			}
		}
	}
	ctx->actor = before;
	*ret_any = w->n > 0;
	return err;
}

static enum err apply(struct ctx *ctx, void *arg)
{
	const struct watching *w = arg;
	enum err err = OK;
	for (size_t i = 0; !err && i < w->n; i++) {
		const char *state;
		err = automation_run(ctx, &w->due[i], &state);
	}
	return err;
}

static const struct reader reader = {.name = "automations", .batch = BATCH, .look = look, .apply = apply};

static enum err turn(struct ctx *ctx, struct service_turn *t)
{
	struct reader_state *state = *t->state;
	struct watching *work = arena_alloc(ctx->arena, sizeof(*work));
	if (state == NULL)
		state = *t->state = calloc(1, sizeof(*state));
	if (state == NULL || work == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	work->turn = t;
	return reader_turn(ctx, &reader, state, work, t);
}

const struct service automations_services[] = {
	{.name = "automations", .alone = true, .turn = turn, .end = free},
	{.name = NULL},
};
