#include "base/jsonw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/str.h"
#include "base/timeutil.h"

void jsonw_init(struct jsonw *w, struct buf *buf)
{
	w->buf = buf;
	w->depth = 0;
	w->first[0] = true;
	w->after_key = false;
}

static void separate(struct jsonw *w)
{
	if (w->after_key) {
		w->after_key = false;
		return;
	}
	if (!w->first[w->depth])
		buf_putc(w->buf, ',');
	w->first[w->depth] = false;
}

static void open_level(struct jsonw *w, char c)
{
	separate(w);
	if (w->depth + 1 >= JSONW_DEPTH) {
		w->buf->failed = true;
		return;
	}
	buf_putc(w->buf, c);
	w->first[++w->depth] = true;
}

static void close_level(struct jsonw *w, char c)
{
	if (w->depth == 0) {
		w->buf->failed = true;
		return;
	}
	w->depth--;
	buf_putc(w->buf, c);
}

void jsonw_object(struct jsonw *w)
{
	open_level(w, '{');
}

void jsonw_end_object(struct jsonw *w)
{
	close_level(w, '}');
}

void jsonw_array(struct jsonw *w)
{
	open_level(w, '[');
}

void jsonw_end_array(struct jsonw *w)
{
	close_level(w, ']');
}

static bool plain(unsigned char c)
{
	return c >= 0x20 && c != '"' && c != '\\' && c < 0x80;
}

static void put_escape(struct buf *buf, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	switch (c) {
	case '"':
		buf_add(buf, "\\\"", 2);
		break;
	case '\\':
		buf_add(buf, "\\\\", 2);
		break;
	case '\n':
		buf_add(buf, "\\n", 2);
		break;
	case '\r':
		buf_add(buf, "\\r", 2);
		break;
	case '\t':
		buf_add(buf, "\\t", 2);
		break;
	default: {
		char out[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
		buf_add(buf, out, sizeof(out));
	}
	}
}

static void put_string(struct buf *buf, const char *text, size_t n)
{
	buf_putc(buf, '"');
	size_t i = 0;
	while (i < n) {
		size_t start = i;
		while (i < n && plain((unsigned char)text[i]))
			i++;
		if (i > start)
			buf_add(buf, text + start, i - start);
		if (i >= n)
			break;
		unsigned char c = (unsigned char)text[i];
		if (c < 0x80) {
			put_escape(buf, c);
			i++;
			continue;
		}
		start = i;
		uint32_t cp = utf8_next(text, n, &i);
		if (cp == 0xFFFD && i - start == 1)
			buf_add(buf, "\xEF\xBF\xBD", 3);
		else
			buf_add(buf, text + start, i - start);
	}
	buf_putc(buf, '"');
}

void jsonw_key(struct jsonw *w, const char *key)
{
	separate(w);
	put_string(w->buf, key, strlen(key));
	buf_putc(w->buf, ':');
	w->after_key = true;
}

void jsonw_textn(struct jsonw *w, const char *text, size_t n)
{
	separate(w);
	if (text == NULL)
		buf_add(w->buf, "null", 4);
	else
		put_string(w->buf, text, n);
}

void jsonw_text(struct jsonw *w, const char *text)
{
	jsonw_textn(w, text, text != NULL ? strlen(text) : 0);
}

void jsonw_int(struct jsonw *w, int64_t value)
{
	separate(w);
	buf_put_i64(w->buf, value);
}

void jsonw_id(struct jsonw *w, int64_t id)
{
	separate(w);
	buf_putc(w->buf, '"');
	buf_put_i64(w->buf, id);
	buf_putc(w->buf, '"');
}

void jsonw_real(struct jsonw *w, double value)
{
	if (!isfinite(value)) {
		jsonw_null(w);
		return;
	}
	char out[32];
	for (int precision = 15; precision <= 17; precision++) {
		snprintf(out, sizeof(out), "%.*g", precision, value);
		if (strtod(out, NULL) == value)
			break;
	}
	separate(w);
	buf_puts(w->buf, out);
}

void jsonw_bool(struct jsonw *w, bool value)
{
	separate(w);
	buf_puts(w->buf, value ? "true" : "false");
}

void jsonw_null(struct jsonw *w)
{
	separate(w);
	buf_add(w->buf, "null", 4);
}

void jsonw_time(struct jsonw *w, int64_t ms)
{
	char out[TIME_TEXT_MAX + 2] = "\"";
	size_t n = time_format(ms, out + 1);
	out[n + 1] = '"';
	separate(w);
	buf_add(w->buf, out, n + 2);
}

void jsonw_decimal(struct jsonw *w, int64_t value, int scale)
{
	char out[DECIMAL_TEXT_MAX + 2] = "\"";
	size_t n = decimal_format(value, scale, out + 1);
	out[n + 1] = '"';
	separate(w);
	buf_add(w->buf, out, n + 2);
}

void jsonw_raw(struct jsonw *w, const char *json, size_t n)
{
	separate(w);
	buf_add(w->buf, json, n);
}

void jsonw_kv_text(struct jsonw *w, const char *key, const char *text)
{
	jsonw_key(w, key);
	jsonw_text(w, text);
}

void jsonw_kv_int(struct jsonw *w, const char *key, int64_t value)
{
	jsonw_key(w, key);
	jsonw_int(w, value);
}

void jsonw_kv_id(struct jsonw *w, const char *key, int64_t id)
{
	jsonw_key(w, key);
	jsonw_id(w, id);
}

void jsonw_kv_bool(struct jsonw *w, const char *key, bool value)
{
	jsonw_key(w, key);
	jsonw_bool(w, value);
}
