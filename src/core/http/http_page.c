/* The page from the program: its files, and index.html for every path it may show. */
#include <string.h>

#include "base/str.h"
#include "core/http/http_internal.h"

/* Ant Design adds <style> elements as it runs: they carry this answer's nonce. */
#define NONCE_MARK "__CSP_NONCE__"
#define CSP_BEFORE "default-src 'self'; script-src 'self'; style-src 'self' 'nonce-"
#define CSP_AFTER                                                                                                                              \
	"'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; " \
	"frame-ancestors 'none'"
/* For files that are no documents, SVG among them. */
#define CSP_ASSET "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox"

enum { NONCE_BYTES = 16, NONCE_TEXT = 2 * NONCE_BYTES + 1 };

static bool starts_api(const char *path)
{
	return str_starts(path, "/api") && (path[4] == '\0' || path[4] == '/');
}

static void make_nonce(struct http_call *call, char out[NONCE_TEXT])
{
	unsigned char bytes[NONCE_BYTES];
	ctx_random(&call->ctx, bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++) {
		out[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		out[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	out[NONCE_TEXT - 1] = '\0';
}

static void put_document(struct http_call *call, const struct http_page *page)
{
	struct http_response *res = &call->res;
	char nonce[NONCE_TEXT];
	make_nonce(call, nonce);
	const char *at = (const char *)page->data, *end = at + page->size;
	const char *mark;
	while ((mark = memmem(at, (size_t)(end - at), NONCE_MARK, sizeof(NONCE_MARK) - 1)) != NULL) {
		buf_add(&res->body, at, (size_t)(mark - at));
		buf_puts(&res->body, nonce);
		at = mark + sizeof(NONCE_MARK) - 1;
	}
	buf_add(&res->body, at, (size_t)(end - at));
	struct buf text;
	buf_init(&text, sizeof(CSP_BEFORE) + NONCE_TEXT + sizeof(CSP_AFTER));
	buf_puts(&text, CSP_BEFORE);
	buf_puts(&text, nonce);
	buf_puts(&text, CSP_AFTER);
	http_set_header(res, "Content-Security-Policy", buf_text(&text));
	buf_release(&text);
	http_set_header(res, "Cache-Control", "no-cache");
	res->type = "text/html; charset=utf-8";
}

static void put_asset(struct http_call *call, const struct http_page *page)
{
	struct http_response *res = &call->res;
	http_set_header(res, "Cache-Control", page->immutable ? "public, max-age=31536000, immutable" : "no-cache");
	http_set_header(res, "Content-Security-Policy", CSP_ASSET);
	res->type = page->type != NULL ? page->type : "application/octet-stream";
	if (page->br != NULL || page->gzip != NULL)
		http_set_header(res, "Vary", "Accept-Encoding");
	if (page->etag != NULL && http_not_modified(&call->req, res, page->etag))
		return;
	res->kind = KIND_FIXED;
	res->fixed = page->data;
	res->fixed_n = page->size;
	if (page->br != NULL && http_accepts(&call->req, "br")) {
		res->fixed = page->br;
		res->fixed_n = page->br_size;
		http_set_header(res, "Content-Encoding", "br");
	} else if (page->gzip != NULL && http_accepts(&call->req, "gzip")) {
		res->fixed = page->gzip;
		res->fixed_n = page->gzip_size;
		http_set_header(res, "Content-Encoding", "gzip");
	}
}

bool http_page_answer(struct http_call *call)
{
	bool (*find)(const char *path, struct http_page *ret) = call->http->config.page;
	const char *path = call->req.path;
	struct http_page page = {0};
	if (find == NULL || starts_api(path))
		return false;
	bool index = strcmp(path, "/") == 0 || strcmp(path, "/index.html") == 0;
	if (!index && find(path, &page)) {
		call->res.page = true;
		put_asset(call, &page);
		return true;
	}
	/* a path of the page's own router; a dot says it was meant to be a file */
	if ((!index && strchr(path, '.') != NULL) || !find("/index.html", &page))
		return false;
	call->res.page = true;
	put_document(call, &page);
	return true;
}
