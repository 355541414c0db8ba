#include <stdlib.h>
#include <string.h>

#include "access_sql.h"
#include "core/access/access_internal.h"

/* Credentials of requests and the actors they stand for.
 *
 * Invariants: a credential stands in the shard its digest names, and its pin
 * outlives it; a pin is freed by whoever lets go of it last; every invalidation
 * first raises `generation` and then drops, so that a credential made from what the
 * database said before is either refused by access_cache_put or dropped. */

enum { SHARD_MAX = 2048 };

void access_cache_init(struct access_cache *cache, const struct clock *clock)
{
	for (size_t i = 0; i < ACCESS_SHARDS; i++) {
		uint64_t keys[2];
		clock->random(clock->arg, keys, sizeof(keys));
		pthread_mutex_init(&cache->shards[i].lock, NULL);
		map_init(&cache->shards[i].map, keys[0], keys[1]);
	}
	atomic_init(&cache->generation, 1);
	atomic_init(&cache->serials, 0);
}

void access_pin_drop(struct pin *pin)
{
	if (atomic_fetch_sub_explicit(&pin->refs, 1, memory_order_acq_rel) == 1)
		free(pin);
}

static struct credential *credential_of(int64_t value)
{
	return (struct credential *)(uintptr_t)value;
}

static void credential_free(struct credential *credential)
{
	access_pin_drop(credential->pin);
	free(credential);
}

static void shard_clear(struct shard *shard)
{
	const void *key;
	size_t at = 0, n;
	int64_t value;
	while (map_next(&shard->map, &at, &key, &n, &value))
		credential_free(credential_of(value));
	map_clear(&shard->map);
	shard->live = 0;
}

void access_cache_release(struct access_cache *cache)
{
	for (size_t i = 0; i < ACCESS_SHARDS; i++) {
		shard_clear(&cache->shards[i]);
		map_release(&cache->shards[i].map);
		pthread_mutex_destroy(&cache->shards[i].lock);
	}
}

static struct shard *shard_of(struct access_cache *cache, const uint8_t digest[ACCESS_DIGEST])
{
	return &cache->shards[digest[0] % ACCESS_SHARDS];
}

/* --- one block for an actor and all it points to --------------------------------- */

static size_t aligned(size_t n)
{
	return (n + 15) & ~(size_t)15;
}

static const char *ask_of(const struct actor *actor)
{
	return actor->ask ? actor->ask : "";
}

/* Not what the registry says: it may be another one than the actor was made by. */
static size_t fields_of(const struct actor *actor, const struct registry *registry, size_t e)
{
	return actor->rights[e].n_fields ? actor->rights[e].n_fields : registry_at(registry, e)->n_fields;
}

static size_t actor_size(const struct actor *actor, const struct registry *registry)
{
	size_t n = aligned(sizeof(struct pin)) + aligned(sizeof(*actor)) + aligned(actor->n_teams * sizeof(int64_t)) + aligned(actor->n_shares * sizeof(struct gate_share)) +
	           aligned(actor->n_rights * sizeof(struct entity_rights)) + aligned(strlen(actor->name) + 1) + aligned(strlen(actor->email) + 1) +
	           aligned(strlen(ask_of(actor)) + 1);
	for (size_t e = 0; e < actor->n_rights; e++)
		if (actor->rights[e].fields)
			n += aligned(fields_of(actor, registry, e));
	return n;
}

static void *place(char **at, const void *data, size_t n)
{
	void *here = *at;
	if (n)
		memcpy(here, data, n);
	*at += aligned(n);
	return here;
}

struct pin *access_pin_new(struct access_cache *cache, const struct actor *actor, const struct registry *registry)
{
	size_t size = actor_size(actor, registry);
	struct pin *pin = calloc(1, size);
	if (!pin)
		return NULL;
	char *at = (char *)pin + aligned(sizeof(*pin));
	atomic_init(&pin->refs, 1);
	pin->size = size;
	pin->user_id = actor->user_id;
	pin->registry = registry_number(registry);
	pin->actor = place(&at, actor, sizeof(*actor));
	pin->actor->serial = atomic_fetch_add_explicit(&cache->serials, 1, memory_order_relaxed) + 1;
	struct entity_rights *rights = place(&at, actor->rights, actor->n_rights * sizeof(*rights));
	pin->actor->rights = rights;
	pin->actor->shares = place(&at, actor->shares, actor->n_shares * sizeof(struct gate_share));
	pin->actor->teams = place(&at, actor->teams, actor->n_teams * sizeof(int64_t));
	pin->actor->name = place(&at, actor->name, strlen(actor->name) + 1);
	pin->actor->email = place(&at, actor->email, strlen(actor->email) + 1);
	pin->actor->ask = place(&at, ask_of(actor), strlen(ask_of(actor)) + 1);
	for (size_t e = 0; e < actor->n_rights; e++)
		if (rights[e].fields)
			rights[e].fields = place(&at, rights[e].fields, fields_of(actor, registry, e));
	return pin;
}

static const void *moved(const void *pointer, const struct pin *from, const char *to)
{
	return to + ((const char *)pointer - (const char *)from);
}

/* A copy for one request: the request needs no count, and nobody waits for it. */
static struct actor *pin_copy(struct ctx *ctx, const struct pin *pin)
{
	char *to = arena_alloc(ctx->arena, pin->size);
	if (!to)
		return NULL;
	/* not the pin itself: others are changing its count */
	size_t own = aligned(sizeof(*pin));
	memcpy(to + own, (const char *)pin + own, pin->size - own);
	size_t head = (size_t)((const char *)pin->actor - (const char *)pin);
	struct actor *actor = (struct actor *)(void *)(to + head);
	struct entity_rights *rights = (struct entity_rights *)(void *)(to + ((const char *)pin->actor->rights - (const char *)pin));
	actor->rights = rights;
	actor->shares = moved(pin->actor->shares, pin, to);
	actor->teams = moved(pin->actor->teams, pin, to);
	actor->name = moved(pin->actor->name, pin, to);
	actor->email = moved(pin->actor->email, pin, to);
	actor->ask = moved(pin->actor->ask, pin, to);
	for (size_t e = 0; e < actor->n_rights; e++)
		if (rights[e].fields)
			rights[e].fields = moved(rights[e].fields, pin, to);
	return actor;
}

/* --- asking ------------------------------------------------------------------------- */

static void shard_remove(struct shard *shard, struct credential *credential)
{
	if (map_remove(&shard->map, credential->digest, ACCESS_DIGEST))
		shard->live--;
	credential_free(credential);
}

enum err access_cache_get(struct ctx *ctx, struct access_cache *cache, const uint8_t digest[ACCESS_DIGEST], struct cache_hit *ret)
{
	struct shard *shard = shard_of(cache, digest);
	struct pin *pin = NULL;
	int64_t now = ctx_now(ctx), value;
	*ret = (struct cache_hit){.state = CACHE_ABSENT};
	pthread_mutex_lock(&shard->lock);
	if (map_get(&shard->map, digest, ACCESS_DIGEST, &value)) {
		struct credential *credential = credential_of(value);
		bool idle = !credential->is_token && now - credential->seen_ms > ACCESS_IDLE_MS;
		if (idle || (credential->expires_ms && now >= credential->expires_ms)) {
			ret->state = CACHE_EXPIRED;
			shard_remove(shard, credential);
		} else if (credential->pin->actor->shares_until_ms && now >= credential->pin->actor->shares_until_ms) {
			shard_remove(shard, credential); /* something shared ends: it is made anew */
		} else if (credential->pin->registry == registry_number(ctx->registry)) { /* else it has the fields of other days */
			ret->state = CACHE_HIT;
			ret->id = credential->id;
			ret->user_id = credential->user_id;
			if (now > credential->seen_ms)
				credential->seen_ms = now;
			ret->note_seen = now - credential->noted_ms >= ACCESS_SEEN_EVERY_MS;
			if (ret->note_seen)
				credential->noted_ms = now;
			pin = credential->pin;
			atomic_fetch_add_explicit(&pin->refs, 1, memory_order_relaxed);
		}
	}
	pthread_mutex_unlock(&shard->lock);
	if (!pin)
		return OK;
	ret->locale = pin->locale;
	ret->has_locale = pin->has_locale;
	ret->actor = pin_copy(ctx, pin);
	access_pin_drop(pin);
	return ret->actor ? OK : access_no_memory(ctx);
}

bool access_locale_parse(const char *text, enum locale *ret)
{
	static const char *const names[LOCALE_COUNT] = {"en", "zh_hans", "zh_hant"};
	for (int i = 0; text && i < LOCALE_COUNT; i++)
		if (strcmp(names[i], text) == 0) {
			*ret = (enum locale)i;
			return true;
		}
	return false;
}

void access_cache_put(struct access_cache *cache, int64_t generation, const struct credential *credential, const struct actor *actor,
                      const struct registry *registry, const char *locale)
{
	struct credential *copy = malloc(sizeof(*copy));
	struct pin *pin = copy ? access_pin_new(cache, actor, registry) : NULL;
	if (!pin) {
		free(copy);
		return; /* the next request asks the database again */
	}
	*copy = *credential;
	copy->pin = pin;
	pin->has_locale = access_locale_parse(locale, &pin->locale);
	struct shard *shard = shard_of(cache, credential->digest);
	int64_t older = 0;
	bool kept = true;
	pthread_mutex_lock(&shard->lock);
	if (shard->live >= SHARD_MAX)
		shard_clear(shard);
	if (map_get(&shard->map, copy->digest, ACCESS_DIGEST, &older))
		kept = credential_of(older)->pin->registry <= pin->registry; /* who began before a field was added leaves it to those after */
	if (kept && older != 0)
		shard_remove(shard, credential_of(older));
	kept = kept && atomic_load(&cache->generation) == generation &&
	       map_put(&shard->map, copy->digest, ACCESS_DIGEST, (int64_t)(uintptr_t)copy);
	if (kept)
		shard->live++;
	pthread_mutex_unlock(&shard->lock);
	if (!kept)
		credential_free(copy);
}

/* --- invalidation --------------------------------------------------------------------- */

typedef bool (*drop_fn)(const struct credential *credential, bool is_token, int64_t id);

static bool drop_by_user(const struct credential *credential, bool is_token, int64_t id)
{
	(void)is_token;
	return credential->user_id == id;
}

static bool drop_by_id(const struct credential *credential, bool is_token, int64_t id)
{
	return credential->is_token == is_token && credential->id == id;
}

static void drop_where(struct access_cache *cache, drop_fn match, bool is_token, int64_t id)
{
	for (size_t i = 0; i < ACCESS_SHARDS; i++) {
		struct shard *shard = &cache->shards[i];
		pthread_mutex_lock(&shard->lock);
		bool again = true;
		while (again) {
			const void *key;
			size_t at = 0, n;
			int64_t value;
			again = false;
			/* removing moves slots: begin anew after each */
			while (!again && map_next(&shard->map, &at, &key, &n, &value))
				if (match(credential_of(value), is_token, id)) {
					shard_remove(shard, credential_of(value));
					again = true;
				}
		}
		pthread_mutex_unlock(&shard->lock);
	}
}

void access_cache_drop_user(struct access_cache *cache, int64_t user_id)
{
	atomic_fetch_add(&cache->generation, 1);
	drop_where(cache, drop_by_user, false, user_id);
}

void access_cache_drop_credential(struct access_cache *cache, bool is_token, int64_t id)
{
	atomic_fetch_add(&cache->generation, 1);
	drop_where(cache, drop_by_id, is_token, id);
}

void access_cache_forget(struct access_cache *cache, bool is_token, int64_t id)
{
	drop_where(cache, drop_by_id, is_token, id);
}

void access_cache_drop_all(struct access_cache *cache)
{
	atomic_fetch_add(&cache->generation, 1);
	for (size_t i = 0; i < ACCESS_SHARDS; i++) {
		pthread_mutex_lock(&cache->shards[i].lock);
		shard_clear(&cache->shards[i]);
		pthread_mutex_unlock(&cache->shards[i].lock);
	}
}
