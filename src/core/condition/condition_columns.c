/* What a tree looks at: columns of one record, and entities and fields of all. */
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "core/condition/condition_parse.h"
#include "core/entity/field_type.h"

/* --- the columns of one level --------------------------------------------------------- */

static void mark(bool *seen, int field)
{
	if (field >= 0)
		seen[field] = true;
}

/* Related records are another level: only what ties them is read here. */
static void mark_level(const struct condition_node *node, bool *seen)
{
	if (node->kind == CONDITION_FIELD) {
		mark(seen, node->compare.field);
		mark(seen, node->compare.named);
		mark(seen, entity_currency(node->info, node->compare.named));
	} else if (node->kind == CONDITION_RELATED && node->up) {
		mark(seen, node->link);
	} else if (condition_is_group(node)) {
		for (const struct condition_node *inner = node->first; inner; inner = inner->next)
			mark_level(inner, seen);
	}
}

static bool has_column(const struct entity_info *info, int field)
{
	return field_ops(info->fields[field]->type)->column[0] != NULL;
}

static enum err put_sql(struct ctx *ctx, const struct entity_info *info, const char *key, struct condition_columns *ret)
{
	struct buf text;
	buf_init(&text, 64 * 1024);
	buf_puts(&text, "SELECT \"id\"");
	for (size_t i = 1; i < ret->n; i++)
		if (has_column(info, ret->fields[i]))
			buf_printf(&text, ", \"%s\"", field_column(info->fields[ret->fields[i]]));
	buf_printf(&text, " FROM \"%s\" WHERE \"%s\" = ?1", info->entity->name, key);
	ret->sql_n = text.len;
	ret->sql = buf_failed(&text) ? NULL : arena_strndup(ctx->arena, buf_text(&text), text.len);
	ret->hash = ret->sql ? str_hash(ret->sql, ret->sql_n) : 0;
	buf_release(&text);
	return ret->sql ? OK : fail(ctx, ERR_LIMIT, "condition", "memory");
}

enum err condition_make_columns(struct ctx *ctx, const struct entity_info *info, const struct condition_node *tree, const int *more, size_t n_more,
                                const char *key, struct condition_columns *ret)
{
	bool *seen = arena_array(ctx->arena, info->n_fields, sizeof(*seen));
	int *fields = arena_array(ctx->arena, info->n_fields + 1, sizeof(*fields));
	if (!seen || !fields)
		return fail(ctx, ERR_LIMIT, "condition", "memory");
	if (tree)
		mark_level(tree, seen);
	for (size_t i = 0; i < n_more; i++)
		mark(seen, more[i]);
	*ret = (struct condition_columns){.fields = fields};
	fields[ret->n++] = SF_ID;
	for (int i = 0; i < (int)info->n_fields; i++)
		if (i != SF_ID && seen[i])
			fields[ret->n++] = i;
	return put_sql(ctx, info, key, ret);
}

void condition_take_row(const struct condition_columns *columns, struct stmt *stmt, struct record *record)
{
	int at = 0;
	for (size_t i = 0; i < columns->n; i++) {
		int field = columns->fields[i];
		if (has_column(record->info, field))
			field_from_column(record->info->fields[field], stmt, at++, &record->values[field]);
		record->set[field] = true;
	}
}

static enum err take_list(struct ctx *ctx, const char *sql, int64_t id, struct value *ret)
{
	struct stmt *stmt;
	bool row;
	size_t n = 0, cap = 0;
	int64_t *ids = NULL;
	enum err err = db_prepare_text(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, id);
	while (!(err = stmt_step(ctx, stmt, &row)) && row) {
		if (n == cap) {
			int64_t *wider = arena_array(ctx->arena, cap * 2 + 8, sizeof(*wider));
			if (!wider) {
				err = fail(ctx, ERR_LIMIT, "", "memory");
				break;
			}
			if (n)
				memcpy(wider, ids, n * sizeof(*ids));
			ids = wider;
			cap = cap * 2 + 8;
		}
		ids[n++] = stmt_i64(stmt, 0);
	}
	stmt_done(stmt);
	*ret = (struct value){.kind = VALUE_LIST};
	ret->l.ids = ids;
	ret->l.n = n;
	return err;
}

enum err condition_take_lists(struct ctx *ctx, const struct condition_columns *columns, struct record *record)
{
	for (size_t i = 0; i < columns->n; i++) {
		int field = columns->fields[i];
		if (record->info->fields[field]->type != FIELD_LINKS)
			continue;
		const char *sql = arena_printf(ctx->arena, "SELECT \"link_id\" FROM \"%s_%s\" WHERE \"record_id\" = ?1", record->info->entity->name,
		                               field_column(record->info->fields[field]));
		enum err err = sql ? take_list(ctx, sql, record_id(record), &record->values[field]) : fail(ctx, ERR_LIMIT, "", "memory");
		if (err)
			return err;
	}
	return OK;
}

/* --- what the whole tree reads ------------------------------------------------------------ */

struct reads {
	struct ctx *ctx;
	struct condition_read *list;
	size_t n, cap;
	enum err err;
};

static void add_read(struct reads *r, const struct entity_info *info, int field)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->list[i].info == info && r->list[i].field == field)
			return;
	if (r->n == r->cap) {
		size_t cap = r->cap * 2 + 16;
		struct condition_read *more = arena_array(r->ctx->arena, cap, sizeof(*more));
		if (!more) {
			r->err = fail(r->ctx, ERR_LIMIT, "condition", "memory");
			return;
		}
		if (r->n)
			memcpy(more, r->list, r->n * sizeof(*more));
		r->list = more;
		r->cap = cap;
	}
	r->list[r->n++] = (struct condition_read){info, field};
}

/* What is searched by text: every field that goes into the index. */
static void add_searched(struct reads *r, const struct entity_info *info)
{
	for (int i = 0; i < (int)info->n_fields; i++)
		if (info->fields[i]->flags & F_SEARCH)
			add_read(r, info, i);
}

/* Whose they are decides who sees and counts them. */
static void add_owners(struct reads *r, const struct entity_info *info)
{
	const int owners[] = {info->owner, info->team, info->branch, info->parent};
	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++)
		if (owners[i] >= 0 && entity_scope(r->ctx->actor, info, ACTION_READ) != SCOPE_ALL)
			add_read(r, info, owners[i]);
}

static void add_related(struct reads *r, const struct condition_node *node)
{
	add_read(r, node->other, -1);
	add_read(r, node->up ? node->info : node->other, node->link);
	if (node->of >= 0)
		add_read(r, node->other, node->compare.named);
	if (node->by >= 0)
		add_read(r, node->other, node->by);
	add_owners(r, node->other);
}

static void add_node(struct reads *r, const struct condition_node *node)
{
	if (node->kind == CONDITION_FIELD)
		add_read(r, node->info, node->compare.named);
	else if (node->kind == CONDITION_TEXT)
		add_searched(r, node->info);
	else if (node->kind == CONDITION_RELATED)
		add_related(r, node);
	for (const struct condition_node *inner = node->first; inner; inner = inner->next)
		add_node(r, inner);
}

enum err condition_reads(struct ctx *ctx, const struct condition *condition, struct condition_read **ret, size_t *ret_n)
{
	struct reads r = {.ctx = ctx};
	add_read(&r, condition->info, -1);
	add_owners(&r, condition->info);
	add_node(&r, condition->root);
	*ret = r.list;
	*ret_n = r.n;
	return r.err;
}

static size_t collect(const struct condition_node *node, int64_t *list, size_t n)
{
	if (node->kind == CONDITION_MEMBER)
		list[n++] = node->segment_id;
	for (const struct condition_node *inner = node->first; inner; inner = inner->next)
		n = collect(inner, list, n);
	return n;
}

enum err condition_segments(struct ctx *ctx, const struct condition *condition, int64_t **ret, size_t *ret_n)
{
	*ret = arena_array(ctx->arena, CONDITION_NODES_MAX, sizeof(**ret));
	if (!*ret)
		return fail(ctx, ERR_LIMIT, "condition", "memory");
	*ret_n = collect(condition->root, *ret, 0);
	return OK;
}
