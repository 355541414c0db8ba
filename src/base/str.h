/* Small text helpers.  Text is UTF-8, NUL-terminated, unless a length stands beside it. */
#ifndef GUANXI_BASE_STR_H
#define GUANXI_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

bool str_equal(const char *a, const char *b); /* NULL equals only NULL */
bool str_equal_nocase(const char *a, const char *b); /* ASCII case only */
bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);
bool str_empty(const char *text); /* NULL or "" */
/* Whole text as a decimal integer, no spaces, no plus; false on anything else or overflow. */
bool str_to_i64(const char *text, int64_t *ret) MUST_CHECK;
bool str_to_u64(const char *text, uint64_t *ret) MUST_CHECK;
/* ASCII white space at both ends removed; returns the start, sets *ret_len. */
const char *str_trim(const char *text, size_t len, size_t *ret_len);
/* Valid UTF-8 without NUL, surrogates, overlong forms or bytes beyond U+10FFFF. */
bool utf8_valid(const char *text, size_t len);
/* Code points in valid UTF-8. */
size_t utf8_length(const char *text, size_t len);
/* Decodes one code point of valid UTF-8 at *pos (advanced); 0 at the end. */
uint32_t utf8_next(const char *text, size_t len, size_t *pos);
/* Writes 1 to 4 bytes, returns how many; 0 if not a scalar value. */
size_t utf8_encode(uint32_t cp, char out[4]);
/* 64-bit FNV-1a; for tables keyed by trusted text only. */
uint64_t str_hash(const char *text, size_t len);
/* Equal in time that depends only on len. */
bool bytes_equal_ct(const void *a, const void *b, size_t len);

#endif
