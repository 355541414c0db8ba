#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/str.h"
#include "core/files/files.h"

enum { NAME_BYTES_MAX = 150, SUFFIX_MAX = 16 };

/* The last part of a path, whichever system's. */
static const char *last_part(const char *name)
{
	const char *last = name;
	for (const char *p = name; *p != '\0'; p++)
		if (*p == '/' || *p == '\\' || *p == ':')
			last = p + 1;
	return last;
}

/* Characters that break headers, file systems or the reader's eye: controls,
 * marks of direction, and what Windows forbids. */
static bool refused(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
	    (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c == 0x2028 || c == 0x2029)
		return true;
	return c < 0x80 && strchr("\"*<>?|%;", (int)c) != NULL;
}

static bool reserved(const char *name)
{
	static const char *const names[] = {"con", "prn", "aux", "nul", "com", "lpt"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strncasecmp(name, names[i], 3) != 0)
			continue;
		char after = i >= 4 && name[3] >= '0' && name[3] <= '9' ? name[4] : name[3];
		bool device = i < 4 || (name[3] >= '0' && name[3] <= '9');
		if (device && (after == '\0' || after == '.'))
			return true;
	}
	return false;
}

/* Cuts at a whole character and keeps a short suffix. */
static void shorten(struct buf *buf)
{
	if (buf->len <= NAME_BYTES_MAX)
		return;
	char suffix[SUFFIX_MAX] = "";
	const char *dot = strrchr(buf->data, '.');
	size_t n = dot == NULL ? 0 : strlen(dot);
	if (n > 0 && n < SUFFIX_MAX)
		memcpy(suffix, dot, n + 1);
	size_t keep = NAME_BYTES_MAX - strlen(suffix);
	while (keep > 0 && ((unsigned char)buf->data[keep] & 0xc0) == 0x80)
		keep--;
	buf_truncate(buf, keep);
	buf_puts(buf, suffix);
}

/* The characters that may stay; a name does not begin with marks that hide it or turn it into an option. */
static void take_characters(struct buf *buf, const char *name)
{
	size_t len = strlen(name), at = 0;
	for (uint32_t c; at < len && (c = utf8_next(name, len, &at)) != 0;) {
		char bytes[4];
		bool leading = buf->len == 0 && c < 0x80 && strchr(". -~", (int)c) != NULL;
		if (!leading && !refused(c))
			buf_add(buf, bytes, utf8_encode(c, bytes));
	}
	shorten(buf);
	while (buf->len > 0 && (buf->data[buf->len - 1] == ' ' || buf->data[buf->len - 1] == '.'))
		buf_truncate(buf, buf->len - 1);
}

enum err file_safe_name(struct ctx *ctx, const char *name, const char *fallback, const char **ret)
{
	struct buf buf;
	buf_init(&buf, 64 * 1024);
	if (name != NULL && strlen(name) < 16 * 1024 && utf8_valid(name, strlen(name)))
		take_characters(&buf, last_part(name));
	bool usable = buf.len > 0 && !buf_failed(&buf) && !reserved(buf.data);
	*ret = arena_strdup(ctx->arena, usable ? buf.data : fallback);
	buf_release(&buf);
	return *ret == NULL ? fail(ctx, ERR_LIMIT, "", "no_memory") : OK;
}

enum err file_disposition(struct ctx *ctx, const char *name, const char **ret)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	const char *safe = NULL;
	enum err err = file_safe_name(ctx, name, "download", &safe);
	if (err != OK)
		return err;
	struct buf buf;
	buf_init(&buf, 4096);
	buf_puts(&buf, "attachment; filename=\"");
	for (const char *p = safe; *p != '\0'; p++) /* for clients that know only ASCII */
		if (((unsigned char)*p & 0xc0) != 0x80)
			buf_putc(&buf, (unsigned char)*p < 0x80 ? *p : '_');
	buf_puts(&buf, "\"; filename*=UTF-8''");
	for (const char *p = safe; *p != '\0'; p++) {
		if (strchr(unreserved, *p) != NULL)
			buf_putc(&buf, *p);
		else
			buf_printf(&buf, "%%%02X", (unsigned char)*p);
	}
	*ret = buf_failed(&buf) ? NULL : arena_strdup(ctx->arena, buf.data);
	buf_release(&buf);
	return *ret == NULL ? fail(ctx, ERR_LIMIT, "", "no_memory") : OK;
}

const char *file_inert_type(const char *type)
{
	static const char *const inert[] = {
		"image/png",       "image/jpeg", "image/gif",  "image/webp",      "image/bmp",  "image/tiff", "application/pdf",
		"text/plain",      "text/csv",   "audio/mpeg", "audio/ogg",       "audio/wav",  "video/mp4",  "video/webm",
		"application/zip", "text/vcard", "application/gzip",
	};
	for (size_t i = 0; type != NULL && i < sizeof(inert) / sizeof(inert[0]); i++)
		if (str_equal_nocase(type, inert[i]))
			return inert[i];
	return "application/octet-stream";
}
