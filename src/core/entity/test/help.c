#include "help.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "core/search/search.h"
#include "core/text/text.h"

enum { ARENA_MAX = 256 << 20 };

/* --- opening ---------------------------------------------------------------------- */

static int64_t fixed_now(void *arg)
{
	return ((struct world *)arg)->now_ms++;
}

static void real_random(void *arg, void *out, size_t n)
{
	(void)arg;
	clock_system()->random(clock_system()->arg, out, n);
}

static void must(struct world *world, enum err err, const char *what)
{
	if (err) {
		show_faults(world);
		test_fail("%s: error %d", what, err);
	}
}

void world_light(struct world *world)
{
	memset(world, 0, sizeof(*world));
	arena_init(&world->arena, ARENA_MAX);
	world->now_ms = 1795000000000;
	world->clock = (struct clock){.now_ms = fixed_now, .random = real_random, .arg = world};
	ctx_init(&world->ctx, &world->arena, &world->clock);
	must(world, text_open(&world->ctx), "text");
	must(world, registry_new(&world->ctx, test_entities, test_entities_n, 1, &world->registry), "registry");
	world->ctx.registry = world->registry;
	actor_system(world);
}

void world_light_close(struct world *world)
{
	registry_free(world->registry);
	arena_release(&world->arena);
}

static enum err create_tables(struct ctx *ctx, void *arg)
{
	struct world *world = arg;
	bool lite = store_engine(world->store) == ENGINE_SQLITE;
	struct buf ddl;
	buf_init(&ddl, 1 << 20);
	enum err err = registry_ddl(ctx, world->registry, store_engine(world->store), &ddl);
	if (!err)
		err = db_exec(ctx, ctx->db, buf_text(&ddl));
	if (!err)
		err = db_exec(ctx, ctx->db, lite ? events_ddl_sqlite : events_ddl_postgres);
	if (!err)
		err = db_exec(ctx, ctx->db, lite ? search_ddl_sqlite : search_ddl_postgres);
	buf_release(&ddl);
	return err;
}

static enum err do_nothing(struct ctx *ctx, void *arg)
{
	(void)ctx;
	(void)arg;
	return OK;
}

void world_open(struct world *world, const char *pg_url)
{
	static int opened;
	world_light(world);
	snprintf(world->dir, sizeof(world->dir), "/tmp/guanxi-entity-XXXXXX");
	assert_non_null(mkdtemp(world->dir));
	snprintf(world->schema, sizeof(world->schema), "entity_%d_%d", (int)getpid(), opened++);
	const struct store_config config = {.data_dir = world->dir, .pg_url = pg_url, .pg_schema = world->schema, .clock = &world->clock};
	must(world, store_open_new(&world->ctx, &config, &world->store), "store");
	world->ctx.store = world->store;
	static const struct migration list[] = {{.version = 1, .name = "none", .run = do_nothing}};
	must(world, store_migrate(&world->ctx, world->store, list, 1), "migrate");
	must(world, store_write(&world->ctx, world->store, create_tables, world), "tables");
	must(world, db_open_new(&world->ctx, world->store, &world->db), "connection");
	world->ctx.db = world->db;
	memset(&test_hooks, 0, sizeof(test_hooks));
}

static enum err drop_schema(struct ctx *ctx, void *arg)
{
	struct world *world = arg;
	return db_exec(ctx, ctx->db, arena_printf(ctx->arena, "DROP SCHEMA \"%s\" CASCADE", world->schema));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void world_close(struct world *world)
{
	db_free(world->db);
	world->ctx.db = NULL;
	faults_clear(&world->ctx);
	if (store_engine(world->store) == ENGINE_POSTGRES)
		must(world, store_write(&world->ctx, world->store, drop_schema, world), "drop schema");
	store_free(world->store);
	assert_int_equal(nftw(world->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	world_light_close(world);
}

/* --- who acts ---------------------------------------------------------------------- */

void actor_system(struct world *world)
{
	world->ctx.actor = gate_system();
}

void actor_as(struct world *world, enum scope scope, int64_t user, int64_t team, int64_t branch)
{
	for (size_t e = 0; e < test_entities_n; e++) {
		memset(world->rights[e].scope, scope, ACTION_COUNT);
		memset(world->fields[e], RIGHT_WRITE, sizeof(world->fields[e]));
		world->rights[e].fields = world->fields[e];
	}
	world->actor = (struct actor){.kind = ACTOR_USER, .user_id = user, .team_id = team, .branch_id = branch, .name = "tester",
	                              .rights = world->rights, .n_rights = test_entities_n};
	world->ctx.actor = &world->actor;
}

static const struct entity_info *info_of(struct world *world, const char *entity)
{
	const struct entity_info *info = registry_find(world->registry, entity);
	assert_non_null(info);
	return info;
}

void actor_field(struct world *world, const char *entity, const char *field, enum field_right right)
{
	const struct entity_info *info = info_of(world, entity);
	int at = entity_field(info, field);
	assert_true(at >= 0);
	world->fields[info->number][at] = (uint8_t)right;
}

void actor_scope(struct world *world, const char *entity, enum action action, enum scope scope)
{
	world->rights[info_of(world, entity)->number].scope[action] = (uint8_t)scope;
}

/* --- writing ------------------------------------------------------------------------ */

struct job {
	struct world *world;
	const struct entity_info *info;
	const char *json;
	int64_t id, version;
	unsigned flags;
};

static enum err read_patch(struct ctx *ctx, struct job *job, struct record **ret)
{
	json_error_t error;
	enum err err = record_new(ctx, job->info, ret);
	json_t *json = json_loads(job->json, JSON_ALLOW_NUL, &error);
	assert_non_null(json);
	if (!err)
		err = record_read_json(ctx, *ret, json);
	json_decref(json);
	return err;
}

static enum err make_job(struct ctx *ctx, void *arg)
{
	struct job *job = arg;
	struct record *record;
	enum err err = read_patch(ctx, job, &record);
	if (err && err != ERR_INVALID)
		return err;
	err = record_create(ctx, record, job->flags);
	if (!err)
		job->id = record_id(record);
	return err;
}

static enum err change_job(struct ctx *ctx, void *arg)
{
	struct job *job = arg;
	struct record *patch, *after;
	enum err err = read_patch(ctx, job, &patch);
	if (err && err != ERR_INVALID)
		return err;
	return record_update(ctx, job->id, patch, job->version, job->flags, &after);
}

static enum err drop_job(struct ctx *ctx, void *arg)
{
	struct job *job = arg;
	return record_delete(ctx, job->info, job->id, job->version, job->flags);
}

static enum err back_job(struct ctx *ctx, void *arg)
{
	struct job *job = arg;
	struct record *record;
	return record_restore(ctx, job->info, job->id, &record);
}

enum err make(struct world *world, const char *entity, const char *json, unsigned flags, int64_t *ret_id)
{
	struct job job = {.world = world, .info = info_of(world, entity), .json = json, .flags = flags};
	faults_clear(&world->ctx);
	enum err err = store_write(&world->ctx, world->store, make_job, &job);
	if (ret_id)
		*ret_id = err ? 0 : job.id;
	return err;
}

enum err change(struct world *world, const char *entity, int64_t id, const char *json, int64_t version, unsigned flags)
{
	struct job job = {.world = world, .info = info_of(world, entity), .json = json, .id = id, .version = version, .flags = flags};
	faults_clear(&world->ctx);
	return store_write(&world->ctx, world->store, change_job, &job);
}

enum err drop(struct world *world, const char *entity, int64_t id, int64_t version, unsigned flags)
{
	struct job job = {.world = world, .info = info_of(world, entity), .id = id, .version = version, .flags = flags};
	faults_clear(&world->ctx);
	return store_write(&world->ctx, world->store, drop_job, &job);
}

enum err back(struct world *world, const char *entity, int64_t id)
{
	struct job job = {.world = world, .info = info_of(world, entity), .id = id};
	faults_clear(&world->ctx);
	return store_write(&world->ctx, world->store, back_job, &job);
}

enum err get(struct world *world, const char *entity, int64_t id, enum action action, struct record **ret)
{
	faults_clear(&world->ctx);
	return record_get(&world->ctx, info_of(world, entity), id, action, ret);
}

int64_t must_make(struct world *world, const char *entity, const char *json)
{
	const struct actor *actor = world->ctx.actor;
	int64_t id;
	actor_system(world);
	must(world, make(world, entity, json, 0, &id), json);
	world->ctx.actor = actor;
	return id;
}

struct record *must_load(struct world *world, const char *entity, int64_t id)
{
	struct record *record;
	faults_clear(&world->ctx);
	must(world, record_load(&world->ctx, info_of(world, entity), id, &record), "load");
	return record;
}

const char *json_of(struct world *world, const char *entity, int64_t id)
{
	struct buf buf;
	struct jsonw w;
	buf_init(&buf, 1 << 20);
	jsonw_init(&w, &buf);
	record_write_json(&world->ctx, must_load(world, entity, id), &w);
	const char *text = arena_strdup(&world->arena, buf_text(&buf));
	buf_release(&buf);
	return text;
}

/* --- looking -------------------------------------------------------------------------- */

bool has_fault(const struct world *world, const char *field, const char *key)
{
	for (size_t i = 0; i < world->ctx.faults.count; i++)
		if (str_equal(world->ctx.faults.list[i].field, field) && str_equal(world->ctx.faults.list[i].key, key))
			return true;
	return false;
}

void show_faults(const struct world *world)
{
	for (size_t i = 0; i < world->ctx.faults.count; i++)
		fprintf(stderr, "fault: %s %s %s\n", world->ctx.faults.list[i].field, world->ctx.faults.list[i].key,
		        world->ctx.faults.list[i].arg ? world->ctx.faults.list[i].arg : "");
}

int64_t count_rows(struct world *world, const char *sql)
{
	struct stmt *stmt;
	bool row;
	faults_clear(&world->ctx);
	must(world, db_prepare_text(&world->ctx, world->db, sql, &stmt), sql);
	must(world, stmt_step(&world->ctx, stmt, &row), sql);
	int64_t n = row ? stmt_i64(stmt, 0) : -1;
	stmt_done(stmt);
	return n;
}

static enum err note_change(struct ctx *ctx, const struct change *change, void *arg)
{
	struct seen *seen = arg;
	if (seen->entries++ == 0) {
		snprintf(seen->action, sizeof(seen->action), "%s", change_action_name(change->action));
		seen->diff = arena_strdup(ctx->arena, change->diff);
		seen->group = change->group;
	}
	return OK;
}

struct seen history(struct world *world, const char *entity, int64_t id)
{
	struct seen seen = {.diff = ""};
	faults_clear(&world->ctx);
	must(world, change_history(&world->ctx, entity, id, 0, 100, note_change, &seen), "history");
	return seen;
}

bool finds(struct world *world, const char *typed, int64_t id)
{
	struct search_hit *hits;
	size_t n;
	bool more;
	faults_clear(&world->ctx);
	must(world, search_find(&world->ctx, typed, NULL, 0, 50, &hits, &n, &more), typed);
	for (size_t i = 0; i < n; i++)
		if (hits[i].record_id == id)
			return true;
	return false;
}
