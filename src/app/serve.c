#include "app/check.h"
#include "app/serve.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "base/timeutil.h"

enum err serve_authenticate(struct ctx *ctx, const struct http_request *req, bool *ret_needs_csrf)
{
	enum err err = settings_refresh(ctx);
	return err != OK ? err : access_authenticate(ctx, ctx->app->access, req, ret_needs_csrf);
}

bool serve_csrf_ok(struct ctx *ctx, const struct http_request *req)
{
	return access_csrf_ok(ctx, ctx->app->access, req);
}

enum err serve_refresh(void *arg, struct ctx *ctx, const struct actor *old, const struct actor **ret)
{
	struct app *app = arg;
	return access_refresh(ctx, app->access, old, ret);
}

int64_t serve_changes(void *arg)
{
	const struct app *app = arg;
	return access_changes(app->access);
}

const struct route *serve_route_at(void *arg, size_t i)
{
	const struct app *app = arg;
	return http_route_at(app->http, i);
}

/* --- health and metrics ------------------------------------------------------ */

static enum err healthz(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	(void)req;
	struct jsonw w;
	bool healthy = store_healthy(ctx->store);
	http_status(res, healthy ? 200 : 503);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_bool(&w, "ok", healthy);
	jsonw_kv_text(&w, "store", healthy ? "writing" : "stopped");
	jsonw_end_object(&w);
	return OK;
}

static int64_t resident_bytes(void)
{
	long long pages = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	if (f == NULL)
		return 0;
	int n = fscanf(f, "%lld %lld", &pages, &resident);
	fclose(f);
	return n == 2 ? resident * sysconf(_SC_PAGESIZE) : 0;
}

static void metric(struct buf *out, const char *name, const char *type, const char *help, int64_t value)
{
	buf_printf(out, "# HELP guanxi_%s %s\n# TYPE guanxi_%s %s\nguanxi_%s %lld\n", name, help, name, type, name, (long long)value);
}

static void http_metrics(struct buf *out, const struct http_stats *stats)
{
	static const char *const classes[] = {NULL, "1xx", "2xx", "3xx", "4xx", "5xx"};
	buf_puts(out, "# HELP guanxi_http_requests_total Answers by status class.\n# TYPE guanxi_http_requests_total counter\n");
	for (int i = 2; i < 6; i++)
		buf_printf(out, "guanxi_http_requests_total{class=\"%s\"} %lld\n", classes[i], (long long)stats->requests[i]);
	buf_puts(out, "# HELP guanxi_http_latency_seconds Time from head to answer.\n# TYPE guanxi_http_latency_seconds histogram\n");
	int64_t n = 0;
	for (int i = 0; i < 15; i++) {
		n += stats->latency_us_buckets[i];
		buf_printf(out, "guanxi_http_latency_seconds_bucket{le=\"%.6f\"} %lld\n", (double)(64LL << i) / 1e6, (long long)n);
	}
	n += stats->latency_us_buckets[15];
	buf_printf(out, "guanxi_http_latency_seconds_bucket{le=\"+Inf\"} %lld\nguanxi_http_latency_seconds_sum %.6f\nguanxi_http_latency_seconds_count %lld\n",
	           (long long)n, (double)stats->latency_us_total / 1e6, (long long)n);
	metric(out, "http_connections", "gauge", "Open connections.", stats->connections);
	metric(out, "http_refused_total", "counter", "Connections and requests refused for limits.", stats->refused);
	metric(out, "heavy_running", "gauge", "Heavy requests running.", stats->heavy_running);
	metric(out, "heavy_queued", "gauge", "Heavy requests waiting.", stats->heavy_queued);
}

/* Any of the ways in which a proxy says that it stands in between. */
static bool came_by_proxy(const struct http_request *req)
{
	static const char *const names[] = {"X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host", "X-Forwarded-Proto",
	                                    "X-Forwarded-Server", "Via", "X-Client-IP", "CF-Connecting-IP", "True-Client-IP"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (http_header(req, names[i]) != NULL)
			return true;
	return false;
}

static bool may_scrape(const struct ctx *ctx, const struct http_request *req)
{
	if (gate_cap(ctx->actor, CAP_ADMIN))
		return true;
	/* a scraper on the same machine, unless a proxy stands in front and everybody looks local */
	return (str_starts(req->remote, "127.") || str_equal(req->remote, "::1")) &&
	       str_empty(ctx->app->config.trusted_proxies) && !came_by_proxy(req);
}

static enum err metrics(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct http_stats http;
	struct store_stats store;
	if (!may_scrape(ctx, req))
		return fail(ctx, ctx->actor == NULL ? ERR_DENIED : ERR_FORBIDDEN, "", "metrics_closed");
	http_stats(ctx->app->http, &http);
	store_stats(ctx->store, &store);
	struct buf *out = http_body(res);
	http_content_type(res, "text/plain; version=0.0.4; charset=utf-8");
	http_metrics(out, &http);
	metric(out, "event_streams", "gauge", "Open live event streams.", (int64_t)rest_streams(ctx->app->rest));
	metric(out, "store_jobs_total", "counter", "Write jobs run.", store.jobs);
	metric(out, "store_commits_total", "counter", "Durable commits.", store.commits);
	metric(out, "store_failed_total", "counter", "Write jobs that failed.", store.failed);
	metric(out, "store_retried_total", "counter", "Write jobs repeated.", store.retried);
	metric(out, "store_queued", "gauge", "Write jobs waiting.", store.queued);
	metric(out, "store_commit_microseconds_total", "counter", "Time spent in commits.", store.commit_us_total);
	metric(out, "store_wal_bytes", "gauge", "Size of the write-ahead log.", store.wal_bytes);
	metric(out, "store_healthy", "gauge", "1 unless writing has stopped.", store_healthy(ctx->store) ? 1 : 0);
	metric(out, "resident_memory_bytes", "gauge", "Resident memory.", resident_bytes());
	return OK;
}

/* What the first steps ask of the machine itself; the rest the page sees by other ways. */
static enum err setup(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	(void)req;
	struct jsonw w;
	int64_t at = check_backup_last(ctx, ctx->app);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_key(&w, "backup_at");
	if (at)
		jsonw_time(&w, at);
	else
		jsonw_null(&w);
	jsonw_end_object(&w);
	http_set_header(res, "Cache-Control", "no-store");
	return OK;
}

const struct route app_own_routes[] = {
	{.method = METHOD_GET, .pattern = "/healthz", .lane = LANE_READ, .door = DOOR_PUBLIC, .handle = healthz,
	 .doc = "Whether the program serves and can write."},
	{.method = METHOD_GET, .pattern = "/metrics", .lane = LANE_READ, .door = DOOR_PUBLIC, .handle = metrics,
	 .doc = "Prometheus metrics, for administrators and scrapers on the same machine."},
	{.method = METHOD_GET, .pattern = "/api/v1/first_steps", .lane = LANE_READ, .door = DOOR_CAP, .cap = CAP_ADMIN, .handle = setup,
	 .doc = "When a backup was last made, for the first steps."},
	{.pattern = NULL},
};
