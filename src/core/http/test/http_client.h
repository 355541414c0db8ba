/* A client that sends exactly the bytes it is told, for the tests of this folder. */
#ifndef GUANXI_CORE_HTTP_TEST_CLIENT_H
#define GUANXI_CORE_HTTP_TEST_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct answer {
	int status;     /* 0: the connection ended without an answer */
	char *head;     /* status line and headers */
	char *body;     /* NUL-terminated, chunks joined */
	size_t body_n;
	bool cut;       /* the connection ended before the body did */
};

/* Ends the test with a message (cmocka's fail_msg does not go with base/err.h). */
void client_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
int client_open(int port);
/* -1 when nobody listens; for other threads than the test's. */
int client_try(int port);
void client_send(int fd, const char *text);
void client_send_n(int fd, const void *data, size_t n);
/* Reads one answer; interim ones (1xx) are counted and passed over. `head_only`: of a HEAD request. */
void client_read(int fd, bool head_only, struct answer *ret);
/* True if the peer has closed within a second. */
bool client_closed(int fd);
void answer_release(struct answer *answer);
/* Value of a header into `out` ("" if absent). */
const char *answer_field(const struct answer *answer, const char *name, char *out, size_t n);
/* One request on a connection of its own. `fields` holds whole lines with CRLF, or "". */
void client_ask(int port, const char *method, const char *target, const char *fields, const char *body, struct answer *ret);

#endif
