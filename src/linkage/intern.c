/* Texts kept once each. */
#include <string.h>

#include "linkage/internal.h"

static const size_t pool_max = (size_t)16 << 30;

void intern_init(struct intern *in)
{
	*in = (struct intern){0};
	buf_init(&in->pool, pool_max);
	buf_init(&in->offsets, pool_max);
}

void intern_release(struct intern *in)
{
	buf_release(&in->pool);
	buf_release(&in->offsets);
	free(in->slots);
	free(in->hashes);
	in->slots = in->hashes = NULL;
}

void intern_settle(struct intern *in)
{
	free(in->slots);
	free(in->hashes);
	in->slots = in->hashes = NULL;
	in->cap = 0;
}

static uint32_t hash_of(const char *text, size_t len)
{
	uint64_t h = len * 0x9e3779b97f4a7c15U, part;
	for (; len >= 8; len -= 8, text += 8) {
		memcpy(&part, text, 8);
		h = mix2(h, part);
	}
	part = 0;
	memcpy(&part, text, len);
	return (uint32_t)mix2(h, part);
}

static bool grow(struct intern *in)
{
	size_t cap = in->cap == 0 ? 64 : in->cap * 2;
	uint32_t *slots = malloc(cap * sizeof(*slots)), *hashes = realloc(in->hashes, cap / 2 * sizeof(*hashes));
	if (hashes != NULL)
		in->hashes = hashes;
	if (slots == NULL || hashes == NULL) {
		free(slots);
		return false;
	}
	memset(slots, 0xff, cap * sizeof(*slots));
	for (size_t i = 0; i < in->n; i++) {
		size_t at = in->hashes[i] & (cap - 1);
		while (slots[at] != NO_CODE)
			at = (at + 1) & (cap - 1);
		slots[at] = (uint32_t)i;
	}
	free(in->slots);
	in->slots = slots;
	in->cap = cap;
	return true;
}

const char *intern_text(const struct intern *in, uint32_t code, size_t *ret_len)
{
	const size_t *offsets = (const size_t *)(const void *)in->offsets.data;
	size_t end = code + 1 < in->n ? offsets[code + 1] : in->pool.len;
	*ret_len = end - offsets[code] - 1;
	return in->pool.data + offsets[code];
}

uint32_t intern_put(struct intern *in, const char *text, size_t len)
{
	uint32_t hash = hash_of(text, len);
	if (in->n * 2 >= in->cap && !grow(in))
		return NO_CODE;
	size_t at = hash & (in->cap - 1), known_len;
	for (; in->slots[at] != NO_CODE; at = (at + 1) & (in->cap - 1)) {
		if (in->hashes[in->slots[at]] != hash)
			continue;
		const char *known = intern_text(in, in->slots[at], &known_len);
		if (known_len == len && memcmp(known, text, len) == 0)
			return in->slots[at];
	}
	size_t offset = in->pool.len;
	buf_add(&in->offsets, &offset, sizeof(offset));
	buf_add(&in->pool, text, len);
	buf_putc(&in->pool, '\0');
	if (buf_failed(&in->pool) || buf_failed(&in->offsets))
		return NO_CODE;
	in->hashes[in->n] = hash;
	in->slots[at] = (uint32_t)in->n;
	return (uint32_t)in->n++;
}
