#include "world.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/access/access.h"
#include "core/events/events.h"
#include "core/jobs/jobs.h"
#include "core/search/search.h"
#include "core/text/text.h"
#include "customers/customers.h"
#include "sales/sales.h"
#include "workspace/workspace.h"

/* What their links name; folders of their own have the whole of it. */
static const struct field stand_in_fields[] = {{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED, .label = {"Name", "名称"}}};
#define STAND_IN(what, many) \
	{.name = what, .plural = many, .label = {what, what}, .label_many = {many, many}, .fields = stand_in_fields, .n_fields = 1, .title = "name", .sort = "id", .flags = E_SYSTEM}
static const struct entity pool = STAND_IN("pool", "pools"), contract = STAND_IN("contract", "contracts"),
                           stage_rule = STAND_IN("stage_rule", "stage_rules");

static const struct entity *const entities[] = {
	&pool, &contract, &stage_rule, &customer_alias_entity,
	&customer_entity,  &identifier_entity, &party_role_entity, &address_entity,    &consent_entity,  &interaction_entity,
	&order_entity,     &order_line_entity, &payment_entity,    &shipment_entity, &tax_entity,   &product_entity,  &category_entity,
	&channel_entity,   &tag_entity,        &attachment_entity, &saved_view_entity, &import_run_entity, &import_problem_entity,
	&user_entity,      &team_entity,       &branch_entity,     &region_entity,     &role_entity,     &token_entity,
};
enum { N_ENTITIES = sizeof(entities) / sizeof(entities[0]), ARENA_MAX = 512 << 20 };

struct blob_store *app_blobs(const struct app *app)
{
	return app->blobs;
}

const char *app_message(const struct ctx *ctx, const struct fault *fault)
{
	(void)ctx;
	return fault->key;
}

const char *app_label(struct ctx *ctx, const struct text2 *label)
{
	return ctx->locale == LOCALE_EN ? label->en : label->zh;
}

struct access *app_access(const struct app *app)
{
	(void)app;
	return NULL;
}

void show_faults(const struct world *world)
{
	for (size_t i = 0; i < world->ctx.faults.count; i++) {
		const struct fault *f = &world->ctx.faults.list[i];
		print_error("  %s %s %s\n", f->field, f->key, f->arg != NULL ? f->arg : "");
	}
}

static void must(struct world *world, enum err err, const char *what)
{
	if (err != OK) {
		show_faults(world);
		test_fail("%s: error %d", what, err);
	}
}

static enum err first_schema(struct ctx *ctx, void *arg)
{
	(void)arg;
	bool lite = db_engine(ctx->db) == ENGINE_SQLITE;
	struct buf ddl;
	buf_init(&ddl, 4 << 20);
	enum err err = db_exec(ctx, ctx->db, lite ? events_ddl_sqlite : events_ddl_postgres);
	if (err == OK)
		err = db_exec(ctx, ctx->db, lite ? jobs_ddl_sqlite : jobs_ddl_postgres);
	if (err == OK)
		err = db_exec(ctx, ctx->db, lite ? search_ddl_sqlite : search_ddl_postgres);
	if (err == OK)
		err = db_exec(ctx, ctx->db, lite ? access_ddl_sqlite : access_ddl_postgres);
	if (err == OK)
		err = db_exec(ctx, ctx->db, access_ddl_invite);
	if (err == OK)
		err = registry_ddl(ctx, ctx->registry, (int)db_engine(ctx->db), &ddl);
	if (err == OK)
		err = db_exec(ctx, ctx->db, buf_text(&ddl));
	buf_release(&ddl);
	return err;
}

void world_open(struct world *world, const char *pg_url, const char *dir, const char *schema)
{
	static const struct migration list[] = {{.version = 1, .name = "first", .run = first_schema}};
	static const struct registry_settings settings = {"GBP", "CN"};
	static int opened;
	memset(world, 0, sizeof(*world));
	arena_init(&world->arena, ARENA_MAX);
	ctx_init(&world->ctx, &world->arena, clock_system());
	world->kept = dir != NULL;
	(void)snprintf(world->dir, sizeof(world->dir), "%s", dir != NULL ? dir : "/tmp/guanxi-import-XXXXXX");
	if (dir == NULL)
		assert_non_null(mkdtemp(world->dir));
	(void)snprintf(world->schema, sizeof(world->schema), "import_%d_%d", (int)getpid(), opened++);
	if (schema != NULL)
		(void)snprintf(world->schema, sizeof(world->schema), "%s", schema);
	struct ctx *ctx = &world->ctx;
	must(world, text_open(ctx), "text");
	must(world, registry_new(ctx, entities, N_ENTITIES, 1, &world->registry), "registry");
	must(world, registry_set(ctx, world->registry, &settings), "settings");
	const struct store_config config = {.data_dir = world->dir, .pg_url = pg_url, .pg_schema = world->schema, .clock = clock_system()};
	must(world, store_open_new(ctx, &config, &world->store), "store");
	ctx->store = world->store;
	ctx->registry = world->registry;
	ctx->app = &world->app;
	must(world, store_migrate(ctx, world->store, list, 1), "migrate");
	must(world, events_start(ctx, world->store), "events");
	must(world, blob_store_new(ctx, world->dir, &world->app.blobs), "blobs");
	must(world, db_open_new(ctx, world->store, &world->db), "connection");
	ctx->db = world->db;
	actor_system(world);
}

static enum err drop_schema(struct ctx *ctx, void *arg)
{
	const struct world *world = arg;
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
	events_stop(world->store);
	if (!world->kept && store_engine(world->store) == ENGINE_POSTGRES)
		must(world, store_write(&world->ctx, world->store, drop_schema, world), "drop schema");
	store_free(world->store);
	blob_store_free(world->app.blobs);
	if (!world->kept)
		assert_int_equal(nftw(world->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	registry_free(world->registry);
	arena_release(&world->arena);
}

void world_reset(struct world *world)
{
	faults_clear(&world->ctx);
	arena_reset(&world->arena);
}

/* --- who acts --------------------------------------------------------------------- */

void actor_system(struct world *world)
{
	world->ctx.actor = gate_system();
}

void actor_as(struct world *world, enum scope scope, int64_t user)
{
	for (size_t e = 0; e < N_ENTITIES; e++) {
		memset(world->rights[e].scope, (int)scope, ACTION_COUNT);
		memset(world->fields[e], RIGHT_WRITE, sizeof(world->fields[e]));
		world->rights[e].fields = world->fields[e];
	}
	world->actor = (struct actor){.kind = ACTOR_USER, .user_id = user, .name = "tester", .rights = world->rights, .n_rights = N_ENTITIES};
	world->ctx.actor = &world->actor;
}

void actor_scope(struct world *world, const char *entity, enum action action, enum scope scope)
{
	world->rights[registry_find(world->registry, entity)->number].scope[action] = (uint8_t)scope;
}

void actor_field(struct world *world, const char *entity, const char *field, enum field_right right)
{
	const struct entity_info *info = registry_find(world->registry, entity);
	world->fields[info->number][entity_field(info, field)] = (uint8_t)right;
}

/* --- short ways --------------------------------------------------------------------- */

struct import_result import(struct world *world, const struct import_request *request)
{
	struct import_result result;
	faults_clear(&world->ctx);
	must(world, import_file(&world->ctx, request, &result), request->path);
	return result;
}

const char *write_file(struct world *world, const char *name, const char *content)
{
	const char *path = arena_printf(&world->arena, "%s/%s", world->dir, name);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(content, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return path;
}

const char *text(struct world *world, const char *sql)
{
	struct stmt *stmt;
	bool row = false;
	must(world, db_prepare_text(&world->ctx, world->db, sql, &stmt), sql);
	must(world, stmt_step(&world->ctx, stmt, &row), sql);
	const char *found = row && !stmt_is_null(stmt, 0) ? arena_strdup(&world->arena, stmt_text(stmt, 0)) : "";
	stmt_done(stmt);
	return found;
}

int64_t number(struct world *world, const char *sql)
{
	struct stmt *stmt;
	bool row = false;
	must(world, db_prepare_text(&world->ctx, world->db, sql, &stmt), sql);
	must(world, stmt_step(&world->ctx, stmt, &row), sql);
	int64_t found = row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return found;
}

const char *shared_data(struct world *world, const char *file)
{
	const char *dir = getenv("GUANXI_SHARED_DATA");
	const char *path = arena_printf(&world->arena, "%s/%s", dir != NULL ? dir : "../shared/data", file);
	if (access(path, R_OK) == 0)
		return path;
	print_message("no public data set %s: skipped\n", path);
	return NULL;
}

size_t engines(const char *ret[2])
{
	ret[0] = NULL;
	ret[1] = getenv("GUANXI_TEST_PG");
	if (ret[1] == NULL)
		print_message("GUANXI_TEST_PG is not set: SQLite only\n");
	return ret[1] != NULL ? 2 : 1;
}

void on_each_engine(void (*test)(struct world *world))
{
	const char *urls[2];
	size_t n = engines(urls);
	for (size_t i = 0; i < n; i++) {
		struct world *world = calloc(1, sizeof(*world));
		assert_non_null(world);
		world_open(world, urls[i], NULL, NULL);
		test(world);
		world_close(world);
		free(world);
	}
}
