#include "search_test.h"

struct world w;

static const char *make_table(enum engine engine)
{
	return engine == ENGINE_SQLITE ? "CREATE TABLE thing (id INTEGER PRIMARY KEY, entity INTEGER NOT NULL)"
	                               : "CREATE TABLE thing (id bigint PRIMARY KEY, entity integer NOT NULL)";
}

static enum err create(struct ctx *ctx, void *arg)
{
	enum engine engine = *(enum engine *)arg;
	enum err err = db_exec(ctx, ctx->db, engine == ENGINE_SQLITE ? search_ddl_sqlite : search_ddl_postgres);
	return err ? err : db_exec(ctx, ctx->db, make_table(engine));
}

static enum err nothing(struct ctx *ctx, void *arg)
{
	(void)ctx;
	(void)arg;
	return OK;
}

void open_index(enum engine engine)
{
	static const struct migration steps[] = {{.version = 1, .name = "none", .run = nothing}};
	world_open(&w, engine, steps, 1);
	assert_int_equal(text_open(&w.ctx), OK);
	assert_int_equal(store_write(&w.ctx, w.store, create, &engine), OK);
	w.ctx.actor = gate_system();
}

void close_index(void)
{
	world_close(&w);
}

struct batch {
	const struct put *list;
	size_t n;
};

static enum err put_thing(struct ctx *ctx, const struct put *p)
{
	struct stmt *stmt;
	enum err err = db_prepare_text(ctx, ctx->db, "INSERT INTO thing (id, entity) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING", &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, p->id);
	stmt_bind_i64(stmt, 2, (int64_t)p->entity);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err put_batch(struct ctx *ctx, void *arg)
{
	const struct batch *batch = arg;
	enum err err = OK;
	for (size_t i = 0; !err && i < batch->n; i++) {
		const struct put *p = &batch->list[i];
		const struct search_part parts[] = {
			{p->name, TEXT_NAME, NAME}, {p->phone, TEXT_NUMBER, PHONE}, {p->email, TEXT_EMAIL, EMAIL}, {p->text, TEXT_WORDS, TEXT},
		};
		const struct search_doc doc = {.entity = p->entity, .record_id = p->id, .rank = p->rank, .owner_id = p->owner,
		                               .team_id = p->team, .branch_id = p->branch, .parts = parts, .n_parts = 4};
		err = search_put(ctx, &doc);
		if (!err)
			err = put_thing(ctx, p);
	}
	return err;
}

void put_all(const struct put *list, size_t n)
{
	struct batch batch = {list, n};
	faults_clear(&w.ctx);
	enum err err = store_write(&w.ctx, w.store, put_batch, &batch);
	if (err)
		print_error("put: %s\n", world_key(&w));
	assert_int_equal(err, OK);
}

void put_name(size_t entity, int64_t id, const char *name)
{
	const struct put p = {.entity = entity, .id = id, .name = name};
	put_all(&p, 1);
}

static enum err remove_job(struct ctx *ctx, void *arg)
{
	return search_remove(ctx, *(int64_t *)arg);
}

void remove_id(int64_t id)
{
	char text[100];
	assert_int_equal(store_write(&w.ctx, w.store, remove_job, &id), OK);
	(void)snprintf(text, sizeof text, "DELETE FROM thing WHERE id = %lld", (long long)id);
	assert_int_equal(world_exec(&w, text), OK);
}

static const char *find(const size_t *entity, const char *typed, size_t max)
{
	struct search_hit *hits;
	size_t n;
	bool more;
	struct buf out;
	faults_clear(&w.ctx);
	enum err err = search_find(&w.ctx, typed, entity, entity ? 1 : 0, max, &hits, &n, &more);
	if (err)
		print_error("find %s: %s %s\n", typed, world_key(&w), w.ctx.faults.list[0].arg);
	assert_int_equal(err, OK);
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < n; i++)
		buf_printf(&out, "%s%lld", i ? " " : "", (long long)hits[i].record_id);
	const char *text = arena_strdup(&w.arena, buf_text(&out));
	buf_release(&out);
	return text;
}

const char *found(const char *typed)
{
	return find(NULL, typed, 10);
}

const char *found_in(size_t entity, const char *typed, size_t max)
{
	return find(&entity, typed, max);
}

const char *listed(size_t entity, const char *typed)
{
	const char *condition, *bind;
	size_t n_bind;
	struct stmt *stmt;
	struct buf out;
	bool row;
	faults_clear(&w.ctx);
	assert_int_equal(search_condition(&w.ctx, entity, "t0", typed, 2, &condition, &bind, &n_bind), OK);
	const char *sql = arena_printf(&w.arena, "SELECT t0.id FROM thing t0 WHERE t0.entity = ?1 AND %s ORDER BY t0.id", condition);
	enum err err = db_prepare_text(&w.ctx, w.db, sql, &stmt);
	if (err)
		print_error("%s: %s\n", sql, w.ctx.faults.list[0].arg);
	assert_int_equal(err, OK);
	stmt_bind_i64(stmt, 1, (int64_t)entity);
	stmt_bind_textn(stmt, 2, bind, n_bind);
	buf_init(&out, 1 << 20);
	while ((err = stmt_step(&w.ctx, stmt, &row)) == OK && row)
		buf_printf(&out, "%s%lld", out.len ? " " : "", (long long)stmt_i64(stmt, 0));
	if (err)
		print_error("%s: %s\n", sql, w.ctx.faults.list[0].arg);
	assert_int_equal(err, OK);
	stmt_done(stmt);
	const char *text = arena_strdup(&w.arena, buf_text(&out));
	buf_release(&out);
	return text;
}

void assert_whole(void)
{
	faults_clear(&w.ctx);
	enum err err = search_integrity(&w.ctx);
	if (err)
		print_error("integrity: %s\n", world_key(&w));
	assert_int_equal(err, OK);
}
