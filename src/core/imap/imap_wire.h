/* A connection to a mail server: to an address that may be called (core/machine), over TLS with the server's name checked unless it is
 * told otherwise; never waits but for the name. */
#ifndef GUANXI_CORE_IMAP_WIRE_H
#define GUANXI_CORE_IMAP_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/ctx.h"

struct imap_wire;
struct machine;

enum imap_security { IMAP_TLS, IMAP_STARTTLS, IMAP_NO_TLS };

struct imap_server {
	const char *host;
	int port;
	enum imap_security security;
	bool unverified;        /* any certificate will do: only for servers that the machine's own list names */
	const char *trusted_ca; /* PEM, in place of the machine's; NULL: the machine's */
};

/* Asks for the name (which may take seconds) and begins to connect. *ret_error: NULL, or the key of what went wrong ("outward_name",
 * "outward_barred", "outward_connect", "outward_tls"); then there is no wire. ERR_LIMIT: no memory. */
enum err imap_wire_open_new(struct ctx *ctx, const struct machine *machine, const struct imap_server *server, struct imap_wire **ret, const char **ret_error) MUST_CHECK;
void imap_wire_free(struct imap_wire *wire);
int imap_wire_fd(const struct imap_wire *wire);
/* What poll shall wait for: POLLIN, POLLOUT. `sending`: there is something to send. */
short imap_wire_events(const struct imap_wire *wire, bool sending);
/* From here on in TLS (STARTTLS). False: it cannot be. */
bool imap_wire_secure(struct imap_wire *wire) MUST_CHECK;

enum imap_flow { IMAP_FLOWS, IMAP_WAITS, IMAP_ENDED };
/* Goes on with what is begun: connecting, shaking hands. IMAP_FLOWS: ready for both directions; IMAP_ENDED: see imap_wire_error. */
enum imap_flow imap_wire_step(struct imap_wire *wire);
/* IMAP_FLOWS: *ret_n bytes were read. IMAP_ENDED: closed or broken. */
enum imap_flow imap_wire_read(struct imap_wire *wire, void *room, size_t max, size_t *ret_n);
/* Sends from the front of `out` and takes it away there. */
enum imap_flow imap_wire_write(struct imap_wire *wire, struct buf *out);
/* Key of what ended it. */
const char *imap_wire_error(const struct imap_wire *wire);

#endif
