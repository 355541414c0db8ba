#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/access/access_internal.h"

/* --- invalidation ----------------------------------------------------------------- */

/* What of the change log rights are made from; looking or signing in changes none. */
static void on_commit(void *arg, const char *entity, int64_t record_id, enum change_action action)
{
	struct access *access = arg;
	if (action != CHANGE_CREATE && action != CHANGE_UPDATE && action != CHANGE_DELETE && action != CHANGE_RESTORE)
		return;
	if (str_equal(entity, "user"))
		access_cache_drop_user(&access->cache, record_id);
	else if (str_equal(entity, "token"))
		access_cache_drop_credential(&access->cache, true, record_id);
	else if (str_equal(entity, "role") || str_equal(entity, "team") || str_equal(entity, "branch"))
		access_cache_drop_all(&access->cache);
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
		err = events_on_commit(store, on_commit, access);
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
	access_worker_stop(access);
	access_cache_release(&access->cache);
	pthread_mutex_destroy(&access->hash_lock);
	pthread_cond_destroy(&access->hash_free);
	pthread_mutex_destroy(&access->proof_lock);
	sodium_memzero(access->key, sizeof(access->key));
	free(access);
}
