/* Indexes that are made while others work. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "core/store/internal.h"
#include "core/store/pg_internal.h"

#include "base/str.h"

/* --- SQLite: an empty index, without reading the table ---------------------------------
 *
 * Making an index reads all rows and holds the writer meanwhile (a million rows: a quarter of a second and more).  Where
 * none of them has a value the outcome is known beforehand: an empty tree.  So it is made on an empty table of the same column,
 * and then the schema says that it is the large one's; all in the job's savepoint.  The page of an index holds nothing that
 * depends on its table. */

#define SCRATCH_TABLE "guanxi_empty_index"

static enum err run_text(struct ctx *ctx, struct db *db, char *text)
{
	if (!text)
		return fail(ctx, ERR_LIMIT, "", "memory");
	int rc = sqlite3_exec(db->lite, text, NULL, NULL, NULL);
	sqlite3_free(text);
	return rc == SQLITE_OK ? OK : lite_fail(ctx, db, rc);
}

static enum err schema_number(struct ctx *ctx, struct db *db, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, db, "PRAGMA schema_version", &stmt);
	if (err)
		return err;
	err = stmt_step(ctx, stmt, &row);
	*ret = row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

static bool index_name(const char *text, char out[64])
{
	const char *open = strchr(text, '"'), *close = open ? strchr(open + 1, '"') : NULL;
	size_t n = close ? (size_t)(close - open - 1) : 64;
	if (n >= 64)
		return false;
	memcpy(out, open + 1, n);
	out[n] = '\0';
	return true;
}

/* What the text says of the table, said of the scratch table. */
static char *for_scratch(const char *table, const char *text)
{
	char *quoted = sqlite3_mprintf(" ON \"%w\" ", table), *changed = NULL;
	const char *at = quoted ? strstr(text, quoted) : NULL;
	if (at)
		changed = sqlite3_mprintf("%.*s ON \"" SCRATCH_TABLE "\" %s", (int)(at - text), text, at + strlen(quoted));
	sqlite3_free(quoted);
	return changed;
}

static enum err hand_over(struct ctx *ctx, struct db *db, const char *table, const char *name)
{
	int64_t number = 0;
	enum err err = schema_number(ctx, db, &number);
	if (!err)
		err = run_text(ctx, db, sqlite3_mprintf("PRAGMA writable_schema=1;"
		                                        "UPDATE sqlite_schema SET tbl_name = %Q, sql = replace(sql, ' ON \"" SCRATCH_TABLE "\" ', ' ON \"%w\" ')"
		                                        " WHERE type = 'index' AND name = %Q AND tbl_name = '" SCRATCH_TABLE "';"
		                                        "PRAGMA schema_version=%lld",
		                                        table, table, name, (long long)number + 1));
	return err;
}

static enum err lite_index_empty(struct ctx *ctx, struct db *db, const char *table, const char *column, const char *text)
{
	char name[64];
	if (!index_name(text, name))
		return fail_arg(ctx, ERR_BUG, "", "sql", text);
	db->job.schema_changed = true;
	enum err err = run_text(ctx, db, sqlite3_mprintf("DROP INDEX IF EXISTS \"%w\"; CREATE TABLE \"" SCRATCH_TABLE "\" (\"%w\" TEXT)", name, column));
	if (!err)
		err = run_text(ctx, db, for_scratch(table, text));
	if (err)
		return err;
	(void)sqlite3_db_config(db->lite, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
	err = hand_over(ctx, db, table, name);
	(void)sqlite3_exec(db->lite, "PRAGMA writable_schema=0", NULL, NULL, NULL);
	(void)sqlite3_db_config(db->lite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return err ? err : run_text(ctx, db, sqlite3_mprintf("DROP TABLE \"" SCRATCH_TABLE "\""));
}

enum err db_index_empty(struct ctx *ctx, const char *table, const char *column, const char *text)
{
	struct db *db = ctx->db;
	if (!db || !db->job.active)
		return fail(ctx, ERR_BUG, "", "not_in_job");
	return db->lite ? lite_index_empty(ctx, db, table, column, text) : db_exec(ctx, db, text);
}

/* --- any index, beside other work ------------------------------------------------------- */

static enum err index_job(struct ctx *ctx, void *arg)
{
	return db_exec(ctx, ctx->db, arg);
}

/* CREATE [UNIQUE] INDEX CONCURRENTLY …, of what registry_put_index wrote. */
static const char *beside(struct ctx *ctx, const char *text)
{
	const char *word = strstr(text, "INDEX ");
	return word ? arena_printf(ctx->arena, "%.*sINDEX CONCURRENTLY %s", (int)(word - text), text, word + strlen("INDEX ")) : NULL;
}

static enum err pg_index(struct ctx *ctx, struct store *store, const char *text)
{
	struct pg_conn *pg;
	char name[64];
	const char *make = beside(ctx, text);
	if (!make || !index_name(text, name))
		return fail_arg(ctx, ERR_BUG, "", "sql", text);
	const char *drop = arena_printf(ctx->arena, "DROP INDEX CONCURRENTLY IF EXISTS \"%s\"", name);
	enum err err = drop ? pg_connect(ctx, store, true, &pg) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err)
		return err;
	err = pg_run(ctx, pg, drop);
	if (!err)
		err = pg_run(ctx, pg, make);
	if (err) { /* a broken one would be kept up to date for nobody */
		struct faults why = ctx->faults;
		(void)!pg_run(ctx, pg, drop);
		ctx->faults = why;
	}
	pg_close(pg);
	return err;
}

enum err store_index(struct ctx *ctx, struct store *store, const char *text)
{
	if (store->engine == ENGINE_POSTGRES)
		return pg_index(ctx, store, text);
	return store_write(ctx, store, index_job, (void *)(uintptr_t)text);
}
