/* Memory that is freed all at once.  One arena per request or job, with a cap.
 *
 * Invariant: what arena_alloc returns stays valid and unmoved until arena_reset,
 * arena_rewind to an earlier mark, or arena_release.  When the cap is reached or
 * the system has no memory, allocation returns NULL and `failed` stays set. */
#ifndef GUANXI_BASE_ARENA_H
#define GUANXI_BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct arena_block;

/* A byte of what was given back, in builds that poison it ("poison" of meson_options.txt) without AddressSanitizer. */
enum { ARENA_POISON = 0xdb };

struct arena {
	struct arena_block *block; /* newest first */
	size_t used;               /* bytes handed out, all blocks */
	size_t cap;                /* most bytes that may be handed out */
	bool failed;
};

struct arena_mark {
	struct arena_block *block;
	size_t block_used;
	size_t used;
};

void arena_init(struct arena *arena, size_t cap);
void arena_release(struct arena *arena);
/* Forgets all contents, keeps one block for the next use. */
void arena_reset(struct arena *arena);
struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);

/* Zeroed memory, aligned for any type; NULL when the cap or memory is exhausted. */
void *arena_alloc(struct arena *arena, size_t size) MUST_CHECK;
/* n * size with overflow check. */
void *arena_array(struct arena *arena, size_t n, size_t size) MUST_CHECK;
char *arena_strdup(struct arena *arena, const char *text) MUST_CHECK;
/* Copies n bytes and adds a NUL. */
char *arena_strndup(struct arena *arena, const char *text, size_t n) MUST_CHECK;
char *arena_printf(struct arena *arena, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_CHECK;
/* Of all bytes handed out: two calls differ if somebody wrote between them.  For checks in test builds. */
uint64_t arena_sum(const struct arena *arena);

#endif
