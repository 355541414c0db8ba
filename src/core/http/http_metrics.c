#include "base/log.h"
#include "base/timeutil.h"
#include "core/http/http_internal.h"

enum { BUCKETS = 16 };

/* Only its own thread writes a counter. */
static void add(_Atomic int64_t *counter, int64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n, memory_order_relaxed);
}

static void count(_Atomic int64_t *counter)
{
	add(counter, 1);
}

static size_t bucket(int64_t us)
{
	size_t i = 0;
	while (i < BUCKETS - 1 && us >= (INT64_C(64) << i))
		i++;
	return i;
}

static const char *digits(int64_t value, char out[24])
{
	size_t at = 23;
	out[at] = '\0';
	do {
		out[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	return out + at;
}

/* No query, and no path of a public route: either may hold a secret or a person's data. */
static void log_request(const struct http_call *call, int64_t us)
{
	char status[24], time[24];
	bool show = call->route != NULL && call->route->door != DOOR_PUBLIC;
	log_event(LOG_DEBUG, "request", "request", call->request_id, "remote", call->req.remote, "method",
	          call->req.head ? "HEAD" : http_method_name(call->req.method), "route", call->route != NULL ? call->route->pattern : "-", "path",
	          show ? call->req.path : "", "status", digits(call->res.status, status), "us", digits(us, time), NULL);
}

void http_metrics_count(struct http_call *call)
{
	struct http_thread *thread = call->home;
	if (call->state != STATE_ANSWERED)
		return; /* the client left before there was an answer */
	int64_t us = time_monotonic_us() - call->started_us;
	int class = call->res.status / 100;
	count(&thread->requests[0]);
	if (class >= 1 && class <= 5)
		count(&thread->requests[class]);
	if (call->res.kind != KIND_STREAM) { /* these take as long as their client likes */
		count(&thread->latency[bucket(us)]);
		add(&thread->latency_us, us);
	}
	log_request(call, us);
}

void http_stats(const struct http *http, struct http_stats *ret)
{
	/* the counters are atomic and the locks are no part of what a reader may not change */
	struct http *h = (struct http *)(uintptr_t)http;
	*ret = (struct http_stats){.refused = atomic_load(&h->refused)};
	for (int t = 0; t < h->config.threads; t++) {
		struct http_thread *thread = &h->threads[t];
		for (size_t i = 0; i < 6; i++)
			ret->requests[i] += atomic_load_explicit(&thread->requests[i], memory_order_relaxed);
		ret->latency_us_total += atomic_load_explicit(&thread->latency_us, memory_order_relaxed);
		for (size_t i = 0; i < BUCKETS; i++)
			ret->latency_us_buckets[i] += atomic_load_explicit(&thread->latency[i], memory_order_relaxed);
	}
	pthread_mutex_lock(&h->conns_lock);
	ret->connections = h->n_conns;
	pthread_mutex_unlock(&h->conns_lock);
	for (int i = POOL_SIGN_IN; i < POOL_COUNT; i++) {
		int64_t queued, running;
		http_pool_counts(&h->pools[i], &queued, &running);
		ret->heavy_queued += queued;
		ret->heavy_running += running;
	}
}
