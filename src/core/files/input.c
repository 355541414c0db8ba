#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/files/table.h"

/* What a gzip file may unpack to; memory stays flat, this only bounds time. */
static const int64_t unpacked_max = (int64_t)64 << 30;

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

enum err file_input_open(struct ctx *ctx, const char *path, struct file_input *in)
{
	struct stat st;
	*in = (struct file_input){.fd = -1};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return fail_arg(ctx, errno == ENOENT ? ERR_NOT_FOUND : ERR_INVALID, "file", "file_unreadable", last_part(path));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return fail(ctx, ERR_INVALID, "file", "file_not_regular");
	}
	in->fd = fd;
	in->size = st.st_size;
	in->gz = gzdopen(fd, "rb");
	in->head = malloc(FILE_CHUNK);
	if (in->gz == NULL || in->head == NULL) {
		file_input_close(in);
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	}
	(void)gzbuffer(in->gz, FILE_CHUNK);
	size_t n = 0;
	enum err err = file_input_read(ctx, in, in->head, FILE_CHUNK, &n);
	if (err == OK && n == 0)
		err = fail(ctx, ERR_INVALID, "file", "file_empty");
	if (err != OK) {
		file_input_close(in);
		return err;
	}
	in->head_len = n;
	in->packed = gzdirect(in->gz) == 0;
	return OK;
}

void file_input_close(struct file_input *in)
{
	if (in->decoder != NULL)
		text_decoder_free(in->decoder);
	free(in->head);
	if (in->gz != NULL)
		(void)gzclose(in->gz);
	else if (in->fd >= 0)
		close(in->fd);
	*in = (struct file_input){.fd = -1};
}

static size_t take_head(struct file_input *in, void *out, size_t cap)
{
	size_t n = in->head_len - in->head_at;
	if (n > cap)
		n = cap;
	if (n > 0)
		memcpy(out, in->head + in->head_at, n);
	in->head_at += n;
	return n;
}

enum err file_input_read(struct ctx *ctx, struct file_input *in, void *out, size_t cap, size_t *ret_n)
{
	*ret_n = take_head(in, out, cap);
	/* The head may be cut short, so that a full chunk needs a second read. */
	while (*ret_n < cap && !in->ended) {
		size_t want = cap - *ret_n;
		int n = gzread(in->gz, (char *)out + *ret_n, (unsigned)(want > FILE_CHUNK ? FILE_CHUNK : want));
		if (n < 0)
			return fail(ctx, ERR_INVALID, "file", "file_damaged");
		in->ended = n == 0;
		in->total += n;
		*ret_n += (size_t)n;
		if (in->total > unpacked_max)
			return fail(ctx, ERR_LIMIT, "file", "file_too_large");
	}
	return OK;
}

enum err file_input_decode(struct ctx *ctx, struct file_input *in, const char *encoding, const char **ret)
{
	size_t bom = 0;
	const char *found = text_detect_encoding(in->head, in->head_len, &bom);
	/* A mark decides, whatever was asked; otherwise what was asked. */
	*ret = encoding == NULL || encoding[0] == '\0' || bom > 0 ? found : encoding;
	in->head_at = bom;
	return text_decoder_new(ctx, *ret, &in->decoder);
}

static void drop_nuls(struct buf *buf, size_t from)
{
	char *nul = memchr(buf->data + from, '\0', buf->len - from);
	if (nul == NULL)
		return;
	char *to = nul;
	const char *end = buf->data + buf->len;
	for (const char *p = nul; p < end; p++)
		if (*p != '\0')
			*to++ = *p;
	*to = '\0';
	buf->len = (size_t)(to - buf->data);
}

enum err file_input_text(struct ctx *ctx, struct file_input *in, struct buf *out, bool *ret_more)
{
	char chunk[FILE_CHUNK];
	size_t n = 0, from = out->len;
	enum err err = file_input_read(ctx, in, chunk, sizeof(chunk), &n);
	if (err != OK)
		return err;
	*ret_more = n == sizeof(chunk);
	err = text_decode(ctx, in->decoder, chunk, n, !*ret_more, out);
	if (err != OK)
		return err;
	if (buf_failed(out))
		return fail(ctx, ERR_LIMIT, "file", "row_too_large");
	if (out->len > from)
		drop_nuls(out, from);
	return OK;
}

int64_t file_input_done(const struct file_input *in)
{
	if (in->gz == NULL)
		return 0;
	z_off_t at = gzoffset(in->gz);
	return at < 0 ? in->size : at;
}

/* --- what kind of file ------------------------------------------------- */

struct signature {
	const char *bytes;
	size_t len;
	const char *key; /* NULL: a workbook, perhaps */
};

static const struct signature signatures[] = {
	{"PK\003\004", 4, NULL},
	{"PK\005\006", 4, "file_kind_zip"},
	{"%PDF-", 5, "file_kind_pdf"},
	{"BZh", 3, "file_kind_packed"},
	{"\xfd" "7zXZ", 6, "file_kind_packed"},
	{"\x28\xb5\x2f\xfd", 4, "file_kind_packed"},
	{"7z\xbc\xaf\x27\x1c", 6, "file_kind_packed"},
	{"Rar!\x1a\x07", 6, "file_kind_packed"},
	{"\x89PNG\r\n\x1a\n", 8, "file_kind_image"},
	{"\xff\xd8\xff", 3, "file_kind_image"},
	{"GIF8", 4, "file_kind_image"},
	{"SQLite format 3", 16, "file_kind_binary"},
	{"\x7f" "ELF", 4, "file_kind_binary"},
};

static enum err sniff_zip(struct ctx *ctx, const struct file_input *in, enum file_format *ret)
{
	static const char ods[] = "mimetypeapplication/vnd.oasis.opendocument";
	if (in->packed)
		return fail(ctx, ERR_INVALID, "file", "file_kind_packed");
	*ret = in->head_len > 30 + sizeof(ods) && memcmp(in->head + 30, ods, sizeof(ods) - 1) == 0 ? FILE_ODS : FILE_XLSX;
	return OK;
}

static bool has(const char *text, size_t len, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i + n <= len; i++)
		if (strncasecmp(text + i, word, n) == 0)
			return true;
	return false;
}

static bool starts(const char *text, size_t len, const char *word)
{
	size_t n = strlen(word);
	return len >= n && strncasecmp(text, word, n) == 0;
}

/* What text begins with, or holds near its beginning, that is not a table of ours. */
static const char *other_text(const char *text, size_t len)
{
	static const struct {
		const char *begins, *holds, *key;
	} others[] = {
		{"BEGIN:VCALENDAR", NULL, "file_kind_calendar"}, {"<", "<html", "file_kind_html"},  {"<", "<table", "file_kind_html"},
		{"<", "<!doctype", "file_kind_html"},            {"<?xml", NULL, "file_kind_xml"},
	};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (starts(text, len, others[i].begins) && (others[i].holds == NULL || has(text, len, others[i].holds)))
			return others[i].key;
	return NULL;
}

static bool looks_binary(const char *text, size_t len)
{
	size_t odd = 0;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		odd += c < 0x20 && memchr("\t\n\r\f\x1b", c, 5) == NULL;
	}
	return odd > 8 && odd > len / 100;
}

static enum err sniff_text(struct ctx *ctx, const char *text, size_t len, enum file_format *ret)
{
	if (looks_binary(text, len))
		return fail(ctx, ERR_INVALID, "file", "file_kind_binary");
	size_t blank = strspn(text, " \t\r\n");
	text += blank;
	len -= blank < len ? blank : len;
	if (len == 0)
		return fail(ctx, ERR_INVALID, "file", "file_empty");
	const char *other = other_text(text, len);
	if (other != NULL)
		return fail(ctx, ERR_INVALID, "file", other);
	bool list = text[0] == '[' && has(text, len < 200 ? len : 200, "{");
	*ret = starts(text, len, "BEGIN:VCARD") ? FILE_VCARD : text[0] == '{' || list ? FILE_JSONL : FILE_CSV;
	return OK;
}

enum err file_sniff(struct ctx *ctx, const struct file_input *in, enum file_format *ret)
{
	if (in->head_len >= 8 && memcmp(in->head, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8) == 0 && !in->packed) {
		*ret = FILE_XLS;
		return OK;
	}
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
		const struct signature *s = &signatures[i];
		if (in->head_len < s->len || memcmp(in->head, s->bytes, s->len) != 0)
			continue;
		return s->key != NULL ? fail(ctx, ERR_INVALID, "file", s->key) : sniff_zip(ctx, in, ret);
	}
	size_t bom = 0;
	const char *encoding = text_detect_encoding(in->head, in->head_len, &bom);
	struct text_decoder *decoder = NULL;
	enum err err = text_decoder_new(ctx, encoding, &decoder);
	if (err != OK)
		return err;
	struct buf text;
	buf_init(&text, FILE_CHUNK * 4);
	err = text_decode(ctx, decoder, in->head + bom, in->head_len - bom, false, &text);
	text_decoder_free(decoder);
	if (err == OK && text.len == 0)
		err = fail(ctx, ERR_INVALID, "file", "file_empty");
	if (err == OK)
		err = sniff_text(ctx, text.data, text.len, ret);
	buf_release(&text);
	return err;
}
