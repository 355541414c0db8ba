/* Text that grows up to a required maximum.
 *
 * Invariants: data is NUL-terminated whenever it is not NULL; len < cap.  An
 * append that would pass `max`, or finds no memory, changes nothing and sets
 * `failed`; later appends do nothing.  So a caller appends freely and asks
 * buf_failed once.  The buffer owns its memory until buf_release or buf_take_new. */
#ifndef GUANXI_BASE_BUF_H
#define GUANXI_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct buf {
	char *data;
	size_t len, cap, max;
	bool failed;
};

void buf_init(struct buf *buf, size_t max);
void buf_release(struct buf *buf);
/* Empties it, keeps the memory, clears `failed`. */
void buf_reset(struct buf *buf);
static inline bool buf_failed(const struct buf *buf) { return buf->failed; }
/* Room for n more bytes at data + len, or NULL; the caller then adds to len. */
char *buf_reserve(struct buf *buf, size_t n) MUST_CHECK;
void buf_add(struct buf *buf, const void *bytes, size_t n);
void buf_puts(struct buf *buf, const char *text);
void buf_putc(struct buf *buf, char c);
void buf_put_i64(struct buf *buf, int64_t value);
void buf_put_u64(struct buf *buf, uint64_t value);
void buf_printf(struct buf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Cuts back to an earlier length. */
void buf_truncate(struct buf *buf, size_t len);
/* Never NULL. */
const char *buf_text(const struct buf *buf);
/* Hands the memory (malloc'd, NUL-terminated) to the caller; the buffer is empty again. NULL if failed. */
char *buf_take_new(struct buf *buf) MUST_CHECK;

#endif
