#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#endif

enum { BLOCK_MIN = 16 * 1024, BLOCK_MAX = 1024 * 1024 };

struct arena_block {
	struct arena_block *older;
	size_t size, used;
	alignas(max_align_t) char data[];
};

/* What was given back must not be used again, and in test builds is not: AddressSanitizer ends the
 * program at the first touch; without it (meson's option "poison") the bytes are made a nonsense of. */
static void poison(struct arena_block *block, size_t from)
{
#ifdef ARENA_ASAN
	ASAN_POISON_MEMORY_REGION(block->data + from, block->size - from);
#elif defined(GUANXI_POISON)
	memset(block->data + from, ARENA_POISON, block->size - from);
#else
	(void)block;
	(void)from;
#endif
}

static void unpoison(void *p, size_t n)
{
#ifdef ARENA_ASAN
	ASAN_UNPOISON_MEMORY_REGION(p, n);
#else
	(void)p;
	(void)n;
#endif
}

/* Between two pieces lie bytes that are nobody's. */
static bool is_poisoned(const char *p)
{
#ifdef ARENA_ASAN
	return __asan_address_is_poisoned(p);
#else
	(void)p;
	return false;
#endif
}

static void free_block(struct arena_block *block)
{
#if defined(GUANXI_POISON) && !defined(ARENA_ASAN)
	poison(block, 0);
#endif
	free(block);
}

/* The newest block is used up to here, and no further. */
static void cut(struct arena *arena, size_t used)
{
	arena->block->used = used;
	poison(arena->block, used);
}

void arena_init(struct arena *arena, size_t cap)
{
	*arena = (struct arena){.cap = cap};
}

void arena_release(struct arena *arena)
{
	while (arena->block != NULL) {
		struct arena_block *older = arena->block->older;
		free_block(arena->block);
		arena->block = older;
	}
	arena->used = 0;
	arena->failed = false;
}

void arena_reset(struct arena *arena)
{
	while (arena->block != NULL && arena->block->older != NULL) {
		struct arena_block *older = arena->block->older;
		free_block(arena->block);
		arena->block = older;
	}
	if (arena->block != NULL)
		cut(arena, 0);
	arena->used = 0;
	arena->failed = false;
}

struct arena_mark arena_mark(const struct arena *arena)
{
	return (struct arena_mark){
		.block = arena->block,
		.block_used = arena->block != NULL ? arena->block->used : 0,
		.used = arena->used,
	};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
	if (mark.block == NULL) {
		arena_reset(arena);
		return;
	}
	while (arena->block != mark.block) {
		struct arena_block *older = arena->block->older;
		free_block(arena->block);
		arena->block = older;
	}
	cut(arena, mark.block_used);
	arena->used = mark.used;
	arena->failed = false;
}

static bool add_block(struct arena *arena, size_t need)
{
	size_t size = arena->block != NULL ? arena->block->size * 2 : BLOCK_MIN;
	if (size > BLOCK_MAX)
		size = BLOCK_MAX;
	if (size < need)
		size = need;
	struct arena_block *block = malloc(sizeof(*block) + size);
	if (block == NULL)
		return false;
	block->older = arena->block;
	block->size = size;
	arena->block = block;
	cut(arena, 0);
	return true;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t aligned = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (aligned < size || aligned > arena->cap - arena->used) {
		arena->failed = true;
		return NULL;
	}
	if (arena->block == NULL || arena->block->size - arena->block->used < aligned) {
		if (!add_block(arena, aligned)) {
			arena->failed = true;
			return NULL;
		}
	}
	void *p = arena->block->data + arena->block->used;
	arena->block->used += aligned;
	arena->used += aligned;
	unpoison(p, size);
	memset(p, 0, size);
	return p;
}

void *arena_array(struct arena *arena, size_t n, size_t size)
{
	size_t total;
	if (__builtin_mul_overflow(n, size, &total)) {
		arena->failed = true;
		return NULL;
	}
	return arena_alloc(arena, total);
}

char *arena_strndup(struct arena *arena, const char *text, size_t n)
{
	if (n == SIZE_MAX) {
		arena->failed = true;
		return NULL;
	}
	char *copy = arena_alloc(arena, n + 1);
	if (copy != NULL && n > 0)
		memcpy(copy, text, n);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args, again;
	va_start(args, fmt);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	char *text = n < 0 ? NULL : arena_alloc(arena, (size_t)n + 1);
	if (text != NULL)
		vsnprintf(text, (size_t)n + 1, fmt, again);
	va_end(again);
	return text;
}

uint64_t arena_sum(const struct arena *arena)
{
	uint64_t sum = 0xcbf29ce484222325u;
	for (const struct arena_block *block = arena->block; block != NULL; block = block->older)
		for (size_t at = 0; at < block->used; at++)
			if (!is_poisoned(block->data + at))
				sum = (sum ^ (unsigned char)block->data[at]) * 0x100000001b3u;
	return sum;
}
