/* The head of a request: collected once, checked for everything by which two
 * readers of the same bytes could come to different requests (request smuggling).
 *
 * libmicrohttpd's own strictness is switched off where it only answers the same
 * refusal without our headers; see http_server.c. */
#include <string.h>

#include "base/str.h"
#include "core/http/http_internal.h"

struct scan {
	struct http_call *call;
	const char *expected; /* where the next name must start, if every line ended as it should */
	const char *key;
	int status;
	int hosts, lengths, codings;
};

static bool is_token(const char *text, size_t n)
{
	/* RFC 9110: what a header's name is made of */
	static const unsigned char token[128] = {
		['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1, ['&'] = 1, ['\''] = 1, ['*'] = 1, ['+'] = 1, ['-'] = 1, ['.'] = 1, ['^'] = 1, ['_'] = 1, ['`'] = 1,
		['|'] = 1, ['~'] = 1, ['0' ... '9'] = 1, ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1,
	};
	if (n == 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c >= 128 || !token[c])
			return false;
	}
	return true;
}

static bool clean_value(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static enum MHD_Result refuse(struct scan *scan, int status, const char *key)
{
	scan->status = status;
	scan->key = key;
	return MHD_NO;
}

static bool valid_host(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = text[i];
		bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!word && strchr(".-_:[]%", c) == NULL)
			return false;
	}
	return true;
}

/* Headers that decide where the body ends. */
static bool framing(struct scan *scan, const struct http_field *f)
{
	struct http_head *head = &scan->call->head;
	switch (f->name_n) {
	case 4:
		if (!str_equal_nocase(f->name, "host"))
			return true;
		return ++scan->hosts == 1 && valid_host(f->value, f->value_n);
	case 14:
		if (!str_equal_nocase(f->name, "content-length"))
			return true;
		return ++scan->lengths == 1 && f->value[0] >= '0' && f->value[0] <= '9' && str_to_i64(f->value, &head->length);
	case 17:
		if (!str_equal_nocase(f->name, "transfer-encoding"))
			return true;
		head->chunked = true;
		return ++scan->codings == 1 && str_equal_nocase(f->value, "chunked");
	default:
		return true;
	}
}

/* libmicrohttpd 0.9.75 joins folded lines into the name before them, and takes a bare
 * LF for the end of a line and a NUL for the end of a text.  It parses in place, so
 * that all of this shows in where names and values stand. */
static bool well_placed(struct scan *scan, const struct http_field *f)
{
	const char *end = f->name + f->name_n;
	if (scan->expected != NULL && f->name != scan->expected)
		return false;
	if (f->value < end + 1 || f->value > end + HTTP_CONN_MEMORY)
		return false;
	scan->expected = f->value + f->value_n + 2;
	return true;
}

static enum MHD_Result on_field(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_n, const char *value, size_t value_n)
{
	(void)kind;
	struct scan *scan = cls;
	struct http_head *head = &scan->call->head;
	if (head->n == HTTP_FIELDS_MAX || value_n > HTTP_VALUE_MAX)
		return refuse(scan, 431, "headers_too_large");
	struct http_field *f = &head->fields[head->n++];
	*f = (struct http_field){.name = name, .name_n = name_n, .value = value != NULL ? value : "", .value_n = value_n};
	if (!is_token(name, name_n) || !clean_value(f->value, value_n))
		return refuse(scan, 400, "header_malformed");
	if (scan->call->http->known_layout && value != NULL && !well_placed(scan, f))
		return refuse(scan, 400, "header_malformed");
	if (!framing(scan, f))
		return refuse(scan, 400, "framing");
	return MHD_YES;
}

/* Where the first header's name stands if request line and version are as they look. */
static const char *first_name(const struct http_call *call, const char *version)
{
	return call->http->known_layout ? version + strlen(version) + 2 : NULL;
}

static bool version_well_placed(const struct http_call *call, const char *version)
{
	if (!call->http->known_layout || call->uri == NULL)
		return true;
	uintptr_t expected = (uintptr_t)call->uri_raw + strlen(call->uri) + 1;
	return (uintptr_t)version == expected;
}

const char *http_head_end(const struct http_call *call, const char *method)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(call->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	return call->http->known_layout && info != NULL ? method + info->header_size : NULL;
}

/* Behind the last header no next name shows that a NUL cut its value short; the size of the whole head does. */
static bool ends_well(const struct http_call *call, const struct scan *scan, const char *method)
{
	const char *end = http_head_end(call, method);
	return end == NULL || scan->expected == NULL || scan->expected + 2 == end;
}

/* libmicrohttpd reads chunks itself, moves what is left to the start of its memory after each round, and hands on a chunk's
 * data where it stands.  So data that does not stand at the start follows the line with its size, if all of that came
 * together; where it did not nothing shows, which is why a connection never outlives a body in chunks. */
bool http_chunk_well_placed(const char *start, const char *data)
{
	if (start == NULL || data <= start || data > start + HTTP_CONN_MEMORY)
		return true;
	const char *end = data - 1, *line = end;
	while (line > start && line[-1] != '\n')
		line--;
	bool first = line == start;
	return *end == '\n' && end > line && end[-1] == '\r' && (first || (line - 1 > start && line[-2] == '\r'));
}

static int check_framing(const struct scan *scan, const char *version, const char **ret_key)
{
	struct http_head *head = &scan->call->head;
	bool old = strcmp(version, "HTTP/1.0") == 0;
	*ret_key = "framing";
	if (!old && strcmp(version, "HTTP/1.1") != 0)
		return 505;
	if (scan->hosts == 0 && !old)
		return 400;
	if (scan->codings > 0 && (scan->lengths > 0 || old))
		return 400;
	head->has_body = scan->codings > 0 || head->length > 0;
	return 0;
}

int http_head_read(struct http_call *call, const char *method, const char *version, const char **ret_key)
{
	struct http_head *head = &call->head;
	head->n = 0;
	head->length = 0;
	head->chunked = false;
	head->has_body = false;
	*ret_key = "request_malformed";
	if (version == NULL || !version_well_placed(call, version))
		return 400;
	struct scan scan = {.call = call, .expected = first_name(call, version)};
	(void)MHD_get_connection_values_n(call->mhd, MHD_HEADER_KIND, on_field, &scan);
	if (scan.status != 0) {
		*ret_key = scan.key;
		return scan.status;
	}
	if (!ends_well(call, &scan, method)) {
		*ret_key = "header_malformed";
		return 400;
	}
	return check_framing(&scan, version, ret_key);
}

const struct http_field *http_field_find(const struct http_head *head, const char *name, size_t n)
{
	for (size_t i = 0; i < head->n; i++) {
		const struct http_field *f = &head->fields[i];
		/* the first letters differ for nearly all: only then compare */
		if (f->name_n == n && ((f->name[0] ^ name[0]) & 0x5f) == 0 && str_equal_nocase(f->name, name))
			return f;
	}
	return NULL;
}

const char *http_header(const struct http_request *req, const char *name)
{
	const struct http_call *call = req->conn;
	if (call == NULL)
		return NULL;
	const struct http_field *f = http_field_find(&call->head, name, strlen(name));
	return f != NULL ? f->value : NULL;
}

static const char *cookie_in(struct arena *arena, const char *text, const char *name, size_t name_n)
{
	while (*text != '\0') {
		text += strspn(text, " \t;");
		size_t pair = strcspn(text, ";");
		if (pair > name_n && text[name_n] == '=' && memcmp(text, name, name_n) == 0) {
			size_t n;
			const char *value = str_trim(text + name_n + 1, pair - name_n - 1, &n);
			return arena_strndup(arena, value, n);
		}
		text += pair;
	}
	return NULL;
}

const char *http_cookie(const struct http_request *req, const char *name)
{
	const struct http_call *call = req->conn;
	if (call == NULL)
		return NULL;
	size_t name_n = strlen(name);
	for (size_t i = 0; i < call->head.n; i++) {
		const struct http_field *f = &call->head.fields[i];
		if (f->name_n != 6 || !str_equal_nocase(f->name, "cookie"))
			continue;
		const char *value = cookie_in(call->notes->arena, f->value, name, name_n);
		if (value != NULL)
			return value;
	}
	return NULL;
}
