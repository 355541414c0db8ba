/* Tables and indexes from descriptors: all of them for a new database, what is missing for an older one. */
#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/str.h"
#include "core/entity/entity_internal.h"

/* "name" type, whether it may be null, what it points to; `fallback` for rows that are there already. */
static void put_column(struct buf *buf, const struct entity_info *info, size_t at, int engine, const char *fallback)
{
	const struct field *field = info->fields[at];
	buf_printf(buf, "\"%s\" %s", field_column(field), field_ops(field->type)->column[engine]);
	if (at == SF_ID)
		buf_puts(buf, " PRIMARY KEY");
	else if (field_never_null(field))
		buf_puts(buf, " NOT NULL");
	if (fallback)
		buf_printf(buf, " DEFAULT %s", fallback);
	const struct entity_info *link = at < SF_COUNT ? NULL : entity_link(info, (int)at);
	if (link && engine == ENGINE_SQLITE)
		buf_printf(buf, " REFERENCES \"%s\" (\"id\")", entity_name(link));
}

static void put_table(struct buf *buf, const struct entity_info *info, int engine, const char *table)
{
	buf_printf(buf, "CREATE TABLE \"%s\" (\n", table);
	for (size_t i = 0; i < info->n_fields; i++) {
		if (info->fields[i]->type == FIELD_LINKS)
			continue;
		buf_puts(buf, i ? ",\n\t" : "\t");
		put_column(buf, info, i, engine, NULL);
	}
	buf_puts(buf, engine == ENGINE_SQLITE ? "\n) STRICT;\n" : "\n);\n");
}

static void put_many_table(struct buf *buf, const struct entity_info *info, const struct field *field, int engine)
{
	const char *integer = field_ops(FIELD_LINK)->column[engine];
	char table[128];
	snprintf(table, sizeof(table), "%s_%s", entity_name(info), field_column(field));
	buf_printf(buf, "CREATE TABLE \"%s\" (\n\t\"record_id\" %s NOT NULL%s%s%s,\n\t\"link_id\" %s NOT NULL%s%s%s,\n"
	                "\tPRIMARY KEY (\"record_id\", \"link_id\")\n)%s;\n",
	           table, integer, engine == ENGINE_SQLITE ? " REFERENCES \"" : "",
	           engine == ENGINE_SQLITE ? entity_name(info) : "", engine == ENGINE_SQLITE ? "\" (\"id\")" : "", integer,
	           engine == ENGINE_SQLITE ? " REFERENCES \"" : "", engine == ENGINE_SQLITE ? field->link : "",
	           engine == ENGINE_SQLITE ? "\" (\"id\")" : "", engine == ENGINE_SQLITE ? " STRICT, WITHOUT ROWID" : "");
	registry_put_index(buf, engine, NULL, table, "link_id,record_id", 0);
}

static void put_foreign_key(struct buf *buf, const char *table, const char *column, const char *target)
{
	char name[INDEX_NAME_MAX + 1];
	registry_index_name(name, table, column, "fkey");
	buf_printf(buf, "ALTER TABLE \"%s\" ADD CONSTRAINT \"%s\" FOREIGN KEY (\"%s\") REFERENCES \"%s\" (\"id\") DEFERRABLE;\n",
	           table, name, column, target);
}

/* PostgreSQL wants the tables before what refers to them. */
static void put_field_keys(struct buf *buf, const struct entity_info *info, size_t at)
{
	const struct field *field = info->fields[at];
	const struct entity_info *link = at < SF_COUNT ? NULL : entity_link(info, (int)at);
	char table[128];
	if (!link)
		return;
	if (field->type == FIELD_LINK) {
		put_foreign_key(buf, entity_name(info), field_column(field), entity_name(link));
		return;
	}
	snprintf(table, sizeof(table), "%s_%s", entity_name(info), field_column(field));
	put_foreign_key(buf, table, "record_id", entity_name(info));
	put_foreign_key(buf, table, "link_id", entity_name(link));
}

enum err registry_ddl(struct ctx *ctx, const struct registry *registry, int engine, struct buf *ret)
{
	if (engine != ENGINE_SQLITE && engine != ENGINE_POSTGRES)
		return fail(ctx, ERR_BUG, "engine", "unknown");
	for (size_t i = 0; i < registry->n; i++) {
		const struct entity_info *info = &registry->list[i].info;
		put_table(ret, info, engine, entity_name(info));
		for (size_t k = 0; k < entity_state(info)->n_many; k++)
			put_many_table(ret, info, info->fields[entity_state(info)->many[k]], engine);
		registry_put_indexes(ret, engine, info);
	}
	for (size_t i = 0; engine == ENGINE_POSTGRES && i < registry->n; i++)
		for (size_t at = 0; at < registry->list[i].info.n_fields; at++)
			put_field_keys(ret, &registry->list[i].info, at);
	return buf_failed(ret) ? fail(ctx, ERR_LIMIT, "ddl", "memory") : OK;
}

/* --- what an older schema lacks ----------------------------------------------- */

enum { UPGRADE_MAX = 1 << 20 };

struct lacking {
	struct ctx *ctx;
	int engine;
	struct map columns;    /* of the schema, as "table.column" */
	struct buf ddl, keys;  /* foreign keys come after all tables */
};

static enum err read_columns(struct lacking *l)
{
	static const char *const sql[] = {
		[ENGINE_SQLITE] = "SELECT m.name || '.' || p.name FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table'",
		[ENGINE_POSTGRES] = "SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
		                    "WHERE c.relnamespace = current_schema()::text::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped",
	};
	struct stmt *stmt = NULL;
	bool row = false;
	enum err err = db_prepare_text(l->ctx, l->ctx->db, sql[l->engine], &stmt);
	while (!err && (err = stmt_step(l->ctx, stmt, &row)) == OK && row) {
		const char *name = stmt_text(stmt, 0);
		if (!map_put(&l->columns, name, strlen(name), 1))
			err = fail(l->ctx, ERR_LIMIT, "", "memory");
	}
	if (stmt)
		stmt_done(stmt);
	return err;
}

static bool has_column(const struct lacking *l, const char *table, const char *column)
{
	char key[160];
	int64_t ignored;
	int n = snprintf(key, sizeof(key), "%s.%s", table, column);
	return map_get(&l->columns, key, (size_t)n, &ignored);
}

static bool has_many_table(const struct lacking *l, const struct entity_info *info, const struct field *field)
{
	char table[128];
	snprintf(table, sizeof(table), "%s_%s", entity_name(info), field_column(field));
	return has_column(l, table, "link_id");
}

static bool has_field(const struct lacking *l, const struct entity_info *info, size_t at)
{
	const struct field *field = info->fields[at];
	return field->type == FIELD_LINKS ? has_many_table(l, info, field) : has_column(l, entity_name(info), field_column(field));
}

static void put_literal(struct buf *text, const struct value *value)
{
	if (value->kind == VALUE_INT) {
		buf_put_i64(text, value->i);
	} else if (value->kind == VALUE_REAL) {
		buf_printf(text, "%.17g", value->r);
	} else {
		buf_putc(text, '\'');
		for (size_t i = 0; i < value->t.n; i++) {
			if (value->t.p[i] == '\'')
				buf_putc(text, '\'');
			buf_putc(text, value->t.p[i]);
		}
		buf_putc(text, '\'');
	}
}

/* SQL of the descriptor's default, for the rows there are; NULL where it differs from row to row. */
static enum err default_text(struct ctx *ctx, const struct entity_info *info, size_t at, const char **ret)
{
	const struct field *field = info->fields[at];
	struct value value = value_null();
	struct buf text;
	*ret = NULL;
	bool constant = field->fallback && !str_equal(field->fallback, "now") && !str_equal(field->fallback, "me");
	enum err err = constant ? field_parse(ctx, info, (int)at, field->fallback, &value) : OK;
	if (!err && value.kind == VALUE_NULL && field_never_null(field))
		err = fail_arg(ctx, ERR_BUG, field->name, "no_default", entity_name(info)); /* wants a step of its own */
	if (err || value.kind == VALUE_NULL)
		return err;
	buf_init(&text, 4096);
	put_literal(&text, &value);
	*ret = buf_failed(&text) ? NULL : arena_strdup(ctx->arena, buf_text(&text));
	buf_release(&text);
	return *ret ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

enum err registry_fallback(struct ctx *ctx, const struct registry *registry, const char *table, const char *column, const char **ret)
{
	*ret = NULL;
	for (size_t i = 0; i < registry->n; i++) {
		const struct entity_info *info = &registry->list[i].info;
		for (size_t at = 0; str_equal(entity_name(info), table) && at < info->n_fields; at++)
			if (str_equal(field_column(info->fields[at]), column))
				return default_text(ctx, info, at, ret);
	}
	return OK;
}

static enum err add_field(struct lacking *l, const struct entity_info *info, size_t at)
{
	const char *fallback = NULL;
	if (info->fields[at]->type == FIELD_LINKS) {
		put_many_table(&l->ddl, info, info->fields[at], l->engine);
	} else {
		enum err err = default_text(l->ctx, info, at, &fallback);
		if (err)
			return err;
		buf_printf(&l->ddl, "ALTER TABLE \"%s\" ADD COLUMN ", entity_name(info));
		put_column(&l->ddl, info, at, l->engine, fallback);
		buf_puts(&l->ddl, ";\n");
	}
	put_field_keys(&l->keys, info, at);
	return OK;
}

/* A foreign key of a column that is empty has nothing to look at. */
static void put_unchecked_keys(struct buf *buf, const struct entity_info *info, size_t at)
{
	struct buf keys;
	buf_init(&keys, 4096);
	put_field_keys(&keys, info, at);
	for (const char *from = buf_text(&keys), *end; (end = strstr(from, ";\n")) != NULL; from = end + 2)
		buf_printf(buf, "%.*s NOT VALID;\n", (int)(end - from), from);
	buf_release(&keys);
}

enum err registry_field_ddl(struct ctx *ctx, const struct entity_info *info, size_t at, int engine, struct field_ddl *ret)
{
	const char *fallback = NULL;
	if (info->fields[at]->type == FIELD_LINKS) {
		put_many_table(&ret->column, info, info->fields[at], engine);
	} else {
		enum err err = default_text(ctx, info, at, &fallback);
		if (err)
			return err;
		buf_printf(&ret->column, "ALTER TABLE \"%s\" ADD COLUMN ", entity_name(info));
		put_column(&ret->column, info, at, engine, fallback);
		buf_puts(&ret->column, ";\n");
		registry_put_field_index(&ret->index, engine, info, at);
	}
	if (engine == ENGINE_POSTGRES)
		put_unchecked_keys(&ret->column, info, at);
	return buf_failed(&ret->column) || buf_failed(&ret->index) ? fail(ctx, ERR_LIMIT, "ddl", "memory") : OK;
}

static enum err add_missing(struct lacking *l, const struct entity_info *info)
{
	bool whole = !has_column(l, entity_name(info), "id");
	enum err err = OK;
	if (whole)
		put_table(&l->ddl, info, l->engine, entity_name(info));
	for (size_t at = 0; !err && at < info->n_fields; at++) {
		if (whole && info->fields[at]->type != FIELD_LINKS)
			put_field_keys(&l->keys, info, at);
		else if (!has_field(l, info, at))
			err = add_field(l, info, at);
	}
	registry_put_indexes(&l->ddl, l->engine, info);
	return err;
}

static enum err begin(struct ctx *ctx, struct lacking *l)
{
	*l = (struct lacking){.ctx = ctx, .engine = (int)db_engine(ctx->db)};
	map_init(&l->columns, 0, 0); /* our own names */
	buf_init(&l->ddl, UPGRADE_MAX);
	buf_init(&l->keys, UPGRADE_MAX);
	return read_columns(l);
}

static void end(struct lacking *l)
{
	map_release(&l->columns);
	buf_release(&l->ddl);
	buf_release(&l->keys);
}

enum err registry_tables_lacking(struct ctx *ctx, const struct registry *registry, const char *const **ret)
{
	struct lacking l;
	size_t n = 0;
	const char **names = arena_array(ctx->arena, registry->n + 1, sizeof(*names));
	if (names == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = begin(ctx, &l);
	for (size_t i = 0; i < registry->n && err == OK; i++) {
		const char *name = entity_name(&registry->list[i].info);
		if (!has_column(&l, name, "id"))
			names[n++] = name;
	}
	end(&l);
	*ret = names;
	return err;
}

enum err registry_upgrade(struct ctx *ctx, const struct registry *registry)
{
	struct lacking l;
	enum err err = begin(ctx, &l);
	for (size_t i = 0; !err && i < registry->n; i++)
		err = add_missing(&l, &registry->list[i].info);
	if (!err && (buf_failed(&l.ddl) || buf_failed(&l.keys)))
		err = fail(ctx, ERR_LIMIT, "ddl", "memory");
	if (!err)
		err = db_exec(ctx, ctx->db, buf_text(&l.ddl));
	if (!err && l.engine == ENGINE_POSTGRES && l.keys.len > 0)
		err = db_exec(ctx, ctx->db, buf_text(&l.keys));
	end(&l);
	return err;
}

static void put_column_list(struct buf *ddl, const struct entity_info *info)
{
	const char *between = "";
	for (size_t at = 0; at < info->n_fields; at++)
		if (info->fields[at]->type != FIELD_LINKS) {
			buf_printf(ddl, "%s\"%s\"", between, field_column(info->fields[at]));
			between = ", ";
		}
}

/* SQLite cannot take a condition from a column: the table is written anew, without its references being asked meanwhile. */
static void put_loosened_lite(struct buf *ddl, const struct entity_info *info)
{
	const char *name = entity_name(info);
	char table[128];
	snprintf(table, sizeof(table), "%s_anew", name);
	put_table(ddl, info, ENGINE_SQLITE, table);
	buf_printf(ddl, "INSERT INTO \"%s\" (", table);
	put_column_list(ddl, info);
	buf_puts(ddl, ") SELECT ");
	put_column_list(ddl, info);
	buf_printf(ddl, " FROM \"%s\";\nDROP TABLE \"%s\";\nALTER TABLE \"%s\" RENAME TO \"%s\";\n", name, name, table, name);
	registry_put_indexes(ddl, ENGINE_SQLITE, info);
}

enum err registry_loosen(struct ctx *ctx, const struct registry *registry, const char *entity)
{
	const struct entity_info *info = registry_find(registry, entity);
	struct buf ddl;
	if (!info)
		return fail_arg(ctx, ERR_BUG, "", "unknown", entity);
	buf_init(&ddl, UPGRADE_MAX);
	if (db_engine(ctx->db) == ENGINE_SQLITE)
		put_loosened_lite(&ddl, info);
	for (size_t at = SF_COUNT; db_engine(ctx->db) == ENGINE_POSTGRES && at < info->n_fields; at++)
		if (info->fields[at]->type != FIELD_LINKS && !field_never_null(info->fields[at]))
			buf_printf(&ddl, "ALTER TABLE \"%s\" ALTER COLUMN \"%s\" DROP NOT NULL;\n", entity, field_column(info->fields[at]));
	enum err err = buf_failed(&ddl) ? fail(ctx, ERR_LIMIT, "ddl", "memory") : db_exec(ctx, ctx->db, buf_text(&ddl));
	buf_release(&ddl);
	return err;
}

enum err registry_check_schema(struct ctx *ctx, const struct registry *registry)
{
	struct lacking l;
	enum err err = begin(ctx, &l);
	for (size_t i = 0; !err && i < registry->n; i++) {
		const struct entity_info *info = &registry->list[i].info;
		for (size_t at = 0; !err && at < info->n_fields; at++) {
			if (!has_field(&l, info, at))
				err = fail_arg(ctx, ERR_CONFLICT, "", "schema_lacks", arena_printf(ctx->arena, "%s.%s", entity_name(info), info->fields[at]->name));
		}
	}
	end(&l);
	return err;
}
