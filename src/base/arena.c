#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_MIN = 16 * 1024, BLOCK_MAX = 1024 * 1024 };

struct arena_block {
	struct arena_block *older;
	size_t size, used;
	alignas(max_align_t) char data[];
};

void arena_init(struct arena *arena, size_t cap)
{
	*arena = (struct arena){.cap = cap};
}

void arena_release(struct arena *arena)
{
	while (arena->block != NULL) {
		struct arena_block *older = arena->block->older;
		free(arena->block);
		arena->block = older;
	}
	arena->used = 0;
	arena->failed = false;
}

void arena_reset(struct arena *arena)
{
	while (arena->block != NULL && arena->block->older != NULL) {
		struct arena_block *older = arena->block->older;
		free(arena->block);
		arena->block = older;
	}
	if (arena->block != NULL)
		arena->block->used = 0;
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
		free(arena->block);
		arena->block = older;
	}
	arena->block->used = mark.block_used;
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
	block->used = 0;
	arena->block = block;
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
