/* Whether a tree holds of one record, and when that may change by itself. */
#include <string.h>

#include "base/str.h"
#include "condition_sql.h"
#include "core/condition/condition_internal.h"
#include "core/search/search.h"

/* --- leaves ---------------------------------------------------------------------------- */

static bool value_ms(const struct value *value, bool day, int64_t *ret)
{
	if (value->kind == VALUE_NULL)
		return false;
	if (day)
		return value->kind == VALUE_TEXT && condition_day_ms(value->t.p, ret);
	*ret = value->i;
	return value->kind == VALUE_INT;
}

int64_t condition_compare_next(struct condition_run *run, const struct condition_compare *compare, const struct value *value)
{
	int64_t next = CONDITION_NEVER, ms;
	if (compare->words == NULL || compare->field < 0)
		return next;
	bool day = condition_field(compare->info, compare->field)->type == FIELD_DATE;
	if (!value_ms(value, day, &ms))
		return next;
	for (size_t i = 0; i < compare->n; i++) {
		if (compare->words[i].base == 0)
			continue;
		int64_t turns = condition_word_turns(run, &compare->words[i], day, ms);
		next = turns < next ? turns : next;
	}
	return next;
}

static enum err see_field(struct condition_run *run, const struct condition_node *node, const struct record *record, struct condition_seen *ret)
{
	const struct value *value = &record->values[node->compare.field];
	ret->value = record->values[node->compare.named];
	ret->next = condition_compare_next(run, &node->compare, value);
	return condition_compare_one(run, &node->compare, value, &ret->holds);
}

static enum err ask_row(struct ctx *ctx, struct stmt *stmt, bool *ret)
{
	*ret = false;
	enum err err = stmt_step(ctx, stmt, ret);
	stmt_done(stmt);
	return err;
}

static enum err see_member(struct ctx *ctx, const struct condition_node *node, int64_t id, bool *ret)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_condition_member, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, node->segment_id);
	stmt_bind_i64(stmt, 2, id);
	return ask_row(ctx, stmt, ret);
}

static enum err see_text(struct ctx *ctx, const struct condition_node *node, int64_t id, bool *ret)
{
	const char *where, *bind;
	size_t n;
	struct stmt *stmt;
	enum err err = search_condition(ctx, node->info->number, "t0", node->text, 2, &where, &bind, &n);
	if (err)
		return err;
	const char *sql = arena_printf(ctx->arena, "SELECT 1 FROM \"%s\" AS \"t0\" WHERE \"t0\".\"id\" = ?1 AND %s", node->info->entity->name, where);
	if (!sql)
		return fail(ctx, ERR_LIMIT, "", "memory");
	err = db_prepare_text(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_textn(stmt, 2, bind, n);
	return ask_row(ctx, stmt, ret);
}

static enum err see_leaf(struct condition_run *run, const struct condition_node *node, const struct record *record, struct condition_seen *ret)
{
	struct condition_seed seed;
	switch ((int)node->kind) {
	case CONDITION_FIELD: return see_field(run, node, record, ret);
	case CONDITION_RELATED: return condition_related_one(run, node, record, ret);
	case CONDITION_MEMBER: return see_member(run->ctx, node, record_id(record), &ret->holds);
	case CONDITION_TEXT: return see_text(run->ctx, node, record_id(record), &ret->holds);
	default:
		condition_seed(node->text, &seed);
		ret->holds = condition_share(&seed, record_id(record)) * CONDITION_SHARE_WHOLE < (int64_t)node->share * CONDITION_SHARE_PRIME;
		return OK;
	}
}

/* --- groups ------------------------------------------------------------------------------- */

/* A group turns when one of those turns that make it what it is; one that fails (all) or holds (any) by several, not before the
 * last of these: so a member that never turns by itself settles it. */
static enum err see_group(struct condition_run *run, const struct condition_node *node, const struct record *record, struct condition_seen *ret)
{
	bool any = node->kind == CONDITION_ANY;
	int64_t soonest = CONDITION_NEVER, latest = 0;
	bool settled = false;
	for (const struct condition_node *inner = node->first; inner && !(settled && latest == CONDITION_NEVER); inner = inner->next) {
		struct condition_seen seen;
		enum err err = condition_node_one(run, inner, record, &seen);
		if (err)
			return err;
		if (seen.holds == any) {
			settled = true;
			latest = seen.next > latest ? seen.next : latest;
		} else if (seen.next < soonest) {
			soonest = seen.next;
		}
	}
	ret->holds = settled == any;
	ret->next = settled ? latest : soonest;
	return OK;
}

enum err condition_node_one(struct condition_run *run, const struct condition_node *node, const struct record *record, struct condition_seen *ret)
{
	*ret = (struct condition_seen){.next = CONDITION_NEVER};
	if (node->kind == CONDITION_ALL || node->kind == CONDITION_ANY)
		return see_group(run, node, record, ret);
	if (node->kind != CONDITION_NOT)
		return see_leaf(run, node, record, ret);
	enum err err = condition_node_one(run, node->first, record, ret);
	ret->holds = !ret->holds;
	return err;
}

/* --- the record ----------------------------------------------------------------------------- */

/* Rows of narrower scopes are asked of the gate itself. */
enum err condition_reach(struct ctx *ctx, const struct entity_info *info, int64_t id, bool *ret)
{
	struct record *record;
	*ret = true;
	if (entity_scope(ctx->actor, info, ACTION_READ) == SCOPE_ALL)
		return OK;
	struct faults before = ctx->faults;
	enum err err = record_get(ctx, info, id, ACTION_READ, &record);
	*ret = err == OK;
	if (err != ERR_NOT_FOUND && err != ERR_FORBIDDEN)
		return err;
	ctx->faults = before;
	return OK;
}

/* Texts outlive the statement. */
static enum err keep_texts(struct ctx *ctx, const struct condition_columns *columns, struct record *record)
{
	for (size_t i = 0; i < columns->n; i++) {
		struct value *value = &record->values[columns->fields[i]];
		if (value->kind != VALUE_TEXT)
			continue;
		value->t.p = arena_strndup(ctx->arena, value->t.p, value->t.n);
		if (!value->t.p)
			return fail(ctx, ERR_LIMIT, "", "memory");
	}
	return OK;
}

static enum err read_row(struct ctx *ctx, const struct condition_columns *columns, int64_t id, struct record *record, bool *ret)
{
	struct stmt *stmt;
	enum err err = db_prepare_kept(ctx, ctx->db, columns->sql, columns->sql_n, columns->hash, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_step(ctx, stmt, ret);
	if (!err && *ret)
		condition_take_row(columns, stmt, record);
	if (!err && *ret)
		err = keep_texts(ctx, columns, record);
	stmt_done(stmt);
	return err;
}

enum err condition_load(struct condition_run *run, const struct condition *condition, int64_t id, struct record **ret)
{
	struct ctx *ctx = run->ctx;
	struct record *record;
	bool found = false;
	*ret = NULL;
	enum err err = record_new(ctx, condition->info, &record);
	if (!err)
		err = read_row(ctx, &condition->columns, id, record, &found);
	if (!err && found)
		err = condition_take_lists(ctx, &condition->columns, record);
	if (!err && found)
		err = condition_reach(ctx, condition->info, id, &found);
	if (!err && found)
		*ret = record;
	return err;
}

enum err condition_one(struct condition_run *run, const struct condition *condition, int64_t id, bool *ret, int64_t *ret_next)
{
	struct record *record;
	struct condition_seen seen = {.next = CONDITION_NEVER};
	const struct actor *before = run->ctx->actor;
	run->ctx->actor = condition->actor;
	enum err err = condition_load(run, condition, id, &record);
	if (!err && record)
		err = condition_node_one(run, condition->root, record, &seen);
	run->ctx->actor = before;
	*ret = !err && seen.holds;
	if (ret_next)
		*ret_next = seen.next;
	return err;
}

/* --- shares ------------------------------------------------------------------------------------ */

static int64_t draw(uint64_t *state)
{
	*state += UINT64_C(0x9E3779B97F4A7C15);
	uint64_t z = *state;
	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (int64_t)((z ^ (z >> 31)) % (CONDITION_SHARE_PRIME - 1)) + 1;
}

void condition_seed(const char *seed, struct condition_seed *ret)
{
	uint64_t state = str_hash(seed, strlen(seed));
	ret->a = draw(&state);
	ret->b = draw(&state);
	ret->c = draw(&state);
	ret->d = draw(&state);
	ret->e = draw(&state);
}

/* The cube takes each residue of this prime to another one, and what lies in a row apart. */
int64_t condition_share(const struct condition_seed *seed, int64_t id)
{
	const int64_t p = CONDITION_SHARE_PRIME;
	int64_t h = (id / p % p * seed->a + id % p * seed->b + seed->c) % p;
	return (h * h % p * h % p * seed->d + seed->e) % p;
}
