/* The server of the tests of lanes: handlers, hooks, and one of each engine. */
#include "lanes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

struct http *server;
bool present; /* the engine of this test */
struct world world;
int port;

sem_t gate, entered;
_Atomic int runs, asked, finished;

/* --- handlers -------------------------------------------------------------------- */

static const struct sql insert = {"note_insert", "INSERT INTO note(text) VALUES (?1)", "INSERT INTO note(text) VALUES ($1)"};
static const struct sql count = {"note_count", "SELECT count(*) FROM note", "SELECT count(*) FROM note"};
static const struct sql slow = {
	"slow",
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) SELECT count(*) FROM n",
	"SELECT count(*) FROM generate_series(1, $1)",
};

static enum err add_note(struct ctx *c, const char *text)
{
	struct stmt *stmt;
	enum err err = db_prepare(c, c->db, &insert, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, text);
	err = stmt_run(c, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err one_number(struct ctx *c, const struct sql *sql, int64_t arg, int64_t *ret)
{
	struct stmt *stmt;
	bool row;
	enum err err = db_prepare(c, c->db, sql, &stmt);
	if (err != OK)
		return err;
	if (arg > 0)
		stmt_bind_i64(stmt, 1, arg);
	err = stmt_step(c, stmt, &row);
	if (err == OK)
		*ret = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

static enum err write_note(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	atomic_fetch_add(&runs, 1);
	enum err err = add_note(c, req->body);
	http_status(res, 201);
	http_set_header(res, "X-Wrote", "yes");
	buf_puts(http_body(res), "{\"saved\":true}");
	if (err == OK && str_equal(req->body, "fail"))
		return fail(c, ERR_CONFLICT, "text", "unique");
	if (err == OK && str_equal(req->body, "huge"))
		http_body(res)->failed = true;
	return err;
}

static enum err count_notes(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	(void)req;
	int64_t n;
	enum err err = one_number(c, &count, 0, &n);
	if (err == OK)
		buf_printf(http_body(res), "%lld", (long long)n);
	return err;
}

static enum err count_slowly(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	int64_t n = 0, to;
	(void)sem_post(&entered);
	atomic_fetch_add(&runs, 1);
	buf_puts(http_body(res), "n=");
	http_set_header(res, "X-Once", "1");
	if (!str_to_i64(req->params[0], &to))
		return fail(c, ERR_INVALID, "", "wrong_type");
	enum err err = one_number(c, &slow, to, &n);
	atomic_fetch_add(&finished, 1);
	if (err == OK)
		buf_printf(http_body(res), "%lld", (long long)n);
	return err;
}

static enum err wait_at_gate(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	(void)c;
	(void)req;
	(void)sem_post(&entered);
	while (sem_wait(&gate) != 0)
		;
	buf_puts(http_body(res), "through");
	return OK;
}

static enum err take_upload(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	struct stat st;
	if (req->body_path == NULL || stat(req->body_path, &st) != 0)
		return fail(c, ERR_BUG, "", "no_file");
	if (str_equal(http_query(c, req, "keep", 0), "1")) {
		const char *to = arena_printf(c->arena, "%s/kept", world.dir);
		if (to == NULL || rename(req->body_path, to) != 0)
			return fail(c, ERR_BUG, "", "no_file");
	}
	buf_printf(http_body(res), "%lld %zu %o", (long long)st.st_size, req->body_len, st.st_mode & 0777);
	return OK;
}

/* m may not. */
static enum err may_upload(struct ctx *c, const struct http_request *req)
{
	(void)req;
	return c->actor->user_id == 'm' ? fail(c, ERR_FORBIDDEN, "", "forbidden") : OK;
}

static enum err signed_in_as(struct ctx *c, const struct http_request *req, struct http_response *res)
{
	(void)req;
	buf_puts(http_body(res), c->actor->name);
	return OK;
}

static const struct route routes[] = {
	{METHOD_POST, "/notes", LANE_WRITE, DOOR_PUBLIC, .handle = write_note, .doc = "Add"},
	{METHOD_GET, "/notes", LANE_READ, DOOR_PUBLIC, .handle = count_notes, .doc = "Count"},
	{METHOD_GET, "/slow/*", LANE_READ, DOOR_PUBLIC, .handle = count_slowly, .doc = "Count slowly"},
	{METHOD_GET, "/heavy/*", LANE_HEAVY, DOOR_PUBLIC, .handle = count_slowly, .doc = "Count slowly"},
	{METHOD_GET, "/gate", LANE_HEAVY, DOOR_PUBLIC, .handle = wait_at_gate, .doc = "Wait"},
	{METHOD_POST, "/upload", LANE_HEAVY, DOOR_PUBLIC, .handle = take_upload, .doc = "Upload", .upload = true, .body_max = 8 << 20},
	{METHOD_POST, "/upload/large", LANE_HEAVY, DOOR_PUBLIC, .handle = take_upload, .doc = "Upload", .upload = true, .body_max = 1 << 30},
	{METHOD_POST, "/upload/signed", LANE_HEAVY, DOOR_SIGNED_IN, .handle = take_upload, .may = may_upload, .doc = "Upload", .upload = true, .body_max = 8 << 20},
	{METHOD_GET, "/me", LANE_READ, DOOR_SIGNED_IN, .handle = signed_in_as, .doc = "Me"},
	{METHOD_POST, "/me", LANE_WRITE, DOOR_SIGNED_IN, .handle = signed_in_as, .doc = "Me"},
	{METHOD_GET, "/me/gate", LANE_HEAVY, DOOR_SIGNED_IN, .handle = wait_at_gate, .doc = "Wait"},
	{METHOD_GET, "/export", LANE_HEAVY, DOOR_PUBLIC, .handle = count_notes, .work = WORK_EXPORT, .doc = "Export"},
	{METHOD_POST, "/session", LANE_HEAVY, DOOR_PUBLIC, .handle = count_notes, .work = WORK_SIGN_IN, .doc = "Sign in"},
	{METHOD_GET, "/me/heavy", LANE_HEAVY, DOOR_SIGNED_IN, .handle = signed_in_as, .doc = "Me"},
	{0},
};
static const struct route *const tables[] = {routes, NULL};

/* --- hooks --------------------------------------------------------------------------- */

static enum err authenticate(struct ctx *c, const struct http_request *req, bool *ret_needs_csrf)
{
	int64_t n;
	*ret_needs_csrf = false;
	atomic_fetch_add(&asked, 1);
	if (http_header(req, "Authorization") == NULL)
		return OK;
	enum err err = one_number(c, &count, 0, &n); /* as a session that is not in memory */
	if (err != OK)
		return err;
	struct actor *actor = arena_alloc(c->arena, sizeof(*actor));
	if (actor == NULL)
		return fail(c, ERR_RETRY, "", "memory");
	*actor = (struct actor){.user_id = http_header(req, "Authorization")[0], .name = arena_strdup(c->arena, http_header(req, "Authorization"))};
	c->actor = actor;
	return OK;
}

static const struct sql key_find = {"key_find", "SELECT status, body FROM keys WHERE k = ?1", "SELECT status, body FROM keys WHERE k = $1"};
static const struct sql key_save = {"key_save", "INSERT INTO keys VALUES (?1, ?2, ?3)", "INSERT INTO keys VALUES ($1, $2, $3)"};

static enum err idem_find(struct ctx *c, const struct http_request *req, const char *key, bool *ret_hit, int *ret_status, const char **ret_body)
{
	(void)req;
	struct stmt *stmt;
	enum err err = db_prepare(c, c->db, &key_find, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, key);
	err = stmt_step(c, stmt, ret_hit);
	if (err == OK && *ret_hit) {
		*ret_status = (int)stmt_i64(stmt, 0);
		*ret_body = arena_strdup(c->arena, stmt_text(stmt, 1));
	}
	stmt_done(stmt);
	return err;
}

static enum err idem_save(struct ctx *c, const struct http_request *req, const char *key, int status, const char *body, size_t n)
{
	(void)req;
	struct stmt *stmt;
	enum err err = db_prepare(c, c->db, &key_save, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, key);
	stmt_bind_i64(stmt, 2, status);
	stmt_bind_textn(stmt, 3, body, n);
	err = stmt_run(c, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* --- fixture ---------------------------------------------------------------------------- */

static const struct migration migrations[] = {
	{1, "first", "CREATE TABLE note(id integer primary key, text text); CREATE TABLE keys(k text primary key, status integer, body text)",
	 "CREATE TABLE note(id bigserial primary key, text text); CREATE TABLE keys(k text primary key, status bigint, body text)", NULL},
};

int heavy_threads = 1;
uint64_t disk_reserve;

/* Nobody's rights change here; the thread that watches them also looks for clients that have left. */
static void *hold(struct ctx *c)
{
	(void)c;
	return NULL;
}

static int64_t changes(void *arg)
{
	(void)arg;
	return 0;
}

void start_server(void)
{
	struct http_config config = {.address = "127.0.0.1", .threads = 2, .heavy_threads = heavy_threads, .disk_reserve = disk_reserve, .hold = hold, .changes = changes, .authenticate = authenticate, .idem_find = idem_find,
	                             .idem_save = idem_save};
	assert_int_equal(http_start_new(&world.ctx, world.store, &config, tables, &server), OK);
	port = http_port(server);
}

void stop_server(int64_t wait_ms)
{
	struct http *http = server;
	server = NULL; /* an assertion that fails may come back here */
	http_stop(http, wait_ms);
}

int set_up(void **state)
{
	enum engine engine = *(const enum engine *)*state;
	present = engine != ENGINE_POSTGRES || world_pg() != NULL;
	if (!present)
		return 0;
	world_open(&world, engine, migrations, 1);
	(void)sem_init(&gate, 0, 0);
	(void)sem_init(&entered, 0, 0);
	runs = asked = finished = 0;
	start_server();
	return 0;
}

int tear_down(void **state)
{
	(void)state;
	if (!present)
		return 0;
	for (int i = 0; i < 100; i++) /* whoever a failed test has left there */
		(void)sem_post(&gate);
	stop_server(2000);
	world_close(&world);
	return 0;
}

bool absent(void)
{
	if (present)
		return false;
	print_message("# SKIP GUANXI_TEST_PG is not set\n");
	skip();
	return true;
}

void expect(const char *method, const char *target, const char *fields, const char *body, int status, const char *answer)
{
	struct answer a;
	client_ask(port, method, target, fields, body, &a);
	if (a.status != status || (answer != NULL && strstr(a.body, answer) == NULL))
		client_wrong("%s %s: %d %s", method, target, a.status, a.body);
	answer_release(&a);
}

void ask_only(int fd, const char *method, const char *target)
{
	char text[200];
	(void)snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: x\r\n\r\n", method, target);
	client_send(fd, text);
}

int read_status(int fd, const char *part)
{
	struct answer a;
	client_read(fd, false, &a);
	int status = a.status;
	if (strstr(a.body, part) == NULL)
		client_wrong("%d %s lacks %s", a.status, a.body, part);
	answer_release(&a);
	close(fd);
	return status;
}
