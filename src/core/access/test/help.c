#include "help.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "access_sql.h"
#include "base/str.h"
#include "core/entity/field_type.h"
#include "core/text/text.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

enum { ARENA_MAX = 256 << 20 };

struct access *app_access(const struct app *app)
{
	return app->access;
}

/* --- entities of business ---------------------------------------------------------- */

static const struct field customer_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED, .label = {"Name", "姓名"}},
	{.name = "phone", .type = FIELD_TEXT, .flags = F_MASKABLE, .label = {"Phone", "电话"}},
	{.name = "secret", .type = FIELD_TEXT, .flags = F_SECRET, .label = {"Secret", "密文"}},
	{.name = "owner_id", .type = FIELD_LINK, .link = "user", .on_delete = DELETE_SET_NULL, .label = {"Owner", "负责人"}},
	{.name = "team_id", .type = FIELD_LINK, .link = "team", .on_delete = DELETE_SET_NULL, .label = {"Team", "团队"}},
	{.name = "branch_id", .type = FIELD_LINK, .link = "branch", .on_delete = DELETE_SET_NULL, .label = {"Branch", "分支机构"}},
};
static const struct entity customer = {
	.name = "customer", .plural = "customers", .label = {"Customer", "客户"}, .label_many = {"Customers", "客户"},
	.fields = customer_fields, .n_fields = COUNT(customer_fields), .title = "name", .owner = "owner_id", .team = "team_id",
	.branch = "branch_id", .sort = "id",
};
static const struct field product_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED, .label = {"Name", "名称"}},
};
static const struct entity product = {
	.name = "product", .plural = "products", .label = {"Product", "商品"}, .label_many = {"Products", "商品"},
	.fields = product_fields, .n_fields = 1, .title = "name", .sort = "id",
};

static const struct entity *const entities[] = {&user_entity, &team_entity, &branch_entity, &region_entity,
                                                &role_entity, &token_entity, &customer,     &product, &share_entity};

/* --- opening ------------------------------------------------------------------------ */

static int64_t world_now(void *arg)
{
	struct world *world = arg;
	return clock_system()->now_ms(clock_system()->arg) + atomic_load(&world->ahead_ms);
}

static void world_random(void *arg, void *out, size_t n)
{
	(void)arg;
	clock_system()->random(clock_system()->arg, out, n);
}

void world_forward(struct world *world, int64_t ms)
{
	atomic_fetch_add(&world->ahead_ms, ms);
}

static enum err create_tables(struct ctx *ctx)
{
	bool lite = db_engine(ctx->db) == ENGINE_SQLITE;
	struct buf ddl;
	buf_init(&ddl, 1 << 20);
	enum err err = registry_ddl(ctx, ctx->registry, db_engine(ctx->db), &ddl);
	if (!err)
		err = db_exec(ctx, ctx->db, buf_text(&ddl));
	if (!err)
		err = db_exec(ctx, ctx->db, lite ? events_ddl_sqlite : events_ddl_postgres);
	if (!err)
		err = db_exec(ctx, ctx->db, lite ? access_ddl_sqlite : access_ddl_postgres);
	if (!err)
		err = db_exec(ctx, ctx->db, access_ddl_invite);
	buf_release(&ddl);
	return err;
}

static const struct role_right rights_of_business[] = {{"service", "customer", "aaa---"}, {"marketing", "customer", "a-a-a-"}, {0}};

const struct role_default *const test_roles[] = {access_default_roles, NULL};
const struct role_right *const test_rights[] = {access_default_rights, rights_of_business, NULL};

static enum err fill(struct ctx *ctx, void *arg)
{
	struct world *world = arg;
	enum err err = create_tables(ctx);
	if (!err)
		err = access_init_roles(ctx, test_roles, test_rights);
	if (!err)
		err = access_create_admin(ctx, ADMIN_EMAIL, "Wang Boss", GOOD_PASSWORD, &world->admin);
	return err;
}

static enum err nothing(struct ctx *ctx, void *arg)
{
	(void)ctx;
	(void)arg;
	return OK;
}

static void prepare(void *arg, struct ctx *ctx)
{
	struct world *world = arg;
	ctx->store = world->store;
	ctx->registry = world->registry;
	ctx->app = &world->app;
}

static void world_base(struct world *world)
{
	memset(world, 0, sizeof(*world));
	arena_init(&world->arena, ARENA_MAX);
	world->clock = (struct clock){.now_ms = world_now, .random = world_random, .arg = world};
	ctx_init(&world->ctx, &world->arena, &world->clock);
	assert_ok(world, text_open(&world->ctx));
	assert_ok(world, registry_new(&world->ctx, entities, COUNT(entities), 1, &world->registry));
	snprintf(world->dir, sizeof(world->dir), "/tmp/guanxi-access-XXXXXX");
	assert_non_null(mkdtemp(world->dir));
}

static void world_store(struct world *world, const char *pg_url)
{
	const struct store_config config = {.data_dir = world->dir, .pg_url = pg_url, .pg_schema = world->schema, .clock = &world->clock};
	assert_ok(world, store_open_new(&world->ctx, &config, &world->store));
	prepare(world, &world->ctx);
	world->ctx.actor = gate_system();
}

static void world_service(struct world *world)
{
	assert_ok(world, db_open_new(&world->ctx, world->store, &world->db));
	world->ctx.db = world->db;
	assert_ok(world, access_open_new(&world->ctx, world->store, world->registry, &world->app.access));
	assert_ok(world, events_start(&world->ctx, world->store));
}

void world_open(struct world *world, const char *pg_url)
{
	static int opened;
	world_base(world);
	snprintf(world->schema, sizeof(world->schema), "access_%d_%d", (int)getpid(), opened++);
	world_store(world, pg_url);
	static const struct migration list[] = {{.version = 1, .name = "none", .run = nothing}};
	assert_ok(world, store_migrate(&world->ctx, world->store, list, 1));
	world->ctx.app = NULL; /* as on the command line */
	assert_ok(world, store_write(&world->ctx, world->store, fill, world));
	world->ctx.app = &world->app;
	world_service(world);
	world->administrator = role_by_key(world, "administrator");
}

void world_join(struct world *world, const struct world *first, const char *pg_url)
{
	world_base(world);
	snprintf(world->schema, sizeof(world->schema), "%s", first->schema);
	world_store(world, pg_url);
	world_service(world);
}

static enum err drop_schema(struct ctx *ctx, void *arg)
{
	struct world *world = arg;
	return db_exec(ctx, ctx->db, arena_printf(ctx->arena, "DROP SCHEMA \"%s\" CASCADE", world->schema));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void shut(struct world *world, bool drop)
{
	if (world->http)
		http_stop(world->http, 5000);
	access_free(world->app.access);
	events_stop(world->store);
	db_free(world->db);
	world->ctx.db = NULL;
	faults_clear(&world->ctx);
	if (drop)
		assert_ok(world, store_write(&world->ctx, world->store, drop_schema, world));
	store_free(world->store);
	assert_int_equal(nftw(world->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	registry_free(world->registry);
	arena_release(&world->arena);
}

void world_leave(struct world *world)
{
	shut(world, false);
}

void world_close(struct world *world)
{
	shut(world, store_engine(world->store) == ENGINE_POSTGRES);
	text_close();
}

/* --- the server ------------------------------------------------------------------------ */

static enum err authenticate(struct ctx *ctx, const struct http_request *req, bool *ret_needs_csrf)
{
	return access_authenticate(ctx, app_access(ctx->app), req, ret_needs_csrf);
}

static bool csrf_ok(struct ctx *ctx, const struct http_request *req)
{
	return access_csrf_ok(ctx, app_access(ctx->app), req);
}

/* One customer as the actor may see it: stands for the whole gate. */
static enum err get_customer(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	int64_t id;
	struct record *record;
	struct jsonw w;
	enum err err = access_param_id(ctx, req, 0, &id);
	if (!err)
		err = record_get(ctx, registry_find(ctx->registry, "customer"), id, ACTION_READ, &record);
	if (err)
		return err;
	jsonw_init(&w, http_body(res));
	record_write_json(ctx, record, &w);
	return OK;
}

static enum err post_customer(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *record;
	struct jsonw w;
	json_error_t error;
	json_t *json = json_loads(req->body, 0, &error);
	enum err err = record_new(ctx, registry_find(ctx->registry, "customer"), &record);
	if (!err)
		err = record_read_json(ctx, record, json);
	json_decref(json);
	if (!err)
		err = record_create(ctx, record, 0);
	if (err)
		return err;
	http_status(res, 201);
	jsonw_init(&w, http_body(res));
	record_write_json(ctx, record, &w);
	return OK;
}

static const struct route test_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/customer/*", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = get_customer, .doc = "One"},
	{.method = METHOD_POST, .pattern = "/api/v1/customer", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = post_customer, .doc = "Make"},
	{0},
};

void world_serve(struct world *world)
{
	static const struct route *const tables[] = {access_routes, test_routes, NULL};
	const struct http_config config = {
		.address = "127.0.0.1", .threads = 1, .heavy_threads = 2, .authenticate = authenticate, .csrf_ok = csrf_ok,
		.idem_find = access_idem_find, .idem_save = access_idem_save, .prepare = prepare, .arg = world,
	};
	assert_ok(world, http_start_new(&world->ctx, world->store, &config, tables, &world->http));
}

/* --- writing ---------------------------------------------------------------------------- */

struct job {
	const struct entity_info *info;
	const char *json;
	const struct actor *actor;
	int64_t id;
	unsigned flags;
};

static enum err read_patch(struct ctx *ctx, const struct job *job, struct record **ret)
{
	json_error_t error;
	json_t *json = json_loads(job->json, 0, &error);
	if (!json)
		fail_msg("no JSON: %s", job->json);
	enum err err = record_new(ctx, job->info, ret);
	if (!err)
		err = record_read_json(ctx, *ret, json);
	json_decref(json);
	return err;
}

static enum err create_job(struct ctx *ctx, void *arg)
{
	struct job *job = arg;
	struct record *record;
	const struct actor *before = ctx->actor;
	ctx->actor = job->actor;
	enum err err = read_patch(ctx, job, &record);
	if (!err)
		err = record_create(ctx, record, job->flags);
	if (!err)
		job->id = record_id(record);
	ctx->actor = before;
	return err;
}

static enum err update_job(struct ctx *ctx, void *arg)
{
	struct job *job = arg;
	struct record *patch;
	const struct actor *before = ctx->actor;
	ctx->actor = job->actor;
	enum err err = read_patch(ctx, job, &patch);
	if (!err)
		err = record_update(ctx, job->id, patch, 0, job->flags, NULL);
	ctx->actor = before;
	return err;
}

static enum err delete_job(struct ctx *ctx, void *arg)
{
	struct job *job = arg;
	const struct actor *before = ctx->actor;
	ctx->actor = job->actor;
	enum err err = record_delete(ctx, job->info, job->id, 0, job->flags);
	ctx->actor = before;
	return err;
}

static struct job job_for(struct world *world, const struct actor *actor, const char *entity, int64_t id, const char *json)
{
	faults_clear(&world->ctx);
	return (struct job){.info = registry_find(world->registry, entity), .json = json, .actor = actor ? actor : gate_system(), .id = id,
	                    .flags = actor ? 0 : W_TRUSTED};
}

enum err try_create(struct world *world, const struct actor *actor, const char *entity, const char *json, int64_t *ret_id)
{
	struct job job = job_for(world, actor, entity, 0, json);
	enum err err = store_write(&world->ctx, world->store, create_job, &job);
	if (ret_id)
		*ret_id = job.id;
	return err;
}

enum err try_update(struct world *world, const struct actor *actor, const char *entity, int64_t id, const char *json)
{
	struct job job = job_for(world, actor, entity, id, json);
	return store_write(&world->ctx, world->store, update_job, &job);
}

enum err try_delete(struct world *world, const struct actor *actor, const char *entity, int64_t id)
{
	struct job job = job_for(world, actor, entity, id, NULL);
	return store_write(&world->ctx, world->store, delete_job, &job);
}

int64_t must_create(struct world *world, const char *entity, const char *json)
{
	int64_t id = 0;
	assert_ok(world, try_create(world, NULL, entity, json, &id));
	return id;
}

void must_update(struct world *world, const char *entity, int64_t id, const char *json)
{
	assert_ok(world, try_update(world, NULL, entity, id, json));
}

int64_t make_user(struct world *world, const char *name, const char *email, const char *roles)
{
	static char hash[crypto_pwhash_STRBYTES]; /* a cheap one: these tests ask hundreds of times, and none what it costs */
	if (!hash[0])
		assert_int_equal(crypto_pwhash_str(hash, GOOD_PASSWORD, strlen(GOOD_PASSWORD), crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN), 0);
	return must_create(world, "user",
	                   arena_printf(&world->arena, "{\"name\":\"%s\",\"email\":\"%s\",\"password_hash\":\"%s\",\"roles\":%s}", name, email, hash,
	                                roles ? roles : "[]"));
}

/* JSON text as a JSON string value. */
int64_t make_role(struct world *world, const char *name, const char *rights, const char *caps)
{
	return must_create(world, "role", arena_printf(&world->arena, "{\"name\":\"%s\",\"rights\":%s,\"caps\":%s}", name, rights, caps));
}

int64_t number(struct world *world, const char *sql)
{
	struct stmt *stmt;
	bool row;
	faults_clear(&world->ctx);
	assert_ok(world, db_prepare_text(&world->ctx, world->db, sql, &stmt));
	assert_ok(world, stmt_step(&world->ctx, stmt, &row));
	int64_t n = row ? stmt_i64(stmt, 0) : -1;
	stmt_done(stmt);
	return n;
}

int64_t role_by_key(struct world *world, const char *key)
{
	return number(world, arena_printf(&world->arena, "SELECT id FROM role WHERE \"key\" = '%s'", key));
}

const char *id_list(struct world *world, int64_t a)
{
	return arena_printf(&world->arena, "[\"%lld\"]", (long long)a);
}

const struct actor *actor_of(struct world *world, int64_t user_id)
{
	const struct actor *actor = NULL;
	faults_clear(&world->ctx);
	assert_ok(world, access_actor(&world->ctx, world->app.access, user_id, &actor));
	return actor;
}

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

/* --- the browser -------------------------------------------------------------------------- */

struct browser *browser_new(struct world *world)
{
	struct browser *browser = calloc(1, sizeof(*browser));
	assert_non_null(browser);
	browser->world = world;
	browser->fd = -1;
	return browser;
}

void browser_free(struct browser *browser)
{
	if (browser->fd >= 0)
		close(browser->fd);
	json_decref(browser->json);
	free(browser);
}

static void connect_to(struct browser *browser)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)http_port(browser->world->http))};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	browser->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(browser->fd >= 0);
	assert_int_equal(connect(browser->fd, (struct sockaddr *)&to, sizeof(to)), 0);
}

static void send_all(int fd, const char *data, size_t n)
{
	while (n > 0) {
		ssize_t done = send(fd, data, n, MSG_NOSIGNAL);
		assert_true(done > 0);
		data += done;
		n -= (size_t)done;
	}
}

static size_t content_length(const struct browser *browser)
{
	int64_t n = 0;
	const char *text = header(browser, "Content-Length");
	if (*text)
		assert_true(str_to_i64(text, &n));
	return (size_t)n;
}

static void receive(struct browser *browser)
{
	char *all = browser->body;
	size_t n = 0;
	char *end = NULL;
	while (!end) {
		ssize_t got = recv(browser->fd, all + n, sizeof(browser->body) - n - 1, 0);
		assert_true(got > 0);
		n += (size_t)got;
		all[n] = '\0';
		end = strstr(all, "\r\n\r\n");
	}
	size_t head = (size_t)(end - all) + 4;
	assert_true(head < sizeof(browser->head));
	memcpy(browser->head, all, head);
	browser->head[head] = '\0';
	assert_int_equal(sscanf(browser->head, "HTTP/1.1 %d", &browser->status), 1);
	size_t need = content_length(browser);
	memmove(all, all + head, n - head + 1);
	for (n -= head; n < need;) {
		ssize_t got = recv(browser->fd, all + n, sizeof(browser->body) - n - 1, 0);
		assert_true(got > 0);
		n += (size_t)got;
	}
	all[n] = '\0';
}

int ask(struct browser *browser, const char *method, const char *path, const char *body)
{
	struct buf out;
	if (browser->fd < 0)
		connect_to(browser);
	buf_init(&out, 1 << 20);
	buf_printf(&out, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: test\r\n", method, path);
	if (browser->bearer[0])
		buf_printf(&out, "Authorization: Bearer %s\r\n", browser->bearer);
	else if (browser->cookie[0])
		buf_printf(&out, "Cookie: %s\r\n", browser->cookie);
	if (browser->csrf[0] && !browser->bearer[0] && strcmp(method, "GET") != 0)
		buf_printf(&out, "X-CSRF-Token: %s\r\n", browser->csrf);
	buf_puts(&out, browser->extra);
	browser->extra[0] = '\0';
	if (body)
		buf_printf(&out, "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
	buf_printf(&out, "\r\n%s", body ? body : "");
	send_all(browser->fd, buf_text(&out), out.len);
	buf_release(&out);
	receive(browser);
	if (strcasecmp(header(browser, "Connection"), "close") == 0) {
		close(browser->fd);
		browser->fd = -1;
	}
	json_error_t error;
	json_decref(browser->json);
	browser->json = json_loads(browser->body, 0, &error);
	return browser->status;
}

const char *header(const struct browser *browser, const char *name)
{
	static char value[1024];
	size_t n = strlen(name);
	value[0] = '\0';
	for (const char *line = strstr(browser->head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
		if (strncasecmp(line + 2, name, n) != 0 || line[2 + n] != ':')
			continue;
		const char *from = line + 2 + n + 1;
		from += strspn(from, " ");
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(from, "\r\n"), from);
		break;
	}
	return value;
}

const char *text_of(const struct browser *browser, const char *member)
{
	const char *text = json_string_value(json_object_get(browser->json, member));
	return text ? text : "";
}

const char *fault_of(const struct browser *browser)
{
	const char *key = json_string_value(json_object_get(json_array_get(json_object_get(browser->json, "errors"), 0), "key"));
	return key ? key : "";
}

static void keep_cookie(struct browser *browser)
{
	const char *set = header(browser, "Set-Cookie");
	if (*set)
		snprintf(browser->cookie, sizeof(browser->cookie), "%.*s", (int)strcspn(set, ";"), set);
}

int sign_in(struct browser *browser, const char *email, const char *password, const char *code)
{
	char body[512];
	int n = snprintf(body, sizeof(body), "{\"email\":\"%s\",\"password\":\"%s\"", email, password);
	if (code)
		n += snprintf(body + n, sizeof(body) - (size_t)n, ",\"code\":\"%s\"", code);
	snprintf(body + n, sizeof(body) - (size_t)n, "}");
	ask(browser, "POST", "/api/v1/session", body);
	if (browser->status == 200) {
		keep_cookie(browser);
		snprintf(browser->csrf, sizeof(browser->csrf), "%s", text_of(browser, "csrf"));
	}
	return browser->status;
}

/* --- short ways -------------------------------------------------------------------------- */

const char *test_pg_url;

int setup_served(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	assert_non_null(world);
	world_open(world, test_pg_url);
	world_serve(world);
	*state = world;
	return 0;
}

int teardown_world(void **state)
{
	world_close(*state);
	free(*state);
	return 0;
}

const char *path_of(struct world *w, const char *fmt, int64_t id)
{
	const char *star = strchr(fmt, '*');
	return arena_printf(&w->arena, "%.*s%lld%s", (int)(star - fmt), fmt, (long long)id, star + 1);
}

int64_t make_customer(struct world *w, const char *name, int64_t owner)
{
	return must_create(w, "customer", arena_printf(&w->arena, "{\"name\":\"%s\",\"owner_id\":\"%lld\",\"phone\":\"13800138000\"}", name, (long long)owner));
}

struct browser *signed_in(struct world *w, const char *email)
{
	struct browser *b = browser_new(w);
	sign_in(b, email, GOOD_PASSWORD, NULL);
	assert_status(b, 200);
	return b;
}

void sealed(struct world *w)
{
	/* PostgreSQL numbers entries a moment later */
	for (int i = 0; i < 100 && store_engine(w->store) == ENGINE_POSTGRES && number(w, "SELECT COUNT(*) FROM change_new"); i++) {
		struct timespec nap = {.tv_nsec = 50000000};
		nanosleep(&nap, NULL);
	}
}

int64_t denied_entries(struct world *w)
{
	assert_ok(w, access_flush(&w->ctx, w->app.access));
	char sql[160];
	bool lite = store_engine(w->store) == ENGINE_SQLITE;
	snprintf(sql, sizeof(sql), "SELECT (SELECT COUNT(*) FROM change WHERE action = %d)%s", CHANGE_DENIED, lite ? "" : " + (SELECT COUNT(*) FROM change_new WHERE action = 7)");
	return number(w, sql);
}
