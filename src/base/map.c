#include "base/map.h"

#include <stdlib.h>
#include <string.h>

/* Open addressing with linear probing; a removed slot is marked, so that probes go on. */
struct map_slot {
	char *key; /* NULL: never used; &gone: removed */
	size_t n;
	uint64_t hash;
	int64_t value;
};

static char gone;

static uint64_t rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

struct sip {
	uint64_t v0, v1, v2, v3;
};

static void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

/* SipHash-1-3 (Aumasson and Bernstein, 2012). */
static uint64_t sip_hash(const struct map *map, const void *key, size_t n)
{
	struct sip s = {map->k0 ^ 0x736f6d6570736575u, map->k1 ^ 0x646f72616e646f6du, map->k0 ^ 0x6c7967656e657261u,
	                map->k1 ^ 0x7465646279746573u};
	const unsigned char *p = key;
	size_t left = n;
	for (; left >= 8; left -= 8, p += 8) {
		uint64_t word;
		memcpy(&word, p, 8);
		s.v3 ^= word;
		sip_round(&s);
		s.v0 ^= word;
	}
	uint64_t tail = (uint64_t)n << 56;
	for (size_t i = 0; i < left; i++)
		tail |= (uint64_t)p[i] << (8 * i);
	s.v3 ^= tail;
	sip_round(&s);
	s.v0 ^= tail;
	s.v2 ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

void map_init(struct map *map, uint64_t k0, uint64_t k1)
{
	*map = (struct map){.k0 = k0, .k1 = k1};
}

static void free_keys(struct map *map)
{
	for (size_t i = 0; i < map->cap; i++) {
		if (map->slots[i].key != &gone)
			free(map->slots[i].key);
	}
}

void map_release(struct map *map)
{
	free_keys(map);
	free(map->slots);
	map_init(map, map->k0, map->k1);
}

void map_clear(struct map *map)
{
	if (map->slots == NULL)
		return;
	free_keys(map);
	memset(map->slots, 0, map->cap * sizeof(*map->slots));
	map->count = 0;
	map->bytes = map->cap * sizeof(*map->slots);
}

static struct map_slot *find(const struct map *map, const void *key, size_t n, uint64_t hash)
{
	if (map->cap == 0)
		return NULL;
	for (size_t i = hash & (map->cap - 1);; i = (i + 1) & (map->cap - 1)) {
		struct map_slot *slot = &map->slots[i];
		if (slot->key == NULL)
			return NULL;
		if (slot->key != &gone && slot->hash == hash && slot->n == n && (n == 0 || memcmp(slot->key, key, n) == 0))
			return slot;
	}
}

bool map_get(const struct map *map, const void *key, size_t n, int64_t *ret)
{
	const struct map_slot *slot = find(map, key, n, sip_hash(map, key, n));
	if (slot == NULL)
		return false;
	*ret = slot->value;
	return true;
}

static struct map_slot *free_slot(const struct map *map, uint64_t hash)
{
	size_t i = hash & (map->cap - 1);
	while (map->slots[i].key != NULL && map->slots[i].key != &gone)
		i = (i + 1) & (map->cap - 1);
	return &map->slots[i];
}

static size_t live(const struct map *map)
{
	size_t n = 0;
	for (size_t i = 0; i < map->cap; i++)
		n += map->slots[i].key != NULL && map->slots[i].key != &gone;
	return n;
}

/* Drops the removed slots, which `count` includes until then so that probes stay
 * short, and grows only if what is left needs it. */
static bool rehash(struct map *map)
{
	size_t kept = live(map), cap = map->cap == 0 ? 64 : map->cap;
	if (kept * 2 >= cap)
		cap *= 2;
	struct map_slot *old = map->slots;
	size_t old_cap = map->cap;
	struct map_slot *slots = calloc(cap, sizeof(*slots));
	if (slots == NULL)
		return false;
	map->slots = slots;
	map->cap = cap;
	map->bytes += (cap - old_cap) * sizeof(*slots);
	for (size_t i = 0; i < old_cap; i++) {
		if (old[i].key != NULL && old[i].key != &gone)
			*free_slot(map, old[i].hash) = old[i];
	}
	free(old);
	map->count = kept;
	return true;
}

bool map_put(struct map *map, const void *key, size_t n, int64_t value)
{
	uint64_t hash = sip_hash(map, key, n);
	struct map_slot *slot = find(map, key, n, hash);
	if (slot != NULL) {
		slot->value = value;
		return true;
	}
	if ((map->count + 1) * 4 > map->cap * 3 && !rehash(map))
		return false;
	char *copy = malloc(n + 1);
	if (copy == NULL)
		return false;
	if (n > 0)
		memcpy(copy, key, n);
	copy[n] = '\0';
	slot = free_slot(map, hash);
	if (slot->key == NULL)
		map->count++;
	*slot = (struct map_slot){.key = copy, .n = n, .hash = hash, .value = value};
	map->bytes += n + 1;
	return true;
}

bool map_remove(struct map *map, const void *key, size_t n)
{
	struct map_slot *slot = find(map, key, n, sip_hash(map, key, n));
	if (slot == NULL)
		return false;
	free(slot->key);
	slot->key = &gone;
	map->bytes -= n + 1;
	return true;
}

bool map_next(const struct map *map, size_t *at, const void **ret_key, size_t *ret_n, int64_t *ret_value)
{
	while (*at < map->cap) {
		const struct map_slot *slot = &map->slots[(*at)++];
		if (slot->key != NULL && slot->key != &gone) {
			*ret_key = slot->key;
			*ret_n = slot->n;
			*ret_value = slot->value;
			return true;
		}
	}
	return false;
}
