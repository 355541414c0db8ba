/* Schema steps of the program as a whole, up to the day folders got their own (struct manifest).  A step that has been released is
 * never edited: a change is a new step, of the folder it belongs to. */
#include <unistd.h>

#include "app/app.h"
#include "app/check.h"
#include "base/log.h"
#include "base/str.h"
#include "core/search/search.h"
#include "core/text/text.h"
#include "core/uploads/uploads.h"
#include "customers/customers.h"

static enum err run_text(struct ctx *ctx, const char *sqlite, const char *postgres)
{
	return db_exec(ctx, ctx->db, db_engine(ctx->db) == ENGINE_SQLITE ? sqlite : postgres);
}

/* Everything there is on the first day: the services' tables, and one table an entity. */
static enum err first_schema(struct ctx *ctx, void *arg)
{
	(void)arg;
	struct buf ddl;
	enum err err = run_text(ctx, events_ddl_sqlite, events_ddl_postgres);
	if (err == OK)
		err = run_text(ctx, jobs_ddl_sqlite, jobs_ddl_postgres);
	if (err == OK)
		err = run_text(ctx, search_ddl_sqlite, search_ddl_postgres);
	if (err == OK)
		err = run_text(ctx, access_ddl_sqlite, access_ddl_postgres);
	if (err != OK)
		return err;
	buf_init(&ddl, 4u << 20);
	err = registry_ddl(ctx, ctx->registry, (int)db_engine(ctx->db), &ddl);
	if (err == OK && buf_failed(&ddl))
		err = fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = db_exec(ctx, ctx->db, buf_text(&ddl));
	buf_release(&ddl);
	return err;
}

/* For a new field, link or entity: what the descriptors have and this database lacks. */
static enum err follow_descriptors(struct ctx *ctx, void *arg)
{
	const char *const *made = NULL;
	struct manifest_parts parts;
	(void)arg;
	enum err err = registry_tables_lacking(ctx, ctx->registry, &made);
	if (err == OK)
		err = registry_upgrade(ctx, ctx->registry);
	if (err == OK && !manifest_join(ctx->arena, app_manifests, &parts))
		err = fail(ctx, ERR_LIMIT, "", "memory");
	return err == OK ? access_grow_roles(ctx, made, parts.rights) : err;
}

/* The days of birthdays stand beside them. */
static enum err forms_of_values(struct ctx *ctx, void *arg)
{
	enum err err = follow_descriptors(ctx, arg);
	if (err == OK)
		err = customer_forms_upgrade(ctx);
	return err;
}

/* Deletions are found by an index of theirs; built-in roles that came later. */
static enum err deletions_and_roles(struct ctx *ctx, void *arg)
{
	enum err err = follow_descriptors(ctx, arg);
	if (err == OK)
		err = db_exec(ctx, ctx->db, events_ddl_deleted);
	struct manifest_parts parts;
	if (err == OK && !manifest_join(ctx->arena, app_manifests, &parts))
		err = fail(ctx, ERR_LIMIT, "", "memory");
	return err == OK ? access_add_role(ctx, "read_only", parts.rights) : err;
}

static enum err jobs_carry_actors(struct ctx *ctx, void *arg)
{
	enum err err = db_exec(ctx, ctx->db, jobs_ddl_actor);
	return err == OK ? follow_descriptors(ctx, arg) : err;
}

/* What a customer agreed to is kept when they are deleted. */
static enum err consents_outlive(struct ctx *ctx, void *arg)
{
	enum err err = follow_descriptors(ctx, arg);
	return err == OK ? registry_loosen(ctx, ctx->registry, "consent") : err;
}

static enum err invitations(struct ctx *ctx, void *arg)
{
	(void)arg;
	return db_exec(ctx, ctx->db, access_ddl_invite);
}

static enum err sort_names(struct ctx *ctx, void *arg)
{
	(void)arg;
	return customer_sort_names_upgrade(ctx);
}

/* Identifiers are compared by their form, and shown as they were written. */
static enum err identifier_forms(struct ctx *ctx, void *arg)
{
	enum err err = follow_descriptors(ctx, arg);
	if (err == OK)
		err = identifier_forms_upgrade(ctx);
	return err == OK ? registry_forms_upgrade(ctx, ctx->registry) : err;
}

static const struct migration migrations[] = {
	{.version = 1, .name = "first schema", .run = first_schema},
	{.version = 2, .name = "fields of the first weeks", .run = follow_descriptors},
	{.version = 3, .name = "bulk changes", .run = follow_descriptors},
	{.version = 4, .name = "birthdays by day, orders without a rate, one form of identifiers", .run = forms_of_values},
	{.version = 5, .name = "units of order lines", .run = follow_descriptors},
	{.version = 6, .name = "deletions found, a role more", .run = deletions_and_roles},
	{.version = 7, .name = "settings", .run = follow_descriptors},
	{.version = 8, .name = "jobs carry whose rights they have", .run = jobs_carry_actors},
	{.version = 9, .name = "consents outlive their customer", .run = consents_outlive},
	{.version = 10, .name = "invitations", .run = invitations},
	{.version = 11, .name = "imports leave single values out", .run = follow_descriptors},
	{.version = 12, .name = "business calendars", .run = follow_descriptors},
	{.version = 13, .name = "views for everybody", .run = follow_descriptors},
	{.version = 14, .name = "names sort by the readings of their words", .run = sort_names},
	{.version = 15, .name = "what people keep of files", .run = uploads_schema},
	{.version = 16, .name = "identifiers are compared by their form", .run = identifier_forms},
};

int app_schema_version(void)
{
	return migrations[sizeof(migrations) / sizeof(migrations[0]) - 1].version;
}

/* Whether there are steps of the program or of a folder that this database, which is not new, lacks. */
static enum err upgrades(struct ctx *ctx, struct app *app, bool *ret)
{
	int version = 0, own = 0;
	enum err err = store_schema_version(ctx, app->store, &own);
	*ret = own > 0 && own < app_schema_version();
	for (const struct manifest *const *m = app_manifests; !err && own > 0 && *m != NULL && !*ret; m++) {
		err = store_folder_version(ctx, app->store, (*m)->name, &version);
		*ret = version < (int)(*m)->n_steps;
	}
	return err;
}

/* SQLite's copy is made by the store itself. On PostgreSQL it is a whole backup in the data folder, so that `guanxi restore`
 * takes it; written before the first step, and read again before it counts. */
static enum err copy_before(struct ctx *ctx, struct app *app)
{
	bool needed;
	if (store_engine(app->store) == ENGINE_SQLITE)
		return OK;
	enum err err = upgrades(ctx, app, &needed);
	if (err != OK || !needed)
		return err;
	const char *path = arena_printf(ctx->arena, "%s/guanxi.before-v%d.zip", app->config.data_dir, app_schema_version());
	if (path == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	(void)unlink(path); /* of an upgrade that was not finished */
	return check_backup(ctx, app, path);
}

static enum err check_schema(struct ctx *ctx, struct app *app)
{
	struct db *before = ctx->db;
	enum err err = db_open_new(ctx, app->store, &ctx->db);
	if (err == OK) {
		err = registry_check_schema(ctx, app->registry);
		db_free(ctx->db);
	}
	ctx->db = before;
	return err;
}

/* Fields and entities that this database lacks are added as they are found, so that they need no step. */
static enum err keep_schema(struct ctx *ctx, struct app *app)
{
	enum err err = check_schema(ctx, app);
	if (err != ERR_CONFLICT)
		return err;
	faults_clear(ctx);
	err = store_alter(ctx, app->store, follow_descriptors);
	if (err == OK)
		log_event(LOG_INFO, "the schema has what the descriptors have", NULL);
	return err == OK ? check_schema(ctx, app) : err;
}

static enum err nothing_more(struct ctx *ctx, void *arg)
{
	(void)ctx;
	(void)arg;
	return OK;
}

/* The steps of the folders, and one without a deed that says: this database has all that today's descriptors have. It is the last.
 * Lives in ctx's arena. */
static enum err folder_lines(struct ctx *ctx, const struct migration_line **ret, size_t *ret_n)
{
	static const struct migration whole[] = {{.version = 1, .name = "all that the descriptors have", .run = nothing_more}};
	char layout[APP_LAYOUT_MAX];
	size_t n = 0;
	enum err err = app_layout(ctx, layout);
	if (err != OK)
		return err;
	while (app_manifests[n] != NULL)
		n++;
	struct migration_line *lines = arena_array(ctx->arena, n + 1, sizeof(*lines));
	const char *name = arena_printf(ctx->arena, "descriptors:%s", layout);
	if (lines == NULL || name == NULL || n >= STORE_FOLDERS_MAX)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < n; i++)
		lines[i] = (struct migration_line){app_manifests[i]->name, app_manifests[i]->steps, app_manifests[i]->n_steps};
	lines[n] = (struct migration_line){name, whole, 1};
	*ret = lines;
	*ret_n = n + 1;
	return OK;
}

static enum err migrate_all(struct ctx *ctx, struct app *app)
{
	const struct migration_line *lines = NULL;
	size_t n = 0;
	int before = 0;
	enum err err = copy_before(ctx, app);
	if (err == OK)
		err = folder_lines(ctx, &lines, &n);
	if (err == OK)
		err = store_schema_version(ctx, app->store, &before);
	if (err == OK)
		err = store_migrate(ctx, app->store, migrations, sizeof(migrations) / sizeof(migrations[0]));
	if (err == OK)
		err = keep_schema(ctx, app);
	for (size_t i = 0; i < n && err == OK; i++)
		err = store_migrate_folder(ctx, app->store, &lines[i], before > 0 && i + 1 < n);
	return err;
}

/* Every start asks each folder's version: through one connection, as SQLite's first question reads the whole schema, and
 * PostgreSQL begins a process for each. */
enum err app_migrate(struct ctx *ctx, struct app *app)
{
	struct db *before = ctx->db, *looking;
	enum err err = db_open_new(ctx, app->store, &looking);
	if (err != OK)
		return err;
	ctx->db = looking;
	err = migrate_all(ctx, app);
	ctx->db = before;
	db_free(looking);
	return err;
}

/* --- restoring --------------------------------------------------------------- */

/* The search index is made of the records. */
static bool made_anew(const char *table)
{
	return str_starts(table, "search_");
}

static enum err fallback(struct ctx *ctx, const char *table, const char *column, const char **ret)
{
	return registry_fallback(ctx, ctx->registry, table, column, ret);
}

enum err app_restore_store(struct ctx *ctx, const struct app_config *config, const struct store_config *store, const char *path,
                           const char *columns)
{
	struct registry_settings settings = {.base_currency = config->base_currency, .phone_region = config->phone_region};
	struct store_takeover takeover = {.steps = migrations, .n = sizeof(migrations) / sizeof(migrations[0]), .made_anew = made_anew, .fallback = fallback};
	struct registry *outer = ctx->registry, *registry = NULL;
	struct manifest_parts parts;
	if (!manifest_join(ctx->arena, app_manifests, &parts))
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = text_open(ctx);
	if (err == OK)
		err = registry_new(ctx, parts.entities, parts.n_entities, config->node, &registry);
	if (err == OK)
		err = registry_set(ctx, registry, &settings);
	ctx->registry = registry;
	if (err == OK && columns != NULL)
		err = custom_columns_follow(ctx, registry, parts.entities, parts.n_entities, columns);
	if (err == OK)
		ctx->registry = registry_hold(registry);
	if (err == OK)
		err = folder_lines(ctx, &takeover.folders, &takeover.n_folders);
	if (err == OK) {
		takeover.grown = takeover.folders[takeover.n_folders - 1].folder;
		err = store_restore(ctx, store, path, &takeover);
	}
	ctx->registry = outer;
	if (registry != NULL)
		registry_free(registry);
	text_close();
	return err;
}
