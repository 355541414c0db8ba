#include <brotli/encode.h>
#include <string.h>

#include "base/str.h"
#include "core/http/http_internal.h"

/* "gzip;q=0" refuses; "*" is as good as the name. */
static bool refused(const char *params, size_t n)
{
	for (size_t i = 0; i + 2 < n; i++) {
		if ((params[i] != 'q' && params[i] != 'Q') || params[i + 1] != '=')
			continue;
		size_t at = i + 2;
		if (params[at] != '0')
			return false;
		for (at++; at < n && (params[at] == '.' || params[at] == '0'); at++)
			;
		return at == n || params[at] == ' ' || params[at] == ';';
	}
	return false;
}

bool http_accepts(const struct http_request *req, const char *coding)
{
	const char *list = http_header(req, "Accept-Encoding");
	size_t coding_n = strlen(coding);
	while (list != NULL && *list != '\0') {
		list += strspn(list, " \t,");
		size_t n = strcspn(list, ",");
		size_t name = strcspn(list, ";, \t");
		if (name > n)
			name = n;
		bool same = name == coding_n && strncasecmp(list, coding, name) == 0;
		if (same || (name == 1 && *list == '*'))
			return !refused(list + name, n - name);
		list += n;
	}
	return false;
}

/* On a server the time is worth more than a third of size, but for what is asked once by who has just come. */
enum { LEVEL = 1, LEVEL_DENSE = 7, BROTLI_DENSE = 6 };

static bool ready(struct http_gzip *gzip)
{
	if (gzip->ready)
		return deflateReset(&gzip->z) == Z_OK;
	memset(&gzip->z, 0, sizeof(gzip->z));
	gzip->ready = deflateInit2(&gzip->z, LEVEL, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK;
	return gzip->ready;
}

void http_gzip_release(struct http_gzip *gzip)
{
	if (gzip->ready)
		(void)deflateEnd(&gzip->z);
	gzip->ready = false;
}

static bool worth_it(const struct http_call *call)
{
	const struct http_response *res = &call->res;
	size_t min = call->route != NULL && call->route->lane == LANE_READ ? HTTP_GZIP_MIN_READ : HTTP_GZIP_MIN;
	if (res->kind != KIND_BODY || res->body.len < min || res->status == 304 || http_response_field(res, "Content-Encoding") != NULL)
		return false;
	return (strstr(res->type, "json") != NULL || str_starts(res->type, "text/")) && http_accepts(&call->req, "gzip");
}

static void coded(struct http_call *call, const char *coding, size_t n)
{
	call->packed.len = n;
	http_set_header(&call->res, "Content-Encoding", coding);
	http_set_header(&call->res, "Vary", "Accept-Encoding");
}

/* A fifth less than gzip's best, where the client knows it. */
static bool pack_dense(struct http_call *call)
{
	const struct buf *body = &call->res.body;
	size_t n = BrotliEncoderMaxCompressedSize(body->len);
	if (!call->res.dense || !http_accepts(&call->req, "br"))
		return false;
	char *out = n > 0 ? buf_reserve(&call->packed, n) : NULL;
	if (out == NULL || !BrotliEncoderCompress(BROTLI_DENSE, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, body->len, (const uint8_t *)body->data, &n, (uint8_t *)out))
		return false;
	coded(call, "br", n);
	return true;
}

/* Once, by the thread that made the answer if it may take the time. */
void http_pack(struct http_call *call, struct http_gzip *gzip)
{
	struct http_response *res = &call->res;
	if (res->packed)
		return;
	res->packed = true;
	buf_reset(&call->packed);
	if (!worth_it(call) || pack_dense(call) || !ready(gzip) || deflateParams(&gzip->z, res->dense ? LEVEL_DENSE : LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return;
	size_t bound = deflateBound(&gzip->z, (uLong)res->body.len);
	char *out = buf_reserve(&call->packed, bound);
	if (out == NULL)
		return;
	gzip->z.next_in = (Bytef *)res->body.data;
	gzip->z.avail_in = (uInt)res->body.len;
	gzip->z.next_out = (Bytef *)out;
	gzip->z.avail_out = (uInt)bound;
	if (deflate(&gzip->z, Z_FINISH) != Z_STREAM_END || gzip->z.total_out >= res->body.len)
		return;
	coded(call, "gzip", gzip->z.total_out);
}
