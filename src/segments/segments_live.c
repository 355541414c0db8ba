/* What a batch of the change log does to the live segments: which records each entry bears on, and what becomes of them. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/id.h"
#include "base/str.h"
#include "core/gate/gate.h"
#include "segments/segments_internal.h"
#include "segments_sql.h"

enum { PATH_MAX_STEPS = CONDITION_RELATED_MAX, UP_MAX = 20000, DETAIL_MAX = 160, ACTORS_MAX = 64, LINKS_MAX = 64 };

/* A record that changed, or whose kept figures may have. */
struct touch {
	const struct entity_info *info;
	int64_t id, seq;
	bool derived, whole;   /* whole: made, deleted, put back */
	json_t *diff;
	struct touch *source;  /* of one that is derived */
};

struct root {
	int64_t id;
	const struct touch *why;
};

struct look {
	struct ctx *ctx;
	struct segment_work *work;
	struct touch *touches;
	size_t n_touches, cap_touches;
	struct root *roots;
	size_t n_roots, cap_roots;
	struct {
		int64_t user;
		const struct actor *actor;
	} actors[ACTORS_MAX];
	size_t n_actors;
};

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

static void *grown(struct ctx *ctx, const void *list, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return (void *)(uintptr_t)list;
	size_t wider = *cap * 2 + 64;
	void *more = arena_alloc(ctx->arena, wider * size);
	if (more && n)
		memcpy(more, list, n * size);
	*cap = more ? wider : *cap;
	return more;
}

/* A condition that can't be read is for filling to tell. */
static bool is_unreadable(enum err err)
{
	return err == ERR_INVALID || err == ERR_FORBIDDEN || err == ERR_DENIED || err == ERR_NOT_FOUND;
}

/* --- what was touched ---------------------------------------------------------------- */

static enum err add_touch(struct look *l, struct touch touch)
{
	for (size_t i = l->n_touches; i > 0 && touch.derived; i--)
		if (l->touches[i - 1].info == touch.info && l->touches[i - 1].id == touch.id && l->touches[i - 1].derived)
			return OK;
	l->touches = grown(l->ctx, l->touches, l->n_touches, &l->cap_touches, sizeof(*l->touches));
	if (!l->touches)
		return no_memory(l->ctx);
	l->touches[l->n_touches++] = touch;
	return OK;
}

/* The ids that a link had before and after, or has: of a pair, a full content, or the record as it is. */
static size_t ids_in_diff(const json_t *diff, const char *name, int64_t ids[2])
{
	const json_t *value = json_object_get(diff, name);
	size_t n = 0;
	if (json_is_string(value) && id_parse(json_string_value(value), &ids[0]))
		return 1;
	for (size_t i = 0; i < json_array_size(value) && i < 2; i++) {
		const json_t *one = json_array_get(value, i);
		if (json_is_string(one) && id_parse(json_string_value(one), &ids[n]))
			n++;
	}
	return n;
}

/* The record's own link as it stands; 0: none. */
static enum err link_now(struct ctx *ctx, const struct entity_info *info, int64_t id, int link, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = 0;
	const char *sql = arena_printf(ctx->arena, "SELECT \"%s\" FROM \"%s\" WHERE \"id\" = ?1", field_column(info->fields[link]), info->entity->name);
	enum err err = sql ? db_prepare_text(ctx, ctx->db, sql, &stmt) : no_memory(ctx);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_step(ctx, stmt, &row);
	*ret = !err && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

static enum err add_derived(struct look *l, struct touch *touch, const bool *kept, int depth);

/* One link of it: the record it leads to, and what that belongs to. */
static enum err derive(struct look *l, struct touch *touch, int link, const bool *kept, int depth)
{
	const struct entity_info *target = entity_link(touch->info, link);
	int64_t ids[3];
	size_t n = touch->diff ? ids_in_diff(touch->diff, touch->info->fields[link]->name, ids) : 0;
	enum err err = link_now(l->ctx, touch->info, touch->id, link, &ids[n]);
	n += ids[n] != 0;
	for (size_t k = 0; !err && k < n; k++) {
		struct touch derived = {.info = target, .id = ids[k], .seq = touch->seq, .derived = true, .source = touch->source ? touch->source : touch};
		if (kept[target->number])
			err = add_touch(l, derived);
		if (!err && depth == 0)
			err = add_derived(l, &derived, kept, depth + 1);
	}
	return err;
}

/* What a record belongs to may keep figures of it; and so may what that belongs to (a payment's order, the order's customer). */
static enum err add_derived(struct look *l, struct touch *touch, const bool *kept, int depth)
{
	enum err err = OK;
	for (int i = SF_COUNT; !err && i < (int)touch->info->n_fields; i++) {
		const struct entity_info *target = entity_link(touch->info, i);
		if (!target || touch->info->fields[i]->type != FIELD_LINK || (target->entity->flags & E_SYSTEM))
			continue;
		if (kept[target->number] || (depth == 0 && touch->info->parent == i))
			err = derive(l, touch, i, kept, depth);
	}
	return err;
}

static enum err add_change(struct look *l, const struct change *change)
{
	const struct entity_info *info = *change->entity && change->action <= CHANGE_RESTORE ? registry_find(l->ctx->registry, change->entity) : NULL;
	if (!info || change->record_id == 0)
		return OK;
	struct touch touch = {.info = info, .id = change->record_id, .seq = change->seq, .whole = change->action != CHANGE_UPDATE};
	touch.diff = json_loads(change->diff, 0, NULL);
	enum err err = add_touch(l, touch);
	if (err)
		json_decref(touch.diff);
	return err;
}

/* --- which records of a segment it bears on ----------------------------------------------- */

static enum err add_root(struct look *l, int64_t id, const struct touch *why)
{
	l->roots = grown(l->ctx, l->roots, l->n_roots, &l->cap_roots, sizeof(*l->roots));
	if (!l->roots)
		return no_memory(l->ctx);
	l->roots[l->n_roots++] = (struct root){id, why};
	return OK;
}

static enum err climb(struct look *l, const struct condition_node *const *path, size_t depth, int64_t id, const struct touch *touch, bool first);

static enum err climb_up(struct look *l, const struct condition_node *const *path, size_t depth, int64_t id, const struct touch *touch)
{
	const struct condition_node *node = path[depth];
	struct stmt *stmt;
	bool row = true;
	size_t n = 0;
	int64_t *ids = arena_array(l->ctx->arena, UP_MAX, sizeof(*ids));
	const char *sql = arena_printf(l->ctx->arena, "SELECT \"id\" FROM \"%s\" WHERE \"%s\" = ?1 LIMIT %d", node->info->entity->name,
	                               field_column(node->info->fields[node->link]), UP_MAX);
	enum err err = ids && sql ? db_prepare_text(l->ctx, l->ctx->db, sql, &stmt) : no_memory(l->ctx);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, id);
	while (n < UP_MAX && !(err = stmt_step(l->ctx, stmt, &row)) && row)
		ids[n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	for (size_t i = 0; !err && i < n; i++)
		err = depth == 0 ? add_root(l, ids[i], touch) : climb(l, path, depth - 1, ids[i], touch, false);
	return err;
}

/* From a related record to those that ask for it: `id` is of path[depth]->other. */
static enum err climb(struct look *l, const struct condition_node *const *path, size_t depth, int64_t id, const struct touch *touch, bool first)
{
	const struct condition_node *node = path[depth];
	int64_t ids[3];
	if (node->up)
		return climb_up(l, path, depth, id, touch);
	size_t n = first && touch->diff ? ids_in_diff(touch->diff, node->other->fields[node->link]->name, ids) : 0;
	enum err err = link_now(l->ctx, node->other, id, node->link, &ids[n]);
	n += ids[n] != 0;
	for (size_t i = 0; !err && i < n; i++)
		err = depth == 0 ? add_root(l, ids[i], touch) : climb(l, path, depth - 1, ids[i], touch, false);
	return err;
}

static enum err walk(struct look *l, const struct condition_node *node, const struct condition_node **path, size_t depth, const struct touch *touch)
{
	enum err err = OK;
	if (node->kind == CONDITION_RELATED) {
		path[depth++] = node;
		if (node->other == touch->info)
			err = climb(l, path, depth - 1, touch->id, touch, true);
	}
	for (const struct condition_node *inner = node->first; !err && inner; inner = inner->next)
		err = walk(l, inner, path, depth, touch);
	return err;
}

/* Whether what changed is looked at. */
static bool bears(const struct touch *touch, const struct condition_read *reads, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (reads[i].info != touch->info)
			continue;
		int at = reads[i].field;
		unsigned flags = at >= 0 ? touch->info->fields[at]->flags : 0;
		if (touch->derived && at >= SF_COUNT && (flags & (F_READONLY | F_SEARCH)))
			return true;
		if (touch->derived)
			continue;
		bool stamp = at == SF_UPDATED_AT || at == SF_UPDATED_BY || at == SF_VERSION;
		if (touch->whole || stamp || !touch->diff || (at >= 0 && json_object_get(touch->diff, touch->info->fields[at]->name)))
			return true;
	}
	return false;
}

static int by_root(const void *a, const void *b)
{
	const struct root *x = a, *y = b;
	return (x->id > y->id) - (x->id < y->id);
}

static enum err find_roots(struct look *l, const struct condition *condition, const struct condition_read *reads, size_t n_reads)
{
	const struct condition_node *path[PATH_MAX_STEPS + 1];
	enum err err = OK;
	l->n_roots = 0;
	for (size_t i = 0; !err && i < l->n_touches; i++) {
		const struct touch *touch = &l->touches[i];
		if (!bears(touch, reads, n_reads))
			continue;
		if (touch->info == condition->info)
			err = add_root(l, touch->id, touch);
		if (!err)
			err = walk(l, condition->root, path, 0, touch);
	}
	if (!err && l->n_roots > 1)
		qsort(l->roots, l->n_roots, sizeof(*l->roots), by_root);
	return err;
}

/* --- one segment ----------------------------------------------------------------------------- */

/* "order 123 state,total" */
static const char *detail_of(struct ctx *ctx, const struct touch *touch)
{
	const struct touch *source = touch->source ? touch->source : touch;
	struct buf text;
	const char *name;
	json_t *value;
	buf_init(&text, 4096);
	buf_printf(&text, "%s %lld ", source->info->entity->name, (long long)source->id);
	if (!source->whole)
		json_object_foreach(source->diff, name, value)
			if (text.len < DETAIL_MAX && *name != '_')
				buf_printf(&text, "%s%s", buf_text(&text)[text.len - 1] == ' ' ? "" : ",", name);
	const char *copy = arena_strndup(ctx->arena, buf_text(&text), text.len);
	buf_release(&text);
	return copy;
}

static enum err ask_roots(struct look *l, const struct segment *segment, const struct condition *condition)
{
	struct condition_run run;
	enum err err = OK;
	condition_run_begin(l->ctx, &run);
	for (size_t i = 0; !err && i < l->n_roots; i++) {
		if (i > 0 && l->roots[i].id == l->roots[i - 1].id)
			continue;
		const struct touch *why = l->roots[i].why;
		size_t before = l->work->moves.n;
		err = segment_ask(&run, segment, condition, (struct segment_move){.record_id = l->roots[i].id, .cause = CAUSE_CHANGE, .seq = why->seq}, &l->work->moves);
		if (!err && l->work->moves.n > before && l->work->moves.list[before].moves)
			l->work->moves.list[before].detail = detail_of(l->ctx, why);
	}
	condition_run_end(&run);
	return err;
}

static enum err as_owner(struct look *l, int64_t user)
{
	for (size_t i = 0; i < l->n_actors; i++)
		if (l->actors[i].user == user) {
			l->ctx->actor = l->actors[i].actor;
			return OK;
		}
	enum err err = l->work->turn->as_user(l->work->turn->arg, l->ctx, user);
	if (!err && l->n_actors < ACTORS_MAX) {
		l->actors[l->n_actors].user = user;
		l->actors[l->n_actors++].actor = l->ctx->actor;
	}
	return err;
}

/* One that can't be read any more (a field is gone, its owner may not) stays as it is until it is filled anew. */
static enum err look_segment(struct look *l, const struct segment *segment)
{
	struct condition *condition;
	struct condition_read *reads;
	size_t n;
	struct faults before = l->ctx->faults;
	enum err err = segment->info ? as_owner(l, segment->owner_id) : ERR_INVALID;
	if (!err)
		err = condition_parse(l->ctx, segment->info, segment->json, &condition);
	if (is_unreadable(err)) {
		l->ctx->faults = before;
		return segment_add_move(l->ctx, &l->work->moves, (struct segment_move){.segment = segment, .cause = CAUSE_COUNT});
	}
	if (!err)
		err = condition_reads(l->ctx, condition, &reads, &n);
	if (!err)
		err = find_roots(l, condition, reads, n);
	return err ? err : ask_roots(l, segment, condition);
}

/* --- the batch ---------------------------------------------------------------------------------- */

/* Entities of which a figure is kept, or a text searched, that follows others. */
static bool *kept_entities(struct ctx *ctx)
{
	bool *kept = arena_array(ctx->arena, registry_count(ctx->registry), sizeof(*kept));
	for (size_t i = 0; kept && i < registry_count(ctx->registry); i++) {
		const struct entity_info *info = registry_at(ctx->registry, i);
		for (size_t f = SF_COUNT; f < info->n_fields; f++)
			kept[i] |= (info->fields[f]->flags & (F_READONLY | F_SEARCH)) != 0;
	}
	return kept;
}

static enum err look_all(struct look *l, const struct change *list, size_t n)
{
	struct segment *segments;
	size_t n_segments;
	struct ctx *ctx = l->ctx;
	enum err err = segments_read(ctx, "ready", 0, &segments, &n_segments);
	if (err || n_segments == 0)
		return err;
	bool *kept = kept_entities(ctx);
	if (!kept)
		return no_memory(ctx);
	for (size_t i = 0; !err && i < n; i++)
		err = add_change(l, &list[i]);
	for (size_t i = 0, direct = l->n_touches; !err && i < direct; i++) {
		struct touch *copy = arena_alloc(ctx->arena, sizeof(*copy)); /* the list moves as it grows */
		if (!copy)
			return no_memory(ctx);
		*copy = l->touches[i];
		err = add_derived(l, copy, kept, 0);
	}
	for (size_t i = 0; !err && i < n_segments; i++)
		if (segments[i].live)
			err = look_segment(l, &segments[i]);
	return err;
}

enum err segment_look(struct ctx *ctx, void *arg, const struct change *list, size_t n, bool *ret_any)
{
	struct look l = {.ctx = ctx, .work = arg};
	const struct actor *before = ctx->actor;
	l.work->moves.n = 0;
	enum err err = look_all(&l, list, n);
	ctx->actor = before;
	for (size_t i = 0; i < l.n_touches; i++)
		json_decref(l.touches[i].diff);
	*ret_any = l.work->moves.n > 0;
	return err;
}

static enum err fail_segment(struct ctx *ctx, int64_t id)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_segment_set_state, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_text(stmt, 2, "waiting"); /* filling says why */
	stmt_bind_null(stmt, 3);
	stmt_bind_null(stmt, 4);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* Those whose condition asks for a segment that has just changed are asked in the same job. */
static enum err follow(struct ctx *ctx, struct service_turn *turn, const struct segment_moves *moves, int depth);

static enum err follow_one(struct ctx *ctx, struct service_turn *turn, const struct segment *segment, const struct segment_moves *moves, struct segment_moves *out)
{
	struct condition *condition;
	struct condition_run run;
	int64_t *ids;
	size_t n;
	enum err err = segment_open(ctx, turn, segment, &condition);
	if (!err)
		err = condition_segments(ctx, condition, &ids, &n);
	if (err || n == 0)
		return err;
	condition_run_begin(ctx, &run);
	for (size_t i = 0; !err && i < moves->n; i++) {
		const struct segment_move *m = &moves->list[i];
		bool asks = false;
		for (size_t k = 0; m->moves && k < n; k++)
			asks |= ids[k] == m->segment->id;
		if (asks)
			err = segment_ask(&run, segment, condition, (struct segment_move){.record_id = m->record_id, .cause = CAUSE_SEGMENT, .seq = m->seq, .detail = m->segment->name}, out);
	}
	condition_run_end(&run);
	return err;
}

static enum err follow_all(struct ctx *ctx, struct service_turn *turn, const struct segment_moves *moves, struct segment_moves *out)
{
	struct segment *segments;
	size_t n;
	const struct actor *before = ctx->actor;
	enum err err = segments_read(ctx, "ready", 0, &segments, &n);
	for (size_t i = 0; !err && i < n; i++) {
		struct faults faults = ctx->faults;
		if (!segments[i].live || !segments[i].info || !strstr(segments[i].json, "\"segment\""))
			continue;
		err = follow_one(ctx, turn, &segments[i], moves, out);
		if (is_unreadable(err)) {
			ctx->faults = faults;
			err = OK;
		}
	}
	ctx->actor = before;
	return err;
}

static enum err follow(struct ctx *ctx, struct service_turn *turn, const struct segment_moves *moves, int depth)
{
	struct segment_moves out = {0};
	bool any = false;
	for (size_t i = 0; i < moves->n; i++)
		any |= moves->list[i].moves;
	if (!any || depth > CONDITION_DEPTH_MAX)
		return OK;
	enum err err = follow_all(ctx, turn, moves, &out);
	if (!err && out.n > 0)
		err = segment_apply(ctx, &out);
	return err || out.n == 0 ? err : follow(ctx, turn, &out, depth + 1);
}

enum err segment_look_apply(struct ctx *ctx, void *arg)
{
	struct segment_work *work = arg;
	struct segment_moves moves = {0};
	enum err err = OK;
	for (size_t i = 0; !err && i < work->moves.n; i++) {
		const struct segment_move *m = &work->moves.list[i];
		err = m->cause == CAUSE_COUNT ? fail_segment(ctx, m->segment->id) : segment_add_move(ctx, &moves, *m);
	}
	if (!err)
		err = segment_apply(ctx, &moves);
	return err ? err : follow(ctx, work->turn, &moves, 0);
}

/* --- time ------------------------------------------------------------------------------------------ */

struct due {
	int64_t segment, record;
};

static enum err read_due(struct ctx *ctx, struct due *list, size_t max, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = true;
	*ret_n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_segment_due, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, ctx_now(ctx));
	stmt_bind_i64(stmt, 2, (int64_t)max);
	while (*ret_n < max && !(err = stmt_step(ctx, stmt, &row)) && row)
		list[(*ret_n)++] = (struct due){stmt_i64(stmt, 0), stmt_i64(stmt, 1)};
	stmt_done(stmt);
	return err;
}

static enum err first_due(struct ctx *ctx, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_segment_first_due, &stmt);
	if (err)
		return err;
	err = stmt_step(ctx, stmt, &row);
	*ret = !err && row ? stmt_i64(stmt, 0) : CONDITION_NEVER;
	stmt_done(stmt);
	return err;
}

static int by_segment(const void *a, const void *b)
{
	const struct due *x = a, *y = b;
	return (x->segment > y->segment) - (x->segment < y->segment);
}

/* All that are due in one segment; of one that is not ready the moments go: filling finds them anew. */
static enum err time_segment(struct ctx *ctx, struct segment_work *work, const struct due *list, size_t n)
{
	struct segment *segment;
	struct condition *condition;
	struct condition_run run;
	size_t found;
	const struct actor *before = ctx->actor;
	enum err err = segments_read(ctx, "ready", list[0].segment, &segment, &found);
	bool known = !err && found == 1;
	struct faults faults = ctx->faults;
	if (known && segment_open(ctx, work->turn, segment, &condition) != OK) {
		ctx->faults = faults;
		known = false;
	}
	static const struct segment gone;
	condition_run_begin(ctx, &run);
	for (size_t i = 0; !err && i < n; i++) {
		struct segment *lost = NULL;
		if (known) {
			err = segment_ask(&run, segment, condition, (struct segment_move){.record_id = list[i].record, .cause = CAUSE_TIME}, &work->moves);
			continue;
		}
		lost = arena_alloc(ctx->arena, sizeof(*lost));
		if (!lost)
			return no_memory(ctx);
		*lost = gone;
		lost->id = list[i].segment;
		err = segment_add_move(ctx, &work->moves, (struct segment_move){.segment = lost, .record_id = list[i].record, .next = CONDITION_NEVER, .cause = CAUSE_TIME});
	}
	condition_run_end(&run);
	ctx->actor = before;
	return err;
}

enum err segment_time(struct ctx *ctx, struct service_turn *turn, size_t max, size_t *ret_n, int64_t *ret_next)
{
	struct segment_work *work = arena_alloc(ctx->arena, sizeof(*work));
	struct due *list = arena_array(ctx->arena, max, sizeof(*list));
	size_t from = 0;
	if (!work || !list)
		return no_memory(ctx);
	work->turn = turn;
	enum err err = read_due(ctx, list, max, ret_n);
	if (!err && *ret_n > 1)
		qsort(list, *ret_n, sizeof(*list), by_segment);
	for (size_t i = 0; !err && i < *ret_n; i++) {
		bool last = i + 1 == *ret_n || list[i + 1].segment != list[i].segment;
		if (!last)
			continue;
		err = time_segment(ctx, work, &list[from], i + 1 - from);
		from = i + 1;
	}
	struct db *db = ctx->db;
	if (!err && work->moves.n > 0)
		err = store_write(ctx, ctx->store, segment_look_apply, work);
	ctx->db = db;
	return err ? err : first_due(ctx, ret_next);
}
