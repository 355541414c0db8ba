/* Against a server of the test's own on this machine. */
#include "base/test/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "core/machine/machine.h"
#include "core/outward/outward.h"

static const uint8_t key[MACHINE_KEY] = {7};
static struct arena arena;
static struct ctx ctx;

static void open_with(const char *allow)
{
	struct machine *machine = NULL;
	arena_init(&arena, 1 << 20);
	ctx_init(&ctx, &arena, clock_system());
	assert_int_equal(machine_open_new(&ctx, &(struct machine_config){key, allow}, &machine), OK);
	ctx.machine = machine;
}

static void close_all(void)
{
	machine_free((struct machine *)(uintptr_t)ctx.machine);
	arena_release(&arena);
}

/* --- URLs ------------------------------------------------------------------- */

static const char *fault_of(const char *url)
{
	faults_clear(&ctx);
	return outward_check_url(&ctx, "url", url) == OK ? "" : ctx.faults.list[0].key;
}

static void urls_are_looked_at_before_they_are_kept(void **state)
{
	static const char *const cases[][2] = {
		{"https://example.com/hook", ""}, {"https://example.com:8443/a?b=c#d", ""}, {"https://8.8.8.8/", ""}, {"https://[2606:4700::1111]/x", ""},
		{"https://例子.中国/挂", ""},
		{"http://example.com/", "outward_plain"}, {"https://example.com:22/", "outward_port"}, {"https://example.com:6379/", "outward_port"},
		{"ftp://example.com/", "outward_scheme"}, {"file:///etc/passwd", "outward_scheme"}, {"gopher://example.com/", "outward_scheme"},
		{"dict://example.com/", "outward_scheme"}, {"javascript:alert(1)", "outward_url"},
		{"https://user:pass@example.com/", "outward_user"}, {"https://user@example.com/", "outward_user"},
		{"https://127.0.0.1/", "outward_inside"}, {"https://0/", "outward_inside"}, {"https://0.0.0.0/", "outward_inside"}, {"https://0177.0.0.1/", "outward_inside"},
		{"https://0x7f000001/", "outward_inside"}, {"https://2130706433/", "outward_inside"}, {"https://127.1/", "outward_inside"}, {"https://[::1]/", "outward_inside"},
		{"https://[::ffff:127.0.0.1]/", "outward_inside"}, {"https://[fe80::1]/", "outward_inside"}, {"https://[fe80::1%25eth0]/", "outward_inside"},
		{"https://[fd00::1]/", "outward_inside"}, {"https://169.254.169.254/latest", "outward_inside"}, {"https://100.64.1.1/", "outward_inside"},
		{"https://10.0.0.1/", "outward_inside"}, {"https://localhost/", "outward_inside"}, {"https://LOCALHOST/", "outward_inside"}, {"https://erp/", "outward_inside"},
		{"https://db.internal/", "outward_inside"}, {"https://printer.local/", "outward_inside"},
		{"", "outward_url"}, {"https://", "outward_url"}, {"https://exa mple.com/", "outward_url"}, {"https://example.com/\r\nX: y", "outward_url"},
		{"https:\\\\example.com", "outward_url"}, {"https://example.com:99999/", "outward_url"},
	};
	(void)state;
	open_with(NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *fault = fault_of(cases[i][0]);
		if (strcmp(fault, cases[i][1]) != 0) {
			print_error("%s: %s, not %s\n", cases[i][0], fault, cases[i][1]);
			assert_true(false);
		}
	}
	close_all();
	open_with("127.0.0.1 10.1.0.0/16");
	assert_string_equal(fault_of("http://127.0.0.1:9000/x"), "");
	assert_string_equal(fault_of("http://10.1.2.3/x"), "");
	assert_string_equal(fault_of("http://erp.internal:8080/x"), "");
	assert_string_equal(fault_of("http://10.2.2.3/x"), "outward_inside");
	assert_string_equal(fault_of("http://example.com/x"), "outward_plain");
	close_all();
}

/* --- calls ------------------------------------------------------------------- */

struct server {
	int fd, port;
	const char *answer;   /* what it says to each; NULL: nothing, and keeps the line */
	size_t repeat;        /* the answer's last line so many times over */
	_Atomic int heard;
	char request[8192];
	pthread_t thread;
	_Atomic bool stop;
};

static void serve_one(struct server *s, int c)
{
	size_t got = 0;
	ssize_t n;
	while (got < sizeof(s->request) - 1 && (n = recv(c, s->request + got, sizeof(s->request) - 1 - got, 0)) > 0) {
		got += (size_t)n;
		s->request[got] = '\0';
		if (strstr(s->request, "{\"hello\":1}") != NULL)
			break;
	}
	atomic_fetch_add(&s->heard, 1);
	if (s->answer != NULL) {
		(void)!send(c, s->answer, strlen(s->answer), MSG_NOSIGNAL);
		for (size_t i = 0; i < s->repeat && send(c, "0123456789abcdef", 16, MSG_NOSIGNAL) == 16; i++)
			continue;
		close(c);
		return;
	}
	while (!atomic_load(&s->stop))
		usleep(5000);
	close(c);
}

static void *serve(void *arg)
{
	struct server *s = arg;
	while (!atomic_load(&s->stop)) {
		int c = accept(s->fd, NULL, NULL);
		if (c >= 0)
			serve_one(s, c);
	}
	return NULL;
}

static void begin(struct server *s, const char *answer, size_t repeat)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(at);
	*s = (struct server){.fd = socket(AF_INET, SOCK_STREAM, 0), .answer = answer, .repeat = repeat};
	assert_int_equal(bind(s->fd, (struct sockaddr *)(void *)&at, n), 0);
	assert_int_equal(listen(s->fd, 16), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)(void *)&at, &n), 0);
	s->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void finish(struct server *s)
{
	atomic_store(&s->stop, true);
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
}

static struct outward_answer call(const char *url, int64_t timeout_ms)
{
	static const char *const headers[] = {"Content-Type: application/json", "webhook-id: msg_1", NULL};
	struct outward *outward = NULL;
	struct outward_answer answer = {0};
	struct outward_call one = {.url = url, .body = "{\"hello\":1}", .n = 11, .headers = headers, .timeout_ms = timeout_ms, .user = &answer};
	assert_int_equal(outward_open_new(&ctx, ctx.machine, &outward), OK);
	assert_int_equal(outward_post(&ctx, outward, &one), OK);
	assert_int_equal(outward_running(outward), 1);
	size_t n = 0;
	for (int i = 0; i < 200 && n == 0; i++)
		n = outward_wait(outward, 100, &answer, 1);
	assert_int_equal(n, 1);
	assert_ptr_equal(answer.user, &answer);
	assert_int_equal(outward_running(outward), 0);
	outward_free(outward);
	return answer;
}

static const char *local(const struct server *s, const char *host)
{
	return arena_printf(&arena, "http://%s:%d/hook?a=1", host, s->port);
}

static void what_is_sent_arrives(void **state)
{
	struct server s;
	(void)state;
	open_with("127.0.0.0/8");
	begin(&s, "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 0);
	struct outward_answer answer = call(local(&s, "127.0.0.1"), 5000);
	assert_int_equal(answer.status, 204);
	assert_null(answer.error);
	finish(&s);
	assert_non_null(strstr(s.request, "POST /hook?a=1 HTTP/1.1\r\n"));
	assert_non_null(strstr(s.request, "webhook-id: msg_1\r\n"));
	assert_non_null(strstr(s.request, "\r\n\r\n{\"hello\":1}"));
	assert_null(strcasestr(s.request, "expect:"));
	close_all();
}

static void nobody_inside_is_called(void **state)
{
	struct server s;
	(void)state;
	open_with("10.9.9.9"); /* of the list, but not this one */
	begin(&s, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0);
	static const char *const hosts[] = {"127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::ffff:127.0.0.1]", "0"};
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct outward_answer answer = call(local(&s, hosts[i]), 3000);
		assert_int_equal(answer.status, 0);
		assert_string_equal(answer.error, "outward_barred");
	}
	assert_int_equal(atomic_load(&s.heard), 0);
	finish(&s);
	close_all();
}

static void answers_are_bounded(void **state)
{
	struct server s;
	struct timespec from, to;
	(void)state;
	open_with("127.0.0.1");
	begin(&s, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", 100000);
	struct outward_answer answer = call(local(&s, "127.0.0.1"), 5000);
	assert_string_equal(answer.error, "outward_large");
	finish(&s);
	begin(&s, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 0);
	answer = call(local(&s, "127.0.0.1"), 5000);
	assert_int_equal(answer.status, 302);
	assert_null(answer.error);
	finish(&s);
	begin(&s, "garbage\r\n\r\n", 0);
	answer = call(local(&s, "127.0.0.1"), 5000);
	assert_string_equal(answer.error, "outward_broken");
	finish(&s);
	begin(&s, NULL, 0);
	clock_gettime(CLOCK_MONOTONIC, &from);
	answer = call(local(&s, "127.0.0.1"), 300);
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_string_equal(answer.error, "outward_timeout");
	assert_true(answer.took_ms >= 250);
	int port = s.port;
	finish(&s);
	answer = call(arena_printf(&arena, "http://127.0.0.1:%d/", port), 3000);
	assert_string_equal(answer.error, "outward_connect");
	close_all();
}

static void several_run_at_a_time_and_no_more_than_fit(void **state)
{
	struct server s;
	struct outward *outward = NULL;
	struct outward_answer answers[8];
	(void)state;
	open_with("127.0.0.1");
	begin(&s, NULL, 0);
	assert_int_equal(outward_open_new(&ctx, ctx.machine, &outward), OK);
	struct outward_call one = {.url = local(&s, "127.0.0.1"), .body = "{\"hello\":1}", .n = 11, .timeout_ms = 60000};
	for (size_t i = 0; i < OUTWARD_PARALLEL_MAX; i++)
		assert_int_equal(outward_post(&ctx, outward, &one), OK);
	assert_int_equal(outward_post(&ctx, outward, &one), ERR_LIMIT);
	assert_int_equal(outward_wait(outward, 50, answers, 8), 0);
	assert_int_equal(outward_running(outward), OUTWARD_PARALLEL_MAX);
	outward_free(outward);
	finish(&s);
	close_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_looked_at_before_they_are_kept), cmocka_unit_test(what_is_sent_arrives), cmocka_unit_test(nobody_inside_is_called),
		cmocka_unit_test(answers_are_bounded), cmocka_unit_test(several_run_at_a_time_and_no_more_than_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
