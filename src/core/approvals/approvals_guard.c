/* Asked of every change by a person: whether a rule holds it back.
 *
 * The rules that are on are kept in memory; `stale` is raised by every commit that touches one, and taken back only by whoever then
 * reads them anew, over a connection of its own, so that nothing uncommitted is ever kept. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "approvals_sql.h"
#include "base/str.h"
#include "core/approvals/approvals_internal.h"
#include "core/events/events.h"
#include "core/gate/gate.h"
#include "core/store/store.h"

struct approvals {
	struct store *store;
	struct registry *registry;
	struct registry_guard guard;
	pthread_mutex_t lock;
	atomic_bool stale;
	atomic_size_t n;
	struct approval_rule *list; /* its texts are its own */
};

/* --- the rules ------------------------------------------------------------------------- */

enum { TEXTS = 7 };

static const char **text_at(struct approval_rule *rule, size_t i)
{
	const char **const all[TEXTS] = {&rule->name, &rule->entity, &rule->fields, &rule->direction, &rule->before, &rule->condition, &rule->steps};
	return all[i];
}

static void list_free(struct approval_rule *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < TEXTS; k++)
			free((void *)(uintptr_t)*text_at(&list[i], k));
	free(list);
}

static enum err read_row(struct ctx *ctx, const struct stmt *stmt, struct approval_rule *rule)
{
	*rule = (struct approval_rule){.id = stmt_i64(stmt, 0)};
	for (size_t i = 0; i < TEXTS; i++) {
		const char *text = stmt_text(stmt, (int)i + 1);
		char *copy = strdup(text ? text : "");
		if (!copy)
			return fail(ctx, ERR_LIMIT, "", "memory");
		*text_at(rule, i) = copy;
	}
	return OK;
}

static enum err read_rules(struct ctx *ctx, struct db *db, struct approval_rule *list, size_t *n)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, db, &sql_approval_rules, &stmt);
	if (err)
		return err;
	while (*n < APPROVAL_RULES_MAX && !(err = stmt_step(ctx, stmt, &row)) && row && !(err = read_row(ctx, stmt, &list[*n])))
		(*n)++;
	stmt_done(stmt);
	return err;
}

static enum err reload(struct ctx *ctx, struct approvals *approvals)
{
	struct approval_rule *list = calloc(APPROVAL_RULES_MAX, sizeof(*list));
	struct db *db;
	size_t n = 0;
	enum err err = list ? db_open_new(ctx, approvals->store, &db) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err) {
		free(list);
		return err;
	}
	atomic_store(&approvals->stale, false);
	err = read_rules(ctx, db, list, &n);
	db_free(db);
	if (err) {
		atomic_store(&approvals->stale, true);
		list_free(list, n);
		return err;
	}
	list_free(approvals->list, atomic_load(&approvals->n));
	approvals->list = list;
	atomic_store(&approvals->n, n);
	return OK;
}

static void on_commit(void *arg, const char *entity, int64_t record_id, enum change_action action)
{
	struct approvals *approvals = arg;
	(void)record_id;
	(void)action;
	if (str_equal(entity, approval_rule_entity.name))
		atomic_store_explicit(&approvals->stale, true, memory_order_release);
}

static enum err copy_rule(struct ctx *ctx, const struct approval_rule *from, struct approval_rule *to)
{
	struct approval_rule copy = *from;
	for (size_t i = 0; i < TEXTS; i++)
		if (!(*text_at(&copy, i) = arena_strdup(ctx->arena, *text_at(&copy, i))))
			return fail(ctx, ERR_LIMIT, "", "memory");
	*to = copy;
	return OK;
}

/* Those of one entity, in ctx's arena. */
static enum err rules_of(struct ctx *ctx, struct approvals *approvals, const char *entity, struct approval_rule **ret, size_t *ret_n)
{
	enum err err = OK;
	*ret_n = 0;
	*ret = NULL;
	if (!atomic_load_explicit(&approvals->stale, memory_order_acquire) && atomic_load(&approvals->n) == 0)
		return OK;
	pthread_mutex_lock(&approvals->lock);
	if (atomic_load(&approvals->stale))
		err = reload(ctx, approvals);
	size_t n = atomic_load(&approvals->n), mine = 0;
	for (size_t i = 0; !err && i < n; i++)
		mine += str_equal(approvals->list[i].entity, entity);
	if (!err && mine > 0 && !(*ret = arena_array(ctx->arena, mine, sizeof(**ret))))
		err = fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; !err && mine > 0 && i < n; i++)
		if (str_equal(approvals->list[i].entity, entity))
			err = copy_rule(ctx, &approvals->list[i], &(*ret)[(*ret_n)++]);
	pthread_mutex_unlock(&approvals->lock);
	return err;
}

/* --- whether a rule is meant --------------------------------------------------------------- */

static int compare(const struct value *a, const struct value *b)
{
	if (a->kind == VALUE_NULL || b->kind == VALUE_NULL)
		return (a->kind != VALUE_NULL) - (b->kind != VALUE_NULL);
	if (a->kind == VALUE_INT && b->kind == VALUE_INT)
		return (a->i > b->i) - (a->i < b->i);
	if (a->kind == VALUE_REAL && b->kind == VALUE_REAL)
		return (a->r > b->r) - (a->r < b->r);
	return a->kind == VALUE_TEXT && b->kind == VALUE_TEXT ? strcmp(a->t.p, b->t.p) : 0;
}

/* The value of a field whose descriptor says what it is when nobody says: none has been chosen then. */
static bool is_unset(const struct ctx *ctx, const struct record *now, size_t at)
{
	const struct field *field = now->info->fields[at];
	const struct value *value = &now->values[at];
	(void)ctx;
	if (value->kind == VALUE_NULL || (value->kind == VALUE_LIST && value->l.n == 0))
		return true;
	if (!field->fallback)
		return false;
	if (value->kind == VALUE_INT && str_equal(field->fallback, "0"))
		return value->i == 0;
	return value->kind == VALUE_TEXT && field->type == FIELD_ENUM && str_equal(value->t.p, field->fallback);
}

static bool has_moved(const struct ctx *ctx, const struct approval_rule *rule, const struct record *old, const struct record *now)
{
	static const struct value none = {.kind = VALUE_NULL};
	const bool raised = str_equal(rule->direction, "raised"), lowered = str_equal(rule->direction, "lowered");
	for (size_t at = SF_COUNT; at < now->info->n_fields; at++) {
		const struct value *was = old ? &old->values[at] : &none, *is = &now->values[at];
		if (!approval_lists(rule->fields, now->info->fields[at]->name) || (old ? value_equal(was, is) : is_unset(ctx, now, at)))
			continue;
		int way = compare(is, was);
		if ((!raised && !lowered) || (raised && way > 0) || (lowered && way < 0))
			return true;
	}
	return false;
}

/* With all rights, as the rule is the firm's. */
static enum err holds(struct ctx *ctx, const struct entity_info *info, const char *json, int64_t id, bool *ret)
{
	const struct actor *before = ctx->actor;
	struct condition *condition;
	struct condition_run run;
	*ret = true;
	if (str_empty(json))
		return OK;
	ctx->actor = gate_system();
	enum err err = condition_parse(ctx, info, json, &condition);
	if (!err) {
		condition_run_begin(ctx, &run);
		err = condition_one(&run, condition, id, ret, NULL);
		condition_run_end(&run);
	}
	ctx->actor = before;
	return err;
}

/* --- the two questions ------------------------------------------------------------------------ */

struct asked {
	const struct approval_rule *rules;
	size_t n;
};

static bool is_person(const struct ctx *ctx)
{
	return ctx->actor && ctx->actor->kind != ACTOR_SYSTEM;
}

static void note_target(struct granted *granted, const struct record *old, const struct record *now)
{
	if (!granted || !granted->trying || granted->now || granted->info != now->info || (old ? record_id(old) : 0) != granted->record_id)
		return;
	granted->old = old;
	granted->now = now;
}

static enum err before(void *arg, struct ctx *ctx, const struct record *old, const struct record *now, const void **ret)
{
	struct approval_rule *rules;
	struct asked *asked;
	size_t n, kept = 0;
	if (!is_person(ctx) || (now->info->entity->flags & E_INTERNAL))
		return OK;
	note_target(ctx->granted, old, now);
	enum err err = rules_of(ctx, arg, now->info->entity->name, &rules, &n);
	for (size_t i = 0; !err && i < n; i++) {
		bool meant = has_moved(ctx, &rules[i], old, now);
		if (meant && !str_empty(rules[i].before)) /* the store still has what it was */
			err = old ? holds(ctx, now->info, rules[i].before, record_id(old), &meant) : OK;
		if (meant && (old || str_empty(rules[i].before)))
			rules[kept++] = rules[i];
	}
	if (err || kept == 0)
		return err;
	asked = arena_alloc(ctx->arena, sizeof(*asked));
	if (!asked)
		return fail(ctx, ERR_LIMIT, "", "memory");
	*asked = (struct asked){rules, kept};
	*ret = asked;
	return OK;
}

static bool is_granted(const struct granted *granted, int64_t rule)
{
	for (size_t i = 0; granted && i < granted->n; i++)
		if (granted->rules[i] == rule)
			return true;
	return false;
}

static enum err note_needed(struct ctx *ctx, struct granted *granted, const struct approval_rule *rule)
{
	for (size_t i = 0; i < granted->n_needed; i++)
		if (granted->needed[i].id == rule->id)
			return OK;
	if (granted->n_needed == granted->cap) {
		size_t cap = granted->cap * 2 + 8;
		struct approval_rule *more = arena_array(ctx->arena, cap, sizeof(*more));
		if (!more)
			return fail(ctx, ERR_LIMIT, "", "memory");
		if (granted->n_needed)
			memcpy(more, granted->needed, granted->n_needed * sizeof(*more));
		granted->needed = more;
		granted->cap = cap;
	}
	granted->needed[granted->n_needed++] = *rule;
	return OK;
}

static enum err after(void *arg, struct ctx *ctx, const struct record *now, const void *given)
{
	const struct asked *asked = given;
	enum err err = OK;
	(void)arg;
	for (size_t i = 0; !err && i < asked->n; i++) {
		const struct approval_rule *rule = &asked->rules[i];
		bool needed = false;
		if (is_granted(ctx->granted, rule->id))
			continue;
		err = holds(ctx, now->info, rule->condition, record_id(now), &needed);
		if (!err && needed && ctx->granted && ctx->granted->trying)
			err = note_needed(ctx, ctx->granted, rule);
		else if (!err && needed)
			err = fail_arg(ctx, ERR_CONFLICT, arena_strndup(ctx->arena, rule->fields, strcspn(rule->fields, ",")), "approval_needed", rule->name);
	}
	return err;
}

/* --- a record goes --------------------------------------------------------------------------- */

static enum err gone(void *arg, struct ctx *ctx, const struct record *old)
{
	const struct entity_info *info = registry_find(ctx->registry, "approval");
	int64_t ids[100];
	size_t n = 0;
	struct stmt *stmt;
	bool row = false;
	(void)arg;
	if (!info || (old->info->entity->flags & (E_INTERNAL | E_SYSTEM | E_NO_LOG)))
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_approval_of_record, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, old->info->entity->name);
	stmt_bind_i64(stmt, 2, record_id(old));
	while (n < sizeof(ids) / sizeof(ids[0]) && !(err = stmt_step(ctx, stmt, &row)) && row)
		ids[n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	for (size_t i = 0; !err && i < n; i++) {
		struct record *request;
		err = record_load(ctx, info, ids[i], &request);
		if (!err)
			err = approval_end(ctx, request, "ended", "record");
	}
	return err;
}

/* --- begin and end ---------------------------------------------------------------------------- */

enum err approvals_open_new(struct ctx *ctx, struct store *store, struct registry *registry, struct approvals **ret)
{
	struct approvals *approvals = calloc(1, sizeof(*approvals));
	*ret = NULL;
	if (!approvals)
		return fail(ctx, ERR_LIMIT, "", "memory");
	approvals->store = store;
	approvals->registry = registry;
	approvals->guard = (struct registry_guard){before, after, gone, approvals};
	pthread_mutex_init(&approvals->lock, NULL);
	atomic_init(&approvals->stale, true);
	atomic_init(&approvals->n, 0);
	enum err err = events_on_commit(store, on_commit, approvals);
	if (err) {
		approvals_free(approvals);
		return err;
	}
	registry_guard_by(registry, &approvals->guard);
	*ret = approvals;
	return OK;
}

void approvals_free(struct approvals *approvals)
{
	if (!approvals)
		return;
	registry_guard_by(approvals->registry, NULL);
	list_free(approvals->list, atomic_load(&approvals->n));
	pthread_mutex_destroy(&approvals->lock);
	free(approvals);
}
