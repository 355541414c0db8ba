#include "http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>


#include "base/buf.h"
#include "base/str.h"
#include "base/test/check.h"

enum { WAIT_MS = 20000 };

void client_wrong(const char *format, ...)
{
	char text[2000];
	va_list args;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_error("%s\n", text);
	assert_true(false);
}

int client_try(int port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

int client_open(int port)
{
	int fd = client_try(port);
	assert_true(fd >= 0);
	return fd;
}

void client_send_n(int fd, const void *data, size_t n)
{
	const char *at = data;
	while (n > 0) {
		ssize_t done = send(fd, at, n, MSG_NOSIGNAL);
		if (done <= 0)
			return; /* the server may have closed: the test looks at the answer */
		at += done;
		n -= (size_t)done;
	}
}

void client_send(int fd, const char *text)
{
	client_send_n(fd, text, strlen(text));
}

static ssize_t receive(int fd, void *out, size_t n, int flags)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int ready = poll(&p, 1, WAIT_MS);
	if (ready <= 0)
		client_wrong("no answer within %d ms", WAIT_MS);
	return recv(fd, out, n, flags);
}

/* Up to `end`, and not a byte beyond it. */
static bool read_until(int fd, struct buf *buf, const char *end)
{
	size_t end_n = strlen(end);
	for (;;) {
		char part[512];
		ssize_t got = receive(fd, part, sizeof(part), MSG_PEEK);
		if (got <= 0)
			return false;
		size_t from = buf->len, back = from < end_n - 1 ? from : end_n - 1;
		buf_add(buf, part, (size_t)got);
		if (buf_failed(buf))
			return false;
		const char *found = memmem(buf->data + from - back, back + (size_t)got, end, end_n);
		size_t use = found != NULL ? (size_t)(found - buf->data) + end_n - from : (size_t)got;
		buf_truncate(buf, from + use);
		if (recv(fd, part, use, MSG_WAITALL) != (ssize_t)use)
			return false;
		if (found != NULL)
			return true;
	}
}

static bool read_exactly(int fd, struct buf *buf, size_t n)
{
	while (n > 0) {
		char part[65536];
		ssize_t got = receive(fd, part, n < sizeof(part) ? n : sizeof(part), 0);
		if (got <= 0)
			return false;
		buf_add(buf, part, (size_t)got);
		n -= (size_t)got;
	}
	return true;
}

static bool read_chunks(int fd, struct buf *body)
{
	for (;;) {
		struct buf line;
		buf_init(&line, 100000);
		bool ok = read_until(fd, &line, "\r\n");
		size_t n = ok ? strtoul(line.data, NULL, 16) : 0;
		buf_release(&line);
		struct buf end;
		buf_init(&end, 100000);
		if (ok && n > 0)
			ok = read_exactly(fd, body, n);
		if (ok)
			ok = read_until(fd, &end, "\r\n");
		buf_release(&end);
		if (!ok || n == 0)
			return ok;
	}
}

const char *answer_field(const struct answer *answer, const char *name, char *out, size_t n)
{
	size_t name_n = strlen(name);
	out[0] = '\0';
	for (const char *at = strstr(answer->head, "\r\n"); at != NULL && at[2] != '\r' && at[2] != '\0'; at = strstr(at, "\r\n")) {
		at += 2;
		if (strncasecmp(at, name, name_n) != 0 || at[name_n] != ':')
			continue;
		at += name_n + 1;
		at += strspn(at, " ");
		size_t len = strcspn(at, "\r");
		if (len >= n)
			len = n - 1;
		memcpy(out, at, len);
		out[len] = '\0';
		break;
	}
	return out;
}

static void read_body(int fd, struct answer *ret, struct buf *body)
{
	char text[64];
	int64_t n;
	bool ok;
	if (strstr(answer_field(ret, "Transfer-Encoding", text, sizeof(text)), "chunked") != NULL)
		ok = read_chunks(fd, body);
	else if (str_to_i64(answer_field(ret, "Content-Length", text, sizeof(text)), &n))
		ok = read_exactly(fd, body, (size_t)n);
	else
		ok = true;
	ret->cut = !ok;
}

void client_read(int fd, bool head_only, struct answer *ret)
{
	*ret = (struct answer){0};
	struct buf head, body;
	buf_init(&head, 100000);
	buf_init(&body, 300u * 1024 * 1024);
	do {
		buf_reset(&head);
		if (!read_until(fd, &head, "\r\n\r\n"))
			buf_reset(&head);
		ret->status = head.len > 12 ? (int)strtol(head.data + 9, NULL, 10) : 0;
	} while (ret->status >= 100 && ret->status < 200);
	ret->head = strdup(buf_text(&head));
	if (ret->status != 0 && !head_only && ret->status != 204 && ret->status != 304)
		read_body(fd, ret, &body);
	ret->body_n = body.len;
	ret->body = body.data != NULL ? body.data : strdup("");
	buf_release(&head);
	assert_non_null(ret->head);
	assert_non_null(ret->body);
}

bool client_closed(int fd)
{
	char rest[4096];
	struct pollfd p = {.fd = fd, .events = POLLIN};
	while (poll(&p, 1, 1000) == 1)
		if (recv(fd, rest, sizeof(rest), 0) <= 0)
			return true;
	return false;
}

void answer_release(struct answer *answer)
{
	free(answer->head);
	free(answer->body);
	*answer = (struct answer){0};
}

void client_ask(int port, const char *method, const char *target, const char *fields, const char *body, struct answer *ret)
{
	int fd = client_open(port);
	struct buf text;
	buf_init(&text, 10u * 1024 * 1024);
	buf_printf(&text, "%s %s HTTP/1.1\r\nHost: crm.example\r\n%s", method, target, fields);
	if (body != NULL)
		buf_printf(&text, "Content-Length: %zu\r\n", strlen(body));
	buf_puts(&text, "\r\n");
	if (body != NULL)
		buf_puts(&text, body);
	assert_false(buf_failed(&text));
	client_send_n(fd, text.data, text.len);
	client_read(fd, strcmp(method, "HEAD") == 0, ret);
	buf_release(&text);
	close(fd);
}
