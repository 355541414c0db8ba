/* Refused requests and looks at sensitive values, kept for the audit trail.
 *
 * Invariant: however many requests come, the entries are few: each actor and route
 * (or record) has an allowance that fills up slowly, and refusals have one for all
 * together.  What an allowance holds back is counted and told by its next entry. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "app/serve.h"
#include "base/jsonw.h"
#include "base/map.h"
#include "base/str.h"

enum {
	KEYS_MAX = 32768, /* then all is forgotten: that can only add entries */
	REFUSED_BURST = 5,
	REFUSED_REFILL_S = 60,
	REFUSED_IN_ALL = 300, /* a minute */
	SEEN_REFILL_S = 600,
	HELD_MAX = 0xffffff,
};

struct allowance {
	pthread_mutex_t lock;
	struct map kept; /* key -> struct kept, packed */
	int64_t burst, refill_s, in_all;
	int64_t minute, in_minute;
};

struct serve_audit {
	struct allowance refused, seen;
};

struct kept {
	int64_t at_s, held, left;
};

static int64_t pack(const struct kept *k)
{
	return (int64_t)((uint64_t)k->at_s << 32 | (uint64_t)k->held << 8 | (uint64_t)k->left);
}

static struct kept unpack(int64_t value)
{
	uint64_t bits = (uint64_t)value;
	return (struct kept){.at_s = (int64_t)(bits >> 32), .held = (int64_t)(bits >> 8 & HELD_MAX), .left = (int64_t)(bits & 0xff)};
}

/* Under the lock. */
static bool in_all_left(struct allowance *a, int64_t now_s)
{
	if (a->in_all == 0)
		return true;
	if (now_s / 60 != a->minute) {
		a->minute = now_s / 60;
		a->in_minute = 0;
	}
	return a->in_minute < a->in_all;
}

/* Whether there may be an entry now; *ret_held: how many were held back before it. */
static bool allow(struct allowance *a, const void *key, size_t n, int64_t now_s, int64_t *ret_held)
{
	int64_t value;
	struct kept k = {.at_s = now_s, .held = 0, .left = a->burst};
	pthread_mutex_lock(&a->lock);
	if (map_get(&a->kept, key, n, &value)) {
		k = unpack(value);
		/* a clock that was set back counts as no time */
		int64_t more = now_s > k.at_s ? (now_s - k.at_s) / a->refill_s : 0;
		k.left = k.left + more > a->burst ? a->burst : k.left + more;
		k.at_s = k.left == a->burst ? now_s : k.at_s + more * a->refill_s;
	} else if (a->kept.count >= KEYS_MAX) {
		map_clear(&a->kept);
	}
	bool yes = k.left > 0 && in_all_left(a, now_s);
	*ret_held = k.held;
	if (yes) {
		k.left--;
		k.held = 0;
		a->in_minute++;
	} else if (k.held < HELD_MAX) {
		k.held++;
	}
	/* without memory it is forgotten: that can only add an entry */
	bool put = map_put(&a->kept, key, n, pack(&k));
	(void)put;
	pthread_mutex_unlock(&a->lock);
	return yes;
}

static void allowance_init(const struct ctx *ctx, struct allowance *a, int64_t burst, int64_t refill_s, int64_t in_all)
{
	uint64_t keys[2];
	ctx_random(ctx, keys, sizeof(keys));
	pthread_mutex_init(&a->lock, NULL);
	map_init(&a->kept, keys[0], keys[1]);
	a->burst = burst;
	a->refill_s = refill_s;
	a->in_all = in_all;
}

static void allowance_release(struct allowance *a)
{
	map_release(&a->kept);
	pthread_mutex_destroy(&a->lock);
}

enum err serve_audit_new(struct ctx *ctx, struct serve_audit **ret)
{
	struct serve_audit *audit = calloc(1, sizeof(*audit));
	if (audit == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	allowance_init(ctx, &audit->refused, REFUSED_BURST, REFUSED_REFILL_S, REFUSED_IN_ALL);
	allowance_init(ctx, &audit->seen, 1, SEEN_REFILL_S, 0);
	*ret = audit;
	return OK;
}

void serve_audit_free(struct serve_audit *audit)
{
	if (audit == NULL)
		return;
	allowance_release(&audit->refused);
	allowance_release(&audit->seen);
	free(audit);
}

/* Which record a path is about: /api/v1/customer/17/changes. */
static const char *entity_of(const struct ctx *ctx, const char *path, int64_t *ret_id)
{
	static const char root[] = "/api/v1/";
	char name[64], digits[24];
	*ret_id = 0;
	if (!str_starts(path, root))
		return "";
	path += sizeof(root) - 1;
	size_t n = strcspn(path, "/");
	if (n >= sizeof(name))
		return "";
	memcpy(name, path, n);
	name[n] = '\0';
	const struct entity_info *info = registry_find(ctx->registry, name);
	if (info == NULL)
		return "";
	size_t len = path[n] == '/' ? strcspn(path + n + 1, "/") : 0;
	if (len > 0 && len < sizeof(digits)) {
		memcpy(digits, path + n + 1, len);
		digits[len] = '\0';
		if (!str_to_i64(digits, ret_id) || *ret_id < 0)
			*ret_id = 0;
	}
	return info->entity->name;
}

static void describe(struct buf *out, const struct http_request *req, int status, const char *why, int64_t held)
{
	static const char *const methods[METHOD_COUNT] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
	const struct route *route = req->route;
	struct jsonw w;
	jsonw_init(&w, out);
	jsonw_object(&w);
	jsonw_kv_text(&w, "event", "refused");
	jsonw_kv_text(&w, "method", methods[req->method]);
	jsonw_kv_text(&w, "route", route->pattern);
	jsonw_kv_int(&w, "status", status);
	jsonw_kv_text(&w, "why", why);
	jsonw_kv_text(&w, "address", req->remote);
	if (held > 0)
		jsonw_kv_int(&w, "held_back", held);
	jsonw_end_object(&w);
}

void serve_refused(struct ctx *ctx, const struct http_request *req, int status)
{
	struct serve_audit *audit = ctx->app->audit;
	const struct route *route = req->route;
	const char *why = ctx->faults.count > 0 ? ctx->faults.list[0].key : "";
	struct {
		int64_t user_id;
		const void *route;
		char remote[48];
	} key;
	int64_t held, id;
	/* wrong tokens are counted and kept by address where they are recognised */
	if (audit == NULL || route == NULL || str_equal(why, "token_invalid"))
		return;
	memset(&key, 0, sizeof(key));
	key.route = route;
	if (ctx->actor != NULL)
		key.user_id = ctx->actor->user_id;
	else
		memcpy(key.remote, req->remote, strnlen(req->remote, sizeof(key.remote)));
	if (!allow(&audit->refused, &key, sizeof(key), ctx_now(ctx) / 1000, &held))
		return;
	struct buf diff;
	buf_init(&diff, 4096);
	describe(&diff, req, status, why, held);
	const char *entity = entity_of(ctx, req->path, &id);
	access_note(ctx, ctx->app->access, entity, id, CHANGE_DENIED, buf_failed(&diff) ? "{}" : buf_text(&diff));
	buf_release(&diff);
}

void serve_seen(void *arg, struct ctx *ctx, const struct entity_info *info, int64_t id)
{
	struct app *app = arg;
	struct {
		int64_t user_id, id;
	} key = {.user_id = ctx->actor != NULL ? ctx->actor->user_id : 0, .id = id};
	int64_t held;
	if (app->audit == NULL || !allow(&app->audit->seen, &key, sizeof(key), ctx_now(ctx) / 1000, &held))
		return;
	access_note(ctx, app->access, info->entity->name, id, CHANGE_READ, "{\"event\":\"sensitive_values\"}");
}
