/* The steps a state may take: from where to where, by whom, with what filled, with a reason.  Refusals say what is possible. */
#include <string.h>

#include "base/str.h"
#include "core/entity/record_internal.h"
#include "core/entity/type_common.h"

/* Whether the name is one of those in a list with commas. */
static bool listed(const char *list, const char *name)
{
	size_t n = strlen(name);
	for (const char *at = list; *at;) {
		size_t len = strcspn(at, ",");
		if (len == n && memcmp(at, name, n) == 0)
			return true;
		at += len;
		at += *at == ',';
	}
	return false;
}

bool entity_step_leads(const struct transition *transition, const char *from)
{
	if (!from || str_equal(from, transition->to))
		return false;
	return !transition->from || listed(transition->from, from);
}

bool entity_step_may(const struct ctx *ctx, const struct entity_info *info, int field, const struct transition *transition)
{
	const struct actor *actor = ctx->actor;
	if (entity_scope(actor, info, ACTION_UPDATE) == SCOPE_NONE || entity_field_right(actor, info, field) != RIGHT_WRITE)
		return false;
	uint32_t cap = registry_cap(entity_state(info)->registry, transition->cap);
	return !transition->cap || (cap && gate_cap(actor, (enum capability)cap));
}

const struct transition *entity_transition(const struct entity_info *info, const char *name, int *ret_field)
{
	const struct entity_state *state = entity_state(info);
	for (size_t i = 0; i < state->n_moves; i++)
		for (const struct transition *t = info->fields[state->moves[i]]->transitions; t->name; t++)
			if (str_equal(t->name, name)) {
				*ret_field = state->moves[i];
				return t;
			}
	return NULL;
}

static const char *text_at(const struct record *record, int at)
{
	return record->values[at].kind == VALUE_TEXT ? record->values[at].t.p : NULL;
}

static const struct transition *find(const struct field *field, const char *from, const char *to)
{
	for (const struct transition *t = field->transitions; t->name; t++)
		if (str_equal(t->to, to) && entity_step_leads(t, from))
			return t;
	return NULL;
}

static const char *option_label(struct ctx *ctx, const struct field *field, const char *value)
{
	for (const struct option *option = field->options; option->value; option++)
		if (str_equal(option->value, value))
			return entity_label(ctx, &option->label);
	return value ? value : "";
}

static bool has_fault(const struct ctx *ctx, const char *field)
{
	for (size_t i = 0; i < ctx->faults.count; i++)
		if (str_equal(ctx->faults.list[i].field, field))
			return true;
	return false;
}

/* --- refusals -------------------------------------------------------------------- */

/* The names of what this actor may do from here: "Ship, Cancel"; "" when there is nothing. */
static const char *possible(struct ctx *ctx, const struct entity_info *info, int at, const char *from)
{
	const char *list = "";
	for (const struct transition *t = info->fields[at]->transitions; list && t->name; t++)
		if (entity_step_leads(t, from) && entity_step_may(ctx, info, at, t))
			list = arena_printf(ctx->arena, "%s%s%s", list, *list ? type_between(ctx) : "", entity_label(ctx, &t->label));
	return list ? list : "";
}

/* Where it stands, where it was to go, what can be done instead. */
static void refuse(struct ctx *ctx, const struct record *old, int at, const char *to, enum err code, const char *key)
{
	const struct field *field = old->info->fields[at];
	const char *from = text_at(old, at), *list = possible(ctx, old->info, at, from);
	const char *arg = arena_printf(ctx->arena, "%s" FAULT_PART "%s" FAULT_PART "%s", option_label(ctx, field, from),
	                               to ? option_label(ctx, field, to) : "–", list);
	fault_add(ctx, code, field->name, !*list && code == ERR_INVALID ? "move_nowhere" : key, arg);
}

enum err record_refuse_move(struct ctx *ctx, const struct record *record, int field, const char *to)
{
	refuse(ctx, record, field, to, ERR_INVALID, "move_refused");
	return ERR_INVALID;
}

/* --- checks ---------------------------------------------------------------------- */

static void refuse_start(struct ctx *ctx, const struct field *field, const char *to)
{
	const char *list = "";
	for (const struct option *option = field->options; list && option->value; option++)
		if (listed(field->starts, option->value))
			list = arena_printf(ctx->arena, "%s%s%s", list, *list ? type_between(ctx) : "", entity_label(ctx, &option->label));
	fault_add(ctx, ERR_INVALID, field->name, "move_start",
	          arena_printf(ctx->arena, "%s" FAULT_PART "%s", option_label(ctx, field, to), list ? list : ""));
}

/* An import brings what was, at whatever state it was left. */
static bool asks_start(const struct ctx *ctx, const struct field *field, unsigned flags)
{
	return field->starts && !(flags & W_TRUSTED) && !(ctx->actor && ctx->actor->kind == ACTOR_IMPORT);
}

void record_check_start(struct ctx *ctx, const struct record *now, unsigned flags)
{
	const struct entity_state *state = entity_state(now->info);
	for (size_t i = 0; i < state->n_moves; i++) {
		const struct field *field = now->info->fields[state->moves[i]];
		const char *to = text_at(now, state->moves[i]);
		if (to && asks_start(ctx, field, flags) && !has_fault(ctx, field->name) && !listed(field->starts, to))
			refuse_start(ctx, field, to);
	}
}

/* Given with the step; what stood there before was that of another.  Of an import, which brings what was decided elsewhere, it
 * is not asked: the change log names the run. */
static void check_reason(struct ctx *ctx, const struct record *patch, struct record *now, const struct transition *t)
{
	int at = entity_field(now->info, t->reason);
	if (ctx->actor && ctx->actor->kind == ACTOR_IMPORT && !patch->set[at])
		now->values[at] = value_null();
	else if ((!patch->set[at] || now->values[at].kind == VALUE_NULL) && !has_fault(ctx, t->reason))
		fault_add(ctx, ERR_INVALID, t->reason, "move_reason", entity_label(ctx, &t->label));
}

/* The reason of an earlier step does not stand beside the new state. */
static void clear_reasons(const struct record *patch, struct record *now, const struct field *field)
{
	for (const struct transition *t = field->transitions; t->name; t++) {
		int at = t->reason ? entity_field(now->info, t->reason) : -1;
		if (at >= 0 && !patch->set[at])
			now->values[at] = value_null();
	}
}

static void check_move(struct ctx *ctx, const struct record *patch, struct record *now, const struct record *old, int at, unsigned flags)
{
	const struct field *field = now->info->fields[at];
	const char *from = text_at(old, at), *to = text_at(now, at);
	if (!from) { /* it had none: it begins */
		if (to && asks_start(ctx, field, flags) && !listed(field->starts, to))
			refuse_start(ctx, field, to);
		return;
	}
	const struct transition *t = to ? find(field, from, to) : NULL;
	if (flags & W_BACK && to && !t) {
		t = find(field, to, from);
		if (t && entity_step_may(ctx, now->info, at, t))
			return;
	}
	if (!t)
		refuse(ctx, old, at, to, ERR_INVALID, "move_refused");
	else if (!entity_step_may(ctx, now->info, at, t))
		refuse(ctx, old, at, to, ERR_FORBIDDEN, "move_forbidden");
	else if (t->reason && !(flags & W_BACK))
		check_reason(ctx, patch, now, t);
	else
		clear_reasons(patch, now, field);
}

void record_check_moves(struct ctx *ctx, const struct record *patch, struct record *now, const struct record *old, unsigned flags)
{
	const struct entity_state *state = entity_state(now->info);
	for (size_t i = 0; i < state->n_moves && !(flags & W_TRUSTED); i++) {
		int at = state->moves[i];
		if (patch->set[at] && !value_equal(&old->values[at], &now->values[at]) && !has_fault(ctx, now->info->fields[at]->name))
			check_move(ctx, patch, now, old, at, flags);
	}
}

/* Each field of the list that is empty, once. */
static void check_filled(struct ctx *ctx, const struct record *now, const struct transition *t)
{
	char name[64];
	for (size_t i = 0; registry_list_item(t->needs, i, name, sizeof(name), NULL); i++) {
		int at = entity_field(now->info, name);
		bool none = now->values[at].kind == VALUE_NULL || (now->values[at].kind == VALUE_LIST && now->values[at].l.n == 0);
		if (none && !has_fault(ctx, now->info->fields[at]->name))
			fault_add(ctx, ERR_INVALID, now->info->fields[at]->name, "move_needs", entity_label(ctx, &t->label));
	}
}

void record_check_needs(struct ctx *ctx, const struct record *now, const struct record *old, unsigned flags)
{
	const struct entity_state *state = entity_state(now->info);
	for (size_t i = 0; i < state->n_moves && !(flags & (W_TRUSTED | W_BACK)); i++) {
		int at = state->moves[i];
		const char *from = text_at(old, at), *to = text_at(now, at);
		const struct transition *t = from && to ? find(now->info->fields[at], from, to) : NULL;
		if (t && t->needs)
			check_filled(ctx, now, t);
	}
}
