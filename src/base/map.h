/* Hash table from bytes to a 64-bit value, keyed with SipHash so that hostile keys cannot collide. */
#ifndef GUANXI_BASE_MAP_H
#define GUANXI_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct map_slot;

struct map {
	struct map_slot *slots;
	size_t cap, count;
	size_t bytes; /* memory held, keys included */
	uint64_t k0, k1;
};

void map_init(struct map *map, uint64_t k0, uint64_t k1);
void map_release(struct map *map);
bool map_get(const struct map *map, const void *key, size_t n, int64_t *ret);
/* Copies the key; replaces an older value.  False when there is no memory. */
bool map_put(struct map *map, const void *key, size_t n, int64_t value) MUST_CHECK;
bool map_remove(struct map *map, const void *key, size_t n);
/* Forgets all, keeps the table. */
void map_clear(struct map *map);
/* Walks: start with *at = 0; false at the end. */
bool map_next(const struct map *map, size_t *at, const void **ret_key, size_t *ret_n, int64_t *ret_value);

#endif
