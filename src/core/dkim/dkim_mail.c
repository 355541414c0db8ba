/* A mail taken apart, and as it is hashed. */
#include <openssl/evp.h>
#include <string.h>

#include "core/dkim/dkim_internal.h"

/* --- taken apart ---------------------------------------------------------------- */

/* A copy whose lines end by CRLF. */
static char *with_crlf(struct ctx *ctx, const char *mail, size_t n, size_t *ret_n)
{
	size_t more = 0, k = 0;
	for (size_t i = 0; i < n; i++)
		more += mail[i] == '\n' && (i == 0 || mail[i - 1] != '\r');
	char *out = arena_alloc(ctx->arena, n + more + 1);
	for (size_t i = 0; out != NULL && i < n; i++) {
		if (mail[i] == '\n' && (i == 0 || mail[i - 1] != '\r'))
			out[k++] = '\r';
		out[k++] = mail[i];
	}
	*ret_n = k;
	return out;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Length of the field at `at`, with the lines that go on with it. */
static size_t field_length(const char *at, const char *end)
{
	const char *p = at;
	do {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		p = nl != NULL ? nl + 1 : end;
	} while (p < end && blank(*p));
	return (size_t)(p - at);
}

static size_t name_length(const char *at, size_t len)
{
	const char *colon = memchr(at, ':', len);
	size_t n = colon != NULL ? (size_t)(colon - at) : 0;
	while (n > 0 && blank(at[n - 1]))
		n--;
	return n;
}

enum err dkim_mail_read(struct ctx *ctx, const char *mail, size_t n, struct dkim_mail *ret)
{
	size_t len, cap = 64;
	if (n > DKIM_MAIL_MAX)
		return fail(ctx, ERR_LIMIT, "", "dkim_large");
	const char *text = with_crlf(ctx, mail, n, &len), *end = text + len, *at = text;
	*ret = (struct dkim_mail){.fields = arena_array(ctx->arena, cap, sizeof(*ret->fields))};
	if (text == NULL || ret->fields == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	while (at < end && !(end - at >= 2 && at[0] == '\r' && at[1] == '\n')) {
		size_t field = field_length(at, end);
		if (ret->n == DKIM_FIELDS_MAX)
			return fail(ctx, ERR_LIMIT, "", "dkim_large");
		if (ret->n == cap) {
			struct dkim_field *more = arena_array(ctx->arena, cap * 2, sizeof(*more));
			if (more == NULL)
				return fail(ctx, ERR_LIMIT, "", "memory");
			memcpy(more, ret->fields, cap * sizeof(*more));
			ret->fields = more;
			cap *= 2;
		}
		ret->fields[ret->n++] = (struct dkim_field){.at = at, .len = field, .name = name_length(at, field)};
		at += field;
	}
	ret->body = at < end ? at + 2 : end;
	ret->body_len = (size_t)(end - ret->body);
	return OK;
}

bool dkim_field_is(const struct dkim_field *field, const char *name)
{
	return strlen(name) == field->name && strncasecmp(field->at, name, field->name) == 0;
}

/* --- a header field, hashed --------------------------------------------------------- */

/* Where the value of the tag b stands in the field; n 0: nowhere. */
static size_t find_b(const char *at, size_t len, size_t from, size_t *ret_n)
{
	for (size_t i = from; i < len;) {
		size_t name = i;
		while (name < len && (blank(at[name]) || at[name] == '\r' || at[name] == '\n'))
			name++;
		size_t eq = name + 1;
		while (eq < len && (blank(at[eq]) || at[eq] == '\r' || at[eq] == '\n'))
			eq++;
		const char *semi = memchr(at + i, ';', len - i);
		size_t end = semi != NULL ? (size_t)(semi - at) : len;
		if (eq < end && at[name] == 'b' && at[eq] == '=') {
			*ret_n = end - eq - 1;
			return eq + 1;
		}
		i = end + 1;
	}
	*ret_n = 0;
	return len;
}

static void put_relaxed(struct buf *out, const char *at, size_t n, bool *blanks)
{
	for (size_t i = 0; i < n; i++) {
		if (blank(at[i]) || at[i] == '\r' || at[i] == '\n') {
			*blanks = true;
			continue;
		}
		if (*blanks)
			buf_putc(out, ' ');
		*blanks = false;
		buf_putc(out, at[i]);
	}
}

static void relaxed_field(const struct dkim_field *field, size_t b_at, size_t b_n, struct buf *out)
{
	const char *colon = memchr(field->at, ':', field->len);
	size_t value = colon != NULL ? (size_t)(colon - field->at) + 1 : field->len;
	bool blanks = false;
	for (size_t i = 0; i < field->name; i++)
		buf_putc(out, field->at[i] >= 'A' && field->at[i] <= 'Z' ? (char)(field->at[i] | 0x20) : field->at[i]);
	buf_putc(out, ':');
	while (value < b_at && (blank(field->at[value]) || field->at[value] == '\r' || field->at[value] == '\n'))
		value++;
	put_relaxed(out, field->at + value, b_at - value, &blanks);
	put_relaxed(out, field->at + b_at + b_n, field->len - b_at - b_n, &blanks); /* blanks at the end go */
}

static bool ends_line(const struct dkim_field *field)
{
	return field->len >= 2 && field->at[field->len - 1] == '\n';
}

void dkim_canon_field(const struct dkim_field *field, enum dkim_canon canon, bool without_b, struct buf *out)
{
	const char *colon = memchr(field->at, ':', field->len);
	size_t value = colon != NULL ? (size_t)(colon - field->at) + 1 : field->len, b_n = 0, b_at = field->len;
	if (without_b)
		b_at = find_b(field->at, field->len, value, &b_n);
	if (canon == DKIM_RELAXED) {
		relaxed_field(field, b_at, b_n, out);
		if (!without_b)
			buf_puts(out, "\r\n");
		return;
	}
	/* the last line end belongs to the field, not to b */
	size_t end = field->len - (without_b && ends_line(field) ? 2 : 0);
	buf_add(out, field->at, b_at < end ? b_at : end);
	if (b_at + b_n < end)
		buf_add(out, field->at + b_at + b_n, end - b_at - b_n);
}

/* --- the body, hashed ------------------------------------------------------------------ */

struct hashing {
	EVP_MD_CTX *md;
	int64_t bytes, limit; /* so far; to be hashed, -1 all */
	size_t empty;         /* lines that count only if something follows */
	char room[4096];
	size_t n;
	bool ok;
};

static void flush(struct hashing *h)
{
	h->ok = h->ok && EVP_DigestUpdate(h->md, h->room, h->n) == 1;
	h->n = 0;
}

static void put(struct hashing *h, char c)
{
	if (h->limit < 0 || h->bytes < h->limit) {
		h->room[h->n++] = c;
		if (h->n == sizeof(h->room))
			flush(h);
	}
	h->bytes++;
}

static void put_break(struct hashing *h)
{
	put(h, '\r');
	put(h, '\n');
}

static void put_line(struct hashing *h, const char *at, size_t n, enum dkim_canon canon)
{
	while (canon == DKIM_RELAXED && n > 0 && blank(at[n - 1]))
		n--;
	if (n == 0) {
		h->empty++;
		return;
	}
	for (; h->empty > 0; h->empty--)
		put_break(h);
	for (size_t i = 0; i < n; i++) {
		if (canon == DKIM_SIMPLE || !blank(at[i]))
			put(h, at[i]);
		else if (!blank(at[i + 1])) /* of a run, the last: one never stands at the end here */
			put(h, ' ');
	}
	put_break(h);
}

bool dkim_body_hash(const char *body, size_t n, enum dkim_canon canon, int64_t limit, unsigned char ret[DKIM_HASH], int64_t *ret_bytes)
{
	struct hashing h = {.md = EVP_MD_CTX_new(), .limit = limit};
	h.ok = h.md != NULL && EVP_DigestInit_ex(h.md, EVP_sha256(), NULL) == 1;
	for (size_t at = 0; at < n;) {
		const char *nl = memchr(body + at, '\n', n - at);
		size_t next = nl != NULL ? (size_t)(nl - body) + 1 : n, end = nl != NULL ? next - 2 : n;
		put_line(&h, body + at, end - at, canon);
		at = next;
	}
	if (h.bytes == 0 && canon == DKIM_SIMPLE)
		put_break(&h);
	flush(&h);
	h.ok = h.ok && EVP_DigestFinal_ex(h.md, ret, NULL) == 1;
	EVP_MD_CTX_free(h.md);
	*ret_bytes = h.bytes;
	return h.ok;
}
