/* Load client for one server on this machine: see docs/performance.md.
 *
 *   guanxi-load --port P --requests FILE [--token T] [--connections 16] [--seconds 5] [--rate 0]
 *
 * FILE has one request a line: METHOD, path and, after a tab, a JSON body.  Requests are
 * taken in turn.  With --rate R requests arrive at R a second whatever the server does,
 * and each one's time counts from when it should have been sent, so that a server that
 * stalls cannot hide it (no coordinated omission).  With --rate 0 every connection sends
 * its next request as soon as it has its answer: that measures throughput.
 *
 * Prints one JSON object: requests, errors (status 400 and over, or a broken connection),
 * per_second and the percentiles in microseconds. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/timeutil.h"

enum { CONNECTIONS_MAX = 1024, ANSWER_MAX = 1 << 20, BUCKETS = 4096, REQUESTS_MAX = 2000000, LATE_MAX = 1 << 16 };

struct request {
	const char *text;
	size_t len;
};

struct connection {
	int fd;
	bool busy;
	int64_t due_us; /* when its request should have been sent */
	const struct request *request;
	size_t sent;
	char *answer;
	size_t got, need; /* need: whole answer's size once the head is there, 0 before */
	int status;
};

struct load {
	int port, epoll;
	uint64_t connections, seconds, rate;
	struct request *requests;
	size_t n_requests, next;
	struct connection *list;
	int64_t buckets[BUCKETS]; /* 1/16 of a power of two each: error below 7 % */
	int64_t done, errors, reconnects, max_us;
	int64_t late[LATE_MAX]; /* arrivals that wait for a connection */
	size_t late_from, late_n;
};

static int bucket_of(int64_t us)
{
	if (us < 16)
		return us < 0 ? 0 : (int)us;
	int top = 63 - __builtin_clzll((unsigned long long)us);
	int at = 16 + (top - 4) * 16 + (int)((us >> (top - 4)) & 15);
	return at < BUCKETS ? at : BUCKETS - 1;
}

static int64_t bucket_top(int at)
{
	if (at < 16)
		return at;
	int top = (at - 16) / 16 + 4;
	return ((int64_t)(16 + (at - 16) % 16 + 1) << (top - 4)) - 1;
}

static int64_t percentile(const struct load *l, double share)
{
	int64_t seen = 0, want = (int64_t)((double)l->done * share);
	for (int i = 0; i < BUCKETS; i++) {
		seen += l->buckets[i];
		if (seen > want)
			return bucket_top(i) < l->max_us ? bucket_top(i) : l->max_us;
	}
	return l->max_us;
}

static bool dial(struct load *l, struct connection *c)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)l->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int one = 1;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		return false;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
	c->busy = false;
	return epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &event) == 0;
}

static void finish(struct load *l, struct connection *c, bool good, int64_t now)
{
	int64_t us = now - c->due_us;
	l->done++;
	l->errors += !good;
	l->buckets[bucket_of(us)]++;
	if (us > l->max_us)
		l->max_us = us;
	c->busy = false;
}

static void broken(struct load *l, struct connection *c, int64_t now)
{
	if (c->busy)
		finish(l, c, false, now);
	close(c->fd);
	l->reconnects++;
	if (!dial(l, c)) {
		fprintf(stderr, "the server does not take connections any more\n");
		exit(1);
	}
}

static void push(struct load *l, struct connection *c, int64_t now)
{
	while (c->sent < c->request->len) {
		ssize_t n = send(c->fd, c->request->text + c->sent, c->request->len - c->sent, MSG_NOSIGNAL);
		if (n <= 0) {
			/* requests are far smaller than a socket's buffer: a full one means a server that reads nothing */
			broken(l, c, now);
			return;
		}
		c->sent += (size_t)n;
	}
}

static void begin(struct load *l, struct connection *c, int64_t due, int64_t now)
{
	c->busy = true;
	c->due_us = due;
	c->request = &l->requests[l->next++ % l->n_requests];
	c->sent = c->got = c->need = 0;
	push(l, c, now);
}

/* Status and length from the head, once it is whole; false if it cannot be used. */
static bool read_head(struct connection *c)
{
	char *end = memmem(c->answer, c->got, "\r\n\r\n", 4);
	if (end == NULL)
		return c->got < 65536;
	*end = '\0';
	const char *length = strcasestr(c->answer, "\r\nContent-Length:");
	c->status = c->got > 12 ? (int)strtol(c->answer + 9, NULL, 10) : 0;
	c->need = (size_t)(end - c->answer) + 4;
	if (length != NULL)
		c->need += strtoul(length + 17, NULL, 10);
	return (length != NULL || c->status == 204 || c->status == 304) && c->need <= ANSWER_MAX;
}

static void pull(struct load *l, struct connection *c, int64_t now)
{
	ssize_t n = recv(c->fd, c->answer + c->got, ANSWER_MAX - c->got, 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		broken(l, c, now);
		return;
	}
	c->got += (size_t)n;
	if (c->need == 0 && !read_head(c)) {
		broken(l, c, now);
		return;
	}
	if (c->need != 0 && c->got >= c->need)
		finish(l, c, c->status >= 200 && c->status < 400, now);
}

static struct connection *idle(struct load *l)
{
	for (uint64_t i = 0; i < l->connections; i++) {
		if (!l->list[i].busy)
			return &l->list[i];
	}
	return NULL;
}

/* All that is due now gets a connection, or waits for one with its time running. */
static void arrive(struct load *l, int64_t start, int64_t now, int64_t *arrived)
{
	while (start + *arrived * 1000000 / (int64_t)l->rate <= now && l->late_n < LATE_MAX) {
		l->late[(l->late_from + l->late_n++) % LATE_MAX] = start + *arrived * 1000000 / (int64_t)l->rate;
		++*arrived;
	}
	for (struct connection *c = idle(l); c != NULL && l->late_n > 0; c = idle(l)) {
		begin(l, c, l->late[l->late_from], now);
		l->late_from = (l->late_from + 1) % LATE_MAX;
		l->late_n--;
	}
}

static void run(struct load *l)
{
	struct epoll_event events[64];
	int64_t start = time_monotonic_us(), end = start + (int64_t)l->seconds * 1000000, now = start, arrived = 0;
	while (now < end) {
		if (l->rate > 0) {
			arrive(l, start, now, &arrived);
		} else {
			for (struct connection *c = idle(l); c != NULL; c = idle(l))
				begin(l, c, now, now);
		}
		struct timespec pause = {.tv_nsec = 100000000};
		if (l->rate > 0) {
			int64_t until = start + arrived * 1000000 / (int64_t)l->rate - time_monotonic_us();
			pause.tv_nsec = until <= 0 ? 0 : until > 1000 ? 1000000 : (long)until * 1000;
		}
		int n = epoll_pwait2(l->epoll, events, 64, &pause, NULL);
		now = time_monotonic_us();
		for (int i = 0; i < n; i++) {
			struct connection *c = events[i].data.ptr;
			pull(l, c, now);
			if (l->rate == 0 && !c->busy && now < end)
				begin(l, c, now, now);
		}
		now = time_monotonic_us();
	}
	/* what never got an answer still counts, with the time it has waited */
	for (uint64_t i = 0; i < l->connections; i++) {
		if (l->rate > 0 && l->list[i].busy && now - l->list[i].due_us > 1000000)
			finish(l, &l->list[i], false, now);
	}
	double took = (double)(now - start) / 1e6;
	printf("{\"requests\":%lld,\"errors\":%lld,\"reconnects\":%lld,\"seconds\":%.2f,\"per_second\":%.0f,\"p50_us\":%lld,\"p90_us\":%lld,"
	       "\"p99_us\":%lld,\"p999_us\":%lld,\"max_us\":%lld}\n",
	       (long long)l->done, (long long)l->errors, (long long)l->reconnects, took, (double)l->done / took,
	       (long long)percentile(l, 0.5), (long long)percentile(l, 0.9), (long long)percentile(l, 0.99), (long long)percentile(l, 0.999),
	       (long long)l->max_us);
}

static bool add_request(struct load *l, struct buf *heap, size_t *offsets, const char *line, size_t len, const char *token)
{
	const char *tab = memchr(line, '\t', len), *space = memchr(line, ' ', len);
	size_t head = tab != NULL ? (size_t)(tab - line) : len, body = tab != NULL ? len - head - 1 : 0;
	if (space == NULL || l->n_requests == REQUESTS_MAX)
		return false;
	offsets[l->n_requests++] = heap->len;
	buf_add(heap, line, head);
	buf_printf(heap, " HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n", l->port);
	if (token != NULL)
		buf_printf(heap, "Authorization: Bearer %s\r\n", token);
	if (tab != NULL)
		buf_printf(heap, "Content-Type: application/json\r\nPrefer: return=minimal\r\nContent-Length: %zu\r\n", body);
	buf_puts(heap, "\r\n");
	if (tab != NULL)
		buf_add(heap, tab + 1, body);
	return !buf_failed(heap);
}

static bool read_requests(struct load *l, const char *path, const char *token, struct buf *heap)
{
	FILE *in = fopen(path, "re");
	size_t *offsets = malloc(REQUESTS_MAX * sizeof(*offsets)), cap = 0;
	char *line = NULL;
	ssize_t n;
	bool good = in != NULL && offsets != NULL;
	while (good && (n = getline(&line, &cap, in)) > 0) {
		size_t len = strcspn(line, "\r\n");
		good = len == 0 || add_request(l, heap, offsets, line, len, token);
	}
	l->requests = good && l->n_requests > 0 ? malloc(l->n_requests * sizeof(*l->requests)) : NULL;
	for (size_t i = 0; l->requests != NULL && i < l->n_requests; i++) {
		size_t to = i + 1 < l->n_requests ? offsets[i + 1] : heap->len;
		l->requests[i] = (struct request){heap->data + offsets[i], to - offsets[i]};
	}
	free(line);
	free(offsets);
	if (in != NULL)
		fclose(in);
	return l->requests != NULL;
}

static bool open_connections(struct load *l)
{
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->list = calloc(l->connections, sizeof(*l->list));
	for (uint64_t i = 0; l->list != NULL && i < l->connections; i++) {
		l->list[i].answer = malloc(ANSWER_MAX + 1);
		if (l->list[i].answer == NULL || !dial(l, &l->list[i]))
			return false;
	}
	return l->epoll >= 0 && l->list != NULL;
}

int main(int argc, char **argv)
{
	struct load *l = calloc(1, sizeof(*l));
	struct buf heap;
	const char *requests = NULL, *token = NULL;
	uint64_t port = 0;
	if (l == NULL)
		return 1;
	l->connections = 16;
	l->seconds = 5;
	bool good = argc % 2 == 1;
	for (int i = 1; good && i + 1 < argc; i += 2) {
		if (str_equal(argv[i], "--port"))
			good = str_to_u64(argv[i + 1], &port) && port < 65536;
		else if (str_equal(argv[i], "--connections"))
			good = str_to_u64(argv[i + 1], &l->connections) && l->connections > 0 && l->connections <= CONNECTIONS_MAX;
		else if (str_equal(argv[i], "--seconds"))
			good = str_to_u64(argv[i + 1], &l->seconds);
		else if (str_equal(argv[i], "--rate"))
			good = str_to_u64(argv[i + 1], &l->rate);
		else if (str_equal(argv[i], "--requests"))
			requests = argv[i + 1];
		else if (str_equal(argv[i], "--token"))
			token = argv[i + 1];
		else
			good = false;
	}
	if (!good || port == 0 || requests == NULL) {
		fprintf(stderr, "usage: guanxi-load --port P --requests FILE [--token T] [--connections N] [--seconds S] [--rate R]\n");
		return 2;
	}
	l->port = (int)port;
	buf_init(&heap, 1u << 30);
	if (!read_requests(l, requests, token, &heap) || !open_connections(l)) {
		fprintf(stderr, "cannot read the requests, or cannot connect\n");
		return 1;
	}
	run(l);
	return 0;
}
