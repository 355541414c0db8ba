/* The schema's numbered steps: one transaction each. Those of the program are kept in schema_version, those of a folder in
 * schema_step. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/store/internal.h"
#include "sql_store.h"

#include "base/log.h"

struct step {
	const struct migration *migration;
	const char *folder; /* NULL: the program's own line */
	write_fn run;       /* instead of a migration: no number is kept */
	bool upgrade;       /* of a database with data: references are checked */
};

static enum err one_number(struct ctx *ctx, struct db *db, const struct sql *sql, const char *text, int *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = 0;
	enum err err = db_prepare(ctx, db, sql, &stmt);
	if (err)
		return err;
	if (text)
		stmt_bind_text(stmt, 1, text);
	err = stmt_step(ctx, stmt, &row);
	if (!err && row)
		*ret = (int)stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

static enum err version_of(struct ctx *ctx, struct db *db, const char *folder, int *ret)
{
	int exists;
	enum err err = one_number(ctx, db, &sql_schema_has_table, folder ? "schema_step" : "schema_version", &exists);
	*ret = 0;
	if (err || exists == 0)
		return err;
	return one_number(ctx, db, folder ? &sql_schema_folder_version : &sql_schema_version, folder, ret);
}

enum err store_folder_version(struct ctx *ctx, struct store *store, const char *folder, int *ret)
{
	*ret = 0;
	if (ctx->db && ctx->db->store == store)
		return version_of(ctx, ctx->db, folder, ret);
	struct db *db;
	enum err err = db_open_new(ctx, store, &db);
	if (err)
		return err;
	err = version_of(ctx, db, folder, ret);
	db_free(db);
	return err;
}

enum err store_schema_version(struct ctx *ctx, struct store *store, int *ret)
{
	return store_folder_version(ctx, store, NULL, ret);
}

static enum err note_version(struct ctx *ctx, const struct step *step)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, step->folder ? &sql_schema_folder_note : &sql_schema_note, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, step->migration->version);
	stmt_bind_text(stmt, 2, step->migration->name);
	stmt_bind_i64(stmt, 3, ctx_now(ctx));
	if (step->folder)
		stmt_bind_text(stmt, 4, step->folder);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* With foreign keys off during the step, the whole database is looked over. */
static enum err check_references(struct ctx *ctx)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, ctx->db, "PRAGMA foreign_key_check", &stmt);
	if (err)
		return err;
	err = stmt_step(ctx, stmt, &row);
	if (!err && row)
		err = fail_arg(ctx, ERR_CONFLICT, "", "reference", stmt_text(stmt, 0));
	stmt_done(stmt);
	return err;
}

/* PostgreSQL: another node may be at it.  Waits, then sees what it did, hence no
 * snapshot from before the wait. */
static enum err wait_for_turn(struct ctx *ctx)
{
	if (db_engine(ctx->db) == ENGINE_SQLITE)
		return OK;
	enum err err = db_exec(ctx, ctx->db, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout TO 0");
	if (err)
		return err;
	return db_exec(ctx, ctx->db, "SELECT pg_advisory_xact_lock(hashtextextended('guanxi.migrate.' || current_schema(), 0))");
}

static enum err run_step(struct ctx *ctx, const struct step *step)
{
	const struct migration *m = step->migration;
	bool lite = db_engine(ctx->db) == ENGINE_SQLITE;
	const char *text = lite ? m->sqlite : m->postgres;
	enum err err = text ? db_exec(ctx, ctx->db, text) : OK;
	if (!err && m->run)
		err = m->run(ctx, NULL);
	if (!err && lite && step->upgrade)
		err = check_references(ctx);
	return err;
}

static const char tables[] = "CREATE TABLE IF NOT EXISTS schema_version (version integer PRIMARY KEY, name text NOT NULL, at bigint NOT NULL);"
			     "CREATE TABLE IF NOT EXISTS schema_step (folder text NOT NULL, version integer NOT NULL, name text NOT NULL, at bigint NOT NULL, PRIMARY KEY (folder, version))";

/* After wait_for_turn, in the same transaction. */
static enum err take_step(struct ctx *ctx, const struct step *step)
{
	const struct migration *m = step->migration;
	enum err err = db_exec(ctx, ctx->db, tables);
	int version = 0;
	if (!err)
		err = version_of(ctx, ctx->db, step->folder, &version);
	if (err || version >= m->version)
		return err;
	if (version != m->version - 1)
		return fail_arg(ctx, ERR_BUG, "", "migration_gap", m->name);
	err = run_step(ctx, step);
	return err ? err : note_version(ctx, step);
}

static enum err migrate_step(struct ctx *ctx, void *arg)
{
	const struct step *step = arg;
	enum err err = wait_for_turn(ctx);
	if (err)
		return err;
	return step->run ? step->run(ctx, NULL) : take_step(ctx, step);
}

enum err migrate_within(struct ctx *ctx, const struct migration *list, size_t n, enum err (*before)(struct ctx *ctx))
{
	enum err err = wait_for_turn(ctx);
	if (!err)
		err = before(ctx);
	for (size_t i = 0; !err && i < n; i++) {
		struct step step = {.migration = &list[i]};
		err = take_step(ctx, &step);
	}
	return err;
}

enum err migrate_folder_within(struct ctx *ctx, const struct migration_line *line, int version)
{
	enum err err = OK;
	for (int i = 0; !err && i < version; i++) {
		struct step step = {.migration = &line->steps[i], .folder = line->folder};
		err = take_step(ctx, &step);
	}
	return err;
}

bool migrate_is_step(const struct write_job *job)
{
	return job->run == migrate_step;
}

/* guanxi.db.before-v7, guanxi.db.before-sales-2: what there was before the upgrade, checked. */
static enum err copy_before(struct ctx *ctx, struct store *store, const char *folder, int newest)
{
	char path[4096];
	(void)snprintf(path, sizeof path, "%s.before-%s%s%d", store->path, folder ? folder : "v", folder ? "-" : "", newest);
	if (unlink(path) == 0)
		log_event(LOG_INFO, "an earlier copy before this upgrade is replaced", "path", path, NULL);
	return store_backup(ctx, store, path);
}

static enum err check_numbers(struct ctx *ctx, const struct migration *list, size_t n, int version)
{
	char text[24];
	for (size_t i = 0; i < n; i++)
		if (list[i].version != (int)i + 1)
			return fail_arg(ctx, ERR_BUG, "", "migration_gap", list[i].name);
	if (version <= (int)n)
		return OK;
	(void)snprintf(text, sizeof text, "%d", version);
	return fail_arg(ctx, ERR_CONFLICT, "", "schema_newer", text);
}

static enum err migrate_line(struct ctx *ctx, struct store *store, const char *folder, const struct migration *list, size_t n, bool upgrade)
{
	int version = 0;
	enum err err = store_folder_version(ctx, store, folder, &version);
	if (!err)
		err = check_numbers(ctx, list, n, version);
	if (!folder)
		upgrade = version > 0;
	if (!err && upgrade && version < (int)n && store->engine == ENGINE_SQLITE)
		err = copy_before(ctx, store, folder, (int)n);
	for (size_t i = (size_t)version; !err && i < n; i++) {
		struct step step = {.migration = &list[i], .folder = folder, .upgrade = upgrade};
		err = store_write(ctx, store, migrate_step, &step);
		if (!err)
			log_event(LOG_INFO, "schema step done", "name", list[i].name, NULL);
	}
	return err;
}

enum err store_migrate(struct ctx *ctx, struct store *store, const struct migration *list, size_t n)
{
	return migrate_line(ctx, store, NULL, list, n, false);
}

enum err store_migrate_folder(struct ctx *ctx, struct store *store, const struct migration_line *line, bool upgrade)
{
	return migrate_line(ctx, store, line->folder, line->steps, line->n, upgrade);
}

enum err store_alter(struct ctx *ctx, struct store *store, write_fn run)
{
	struct step step = {.run = run};
	return store_write(ctx, store, migrate_step, &step);
}
