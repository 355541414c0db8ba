/* What fields there are, as the database says, and the registry that is made of them. */
#include "core/custom/custom_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/store/store.h"
#include "custom_sql.h"

const struct migration custom_steps[CUSTOM_STEPS] = {
	{1, "numbers and columns of own fields",
	 "CREATE TABLE custom_column (entity TEXT NOT NULL, slot BIGINT NOT NULL, column_name TEXT NOT NULL, type TEXT NOT NULL, link TEXT NOT NULL,"
	 " field_id BIGINT, wiped_at BIGINT NOT NULL, PRIMARY KEY (entity, slot)) WITHOUT ROWID;"
	 "CREATE TABLE custom_state (id BIGINT NOT NULL PRIMARY KEY, generation BIGINT NOT NULL); INSERT INTO custom_state VALUES (1, 1)",
	 "CREATE TABLE custom_column (entity text NOT NULL, slot bigint NOT NULL, column_name text NOT NULL, type text NOT NULL, link text NOT NULL,"
	 " field_id bigint, wiped_at bigint NOT NULL, PRIMARY KEY (entity, slot));"
	 "CREATE TABLE custom_state (id bigint NOT NULL PRIMARY KEY, generation bigint NOT NULL); INSERT INTO custom_state VALUES (1, 1)",
	 NULL},
};

static bool flag(const struct record *record, const char *name)
{
	return record_i64(record, name) != 0;
}

void custom_def_of(const struct record *record, struct custom_def *ret)
{
	*ret = (struct custom_def){
		.id = record_id(record),
		.entity = record_text(record, "entity"), .name = record_text(record, "name"), .type = record_text(record, "type"),
		.label = record_text(record, "label"), .help = record_text(record, "help"), .options = record_text(record, "options"),
		.aliases = record_text(record, "aliases"), .fallback = record_text(record, "default"),
		.min = record_text(record, "min"), .max = record_text(record, "max"), .link = record_text(record, "link"),
		.group = record_text(record, "group"),
		.required = flag(record, "required"), .unique = flag(record, "unique"), .more = flag(record, "more"),
		.list = flag(record, "list"), .search = flag(record, "search"), .card = flag(record, "card"),
		.personal = flag(record, "personal"), .index = flag(record, "index"),
		.retired = str_equal(record_text(record, "state"), "retired"),
		.scale = (int)record_i64(record, "scale"), .position = (int)record_i64(record, "position"),
		.slot = (int)record_i64(record, "number"), .column = record_text(record, "column"),
	};
}

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err read_def(struct ctx *ctx, int64_t id, const struct custom_def **ret)
{
	struct record *record;
	struct custom_def *def = arena_alloc(ctx->arena, sizeof(*def));
	*ret = NULL;
	if (!def)
		return no_memory(ctx);
	enum err err = record_load(ctx, registry_find(ctx->registry, custom_field_entity.name), id, &record);
	if (err == ERR_NOT_FOUND) { /* between two steps of its removal */
		faults_clear(ctx);
		return OK;
	}
	if (err)
		return err;
	custom_def_of(record, def);
	*ret = def;
	return OK;
}

static enum err read_slots(struct ctx *ctx, struct custom_slot **list, size_t *n, int64_t **ids)
{
	struct stmt *stmt;
	size_t cap = 0;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_custom_slots_read, &stmt);
	if (err)
		return err;
	while (!(err = stmt_step(ctx, stmt, &row)) && row) {
		if (*n == cap) {
			cap = cap ? 2 * cap : 64;
			struct custom_slot *more = arena_array(ctx->arena, cap, sizeof(*more));
			int64_t *more_ids = arena_array(ctx->arena, cap, sizeof(*more_ids));
			if (!more || !more_ids) {
				err = no_memory(ctx);
				break;
			}
			if (*n) {
				memcpy(more, *list, *n * sizeof(*more));
				memcpy(more_ids, *ids, *n * sizeof(*more_ids));
			}
			*list = more;
			*ids = more_ids;
		}
		(*list)[*n] = (struct custom_slot){
			.entity = arena_strdup(ctx->arena, stmt_text(stmt, 0)), .slot = (int)stmt_i64(stmt, 1),
			.column = arena_strdup(ctx->arena, stmt_text(stmt, 2)), .type = arena_strdup(ctx->arena, stmt_text(stmt, 3)),
			.link = arena_strdup(ctx->arena, stmt_text(stmt, 4)),
		};
		(*ids)[(*n)++] = stmt_i64(stmt, 5);
		if (ctx->arena->failed)
			err = no_memory(ctx);
		if (err)
			break;
	}
	stmt_done(stmt);
	return err;
}

enum err custom_read(struct ctx *ctx, struct custom_slot **ret, size_t *ret_n)
{
	int64_t *ids = NULL;
	*ret = NULL;
	*ret_n = 0;
	enum err err = read_slots(ctx, ret, ret_n, &ids);
	for (size_t i = 0; !err && i < *ret_n; i++)
		if (ids[i])
			err = read_def(ctx, ids[i], &(*ret)[i].def);
	return err;
}

enum err custom_generation(struct ctx *ctx, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_custom_generation_read, &stmt);
	if (err)
		return err;
	err = stmt_step(ctx, stmt, &row);
	if (!err && row)
		*ret = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

enum err custom_generation_bump(struct ctx *ctx)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_custom_generation_bump, &stmt);
	if (err)
		return err;
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

enum err custom_follow(struct ctx *ctx, struct custom *custom)
{
	int64_t generation = 0;
	struct custom_slot *slots;
	struct custom_list list = {0};
	size_t n;
	enum err err = db_begin_read(ctx, ctx->db); /* the number and what it counts, of one moment */
	if (err)
		return err;
	err = custom_generation(ctx, &generation);
	if (err || generation == custom->generation) {
		db_end_read(ctx->db);
		return err;
	}
	err = custom_read(ctx, &slots, &n);
	db_end_read(ctx->db);
	if (!err && n == 0 && custom->generation == 0) { /* nothing was ever added */
		custom->generation = generation;
		return OK;
	}
	if (!err)
		err = custom_build(ctx, custom, slots, n, &list);
	if (!err)
		err = registry_follow(ctx, custom->registry, list.list, list.n, list.keep, custom_list_drop);
	if (!err)
		custom->generation = generation;
	return err;
}

/* --- the service ---------------------------------------------------------------------- */

enum err custom_open_new(struct ctx *ctx, struct store *store, struct registry *registry, const struct entity *const *list, size_t n,
                         struct custom **ret)
{
	struct custom *custom = calloc(1, sizeof(*custom));
	struct db *outer = ctx->db;
	if (!custom)
		return no_memory(ctx);
	*custom = (struct custom){.store = store, .registry = registry, .list = list, .n = n};
	pthread_mutex_init(&custom->changing, NULL);
	enum err err = db_open_new(ctx, store, &ctx->db);
	if (!err) {
		err = custom_follow(ctx, custom);
		db_free(ctx->db);
	}
	ctx->db = outer;
	if (err)
		custom_free(custom);
	else
		*ret = custom;
	return err;
}

void custom_free(struct custom *custom)
{
	if (!custom)
		return;
	pthread_mutex_destroy(&custom->changing);
	free(custom);
}
