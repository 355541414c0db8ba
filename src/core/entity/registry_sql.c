/* SQL from descriptors: the statements of single records, and the tables. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/entity/entity_internal.h"

enum { SQL_MAX = 256 * 1024 };

/* Connections keep statements for longer than a registry lives. */
static _Atomic uint64_t serials;

static const char mark[2] = {[ENGINE_SQLITE] = '?', [ENGINE_POSTGRES] = '$'};

static void put_name(struct buf *buf, const char *name)
{
	buf_putc(buf, '"');
	buf_puts(buf, name);
	buf_putc(buf, '"');
}

static void put_many_table(struct buf *buf, const struct entity_info *info, const struct field *field)
{
	buf_printf(buf, "\"%s_%s\"", entity_name(info), field_column(field));
}

static void put_columns(struct buf *buf, const struct entity_state *state)
{
	for (size_t i = 0; i < state->info.n_fields; i++) {
		if (state->column[i] < 0)
			continue;
		if (i)
			buf_puts(buf, ", ");
		put_name(buf, field_column(state->info.fields[i]));
	}
}

/* --- statements of single records ------------------------------------------- */

typedef void (*put_fn)(struct buf *buf, const struct entity_state *state, const struct field *field, int engine);

static void put_select(struct buf *buf, const struct entity_state *state, const struct field *field, int engine)
{
	(void)field;
	buf_puts(buf, "SELECT ");
	put_columns(buf, state);
	buf_printf(buf, " FROM \"%s\" WHERE \"id\" = %c1", entity_name(&state->info), mark[engine]);
}

static void put_lock(struct buf *buf, const struct entity_state *state, const struct field *field, int engine)
{
	put_select(buf, state, field, engine);
	/* Not FOR UPDATE: it waits for whoever has put in a row that links here, and two who both have wait for each other. */
	if (engine == ENGINE_POSTGRES)
		buf_puts(buf, " FOR NO KEY UPDATE");
}

static void put_insert(struct buf *buf, const struct entity_state *state, const struct field *field, int engine)
{
	(void)field;
	buf_printf(buf, "INSERT INTO \"%s\" (", entity_name(&state->info));
	put_columns(buf, state);
	buf_puts(buf, ") VALUES (");
	for (size_t i = 0; i < state->info.n_fields; i++)
		if (state->column[i] >= 0)
			buf_printf(buf, "%s%c%d", i ? ", " : "", mark[engine], state->column[i] + 1);
	buf_putc(buf, ')');
}

static void put_remove(struct buf *buf, const struct entity_state *state, const struct field *field, int engine)
{
	(void)field;
	buf_printf(buf, "DELETE FROM \"%s\" WHERE \"id\" = %c1", entity_name(&state->info), mark[engine]);
}

static void put_column_or_zero(struct buf *buf, const struct entity_info *info, int at)
{
	if (at < 0)
		buf_putc(buf, '0');
	else
		put_name(buf, field_column(info->fields[at]));
}

static void put_owner(struct buf *buf, const struct entity_state *state, const struct field *field, int engine)
{
	(void)field;
	const struct entity_info *info = &state->info;
	buf_puts(buf, "SELECT ");
	put_column_or_zero(buf, info, info->parent);
	buf_puts(buf, ", ");
	put_column_or_zero(buf, info, info->owner);
	buf_puts(buf, ", ");
	put_column_or_zero(buf, info, info->team);
	buf_puts(buf, ", ");
	put_column_or_zero(buf, info, info->branch);
	buf_printf(buf, " FROM \"%s\" WHERE \"id\" = %c1", entity_name(info), mark[engine]);
}

/* Children of one parent, for its search row. */
static void put_children(struct buf *buf, const struct entity_state *state, const struct field *field, int engine)
{
	(void)field;
	const struct entity_info *info = &state->info;
	if (info->parent < 0 || state->n_searched == 0) {
		buf_puts(buf, "SELECT 1");
		return;
	}
	buf_puts(buf, "SELECT ");
	for (size_t i = 0; i < state->n_searched; i++) {
		if (i)
			buf_puts(buf, ", ");
		put_name(buf, field_column(info->fields[state->searched[i]]));
	}
	buf_printf(buf, " FROM \"%s\" WHERE \"%s\" = %c1 ORDER BY \"id\" LIMIT %c2", entity_name(info),
	           field_column(info->fields[info->parent]), mark[engine], mark[engine]);
}

static void put_many_select(struct buf *buf, const struct entity_state *state, const struct field *field, int engine)
{
	buf_puts(buf, "SELECT \"link_id\" FROM ");
	put_many_table(buf, &state->info, field);
	buf_printf(buf, " WHERE \"record_id\" = %c1 ORDER BY \"link_id\"", mark[engine]);
}

static void put_many_insert(struct buf *buf, const struct entity_state *state, const struct field *field, int engine)
{
	buf_puts(buf, "INSERT INTO ");
	put_many_table(buf, &state->info, field);
	buf_printf(buf, " (\"record_id\", \"link_id\") VALUES (%c1, %c2)", mark[engine], mark[engine]);
}

static void put_many_remove(struct buf *buf, const struct entity_state *state, const struct field *field, int engine)
{
	buf_puts(buf, "DELETE FROM ");
	put_many_table(buf, &state->info, field);
	buf_printf(buf, " WHERE \"record_id\" = %c1 AND \"link_id\" = %c2", mark[engine], mark[engine]);
}

static enum err make(struct ctx *ctx, struct registry *registry, const struct entity_state *state, const struct field *field,
                     const char *what, put_fn put, struct sql *ret)
{
	struct buf buf;
	const char *text[2];
	buf_init(&buf, SQL_MAX);
	for (int engine = ENGINE_SQLITE; engine <= ENGINE_POSTGRES; engine++) {
		buf_reset(&buf);
		put(&buf, state, field, engine);
		text[engine] = buf_failed(&buf) ? NULL : arena_strdup(&registry->arena, buf_text(&buf));
	}
	buf_release(&buf);
	ret->serial = atomic_fetch_add_explicit(&serials, 1, memory_order_relaxed) + 1;
	ret->sqlite = text[ENGINE_SQLITE];
	ret->postgres = text[ENGINE_POSTGRES];
	ret->name = arena_printf(&registry->arena, "%s%s%s.%s", entity_name(&state->info), field ? "." : "",
	                         field ? field->name : "", what);
	if (!ret->sqlite || !ret->postgres || !ret->name)
		return fail(ctx, ERR_LIMIT, entity_name(&state->info), "memory");
	return OK;
}

static enum err make_many(struct ctx *ctx, struct registry *registry, struct entity_state *state)
{
	size_t n = state->n_many;
	if (n == 0)
		return OK;
	state->many_select = arena_array(&registry->arena, n, sizeof(struct sql));
	state->many_insert = arena_array(&registry->arena, n, sizeof(struct sql));
	state->many_remove = arena_array(&registry->arena, n, sizeof(struct sql));
	if (!state->many_select || !state->many_insert || !state->many_remove)
		return fail(ctx, ERR_LIMIT, entity_name(&state->info), "memory");
	for (size_t i = 0; i < n; i++) {
		const struct field *field = state->info.fields[state->many[i]];
		enum err err = make(ctx, registry, state, field, "select", put_many_select, &state->many_select[i]);
		if (!err)
			err = make(ctx, registry, state, field, "insert", put_many_insert, &state->many_insert[i]);
		if (!err)
			err = make(ctx, registry, state, field, "remove", put_many_remove, &state->many_remove[i]);
		if (err)
			return err;
	}
	return OK;
}

enum err registry_make_sql(struct ctx *ctx, struct registry *registry, struct entity_state *state)
{
	const struct {
		const char *what;
		put_fn put;
		struct sql *ret;
	} all[] = {
		{"select", put_select, &state->select}, {"lock", put_lock, &state->lock},
		{"insert", put_insert, &state->insert}, {"remove", put_remove, &state->remove},
		{"owner", put_owner, &state->owner},    {"children", put_children, &state->children},
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		enum err err = make(ctx, registry, state, NULL, all[i].what, all[i].put, all[i].ret);
		if (err)
			return err;
	}
	return make_many(ctx, registry, state);
}
