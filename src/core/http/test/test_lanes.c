/* Lanes over a real store of each engine: who works where, what is kept when it fails, uploads, stopping. */
#include <dirent.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/http/http.h"
#include "core/store/test/world.h"
#include "http_client.h"

static struct http *server;
static bool present; /* the engine of this test */
static struct world world;
static int port;

static sem_t gate, entered;
static _Atomic int runs, asked, finished;

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
	{METHOD_POST, "/upload/signed", LANE_HEAVY, DOOR_SIGNED_IN, .handle = take_upload, .doc = "Upload", .upload = true, .body_max = 8 << 20},
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

static int heavy_threads = 1;

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

static void start_server(void)
{
	struct http_config config = {.address = "127.0.0.1", .threads = 2, .heavy_threads = heavy_threads, .hold = hold, .changes = changes, .authenticate = authenticate, .idem_find = idem_find,
	                             .idem_save = idem_save};
	assert_int_equal(http_start_new(&world.ctx, world.store, &config, tables, &server), OK);
	port = http_port(server);
}

static void stop_server(int64_t wait_ms)
{
	struct http *http = server;
	server = NULL; /* an assertion that fails may come back here */
	http_stop(http, wait_ms);
}

static int set_up(void **state)
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

static int tear_down(void **state)
{
	(void)state;
	if (!present)
		return 0;
	stop_server(2000);
	world_close(&world);
	return 0;
}

static bool absent(void)
{
	if (present)
		return false;
	print_message("# SKIP GUANXI_TEST_PG is not set\n");
	skip();
	return true;
}

static void expect(const char *method, const char *target, const char *fields, const char *body, int status, const char *answer)
{
	struct answer a;
	client_ask(port, method, target, fields, body, &a);
	if (a.status != status || (answer != NULL && strstr(a.body, answer) == NULL))
		client_wrong("%s %s: %d %s", method, target, a.status, a.body);
	answer_release(&a);
}

static void ask_only(int fd, const char *method, const char *target)
{
	char text[200];
	(void)snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: x\r\n\r\n", method, target);
	client_send(fd, text);
}

/* --- tests --------------------------------------------------------------------------------- */

/* A connection that waited is woken for its answer; without that, each would take a tick (250 ms). */
static void test_answers_at_once(void **state)
{
	(void)state;
	if (absent())
		return;
	int64_t begin = time_monotonic_us();
	for (int i = 0; i < 20; i++) {
		struct answer a;
		client_ask(port, "POST", "/notes", "", "quick", &a);
		assert_int_equal(a.status, 201);
		answer_release(&a);
	}
	assert_true(time_monotonic_us() - begin < 2500000);
}

static void test_write(void **state)
{
	(void)state;
	if (absent())
		return;
	struct answer a;
	char text[50];
	client_ask(port, "POST", "/notes", "", "first", &a);
	assert_int_equal(a.status, 201);
	assert_string_equal(a.body, "{\"saved\":true}");
	assert_string_equal(answer_field(&a, "X-Wrote", text, sizeof(text)), "yes");
	answer_release(&a);
	expect("GET", "/notes", "", NULL, 200, "1");
	/* a failed one leaves no trace, in the table or in the answer */
	client_ask(port, "POST", "/notes", "", "fail", &a);
	assert_int_equal(a.status, 409);
	assert_null(strstr(a.body, "saved"));
	assert_string_equal(answer_field(&a, "X-Wrote", text, sizeof(text)), "");
	answer_release(&a);
	expect("POST", "/notes", "", "huge", 413, "answer_too_large");
	expect("GET", "/notes", "", NULL, 200, "1");
}

static void test_idempotency(void **state)
{
	(void)state;
	if (absent())
		return;
	struct answer a;
	char text[50];
	expect("POST", "/notes", "Idempotency-Key: k-1\r\n", "once", 201, "saved");
	assert_int_equal(runs, 1);
	client_ask(port, "POST", "/notes", "Idempotency-Key: k-1\r\n", "once", &a);
	assert_int_equal(a.status, 201);
	assert_string_equal(a.body, "{\"saved\":true}");
	assert_string_equal(answer_field(&a, "Idempotent-Replayed", text, sizeof(text)), "true");
	answer_release(&a);
	assert_int_equal(runs, 2); /* it has asked again, and nothing of it stays */
	expect("GET", "/notes", "", NULL, 200, "1");
	/* what failed is not remembered */
	expect("POST", "/notes", "Idempotency-Key: k-2\r\n", "fail", 409, NULL);
	expect("POST", "/notes", "Idempotency-Key: k-2\r\n", "works", 201, NULL);
	char key[400];
	memset(key, 'k', sizeof(key));
	(void)snprintf(key, sizeof(key), "Idempotency-Key: %0300d\r\n", 7);
	expect("POST", "/notes", key, "x", 422, "idempotency_key_invalid");
	expect("POST", "/notes", "Idempotency-Key: \xc3\xa4\r\n", "x", 422, "idempotency_key_invalid");
	expect("GET", "/notes", "", NULL, 200, "2");
}

static void test_budget(void **state)
{
	(void)state;
	if (absent())
		return;
	struct answer a;
	client_ask(port, "GET", "/slow/1000", "", NULL, &a);
	assert_string_equal(a.body, "n=1000");
	answer_release(&a);
	assert_int_equal(runs, 1);
	bool lite = world.engine == ENGINE_SQLITE;
	client_ask(port, "GET", lite ? "/slow/400000" : "/slow/8000000", "", NULL, &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.body, lite ? "n=400000" : "n=8000000"); /* nothing of the first run is left in it */
	answer_release(&a);
	assert_int_equal(runs, 3);
}

static void test_heavy_full(void **state)
{
	(void)state;
	if (absent())
		return;
	enum { QUEUE = 48, ALL = QUEUE + 1 + 5 }; /* as much as one address may have waiting */
	static int fds[ALL];
	int through = 0, refused = 0;
	char text[50];
	for (int i = 0; i < ALL; i++) {
		fds[i] = client_open(port);
		ask_only(fds[i], "GET", "/gate");
		if (i == 0)
			(void)sem_wait(&entered); /* the one worker has it */
	}
	/* fast requests pass while all of these wait */
	expect("GET", "/notes", "", NULL, 200, "0");
	expect("POST", "/notes", "", "x", 201, NULL);
	struct http_stats stats;
	for (int i = 0; i < 2000; i++) {
		http_stats(server, &stats);
		if (stats.heavy_queued == QUEUE && stats.requests[4] == 5)
			break;
		(void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	}
	assert_int_equal(stats.heavy_queued, QUEUE);
	assert_int_equal(stats.heavy_running, 1);
	for (int i = 0; i < ALL; i++)
		(void)sem_post(&gate);
	for (int i = 0; i < ALL; i++) {
		struct answer a;
		client_read(fds[i], false, &a);
		if (a.status == 429) {
			assert_string_equal(answer_field(&a, "Retry-After", text, sizeof(text)), "1");
			assert_non_null(strstr(a.body, "share_full"));
			refused++;
		} else {
			assert_string_equal(a.body, "through");
			through++;
		}
		answer_release(&a);
		close(fds[i]);
	}
	assert_int_equal(through, QUEUE + 1);
	assert_int_equal(refused, 5);
}

static void ask_as(int fd, const char *target, char who)
{
	char text[200];
	(void)snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: %c\r\n\r\n", target, who);
	client_send(fd, text);
}

static void wait_for_queue(int64_t n)
{
	struct http_stats stats = {0};
	for (int i = 0; i < 4000 && stats.heavy_queued != n; i++) {
		http_stats(server, &stats);
		(void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	}
	assert_int_equal(stats.heavy_queued, n);
}

static int read_status(int fd, const char *part)
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

/* One person has half of a pool and waits for the rest; others pass by. */
static void test_shares(void **state)
{
	(void)state;
	if (absent())
		return;
	enum { OWN = 16, ALL = OWN + 1 };
	int fds[ALL], other, late;
	stop_server(1000);
	heavy_threads = 2;
	start_server();
	heavy_threads = 1;
	for (int i = 0; i < ALL; i++) {
		fds[i] = client_open(port);
		ask_as(fds[i], "/me/gate", 'a');
		if (i == 0)
			(void)sem_wait(&entered);
	}
	wait_for_queue(OWN); /* a thread is free, and none of them has it */
	other = client_open(port);
	ask_as(other, "/me/gate", 'b');
	(void)sem_wait(&entered); /* who came last is in, for it is another */
	late = client_open(port);
	ask_as(late, "/me/gate", 'a');
	int refused = read_status(late, "share_full");
	/* no kind of work waits for another */
	expect("GET", "/export", "", NULL, 200, "0");
	expect("POST", "/session", "", "", 200, "0");
	expect("GET", "/me", "Authorization: a\r\n", NULL, 200, "a");
	for (int i = 0; i < ALL + 1; i++)
		(void)sem_post(&gate);
	assert_int_equal(read_status(other, "through"), 200);
	for (int i = 0; i < ALL; i++)
		assert_int_equal(read_status(fds[i], "through"), 200);
	assert_int_equal(refused, 429);
}

/* Somebody's slow questions wait for each other and for nobody else; when the client leaves, they end. */
static void test_slow_questions(void **state)
{
	(void)state;
	if (absent())
		return;
	enum { SLOW = 3 };
	int fds[SLOW];
	for (int i = 0; i < SLOW; i++) {
		fds[i] = client_open(port);
		ask_as(fds[i], "/slow/2000000000", 's');
		if (i == 0) { /* over its budget where it began, and then among the slow */
			(void)sem_wait(&entered);
			(void)sem_wait(&entered);
		}
	}
	wait_for_queue(SLOW - 1);
	expect("POST", "/session", "", "", 200, "0");
	expect("GET", "/me", "Authorization: o\r\n", NULL, 200, "o");
	expect("POST", "/notes", "", "x", 201, NULL);
	runs--; /* the note's */
	assert_int_equal(finished, runs - 1); /* it still runs */
	for (int i = 0; i < SLOW; i++)
		close(fds[i]);
	wait_for_queue(0);
	for (int i = 0; i < 3000 && finished != runs; i++)
		(void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	assert_int_equal(finished, runs);
}

static void test_actors(void **state)
{
	(void)state;
	if (absent())
		return;
	expect("GET", "/me", "", NULL, 401, "not_signed_in");
	expect("POST", "/me", "", "", 401, NULL);
	expect("GET", "/me/heavy", "", NULL, 401, NULL);
	assert_int_equal(asked, 3);
	expect("GET", "/me", "Authorization: anna\r\n", NULL, 200, "anna");
	expect("POST", "/me", "Authorization: bert\r\n", "body", 200, "bert");
	expect("GET", "/me/heavy", "Authorization: cleo\r\n", NULL, 200, "cleo");
	/* at the head, when a body is whole, when a turn has come, and before what took long is told */
	assert_in_range(asked, 8, 9);
}

static int files_in(const char *name)
{
	char path[100];
	int n = 0;
	(void)snprintf(path, sizeof(path), "%s/%s", world.dir, name);
	DIR *d = opendir(path);
	const struct dirent *entry;
	while (d != NULL && (entry = readdir(d)) != NULL)
		n += entry->d_name[0] != '.';
	if (d != NULL)
		(void)closedir(d);
	return n;
}

/* The file goes when the answer has been sent, which is after the client has it. */
static void expect_no_files(void)
{
	for (int i = 0; i < 2000 && files_in("tmp") > 0; i++)
		(void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	assert_int_equal(files_in("tmp"), 0);
}

static void test_upload(void **state)
{
	(void)state;
	if (absent())
		return;
	size_t n = 5u << 20;
	char *data = malloc(n + 1), path[100];
	assert_non_null(data);
	memset(data, 'u', n);
	data[n] = '\0';
	expect("POST", "/upload", "", data, 200, "5242880 5242880 600");
	expect_no_files();
	expect("POST", "/upload?keep=1", "", data, 200, "5242880");
	expect_no_files();
	(void)snprintf(path, sizeof(path), "%s/kept", world.dir);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, n);
	expect("POST", "/upload", "", "", 200, "0 0 600");
	expect("POST", "/upload", "", NULL, 200, "0 0 600");
	expect_no_files();
	/* who may not does not get as far as a file */
	expect("POST", "/upload/signed", "", "abc", 401, NULL);
	expect("POST", "/upload/signed", "Authorization: a\r\n", "abc", 200, "3 3 600");
	/* given up half way */
	int fd = client_open(port);
	client_send(fd, "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nabc");
	for (int i = 0; i < 2000 && files_in("tmp") != 1; i++)
		(void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	assert_int_equal(files_in("tmp"), 1);
	close(fd);
	expect_no_files();
	free(data);
}

static void test_disk_full(void **state)
{
	(void)state;
	if (absent())
		return;
	struct rlimit before, small;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 1 << 20;
	(void)signal(SIGXFSZ, SIG_IGN);
	size_t n = 3u << 20;
	char *data = malloc(n + 1);
	assert_non_null(data);
	memset(data, 'u', n);
	data[n] = '\0';
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	/* soon after: answered; much later: broken off */
	data[(1u << 20) + 500000] = '\0';
	struct answer a;
	client_ask(port, "POST", "/upload", "", data, &a);
	int status = a.status;
	bool named = strstr(a.body, "disk_full") != NULL;
	answer_release(&a);
	data[(1u << 20) + 500000] = 'u';
	client_ask(port, "POST", "/upload", "", data, &a);
	int late = a.status;
	answer_release(&a);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(status, 507);
	assert_true(named);
	assert_true(late == 507 || late == 0);
	expect_no_files();
	expect("POST", "/upload", "", data, 200, "3145728");
	free(data);
}

struct writer {
	pthread_t thread;
	int ok;
};

static void *write_some(void *arg)
{
	struct writer *writer = arg;
	int fd = client_open(port);
	for (int i = 0; i < 20; i++) {
		struct answer a;
		client_send(fd, "POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
		client_read(fd, false, &a);
		writer->ok += a.status == 201;
		answer_release(&a);
		ask_only(fd, "GET", "/notes");
		client_read(fd, false, &a);
		writer->ok += a.status == 200;
		answer_release(&a);
	}
	close(fd);
	return NULL;
}

/* An answer that was made elsewhere leaves at once, not when the network thread happens to look. */
static void test_no_waiting(void **state)
{
	(void)state;
	if (absent())
		return;
	enum { N = 40 };
	struct answer a;
	int fd = client_open(port);
	int64_t before = time_monotonic_us();
	for (int i = 0; i < N; i++) {
		client_send(fd, "POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
		client_read(fd, false, &a);
		assert_int_equal(a.status, 201);
		answer_release(&a);
		ask_only(fd, "GET", "/heavy/1");
		client_read(fd, false, &a);
		assert_int_equal(a.status, 200);
		answer_release(&a);
	}
	assert_true(time_monotonic_us() - before < 2 * N * 100000); /* ticks would take 250 ms each */
	close(fd);
}

static void test_parallel(void **state)
{
	(void)state;
	if (absent())
		return;
	enum { N = 20 };
	static struct writer writers[N];
	memset(writers, 0, sizeof(writers));
	for (int i = 0; i < N; i++)
		assert_int_equal(pthread_create(&writers[i].thread, NULL, write_some, &writers[i]), 0);
	for (int i = 0; i < N; i++) {
		pthread_join(writers[i].thread, NULL);
		assert_int_equal(writers[i].ok, 40);
	}
	expect("GET", "/notes", "", NULL, 200, "400");
}

/* --- stopping ---------------------------------------------------------------------------------- */

static void *open_gate_later(void *arg)
{
	(void)arg;
	(void)nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
	(void)sem_post(&gate);
	(void)sem_post(&gate);
	return NULL;
}

static void test_stop_waits(void **state)
{
	(void)state;
	if (absent())
		return;
	int busy = client_open(port), queued = client_open(port), idle = client_open(port);
	struct answer a;
	ask_only(idle, "GET", "/notes");
	client_read(idle, false, &a);
	answer_release(&a);
	ask_only(busy, "GET", "/gate");
	(void)sem_wait(&entered);
	ask_only(queued, "GET", "/gate");
	struct http_stats stats = {0};
	for (int i = 0; i < 2000 && stats.heavy_queued == 0; i++) {
		http_stats(server, &stats);
		(void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	}
	pthread_t helper;
	assert_int_equal(pthread_create(&helper, NULL, open_gate_later, NULL), 0);
	int64_t before = time_monotonic_us();
	stop_server(5000);
	assert_true(time_monotonic_us() - before < 4000000);
	pthread_join(helper, NULL);
	client_read(busy, false, &a);
	assert_string_equal(a.body, "through");
	answer_release(&a);
	client_read(queued, false, &a);
	assert_string_equal(a.body, "through");
	answer_release(&a);
	assert_true(client_closed(idle));
	close(busy);
	close(queued);
	close(idle);
	start_server();
}

static void test_stop_breaks_off(void **state)
{
	(void)state;
	if (absent())
		return;
	int busy = client_open(port), queued = client_open(port);
	struct answer a;
	ask_only(busy, "GET", "/heavy/2000000000");
	(void)sem_wait(&entered);
	ask_only(queued, "GET", "/heavy/10");
	int64_t before = time_monotonic_us();
	stop_server(100);
	assert_true(time_monotonic_us() - before < 5000000);
	assert_int_equal(finished, 1);
	client_read(busy, false, &a);
	assert_true(a.status >= 500 || a.status == 0);
	answer_release(&a);
	client_read(queued, false, &a);
	assert_true(a.status == 503 || a.status == 0);
	answer_release(&a);
	close(busy);
	close(queued);
	start_server();
}

static _Atomic bool hammering;

static void *hammer(void *arg)
{
	int to = *(const int *)arg;
	while (hammering) {
		int fd = client_try(to);
		char c;
		if (fd < 0) {
			(void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
			continue;
		}
		client_send(fd, "POST /notes HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nxGET /slow/100000 HTTP/1.1\r\nHost: x\r\n\r\n"
		                "GET /heavy/100 HTTP/1.1\r\nHost: x\r\n\r\n");
		for (int i = 0; i < 200 && recv(fd, &c, 1, 0) == 1; i++)
			;
		close(fd);
	}
	return NULL;
}

/* Stopped in the middle of everything: nothing may be left suspended. */
static void test_stop_under_load(void **state)
{
	(void)state;
	if (absent())
		return;
	for (int round = 0; round < 5; round++) {
		enum { N = 8 };
		pthread_t threads[N];
		int to = port;
		hammering = true;
		for (int i = 0; i < N; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, hammer, &to), 0);
		(void)nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
		stop_server(round * 20);
		hammering = false;
		for (int i = 0; i < N; i++)
			pthread_join(threads[i], NULL);
		start_server();
	}
	expect("GET", "/slow/5", "", NULL, 200, "n=5");
}

#define BOTH(fn)                                                  \
	{#fn " on SQLite", fn, set_up, tear_down, &world_sqlite},     \
	{#fn " on PostgreSQL", fn, set_up, tear_down, &world_postgres}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_answers_at_once),
		BOTH(test_write),
		BOTH(test_idempotency),
		BOTH(test_budget),
		BOTH(test_heavy_full),
		BOTH(test_actors),
		BOTH(test_shares),
		BOTH(test_slow_questions),
		BOTH(test_upload),
		BOTH(test_disk_full),
		BOTH(test_no_waiting),
		BOTH(test_parallel),
		BOTH(test_stop_waits),
		BOTH(test_stop_breaks_off),
		BOTH(test_stop_under_load),
	};
	return cmocka_run_group_tests_name("http lanes", tests, NULL, NULL);
}
