/* Schema steps, copies and checks, on both engines. */
#include "core/store/test/world.h"

#include <pthread.h>
#include <stdatomic.h>

static const struct migration first_steps[] = {
	{1, "people",
	 "CREATE TABLE person (id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT NOT NULL DEFAULT '', age INTEGER CHECK (age < 200),"
	 " boss_id INTEGER REFERENCES person (id), score REAL, photo BLOB);"
	 "CREATE UNIQUE INDEX person_pair ON person (name, age)",
	 "CREATE TABLE person (id bigint PRIMARY KEY, email text UNIQUE, name text NOT NULL DEFAULT '', age bigint CHECK (age < 200),"
	 " boss_id bigint REFERENCES person (id), score double precision, photo bytea);"
	 "CREATE UNIQUE INDEX person_pair ON person (name, age)",
	 NULL},
};

static const struct store_takeover takeover = {.steps = first_steps, .n = 1};

static struct world w;

static void start(void **state)
{
	world_open(&w, *(enum engine *)*state, first_steps, 1);
}

struct person {
	int64_t id, boss_id;
	const char *name;
};

static enum err add_person(struct ctx *ctx, void *arg)
{
	const struct person *p = arg;
	struct stmt *stmt;
	enum err err = db_prepare_text(ctx, ctx->db, "INSERT INTO person (id, name, age, boss_id) VALUES (?1, ?2, 1, ?3)", &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, p->id);
	stmt_bind_text(stmt, 2, p->name);
	if (p->boss_id)
		stmt_bind_i64(stmt, 3, p->boss_id);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err add(int64_t id, const char *name, int64_t boss)
{
	struct person p = {id, boss, name};
	faults_clear(&w.ctx);
	return store_write(&w.ctx, w.store, add_person, &p);
}

static enum err add_thousands(struct ctx *ctx, void *arg)
{
	(void)arg;
	return db_exec(ctx, ctx->db, db_engine(ctx->db) == ENGINE_SQLITE
		? "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO person (id, name, age) SELECT i, 'n' || i, 1 FROM n"
		: "INSERT INTO person (id, name, age) SELECT i, 'n' || i, 1 FROM generate_series(1, 20000) i");
}

/* --- schema and care --------------------------------------------------------------------- */

static enum err fill_names(struct ctx *ctx, void *arg)
{
	(void)arg;
	return db_exec(ctx, ctx->db, "UPDATE person SET name = 'step ' || id");
}

static const struct migration steps[] = {
	{1, "people", "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE pet (id INTEGER PRIMARY KEY, person_id INTEGER REFERENCES person (id)); INSERT INTO person VALUES (1, 'a')",
	 "CREATE TABLE person (id bigint PRIMARY KEY, name text); CREATE TABLE pet (id bigint PRIMARY KEY, person_id bigint REFERENCES person (id)); INSERT INTO person VALUES (1, 'a')", NULL},
	{2, "names", NULL, NULL, fill_names},
	{3, "rebuild",
	 "CREATE TABLE new_person (id INTEGER PRIMARY KEY, name TEXT, city TEXT); INSERT INTO new_person (id, name) SELECT id, name FROM person;"
	 "DROP TABLE person; ALTER TABLE new_person RENAME TO person",
	 "ALTER TABLE person ADD COLUMN city text", NULL},
	{4, "broken", "CREATE TABLE half (id INTEGER); CREATE TABLE half (id INTEGER)", "CREATE TABLE half (id bigint); CREATE TABLE half (id bigint)", NULL},
};

static void schema_steps_go_forward_only(void **state)
{
	int version = -1;
	char path[80];
	world_open(&w, *(enum engine *)*state, steps, 1);
	assert_int_equal(world_exec(&w, "INSERT INTO pet VALUES (5, 1)"), OK);
	assert_int_equal(store_migrate(&w.ctx, w.store, steps, 3), OK);
	assert_int_equal(store_schema_version(&w.ctx, w.store, &version), OK);
	assert_int_equal(version, 3);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM person WHERE name = 'step 1' AND city IS NULL"), 1);
	assert_int_equal(world_number(&w, "SELECT person_id FROM pet"), 1);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM schema_version WHERE at > 1700000000000"), 3);
	assert_int_equal(world_exec(&w, "INSERT INTO pet VALUES (6, 99)"), ERR_CONFLICT); /* references are looked at again */
	faults_clear(&w.ctx);
	(void)snprintf(path, sizeof path, "%s/guanxi.db.before-v3", w.dir);
	assert_int_equal(access(path, F_OK), w.engine == ENGINE_SQLITE ? 0 : -1);
	assert_int_equal(store_migrate(&w.ctx, w.store, steps, 3), OK); /* again: nothing to do */
	assert_int_equal(store_migrate(&w.ctx, w.store, steps, 4), ERR_BUG);
	faults_clear(&w.ctx);
	assert_int_equal(store_schema_version(&w.ctx, w.store, &version), OK);
	assert_int_equal(version, 3);
	assert_int_equal(world_exec(&w, "CREATE TABLE half (id bigint)"), OK); /* nothing of step 4 stayed */
	assert_int_equal(store_migrate(&w.ctx, w.store, steps, 2), ERR_CONFLICT);
	assert_string_equal(world_key(&w), "schema_newer");
	world_close(&w);
}

/* --- steps of folders --------------------------------------------------------------------- */

static const struct migration tea_steps[] = {
	{1, "tea", "CREATE TABLE tea (id INTEGER PRIMARY KEY)", "CREATE TABLE tea (id bigint PRIMARY KEY)", NULL},
	{2, "cups", "INSERT INTO tea SELECT id FROM person", "INSERT INTO tea SELECT id FROM person", NULL},
};
static const struct migration cake_steps[] = {{1, "cake", "CREATE TABLE cake (id INTEGER PRIMARY KEY)", "CREATE TABLE cake (id bigint PRIMARY KEY)", NULL}};

static enum err add_milk(struct ctx *ctx, void *arg)
{
	(void)arg;
	return db_exec(ctx, ctx->db, "CREATE TABLE IF NOT EXISTS milk (id bigint)");
}

static enum err go(const char *folder, const struct migration *list, size_t n)
{
	const struct migration_line line = {folder, list, n};
	return store_migrate_folder(&w.ctx, w.store, &line, true);
}

static void folders_count_their_own_steps(void **state)
{
	int version = -1;
	char path[80];
	world_open(&w, *(enum engine *)*state, steps, 1);
	assert_int_equal(store_folder_version(&w.ctx, w.store, "tea", &version), OK);
	assert_int_equal(version, 0);
	assert_int_equal(go("tea", tea_steps, 1), OK);
	assert_int_equal(go("cake", cake_steps, 1), OK);
	assert_int_equal(go("tea", tea_steps, 2), OK);
	assert_int_equal(go("tea", tea_steps, 2), OK); /* again: nothing to do */
	assert_int_equal(world_number(&w, "SELECT count(*) FROM tea"), 1);
	assert_int_equal(store_folder_version(&w.ctx, w.store, "tea", &version), OK);
	assert_int_equal(version, 2);
	assert_int_equal(store_folder_version(&w.ctx, w.store, "cake", &version), OK);
	assert_int_equal(version, 1);
	assert_int_equal(store_schema_version(&w.ctx, w.store, &version), OK); /* the program's own line has not moved */
	assert_int_equal(version, 1);
	(void)snprintf(path, sizeof path, "%s/guanxi.db.before-tea-2", w.dir);
	assert_int_equal(access(path, F_OK), w.engine == ENGINE_SQLITE ? 0 : -1);
	assert_int_equal(go("tea", tea_steps, 1), ERR_CONFLICT);
	assert_string_equal(world_key(&w), "schema_newer");
	faults_clear(&w.ctx);
	/* what has no number is done as often as it is asked for */
	assert_int_equal(store_alter(&w.ctx, w.store, add_milk), OK);
	assert_int_equal(store_alter(&w.ctx, w.store, add_milk), OK);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM milk"), 0);
	world_close(&w);
}

/* Tables that a folder's step has made are ours in a copy too; steps it has not done are done afterwards. */
static void a_copy_brings_how_far_its_folders_had_come(void **state)
{
	static const struct migration_line lines[] = {{"cake", cake_steps, 1}, {"tea", tea_steps, 2}}, older[] = {{"tea", tea_steps, 0}};
	struct store_takeover how = {.steps = steps, .n = 1, .folders = lines, .n_folders = 2};
	char path[80];
	int version = -1;
	world_open(&w, *(enum engine *)*state, steps, 1);
	assert_int_equal(go("tea", tea_steps, 1), OK);
	assert_int_equal(world_exec(&w, "INSERT INTO tea VALUES (7)"), OK);
	(void)snprintf(path, sizeof path, "%s/copy", w.dir);
	assert_int_equal(store_backup(&w.ctx, w.store, path), OK);
	struct world first = w, other;
	world_prepare(&other, w.engine);
	how.folders = older;
	how.n_folders = 1;
	assert_int_equal(store_restore(&other.ctx, &other.config, path, &how), ERR_CONFLICT); /* newer than the program */
	faults_clear(&other.ctx);
	how.folders = lines;
	how.n_folders = 2;
	assert_int_equal(store_restore(&other.ctx, &other.config, path, &how), OK);
	w = other;
	w.ctx.arena = &w.arena;
	world_open_store(&w);
	world_open_db(&w);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM tea WHERE id = 7"), 1);
	assert_int_equal(store_folder_version(&w.ctx, w.store, "tea", &version), OK);
	assert_int_equal(version, 1);
	assert_int_equal(store_folder_version(&w.ctx, w.store, "cake", &version), OK);
	assert_int_equal(version, 0);
	assert_int_equal(go("tea", tea_steps, 2), OK);
	assert_int_equal(go("cake", cake_steps, 1), OK);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM tea"), 2);
	world_close(&w);
	w = first;
	w.ctx.arena = &w.arena;
	world_close(&w);
}

static atomic_bool writing;

static void *keep_writing(void *arg)
{
	struct arena arena;
	struct ctx ctx;
	int64_t *n = arg;
	world_ctx(&ctx, &arena);
	while (writing) {
		struct person p = {100000 + *n, 0, "busy"};
		char name[32];
		(void)snprintf(name, sizeof name, "busy %d", (int)*n);
		p.name = name;
		if (store_write(&ctx, w.store, add_person, &p) != OK)
			break;
		++*n;
		arena_reset(&arena);
	}
	arena_release(&arena);
	return NULL;
}

static void a_copy_can_be_taken_and_put_back(void **state)
{
	char path[80];
	int64_t written = 0;
	pthread_t thread;
	struct buf report;
	start(state);
	assert_int_equal(store_write(&w.ctx, w.store, add_thousands, NULL), OK);
	assert_int_equal(world_exec(&w, "INSERT INTO person (id, name, photo, email) VALUES (50000, 'tab\there\\n 客户', NULL, '\\N')"), OK);
	(void)snprintf(path, sizeof path, "%s/copy", w.dir);
	writing = true;
	assert_int_equal(pthread_create(&thread, NULL, keep_writing, &written), 0);
	assert_int_equal(store_backup(&w.ctx, w.store, path), OK);
	writing = false;
	pthread_join(thread, NULL);
	assert_int_equal(store_backup(&w.ctx, w.store, path), ERR_CONFLICT);
	faults_clear(&w.ctx);

	/* into an empty place */
	struct world first = w, other;
	world_prepare(&other, w.engine);
	assert_int_equal(store_restore(&other.ctx, &other.config, path, &takeover), OK);
	w = other;
	w.ctx.arena = &w.arena;
	world_open_store(&w);
	world_open_db(&w);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM person WHERE id <= 20000"), 20000);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM person WHERE name = 'tab\there\\n 客户' AND email = '\\N' AND photo IS NULL"), 1);
	assert_true(world_number(&w, "SELECT count(*) FROM person WHERE id >= 100000") <= written);
	int version;
	assert_int_equal(store_schema_version(&w.ctx, w.store, &version), OK);
	assert_int_equal(version, 1);
	assert_int_equal(add(20000, "again", 0), ERR_CONFLICT); /* keys and references work there */
	assert_int_equal(add(60000, "again", 70000), ERR_CONFLICT);
	faults_clear(&w.ctx);
	buf_init(&report, 10000);
	assert_int_equal(store_check(&w.ctx, w.store, &report), OK);
	assert_string_equal(buf_text(&report), "");
	buf_release(&report);
	/* an open store is not written over */
	assert_int_equal(store_restore(&w.ctx, &w.config, path, &takeover), ERR_CONFLICT);
	world_close(&w);
	w = first;
	w.ctx.arena = &w.arena;
	world_close(&w);
}

static void damaged_copies_are_refused(void **state)
{
	char path[80];
	start(state);
	assert_int_equal(store_write(&w.ctx, w.store, add_thousands, NULL), OK);
	(void)snprintf(path, sizeof path, "%s/copy", w.dir);
	assert_int_equal(store_backup(&w.ctx, w.store, path), OK);
	FILE *file = fopen(path, "r+");
	assert_non_null(file);
	static const char junk[64] = "junk";
	for (long at = 40000; at < 200000; at += 4096) {
		assert_int_equal(fseek(file, at, SEEK_SET), 0);
		assert_int_equal(fwrite(junk, 1, sizeof junk, file), sizeof junk);
	}
	assert_int_equal(fclose(file), 0);
	struct world other;
	world_prepare(&other, w.engine);
	assert_int_not_equal(store_restore(&other.ctx, &other.config, path, &takeover), OK);
	assert_int_not_equal(store_restore(&other.ctx, &other.config, "/nonexistent/copy", &takeover), OK);
	struct world first = w;
	w = other;
	w.ctx.arena = &w.arena;
	world_close(&w);
	w = first;
	w.ctx.arena = &w.arena;
	world_close(&w);
}

static void checks_report_problems(void **state)
{
	struct buf report;
	start(state);
	buf_init(&report, 10000);
	assert_int_equal(add(1, "a", 0), OK);
	assert_int_equal(store_check(&w.ctx, w.store, &report), OK);
	assert_string_equal(buf_text(&report), "");
	if (w.engine == ENGINE_POSTGRES)
		assert_int_equal(world_exec(&w, "SET LOCAL session_replication_role TO replica; UPDATE person SET boss_id = 999"), OK);
	else
		assert_int_equal(world_exec(&w, "PRAGMA writable_schema"), OK);
	if (w.engine == ENGINE_POSTGRES) {
		assert_int_equal(store_check(&w.ctx, w.store, &report), OK);
		assert_non_null(strstr(buf_text(&report), "rows refer to nothing"));
	}
	buf_release(&report);
	assert_int_equal(store_optimize(&w.ctx, w.store), OK);
	world_close(&w);
}

#define TESTS(engine) { \
	WORLD_TEST(schema_steps_go_forward_only, engine), WORLD_TEST(folders_count_their_own_steps, engine), WORLD_TEST(a_copy_brings_how_far_its_folders_had_come, engine), WORLD_TEST(a_copy_can_be_taken_and_put_back, engine), \
	WORLD_TEST(damaged_copies_are_refused, engine), WORLD_TEST(checks_report_problems, engine), \
}

int main(void)
{
	const struct CMUnitTest on_sqlite[] = TESTS(&world_sqlite), on_postgres[] = TESTS(&world_postgres);
	int failed = cmocka_run_group_tests_name("care on SQLite", on_sqlite, NULL, NULL);
	if (world_pg())
		failed += cmocka_run_group_tests_name("care on PostgreSQL", on_postgres, NULL, NULL);
	else
		print_message("care on PostgreSQL: skipped, GUANXI_TEST_PG is not set (tests/tools/pg.sh start DIR PORT prints it)\n");
	return failed;
}
