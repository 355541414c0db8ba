/* Indexes: which a descriptor calls for, and those that are set aside while very many
 * records are put into tables that were all but empty.
 *
 * Each index costs every new row a search and a changed page somewhere in it; a million rows
 * later, made in one go, it costs a sort.  What writes need stays: unique indexes, and
 * those that find a parent's children.  A program that dies in between finds the gaps at its
 * next start (entity_index_mend). */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/entity/entity_internal.h"

enum { INDEXES_TEXT_MAX = 64 * 1024 };

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

/* Position of the field that is kept in the column; -1 if none is. */
static int column_field(const struct entity_info *info, const char *column)
{
	int at = entity_field(info, column);
	if (at >= 0 && str_equal(field_column(info->fields[at]), column))
		return at;
	for (at = SF_COUNT; at < (int)info->n_fields; at++)
		if (info->fields[at]->column && str_equal(info->fields[at]->column, column))
			return at;
	return -1;
}

/* Whether the column may be null at all: SQLite takes "x IS NOT NULL" of one that may not
 * for true, and then finds no use for an index with that condition. */
static bool may_be_null(const struct entity_info *info, const char *column)
{
	int at = info ? column_field(info, column) : -1;
	return at >= SF_COUNT && !field_never_null(info->fields[at]);
}

/* SQLite has the id behind every index already, and would keep it twice. */
static bool has_it_anyway(int engine, const char *column, size_t at)
{
	return engine == ENGINE_SQLITE && at > 0 && str_equal(column, "id");
}

void registry_put_index(struct buf *buf, int engine, const struct entity_info *info, const char *table, const char *columns, unsigned flags)
{
	char name[INDEX_NAME_MAX + 1], column[64];
	bool unique = flags & INDEX_UNIQUE, first = true;
	registry_index_name(name, table, columns, unique ? "key" : "idx");
	buf_printf(buf, "CREATE %sINDEX IF NOT EXISTS \"%s\" ON \"%s\" (", unique ? "UNIQUE " : "", name, table);
	for (size_t i = 0; registry_list_item(columns, i, column, sizeof(column), NULL); i++)
		if (!has_it_anyway(engine, column, i))
			buf_printf(buf, "%s\"%s\"", i ? ", " : "", column);
	buf_putc(buf, ')');
	for (size_t i = 0; (flags & INDEX_PARTIAL) && registry_list_item(columns, i, column, sizeof(column), NULL); i++) {
		if (!may_be_null(info, column))
			continue;
		buf_printf(buf, "%s\"%s\" IS NOT NULL", first ? " WHERE " : " AND ", column);
		first = false;
	}
	buf_puts(buf, ";\n");
}

void registry_put_index_drop(struct buf *buf, const char *table, const char *column, bool unique)
{
	char name[INDEX_NAME_MAX + 1];
	registry_index_name(name, table, column, unique ? "key" : "idx");
	buf_printf(buf, "DROP INDEX IF EXISTS \"%s\"", name);
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

/* For finding values only; most records have none, and writing them is then cheaper.  Lists of
 * what nobody owns are asked for, of what no team or branch has they are not. */
static bool is_partial(const struct entity_info *info, size_t at)
{
	return (int)at != info->owner && !field_never_null(info->fields[at]);
}

/* The index a field calls for: for owners with the default order, so that "mine,
 * newest first" needs no sort. */
void registry_put_field_index(struct buf *buf, int engine, const struct entity_info *info, size_t at)
{
	const struct field *field = info->fields[at];
	const char *column = field_column(field);
	char sort[64], columns[160];
	sort_field(info->entity, sort);
	if (field->flags & F_UNIQUE)
		registry_put_index(buf, engine, info, entity_name(info), column, INDEX_UNIQUE | INDEX_PARTIAL);
	if (leads_index(info->entity, field->name))
		return;
	bool scope = is_scope_field(info, at), sorted = (field->flags & F_SORT) || str_equal(sort, field->name);
	if (scope && *sort && !str_equal(sort, "id") && !str_equal(sort, field->name))
		snprintf(columns, sizeof(columns), "%s,%s,id", column, sort);
	else if (sorted || scope)
		snprintf(columns, sizeof(columns), "%s,id", column);
	else if (((field->flags & F_INDEX) || field->type == FIELD_LINK) && !(field->flags & F_UNIQUE))
		snprintf(columns, sizeof(columns), "%s", column);
	else
		return;
	registry_put_index(buf, engine, info, entity_name(info), columns, !sorted && is_partial(info, at) ? INDEX_PARTIAL : 0);
}

void registry_put_indexes(struct buf *buf, int engine, const struct entity_info *info)
{
	const struct entity *entity = info->entity;
	char sort[64];
	sort_field(entity, sort);
	for (size_t i = SF_VERSION; i < info->n_fields; i++) {
		if (info->fields[i]->type == FIELD_LINKS)
			continue;
		if (i < SF_COUNT && !str_equal(info->fields[i]->name, sort))
			continue; /* system fields only where the default order needs them */
		registry_put_field_index(buf, engine, info, i);
	}
	for (const char *const *index = entity->indexes; index && *index; index++) {
		const char *columns;
		bool unique = registry_unique_index(*index, &columns);
		registry_put_index(buf, engine, info, entity->name, columns, unique ? INDEX_UNIQUE | INDEX_PARTIAL : 0);
	}
}

/* --- set aside and made again (SQLite) --------------------------------------------- */

struct index_text {
	const char *sql; /* CREATE INDEX … */
	size_t n;
	char name[INDEX_NAME_MAX + 1];
	bool unique;
};

/* The next statement of what registry_put_indexes wrote. */
static bool next_index(const char **at, struct index_text *ret)
{
	const char *end = strstr(*at, ";\n"), *open = strchr(*at, '"');
	const char *close = open ? strchr(open + 1, '"') : NULL;
	if (!end || !close || close > end || (size_t)(close - open - 1) > INDEX_NAME_MAX)
		return false;
	*ret = (struct index_text){.sql = *at, .n = (size_t)(end - *at), .unique = str_starts(*at, "CREATE UNIQUE")};
	memcpy(ret->name, open + 1, (size_t)(close - open - 1));
	*at = end + 2;
	return true;
}

/* Position of the field whose name stands at `at` in quotes; -1 if none does. */
static int column_at(const struct entity_info *info, const char *at, const char *end)
{
	char name[64];
	const char *close = at < end && *at == '"' ? memchr(at + 1, '"', (size_t)(end - at - 1)) : NULL;
	size_t n = close ? (size_t)(close - at - 1) : sizeof(name);
	if (n >= sizeof(name))
		return -1;
	memcpy(name, at + 1, n);
	name[n] = '\0';
	return column_field(info, name);
}

/* SQLite puts the id behind the last column of every index. */
static struct index_lead lead_of(const struct entity_info *info, const struct index_text *index)
{
	const char *at = memchr(index->sql, '(', index->n), *end = index->sql + index->n;
	int first = at ? column_at(info, at + 1, end) : -1;
	if (first < 0)
		return (struct index_lead){-1, -1, true};
	at += strlen(field_column(info->fields[first])) + 3; /* bracket and quotes */
	bool partial = memmem(at, (size_t)(end - at), " WHERE ", 7) != NULL;
	return (struct index_lead){first, *at == ',' ? column_at(info, at + 2, end) : SF_ID, partial};
}

bool registry_find_leads(struct arena *arena, struct entity_state *state)
{
	struct buf buf;
	struct index_text index;
	size_t n = 0;
	buf_init(&buf, INDEXES_TEXT_MAX);
	registry_put_indexes(&buf, ENGINE_SQLITE, &state->info);
	for (const char *at = buf_text(&buf); next_index(&at, &index);)
		n++;
	state->leads = arena_array(arena, n + 1, sizeof(*state->leads));
	for (const char *at = buf_text(&buf); state->leads && next_index(&at, &index);)
		state->leads[state->n_leads++] = lead_of(&state->info, &index);
	bool good = state->leads && !buf_failed(&buf);
	buf_release(&buf);
	return good;
}

bool entity_index_leads(const struct entity_info *info, int first, int second, bool nulls)
{
	const struct entity_state *state = entity_state(info);
	for (size_t i = 0; i < state->n_leads; i++)
		if (state->leads[i].first == first && (second < 0 || state->leads[i].second == second) && !(nulls && state->leads[i].partial))
			return true;
	return false;
}

/* Whether the statement's first column is one of these, or the link to the parent. */
static bool is_asked(const struct index_text *index, const struct entity_info *info, const bool *fields)
{
	const char *open = memchr(index->sql, '(', index->n);
	for (size_t at = 0; open && at < info->n_fields; at++) {
		const char *name = field_column(info->fields[at]);
		size_t n = strlen(name);
		if ((fields[at] || (int)at == info->parent) && open[1] == '"' && strncmp(open + 2, name, n) == 0 && open[2 + n] == '"')
			return true;
	}
	return false;
}

static enum err run_text(struct ctx *ctx, const char *text)
{
	return text ? db_exec(ctx, ctx->db, text) : fail(ctx, ERR_LIMIT, "", "memory");
}

enum err entity_indexes_aside(struct ctx *ctx, const struct entity_info *info, const bool *asked)
{
	struct buf buf;
	struct index_text index;
	enum err err = OK;
	if (db_engine(ctx->db) != ENGINE_SQLITE || !(info->entity->flags & E_GATHER))
		return OK;
	buf_init(&buf, INDEXES_TEXT_MAX);
	registry_put_indexes(&buf, ENGINE_SQLITE, info);
	const char *at = buf_text(&buf);
	while (!err && next_index(&at, &index))
		if (!index.unique && !is_asked(&index, info, asked))
			err = run_text(ctx, arena_printf(ctx->arena, "DROP INDEX IF EXISTS \"%s\"", index.name));
	if (!err && buf_failed(&buf))
		err = fail(ctx, ERR_LIMIT, "", "memory");
	buf_release(&buf);
	return err;
}

static enum err is_there(struct ctx *ctx, const char *name, bool *ret)
{
	struct stmt *stmt;
	enum err err = db_prepare_text(ctx, ctx->db, "SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?1", &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, name);
	err = stmt_step(ctx, stmt, ret);
	stmt_done(stmt);
	return err;
}

/* The first that is called for and not there; its name "" where none is missing. */
static enum err find_missing(struct ctx *ctx, const struct entity_info *info, struct buf *buf, struct index_text *ret)
{
	enum err err = OK;
	buf_reset(buf);
	registry_put_indexes(buf, ENGINE_SQLITE, info);
	const char *at = buf_text(buf);
	while (!err && next_index(&at, ret)) {
		bool there;
		err = is_there(ctx, ret->name, &there);
		if (err || !there)
			return err;
	}
	*ret = (struct index_text){.sql = ""};
	return err;
}

static enum err first_missing(struct ctx *ctx, struct buf *buf, struct index_text *ret)
{
	enum err err = OK;
	*ret = (struct index_text){.sql = ""};
	if (db_engine(ctx->db) != ENGINE_SQLITE)
		return OK;
	for (size_t i = 0; !err && ret->n == 0 && i < registry_count(ctx->registry); i++)
		err = find_missing(ctx, registry_at(ctx->registry, i), buf, ret);
	return err;
}

enum err entity_index_missing(struct ctx *ctx, const char **ret_name)
{
	struct buf buf;
	struct index_text index;
	buf_init(&buf, INDEXES_TEXT_MAX);
	enum err err = first_missing(ctx, &buf, &index);
	*ret_name = !err && index.n ? arena_strdup(ctx->arena, index.name) : NULL;
	buf_release(&buf);
	return err;
}

enum err entity_index_mend(struct ctx *ctx, bool *ret_made)
{
	struct buf buf;
	struct index_text index;
	buf_init(&buf, INDEXES_TEXT_MAX);
	enum err err = first_missing(ctx, &buf, &index);
	*ret_made = !err && index.n;
	if (*ret_made)
		err = run_text(ctx, arena_strndup(ctx->arena, index.sql, index.n));
	buf_release(&buf);
	return err;
}
