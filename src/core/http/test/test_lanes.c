/* Lanes over a real store of each engine: who works where, what is kept when it fails, uploads, stopping. */
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "lanes.h"

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
	int fd;
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
	/* asked at the head: the answer is there before any of the body, and there is no file */
	fd = client_open(port);
	client_send(fd, "POST /upload/signed HTTP/1.1\r\nHost: x\r\nAuthorization: m\r\nContent-Length: 5000000\r\n\r\n");
	assert_int_equal(read_status(fd, "forbidden"), 403);
	expect_no_files();
	/* given up half way */
	fd = client_open(port);
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
	/* nearly full: nothing large comes in, and all else goes on */
	stop_server(1000);
	disk_reserve = UINT64_MAX / 2;
	start_server();
	disk_reserve = 0;
	expect("POST", "/upload", "", "abc", 507, "disk_full");
	expect_no_files();
	expect("GET", "/notes", "", NULL, 200, "0");
	expect("POST", "/notes", "", "x", 201, NULL);
}

static uint64_t bytes_free(void)
{
	struct statvfs disk;
	assert_int_equal(statvfs(world.dir, &disk), 0);
	return (uint64_t)disk.f_bavail * disk.f_frsize;
}

/* Uploads take the disk by what they promise, not by what has come of them. */
static void test_promised_disk(void **state)
{
	(void)state;
	const uint64_t gb = 1000000000;
	const char *head = "POST /upload/large HTTP/1.1\r\nHost: x\r\nContent-Length: 900000000\r\n\r\nx";
	if (absent() || bytes_free() < 8 * gb)
		return;
	stop_server(1000);
	disk_reserve = bytes_free() - 5 * gb; /* each takes 1.8 GB for a moment: room for two */
	start_server();
	disk_reserve = 0;
	int open[2], third;
	for (int i = 0; i < 2; i++) {
		open[i] = client_open(port);
		client_send(open[i], head);
	}
	(void)usleep(300000);
	third = client_open(port);
	client_send(third, head);
	int status = read_status(third, "disk_full");
	for (int i = 0; i < 2; i++)
		close(open[i]);
	assert_int_equal(status, 507);
	/* what was promised and never came is given back */
	(void)usleep(500000);
	for (int i = 0; i < 2; i++) {
		open[i] = client_open(port);
		client_send(open[i], head);
	}
	struct pollfd answers[2] = {{.fd = open[0], .events = POLLIN}, {.fd = open[1], .events = POLLIN}};
	assert_int_equal(poll(answers, 2, 500), 0); /* taken, and waited for */
	expect("POST", "/upload", "", "abc", 200, "3");
	for (int i = 0; i < 2; i++)
		close(open[i]);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_answers_at_once),
		BOTH(test_write),
		BOTH(test_idempotency),
		BOTH(test_budget),
		BOTH(test_heavy_full),
		BOTH(test_actors),
		BOTH(test_upload),
		BOTH(test_disk_full),
		BOTH(test_promised_disk),
		BOTH(test_no_waiting),
		BOTH(test_parallel),
		BOTH(test_stop_waits),
		BOTH(test_stop_breaks_off),
		BOTH(test_stop_under_load),
	};
	return cmocka_run_group_tests_name("http lanes", tests, NULL, NULL);
}
