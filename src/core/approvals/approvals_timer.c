/* The deadline of a step. */
#include "base/id.h"
#include "base/str.h"
#include "core/approvals/approvals_internal.h"
#include "core/store/store.h"

enum { HOUR_MS = 3600 * 1000 };

static enum err remind(struct ctx *ctx, const struct record *request)
{
	int64_t *ids;
	size_t n;
	enum err err = approval_voters(ctx, record_id(request), record_i64(request, "step"), 0, "open", &ids, &n);
	for (size_t i = 0; !err && i < n; i++) {
		struct record *voter;
		err = record_load(ctx, registry_find(ctx->registry, "approval_voter"), ids[i], &voter);
		if (!err)
			err = approval_tell(ctx, request, record_i64(voter, "user_id"), true, "⏰ ");
	}
	return err;
}

/* Those who made the rule may decide too, or whom the step names. */
static enum err escalate(struct ctx *ctx, const struct record *request, const json_t *step)
{
	const char *to = json_string_value(json_object_get(step, "to"));
	json_t *other = to ? json_pack("{s:s,s:s}", "who", "user", "user", to) : json_pack("{s:s,s:s}", "who", "user", "user", "0");
	int64_t *people;
	size_t n;
	enum err err = other ? approval_people(ctx, request, other, &people, &n) : fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; !err && i < n; i++)
		err = approval_add_voter(ctx, request, record_i64(request, "step"), people[i]);
	json_decref(other);
	return err;
}

static enum err fire_step(struct ctx *ctx, const struct record *request, const json_t *step, const struct timer *timer)
{
	const char *then = json_string_value(json_object_get(step, "then"));
	const json_int_t hours = json_integer_value(json_object_get(step, "hours"));
	if (str_equal(then, "reject"))
		return approval_end(ctx, request, "rejected", "deadline");
	enum err err = str_equal(then, "escalate") ? escalate(ctx, request, step) : OK;
	if (!err)
		err = remind(ctx, request);
	return err || hours < 1 ? err : timer_set(ctx, timer->kind, timer->key, ctx_now(ctx) + hours * HOUR_MS, "");
}

static enum err fire(struct ctx *ctx, const struct timer *timer)
{
	struct record *request;
	int64_t id;
	if (!id_parse(timer->key, &id))
		return OK;
	enum err err = approval_hold(ctx, id, &request);
	if (err == ERR_CONFLICT || err == ERR_NOT_FOUND) {
		faults_clear(ctx);
		return OK;
	}
	if (err)
		return err;
	json_t *steps = json_loads(record_text(request, "steps"), 0, NULL);
	const json_t *step = approval_step_at(steps, record_i64(request, "step"));
	err = step ? fire_step(ctx, request, step, timer) : OK;
	json_decref(steps);
	return err;
}

const struct timer_kind approvals_timers[] = {{"approval", fire}, {.kind = NULL}};
