/* What counts for whom, and that uploads at the same time don't pass the limit together. */
#include <pthread.h>

#include "core/store/test/world.h"
#include "core/uploads/uploads.h"

/* What the schema step looks at. */
#define TABLES "CREATE TABLE attachment (created_by BIGINT, sha256 TEXT, size BIGINT, created_at BIGINT);" \
               "CREATE TABLE import_run (owner_id BIGINT, sha256 TEXT, size BIGINT, created_at BIGINT);" \
               "INSERT INTO attachment VALUES (7, 'old', 100, 1), (7, 'old', 100, 2), (NULL, 'nobody', 100, 1);" \
               "INSERT INTO import_run VALUES (7, 'old', 100, 1);"

static const struct migration steps[] = {
	{.version = 1, .name = "tables", .sqlite = TABLES, .postgres = TABLES},
	{.version = 2, .name = "uploads", .run = uploads_schema},
};
enum { MB = 1000000 };

/* Nothing of a program stands behind these tests. */
struct blob_store *app_blobs(const struct app *app)
{
	(void)app;
	return NULL;
}

struct counting {
	enum uploads_use use;
	const char *hash;
	int64_t size;
};

static enum err count_job(struct ctx *ctx, void *arg)
{
	const struct counting *c = arg;
	return uploads_count(ctx, c->use, c->hash, c->size);
}

static enum err count(struct world *w, enum uploads_use use, const char *hash, int64_t mb)
{
	struct counting c = {use, hash, mb * MB};
	faults_clear(&w->ctx);
	enum err err = store_write(&w->ctx, w->store, count_job, &c);
	w->ctx.db = w->db;
	db_reset(w->db);
	return err;
}

static void begin(struct world *w, void **state)
{
	enum engine engine = *(const enum engine *)*state;
	if (engine == ENGINE_POSTGRES && world_pg() == NULL)
		skip();
	world_open(w, engine, steps, sizeof(steps) / sizeof(steps[0]));
}

static void counts_for_each(void **state)
{
	struct world w;
	struct actor ann = {.kind = ACTOR_USER, .user_id = 1}, ben = {.kind = ACTOR_USER, .user_id = 2};
	begin(&w, state);
	w.ctx.actor = &ann;
	assert_int_equal(count(&w, UPLOADS_ATTACHED, "a", 6000), OK);
	assert_int_equal(count(&w, UPLOADS_ATTACHED, "a", 6000), OK); /* the same file once more */
	assert_int_equal(count(&w, UPLOADS_IMPORT, "b", 6000), ERR_LIMIT);
	assert_string_equal(world_key(&w), "upload_quota");
	assert_string_equal(w.ctx.faults.list[0].arg, "10000");
	assert_int_equal(count(&w, UPLOADS_IMPORT, "a", 4000), OK); /* to the last byte */
	assert_int_equal(count(&w, UPLOADS_IMPORT, "c", 0), ERR_LIMIT);
	faults_clear(&w.ctx);
	assert_int_equal(uploads_room(&w.ctx, 0), ERR_LIMIT);
	w.ctx.actor = &ben;
	assert_int_equal(count(&w, UPLOADS_IMPORT, "b", 10000), OK);
	w.ctx.actor = gate_system();
	assert_int_equal(count(&w, UPLOADS_IMPORT, "d", 20000), OK);
	w.ctx.actor = NULL;
	assert_int_equal(count(&w, UPLOADS_IMPORT, "d", 20000), OK);
	db_reset(w.db);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM upload_kept WHERE hash = 'd'"), 0);
	/* what was kept before files were counted */
	assert_int_equal(world_number(&w, "SELECT sum(size) FROM upload_kept WHERE owner_id = 7"), 200);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM upload_kept WHERE hash = 'nobody'"), 0);
	world_close(&w);
}

struct rival {
	pthread_t thread;
	struct store *store;
	struct actor actor;
	char hash[16];
	enum err err;
};

static void *rival(void *arg)
{
	struct rival *r = arg;
	struct arena arena;
	struct ctx ctx;
	struct counting c = {UPLOADS_ATTACHED, r->hash, (int64_t)6000 * MB};
	world_ctx(&ctx, &arena);
	ctx.store = r->store;
	ctx.actor = &r->actor;
	r->err = store_write(&ctx, r->store, count_job, &c);
	arena_release(&arena);
	return NULL;
}

static void together_not_more(void **state)
{
	enum { RIVALS = 8, ROUNDS = 10 };
	struct world w;
	struct rival rivals[RIVALS];
	begin(&w, state);
	for (int64_t round = 0; round < ROUNDS; round++) {
		int kept = 0;
		for (int i = 0; i < RIVALS; i++) {
			rivals[i] = (struct rival){.store = w.store, .actor = {.kind = ACTOR_USER, .user_id = 100 + round}};
			(void)snprintf(rivals[i].hash, sizeof(rivals[i].hash), "r%d", i);
			assert_int_equal(pthread_create(&rivals[i].thread, NULL, rival, &rivals[i]), 0);
		}
		for (int i = 0; i < RIVALS; i++) {
			pthread_join(rivals[i].thread, NULL);
			assert_true(rivals[i].err == OK || rivals[i].err == ERR_LIMIT);
			kept += rivals[i].err == OK;
		}
		assert_int_equal(kept, 1);
	}
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(counts_for_each, &world_sqlite), WORLD_TEST(counts_for_each, &world_postgres),
		WORLD_TEST(together_not_more, &world_sqlite), WORLD_TEST(together_not_more, &world_postgres),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
