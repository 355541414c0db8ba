/* SQL from descriptors: the statements of single records, and the tables. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/entity/entity_internal.h"

enum { SQL_MAX = 256 * 1024 };

static const char mark[2] = {[ENGINE_SQLITE] = '?', [ENGINE_POSTGRES] = '$'};

static void put_name(struct buf *buf, const char *name)
{
	buf_putc(buf, '"');
	buf_puts(buf, name);
	buf_putc(buf, '"');
}

static void put_many_table(struct buf *buf, const struct entity_info *info, const struct field *field)
{
	buf_printf(buf, "\"%s_%s\"", entity_name(info), field->name);
}

static void put_columns(struct buf *buf, const struct entity_state *state)
{
	for (size_t i = 0; i < state->info.n_fields; i++) {
		if (state->column[i] < 0)
			continue;
		if (i)
			buf_puts(buf, ", ");
		put_name(buf, state->info.fields[i]->name);
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
	if (engine == ENGINE_POSTGRES)
		buf_puts(buf, " FOR UPDATE");
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
		put_name(buf, info->fields[at]->name);
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
		put_name(buf, info->fields[state->searched[i]]->name);
	}
	buf_printf(buf, " FROM \"%s\" WHERE \"%s\" = %c1 ORDER BY \"id\" LIMIT %c2", entity_name(info),
	           info->fields[info->parent]->name, mark[engine], mark[engine]);
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

/* --- tables -------------------------------------------------------------------- */

bool registry_list_item(const char *list, size_t n, char *name, size_t size, const char **ret_suffix)
{
	for (; n > 0; n--) {
		list = strchr(list, ',');
		if (!list)
			return false;
		list++;
	}
	size_t len = strcspn(list, ",.");
	if (len >= size)
		len = size - 1;
	memcpy(name, list, len);
	name[len] = '\0';
	if (ret_suffix)
		*ret_suffix = list + len;
	return true;
}

bool registry_unique_index(const char *index, const char **ret_columns)
{
	bool unique = str_starts(index, "unique ");
	*ret_columns = unique ? index + strlen("unique ") : index;
	return unique;
}

/* Engines cut or refuse long names, so a long one ends in a hash of the whole. */
void registry_index_name(char out[INDEX_NAME_MAX + 1], const char *table, const char *columns, const char *suffix)
{
	char full[512];
	int n = snprintf(full, sizeof(full), "%s_%s_%s", table, columns, suffix);
	size_t len = n < 0 ? 0 : (size_t)n < sizeof(full) ? (size_t)n : sizeof(full) - 1;
	for (char *c = full; *c; c++)
		if (*c == ',' || *c == '.' || *c == ' ')
			*c = '_';
	if (len <= INDEX_NAME_MAX)
		memcpy(out, full, len + 1);
	else
		snprintf(out, INDEX_NAME_MAX + 1, "%.44s_%08x_%.8s", full, (unsigned)str_hash(full, len), suffix);
}

/* Whether the column may be null at all: SQLite takes "x IS NOT NULL" of one that may not
 * for true, and then finds no use for an index with that condition. */
static bool may_be_null(const struct entity_info *info, const char *column)
{
	int at = info ? entity_field(info, column) : -1;
	return at >= SF_COUNT && !(info->fields[at]->flags & F_REQUIRED);
}

static void put_index(struct buf *buf, const struct entity_info *info, const char *table, const char *columns, bool unique, bool partial)
{
	char name[INDEX_NAME_MAX + 1], column[64];
	bool first = true;
	registry_index_name(name, table, columns, unique ? "key" : "idx");
	buf_printf(buf, "CREATE %sINDEX \"%s\" ON \"%s\" (", unique ? "UNIQUE " : "", name, table);
	for (size_t i = 0; registry_list_item(columns, i, column, sizeof(column), NULL); i++)
		buf_printf(buf, "%s\"%s\"", i ? ", " : "", column);
	buf_putc(buf, ')');
	for (size_t i = 0; partial && registry_list_item(columns, i, column, sizeof(column), NULL); i++) {
		if (!may_be_null(info, column))
			continue;
		buf_printf(buf, "%s\"%s\" IS NOT NULL", first ? " WHERE " : " AND ", column);
		first = false;
	}
	buf_puts(buf, ";\n");
}

/* Whether an index of the descriptor begins with the field. */
static bool leads_index(const struct entity *entity, const char *field)
{
	char first[64];
	for (const char *const *index = entity->indexes; index && *index; index++) {
		const char *columns;
		if (!registry_unique_index(*index, &columns) && registry_list_item(columns, 0, first, sizeof(first), NULL) &&
		    str_equal(first, field))
			return true;
	}
	return false;
}

/* First field of the default order; "" for none. */
static void sort_field(const struct entity *entity, char out[64])
{
	out[0] = '\0';
	if (entity->sort)
		(void)registry_list_item(entity->sort, 0, out, 64, NULL);
}

static bool is_scope_field(const struct entity_info *info, size_t at)
{
	return (int)at == info->owner || (int)at == info->team || (int)at == info->branch;
}

/* The index a field calls for: for owners with the default order, so that "mine,
 * newest first" needs no sort. */
static void put_field_index(struct buf *buf, const struct entity_info *info, size_t at)
{
	const struct field *field = info->fields[at];
	char sort[64], columns[160];
	sort_field(info->entity, sort);
	if (field->flags & F_UNIQUE)
		put_index(buf, info, entity_name(info), field->name, true, true);
	if (leads_index(info->entity, field->name))
		return;
	bool scope = is_scope_field(info, at), sorted = (field->flags & F_SORT) || str_equal(sort, field->name);
	if (scope && *sort && !str_equal(sort, "id") && !str_equal(sort, field->name))
		snprintf(columns, sizeof(columns), "%s,%s,id", field->name, sort);
	else if (sorted || scope)
		snprintf(columns, sizeof(columns), "%s,id", field->name);
	else if (((field->flags & F_INDEX) || field->type == FIELD_LINK) && !(field->flags & F_UNIQUE))
		snprintf(columns, sizeof(columns), "%s", field->name);
	else
		return;
	/* For finding values only; most records have none, and writing them is then cheaper.  Lists of
	 * what nobody owns are asked for, of what no team or branch has they are not. */
	bool partial = (!scope || (int)at != info->owner) && !sorted && !(field->flags & F_REQUIRED);
	put_index(buf, info, entity_name(info), columns, false, partial);
}

static void put_indexes(struct buf *buf, const struct entity_info *info)
{
	const struct entity *entity = info->entity;
	char sort[64];
	sort_field(entity, sort);
	for (size_t i = SF_VERSION; i < info->n_fields; i++) {
		if (info->fields[i]->type == FIELD_LINKS)
			continue;
		if (i < SF_COUNT && !str_equal(info->fields[i]->name, sort))
			continue; /* system fields only where the default order needs them */
		put_field_index(buf, info, i);
	}
	for (const char *const *index = entity->indexes; index && *index; index++) {
		const char *columns;
		bool unique = registry_unique_index(*index, &columns);
		put_index(buf, info, entity->name, columns, unique, unique);
	}
}

static void put_table(struct buf *buf, const struct entity_info *info, int engine)
{
	buf_printf(buf, "CREATE TABLE \"%s\" (\n", entity_name(info));
	for (size_t i = 0; i < info->n_fields; i++) {
		const struct field *field = info->fields[i];
		if (field->type == FIELD_LINKS)
			continue;
		buf_printf(buf, "%s\t\"%s\" %s", i ? ",\n" : "", field->name, field_ops(field->type)->column[engine]);
		if (i == SF_ID)
			buf_puts(buf, " PRIMARY KEY");
		else if (field->flags & F_REQUIRED)
			buf_puts(buf, " NOT NULL");
		const struct entity_info *link = i < SF_COUNT ? NULL : entity_link(info, (int)i);
		if (link && engine == ENGINE_SQLITE)
			buf_printf(buf, " REFERENCES \"%s\" (\"id\")", entity_name(link));
	}
	buf_puts(buf, engine == ENGINE_SQLITE ? "\n) STRICT;\n" : "\n);\n");
}

static void put_many_tables(struct buf *buf, const struct entity_info *info, int engine)
{
	const struct entity_state *state = entity_state(info);
	const char *integer = field_ops(FIELD_LINK)->column[engine];
	for (size_t i = 0; i < state->n_many; i++) {
		const struct field *field = info->fields[state->many[i]];
		char table[128];
		snprintf(table, sizeof(table), "%s_%s", entity_name(info), field->name);
		buf_printf(buf, "CREATE TABLE \"%s\" (\n\t\"record_id\" %s NOT NULL%s%s%s,\n\t\"link_id\" %s NOT NULL%s%s%s,\n"
		                "\tPRIMARY KEY (\"record_id\", \"link_id\")\n)%s;\n",
		           table, integer, engine == ENGINE_SQLITE ? " REFERENCES \"" : "",
		           engine == ENGINE_SQLITE ? entity_name(info) : "", engine == ENGINE_SQLITE ? "\" (\"id\")" : "", integer,
		           engine == ENGINE_SQLITE ? " REFERENCES \"" : "", engine == ENGINE_SQLITE ? field->link : "",
		           engine == ENGINE_SQLITE ? "\" (\"id\")" : "", engine == ENGINE_SQLITE ? " STRICT, WITHOUT ROWID" : "");
		put_index(buf, NULL, table, "link_id,record_id", false, false);
	}
}

static void put_foreign_key(struct buf *buf, const char *table, const char *column, const char *target)
{
	char name[INDEX_NAME_MAX + 1];
	registry_index_name(name, table, column, "fkey");
	buf_printf(buf, "ALTER TABLE \"%s\" ADD CONSTRAINT \"%s\" FOREIGN KEY (\"%s\") REFERENCES \"%s\" (\"id\") DEFERRABLE;\n",
	           table, name, column, target);
}

/* PostgreSQL wants the tables before what refers to them. */
static void put_foreign_keys(struct buf *buf, const struct entity_info *info)
{
	for (size_t i = SF_COUNT; i < info->n_fields; i++) {
		const struct field *field = info->fields[i];
		const struct entity_info *link = entity_link(info, (int)i);
		if (!link)
			continue;
		if (field->type == FIELD_LINK) {
			put_foreign_key(buf, entity_name(info), field->name, entity_name(link));
			continue;
		}
		char table[128];
		snprintf(table, sizeof(table), "%s_%s", entity_name(info), field->name);
		put_foreign_key(buf, table, "record_id", entity_name(info));
		put_foreign_key(buf, table, "link_id", entity_name(link));
	}
}

enum err registry_ddl(struct ctx *ctx, const struct registry *registry, int engine, struct buf *ret)
{
	if (engine != ENGINE_SQLITE && engine != ENGINE_POSTGRES)
		return fail(ctx, ERR_BUG, "engine", "unknown");
	for (size_t i = 0; i < registry->n; i++) {
		const struct entity_info *info = &registry->list[i].info;
		put_table(ret, info, engine);
		put_many_tables(ret, info, engine);
		put_indexes(ret, info);
	}
	for (size_t i = 0; engine == ENGINE_POSTGRES && i < registry->n; i++)
		put_foreign_keys(ret, &registry->list[i].info);
	return buf_failed(ret) ? fail(ctx, ERR_LIMIT, "ddl", "memory") : OK;
}
