/* Who is to hear of a change: those who follow the record, or the one it belongs to, and those a text mentions; whoever may read it. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/str.h"
#include "core/entity/entity.h"
#include "core/gate/gate.h"
#include "core/notices/notices_internal.h"
#include "notices_sql.h"

enum { BATCH = 500, USERS_MAX = 20000, MENTIONS_MAX = 20, FOLLOWERS_MAX = 1000, SAYINGS_MAX = 64 };

/* --- mentions --------------------------------------------------------------------- */

static bool word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool notice_mentions(const char *text, const char *name)
{
	size_t n = strlen(name);
	for (const char *at = text; n > 0 && (at = strchr(at, '@')) != NULL; at++) {
		bool begins = at == text || !word_char(at[-1]); /* not within an address */
		if (begins && strncmp(at + 1, name, n) == 0 && !(word_char(name[n - 1]) && word_char(at[1 + n])))
			return true;
	}
	return false;
}

struct person {
	int64_t id;
	const char *name;
};

struct look {
	struct ctx *ctx;
	struct notices_work *work;
	struct person *people;
	size_t n_people;
	bool people_known, any_follows;
};

static enum err read_people(struct look *l)
{
	struct ctx *ctx = l->ctx;
	struct stmt *stmt;
	bool row = false;
	if (l->people_known)
		return OK;
	l->people_known = true;
	l->people = arena_array(ctx->arena, USERS_MAX, sizeof(*l->people));
	enum err err = l->people != NULL ? db_prepare(ctx, ctx->db, &sql_notice_users, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, 1);
	while (l->n_people < USERS_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		l->people[l->n_people++] = (struct person){stmt_i64(stmt, 0), arena_strdup(ctx->arena, stmt_text(stmt, 1))};
	stmt_done(stmt);
	return err == OK && ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

/* --- who may hear ------------------------------------------------------------------- */

static enum err add(struct look *l, const struct notice *notice)
{
	struct notices_work *w = l->work;
	if (w->n == w->cap) {
		size_t cap = w->cap * 2 + 64;
		struct notice *more = arena_array(l->ctx->arena, cap, sizeof(*more));
		if (more == NULL)
			return fail(l->ctx, ERR_LIMIT, "", "memory");
		if (w->n > 0)
			memcpy(more, w->list, w->n * sizeof(*more));
		w->list = more;
		w->cap = cap;
	}
	w->list[w->n++] = *notice;
	return OK;
}

/* With the rights that the user has now. */
static enum err may_read(struct look *l, int64_t user_id, const struct entity_info *info, int64_t id, bool *ret)
{
	struct ctx *ctx = l->ctx;
	struct record *record;
	const struct actor *system = ctx->actor;
	enum err err = l->work->turn->as_user(l->work->turn->arg, ctx, user_id);
	if (err == OK)
		err = record_get(ctx, info, id, ACTION_READ, &record);
	ctx->actor = system;
	*ret = err == OK;
	if (err == ERR_NOT_FOUND || err == ERR_DENIED || err == ERR_FORBIDDEN) {
		faults_clear(ctx);
		return OK;
	}
	return err;
}

static enum err tell(struct look *l, const struct change *c, int64_t user_id, enum notice_kind kind, const struct entity_info *info, int64_t id)
{
	bool may = false;
	if (user_id == c->actor_id && c->actor_kind != ACTOR_SYSTEM)
		return OK;
	enum err err = may_read(l, user_id, info, id, &may);
	const struct notice notice = {.user_id = user_id, .kind = kind, .entity = info->entity->name, .record_id = id, .by_id = c->actor_id};
	return err == OK && may ? add(l, &notice) : err;
}

static enum err tell_followers(struct look *l, const struct change *c, const struct entity_info *info, int64_t id)
{
	struct ctx *ctx = l->ctx;
	struct stmt *stmt;
	bool row = false;
	int64_t *list = arena_array(ctx->arena, FOLLOWERS_MAX, sizeof(*list));
	size_t n = 0;
	enum err err = list != NULL ? db_prepare(ctx, ctx->db, &sql_follow_of, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, info->entity->name);
	stmt_bind_i64(stmt, 2, id);
	stmt_bind_i64(stmt, 3, c->at_ms); /* the log is read late: what happened before one followed is nothing to them */
	while (n < FOLLOWERS_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		list[n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	for (size_t i = 0; i < n && err == OK; i++)
		err = tell(l, c, list[i], NOTICE_CHANGE, info, id);
	return err;
}

/* --- an entry -------------------------------------------------------------------------- */

static const char *side(const json_t *diff, const char *field, size_t which)
{
	const json_t *pair = json_object_get(diff, field);
	return json_string_value(json_array_get(pair, which));
}

/* The record it belongs to, where the entry names it. */
static enum err tell_parent(struct look *l, const struct change *c, const struct entity_info *info, const json_t *diff)
{
	int64_t id;
	if (info->parent < 0 || info->parent_info == NULL)
		return OK;
	const char *parent = side(diff, info->fields[info->parent]->name, 1);
	return parent != NULL && id_parse(parent, &id) ? tell_followers(l, c, info->parent_info, id) : OK;
}

/* A text of the record that says "@", and what it was before. */
struct saying {
	const char *now, *was;
};

static size_t sayings_of(const struct entity_info *info, const json_t *diff, struct saying *ret)
{
	size_t n = 0;
	for (size_t i = 0; i < info->n_fields && n < SAYINGS_MAX; i++) {
		const struct field *field = info->fields[i];
		const char *now = field->type == FIELD_NOTE || field->type == FIELD_TEXT ? side(diff, field->name, 1) : NULL;
		if (now != NULL && strchr(now, '@') != NULL)
			ret[n++] = (struct saying){now, side(diff, field->name, 0)};
	}
	return n;
}

static bool is_new_in(const struct saying *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (notice_mentions(list[i].now, name) && !(list[i].was != NULL && notice_mentions(list[i].was, name)))
			return true;
	return false;
}

static enum err tell_mentioned(struct look *l, const struct change *c, const struct entity_info *info, const json_t *diff)
{
	struct saying list[SAYINGS_MAX];
	size_t n = sayings_of(info, diff, list), told = 0;
	enum err err = n > 0 ? read_people(l) : OK;
	for (size_t i = 0; i < l->n_people && n > 0 && told < MENTIONS_MAX && err == OK; i++) {
		if (!is_new_in(list, n, l->people[i].name))
			continue;
		told++;
		err = tell(l, c, l->people[i].id, NOTICE_MENTION, info, c->record_id);
	}
	return err;
}

/* What is made or changed of the business; NULL: something else. */
static const struct entity_info *heard_of(const struct look *l, const struct change *c)
{
	const struct entity_info *info = *c->entity != '\0' ? registry_find(l->ctx->registry, c->entity) : NULL;
	bool content = c->action == CHANGE_CREATE || c->action == CHANGE_UPDATE;
	return info != NULL && content && !(info->entity->flags & (E_SYSTEM | E_INTERNAL | E_PRIVATE)) ? info : NULL;
}

static enum err look_at(struct look *l, const struct change *c)
{
	const struct entity_info *info = heard_of(l, c);
	if (info == NULL)
		return OK;
	bool mentions = strchr(c->diff, '@') != NULL, child = l->any_follows && c->action == CHANGE_CREATE && info->parent >= 0;
	json_t *diff = mentions || child ? json_loads(c->diff, 0, NULL) : NULL;
	enum err err = l->any_follows ? tell_followers(l, c, info, c->record_id) : OK;
	if (err == OK && child && diff != NULL)
		err = tell_parent(l, c, info, diff);
	if (err == OK && mentions && diff != NULL)
		err = tell_mentioned(l, c, info, diff);
	json_decref(diff);
	return err;
}

enum err notices_look(struct ctx *ctx, void *arg, const struct change *list, size_t n, bool *ret_any)
{
	struct look l = {.ctx = ctx, .work = arg};
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_follow_any, &stmt);
	if (err != OK)
		return err;
	err = stmt_step(ctx, stmt, &l.any_follows);
	stmt_done(stmt);
	l.work->n = 0;
	for (size_t i = 0; i < n && err == OK; i++)
		err = look_at(&l, &list[i]);
	*ret_any = l.work->n > 0;
	return err;
}

enum err notices_look_apply(struct ctx *ctx, void *arg)
{
	const struct notices_work *work = arg;
	enum err err = OK;
	for (size_t i = 0; i < work->n && err == OK; i++)
		err = notices_put(ctx, &work->list[i]);
	return err;
}

static const struct reader reader = {.name = "notices", .batch = BATCH, .look = notices_look, .apply = notices_look_apply};

static enum err turn(struct ctx *ctx, struct service_turn *turn)
{
	struct reader_state *state = *turn->state;
	struct notices_work *work = arena_alloc(ctx->arena, sizeof(*work));
	if (state == NULL)
		state = *turn->state = calloc(1, sizeof(*state));
	if (state == NULL || work == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	work->turn = turn;
	return reader_turn(ctx, &reader, state, work, turn);
}

const struct service notices_services[] = {{.name = "notices", .alone = true, .turn = turn, .end = free}, {.name = NULL}};
