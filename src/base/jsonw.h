/* Streaming JSON writer.  Text is escaped; invalid UTF-8 becomes U+FFFD.
 * Commas are placed by the writer; nesting deeper than JSONW_DEPTH sets the buffer's `failed`. */
#ifndef GUANXI_BASE_JSONW_H
#define GUANXI_BASE_JSONW_H

#include "base/buf.h"

enum { JSONW_DEPTH = 32 };

struct jsonw {
	struct buf *buf;
	int depth;
	bool first[JSONW_DEPTH];
	bool after_key;
};

void jsonw_init(struct jsonw *w, struct buf *buf);
void jsonw_object(struct jsonw *w);
void jsonw_end_object(struct jsonw *w);
void jsonw_array(struct jsonw *w);
void jsonw_end_array(struct jsonw *w);
void jsonw_key(struct jsonw *w, const char *key);
void jsonw_text(struct jsonw *w, const char *text); /* NULL writes null */
void jsonw_textn(struct jsonw *w, const char *text, size_t n);
void jsonw_int(struct jsonw *w, int64_t value);
void jsonw_id(struct jsonw *w, int64_t id); /* a string of digits */
void jsonw_real(struct jsonw *w, double value); /* shortest that reads back; null if not finite */
void jsonw_bool(struct jsonw *w, bool value);
void jsonw_null(struct jsonw *w);
void jsonw_time(struct jsonw *w, int64_t ms);
void jsonw_decimal(struct jsonw *w, int64_t value, int scale); /* a string */
/* Already valid JSON. */
void jsonw_raw(struct jsonw *w, const char *json, size_t n);
/* key and value in one call */
void jsonw_kv_text(struct jsonw *w, const char *key, const char *text);
void jsonw_kv_int(struct jsonw *w, const char *key, int64_t value);
void jsonw_kv_id(struct jsonw *w, const char *key, int64_t id);
void jsonw_kv_bool(struct jsonw *w, const char *key, bool value);

#endif
