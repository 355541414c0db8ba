#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "core/http/http_internal.h"

void http_response_init(struct http_response *res, size_t max)
{
	*res = (struct http_response){.status = 200, .type = "application/json", .fd = -1};
	buf_init(&res->body, max);
}

void http_response_reset(struct http_response *res)
{
	if (res->fd >= 0)
		(void)close(res->fd);
	if (res->stream != NULL) {
		http_stream_end(res->stream, true);
		http_stream_unref(res->stream);
	}
	struct buf body = res->body;
	buf_reset(&body);
	/* the header list is guarded by its count */
	res->status = 200;
	res->kind = KIND_BODY;
	res->body = body;
	res->type = "application/json";
	res->n_fields = 0;
	res->fixed_head = false;
	res->page = false;
	res->packed = res->dense = false;
	res->fixed = NULL;
	res->fixed_n = 0;
	res->fd = -1;
	res->file_at = res->file_n = 0;
	res->stream = NULL;
}

void http_response_release(struct http_response *res)
{
	buf_release(&res->body);
}

void http_status(struct http_response *res, int status)
{
	if (!res->fixed_head)
		res->status = status;
}

static bool clean(const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static void set_field(struct http_response *res, const char *name, const char *value)
{
	/* a header stands once, but for cookies */
	if (!str_equal_nocase(name, "Set-Cookie")) {
		for (size_t i = 0; i < res->n_fields; i++)
			if (str_equal_nocase(res->fields[i].name, name)) {
				res->fields[i].value = value;
				return;
			}
	}
	if (res->n_fields == HTTP_ANSWER_FIELDS_MAX) {
		log_event(LOG_ERROR, "too many response headers", "name", name, NULL);
		return;
	}
	res->fields[res->n_fields++] = (struct http_field){.name = name, .value = value};
}

void http_set_header(struct http_response *res, const char *name, const char *value)
{
	struct http_call *call = http_call_of(res);
	if (res->fixed_head)
		return;
	if (!clean(name) || !clean(value)) {
		log_event(LOG_ERROR, "response header with control characters left out", "request", call->request_id, "name", name, NULL);
		return;
	}
	const char *copy_name = arena_strdup(&call->arena, name), *copy = arena_strdup(&call->arena, value);
	if (copy_name != NULL && copy != NULL)
		set_field(res, copy_name, copy);
	else
		res->body.failed = true; /* no memory: better no answer than one without its header */
}

const char *http_response_field(const struct http_response *res, const char *name)
{
	for (size_t i = 0; i < res->n_fields; i++)
		if (str_equal_nocase(res->fields[i].name, name))
			return res->fields[i].value;
	return NULL;
}

struct buf *http_body(struct http_response *res)
{
	return &res->body;
}

void http_dense(struct http_response *res)
{
	res->dense = true;
}

void http_content_type(struct http_response *res, const char *type)
{
	struct http_call *call = http_call_of(res);
	if (res->fixed_head)
		return;
	const char *copy = clean(type) ? arena_strdup(&call->arena, type) : NULL;
	res->type = copy != NULL ? copy : "application/octet-stream";
}

/* --- ETag ------------------------------------------------------------------------ */

/* Weak comparison: If-None-Match asks only whether it is the same thing. */
static bool tag_in(const char *list, const char *etag)
{
	const char *bare = str_starts(etag, "W/") ? etag + 2 : etag;
	size_t n = strlen(bare);
	while (*list != '\0') {
		list += strspn(list, " \t,");
		if (*list == '*')
			return true;
		if (str_starts(list, "W/"))
			list += 2;
		size_t len = *list == '"' ? 1 + strcspn(list + 1, "\"") : strcspn(list, ",");
		if (list[0] == '"' && list[len] == '"')
			len++;
		if (len == n && memcmp(list, bare, n) == 0)
			return true;
		list += len;
	}
	return false;
}

bool http_not_modified(const struct http_request *req, struct http_response *res, const char *etag)
{
	http_set_header(res, "ETag", etag);
	const char *list = http_header(req, "If-None-Match");
	if (list == NULL || req->method != METHOD_GET || !tag_in(list, etag))
		return false;
	buf_reset(&res->body);
	res->status = 304;
	return true;
}

/* --- files -------------------------------------------------------------------------- */

static enum err open_failed(struct ctx *ctx)
{
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
	case ELOOP:
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return fail(ctx, ERR_RETRY, "", "memory");
	default:
		return fail(ctx, ERR_BUG, "", "file_unreadable");
	}
}

enum err http_send_file(struct ctx *ctx, struct http_response *res, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	if (fd < 0)
		return open_failed(ctx);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	}
	if (res->fd >= 0)
		(void)close(res->fd);
	res->kind = KIND_FILE;
	res->fd = fd;
	res->file_at = 0;
	res->file_n = (uint64_t)st.st_size;
	if (str_equal(res->type, "application/json"))
		http_content_type(res, "application/octet-stream");
	return OK;
}
