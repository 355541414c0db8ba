/* One range of a file answer (RFC 9110, 14).  Several ranges are answered with the
 * whole file, which a server may always do. */
#include <string.h>

#include "base/str.h"
#include "core/http/http_internal.h"

enum range { RANGE_NONE, RANGE_OK, RANGE_OUTSIDE };

static bool read_number(const char **at, uint64_t *ret)
{
	char digits[24];
	size_t n = strspn(*at, "0123456789");
	if (n == 0 || n >= sizeof(digits))
		return false;
	memcpy(digits, *at, n);
	digits[n] = '\0';
	*at += n;
	return str_to_u64(digits, ret);
}

/* "-500": the last 500 bytes. */
static enum range parse_last(const char *text, uint64_t size, uint64_t *ret_from)
{
	uint64_t last;
	if (!read_number(&text, &last) || *text != '\0')
		return RANGE_NONE;
	*ret_from = last < size ? size - last : 0;
	return last == 0 || size == 0 ? RANGE_OUTSIDE : RANGE_OK;
}

/* "500-999" or "500-". */
static enum range parse_span(const char *text, uint64_t size, uint64_t *ret_from, uint64_t *ret_to)
{
	if (!read_number(&text, ret_from) || *text++ != '-')
		return RANGE_NONE;
	if (*text != '\0' && (!read_number(&text, ret_to) || *text != '\0' || *ret_to < *ret_from))
		return RANGE_NONE;
	return *ret_from >= size ? RANGE_OUTSIDE : RANGE_OK;
}

static enum range parse(const char *text, uint64_t size, uint64_t *ret_from, uint64_t *ret_n)
{
	if (!str_starts(text, "bytes="))
		return RANGE_NONE;
	text += 6;
	uint64_t to = size - 1;
	enum range range = *text == '-' ? parse_last(text + 1, size, ret_from) : parse_span(text, size, ret_from, &to);
	if (to >= size)
		to = size - 1;
	*ret_n = range == RANGE_OK ? to - *ret_from + 1 : 0;
	return range;
}

/* A range of another version of the file would be of no use. */
static bool still_same(const struct http_call *call)
{
	const char *condition = http_header(&call->req, "If-Range");
	return condition == NULL || str_equal(condition, http_response_field(&call->res, "ETag"));
}

void http_range_apply(struct http_call *call)
{
	struct http_response *res = &call->res;
	http_set_header(res, "Accept-Ranges", "bytes");
	const char *text = http_header(&call->req, "Range");
	if (text == NULL || res->status != 200 || call->req.method != METHOD_GET || !still_same(call))
		return;
	uint64_t from, n, size = res->file_n;
	char value[80];
	struct buf out;
	buf_init(&out, sizeof(value) - 1);
	switch (parse(text, size, &from, &n)) {
	case RANGE_NONE:
		break;
	case RANGE_OK:
		res->status = 206;
		res->file_at = from;
		res->file_n = n;
		buf_printf(&out, "bytes %llu-%llu/%llu", (unsigned long long)from, (unsigned long long)(from + n - 1), (unsigned long long)size);
		http_set_header(res, "Content-Range", buf_text(&out));
		break;
	case RANGE_OUTSIDE:
		buf_printf(&out, "bytes */%llu", (unsigned long long)size);
		http_refuse(call, ERR_INVALID, "range", 416);
		http_set_header(res, "Content-Range", buf_text(&out));
		break;
	}
	buf_release(&out);
}
