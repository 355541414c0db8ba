/* Pools and shares over a real store of each engine: nobody's work keeps others from theirs. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lanes.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_shares),
		BOTH(test_slow_questions),
	};
	return cmocka_run_group_tests_name("http shares", tests, NULL, NULL);
}
