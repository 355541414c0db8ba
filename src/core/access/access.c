#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/access/access_internal.h"

/* --- invalidation ----------------------------------------------------------------- */

/* Listeners of the change log stay until the store is closed, which may be after us
 * and on another thread: they reach the service through a relay that outlives it. */
struct relay {
	struct relay *next; /* reachable for as long as the process lives */
	pthread_mutex_t lock;
	struct access *access; /* NULL: closed */
};

static pthread_mutex_t relays_lock = PTHREAD_MUTEX_INITIALIZER;
static struct relay *relays;

static void invalidate(struct access *access, const char *entity, int64_t record_id)
{
	if (str_equal(entity, "user"))
		access_cache_drop_user(&access->cache, record_id);
	else if (str_equal(entity, "token"))
		access_cache_drop_credential(&access->cache, true, record_id);
	else
		access_cache_drop_all(&access->cache);
}

/* What rights are made from; looking or signing in changes none. */
static void on_commit(void *arg, const char *entity, int64_t record_id, enum change_action action)
{
	static const char *const sources[] = {"user", "token", "role", "team", "branch", "share"};
	struct relay *relay = arg;
	bool ours = false;
	if (action != CHANGE_CREATE && action != CHANGE_UPDATE && action != CHANGE_DELETE && action != CHANGE_RESTORE)
		return;
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		ours = ours || str_equal(entity, sources[i]);
	if (!ours)
		return;
	pthread_mutex_lock(&relay->lock);
	if (relay->access)
		invalidate(relay->access, entity, record_id);
	pthread_mutex_unlock(&relay->lock);
}

static enum err relay_open(struct ctx *ctx, struct access *access)
{
	struct relay *relay = calloc(1, sizeof(*relay));
	if (!relay)
		return access_no_memory(ctx);
	pthread_mutex_init(&relay->lock, NULL);
	relay->access = access;
	pthread_mutex_lock(&relays_lock);
	relay->next = relays;
	relays = relay;
	pthread_mutex_unlock(&relays_lock);
	access->relay = relay;
	enum err err = events_on_commit(access->store, on_commit, relay);
	return err ? fail(ctx, err, "", "memory") : OK;
}

static void relay_close(struct access *access)
{
	struct relay *relay = access->relay;
	if (!relay)
		return;
	pthread_mutex_lock(&relay->lock);
	relay->access = NULL;
	pthread_mutex_unlock(&relay->lock);
}

/* --- the service -------------------------------------------------------------------- */

enum err access_open_new(struct ctx *ctx, struct store *store, struct registry *registry, struct access **ret)
{
	*ret = NULL;
	if (sodium_init() < 0)
		return fail(ctx, ERR_BUG, "", "sodium");
	struct access *access = calloc(1, sizeof(*access));
	if (!access)
		return access_no_memory(ctx);
	access->store = store;
	access->registry = registry;
	access->clock = ctx->clock;
	pthread_mutex_init(&access->hash_lock, NULL);
	pthread_cond_init(&access->hash_free, NULL);
	pthread_mutex_init(&access->proof_lock, NULL);
	access_cache_init(&access->cache, ctx->clock);
	enum err err = access_key_load(ctx, store_data_dir(store), access->key);
	if (!err)
		err = access_worker_start(ctx, access);
	if (!err)
		err = relay_open(ctx, access);
	if (!err)
		store_set_guard(store, access_guard_write, access);
	if (err) {
		access_free(access);
		return err;
	}
	*ret = access;
	return OK;
}

void access_free(struct access *access)
{
	if (!access)
		return;
	store_set_guard(access->store, NULL, NULL); /* whoever acts for others has stopped before us */
	access_worker_stop(access);
	relay_close(access);
	access_cache_release(&access->cache);
	pthread_mutex_destroy(&access->hash_lock);
	pthread_cond_destroy(&access->hash_free);
	pthread_mutex_destroy(&access->proof_lock);
	sodium_memzero(access->key, sizeof(access->key));
	free(access);
}
