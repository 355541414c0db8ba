#include "core/imap/imap_wire.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "core/machine/machine.h"

enum { HOST_MAX = 256, WRITE_MAX = 16384 };

struct imap_wire {
	int fd;
	SSL_CTX *tls;
	SSL *ssl;
	bool connected, secured, secure_at_once;
	bool wants_write; /* TLS must send before it can go on */
	const char *error;
	char host[HOST_MAX];
};

/* --- where to ---------------------------------------------------------------------- */

static bool mail_port(int port)
{
	static const int ports[] = {110, 143, 993, 995};
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (ports[i] == port)
			return true;
	return false;
}

/* As for letters that go out: any public address on a port of mail over TLS that is checked; else what the machine's list names. */
static bool may_call(const struct machine *machine, const struct imap_server *server, const struct sockaddr *address)
{
	bool guarded = server->security != IMAP_NO_TLS && !server->unverified && mail_port(server->port);
	return machine_may_call(machine, address) && (guarded || machine_allows(machine, address));
}

/* A socket that begins to connect; -1: none. */
static int connect_to(const struct addrinfo *to)
{
	int fd = socket(to->ai_family, to->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, to->ai_protocol);
	if (fd >= 0 && connect(fd, to->ai_addr, to->ai_addrlen) != 0 && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

static const char *begin_connect(const struct machine *machine, const struct imap_server *server, const char *host, int *ret_fd)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *list = NULL;
	char port[16];
	const char *error = "outward_connect";
	bool barred = false;
	snprintf(port, sizeof(port), "%d", server->port);
	if (getaddrinfo(host, port, &hints, &list) != 0 || list == NULL)
		return "outward_name";
	for (const struct addrinfo *one = list; one != NULL && *ret_fd < 0; one = one->ai_next) {
		if (!may_call(machine, server, one->ai_addr))
			barred = true;
		else
			*ret_fd = connect_to(one);
	}
	freeaddrinfo(list);
	return *ret_fd >= 0 ? NULL : barred ? "outward_barred" : error;
}

/* --- TLS ------------------------------------------------------------------------------- */

static bool trust_pem(SSL_CTX *tls, const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509_STORE *store = SSL_CTX_get_cert_store(tls);
	X509 *one;
	size_t n = 0;
	while (bio != NULL && (one = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		n += X509_STORE_add_cert(store, one) == 1;
		X509_free(one);
	}
	BIO_free(bio);
	ERR_clear_error(); /* the end of the text is an error of its own */
	return n > 0;
}

static bool make_tls(struct imap_wire *wire, const struct imap_server *server)
{
	wire->tls = SSL_CTX_new(TLS_client_method());
	if (wire->tls == NULL || SSL_CTX_set_min_proto_version(wire->tls, TLS1_2_VERSION) != 1)
		return false;
	SSL_CTX_set_verify(wire->tls, server->unverified ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	bool trusted = server->trusted_ca != NULL ? trust_pem(wire->tls, server->trusted_ca) : SSL_CTX_set_default_verify_paths(wire->tls) == 1;
	wire->ssl = trusted || server->unverified ? SSL_new(wire->tls) : NULL;
	if (wire->ssl == NULL)
		return false;
	SSL_set_mode(wire->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	bool number = strchr(wire->host, ':') != NULL || (wire->host[strspn(wire->host, "0123456789.")] == '\0');
	if (!number && SSL_set_tlsext_host_name(wire->ssl, wire->host) != 1)
		return false;
	if (number)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(wire->ssl), wire->host) == 1;
	SSL_set_hostflags(wire->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(wire->ssl, wire->host) == 1;
}

bool imap_wire_secure(struct imap_wire *wire)
{
	if (wire->ssl == NULL || wire->secured || SSL_set_fd(wire->ssl, wire->fd) != 1)
		return false;
	SSL_set_connect_state(wire->ssl);
	wire->secure_at_once = true;
	return true;
}

/* --- open and close ------------------------------------------------------------------------ */

enum err imap_wire_open_new(struct ctx *ctx, const struct machine *machine, const struct imap_server *server, struct imap_wire **ret, const char **ret_error)
{
	struct imap_wire *wire = calloc(1, sizeof(*wire));
	size_t n = strlen(server->host);
	bool brackets = n > 2 && server->host[0] == '[';
	*ret = NULL;
	*ret_error = NULL;
	if (wire == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	wire->fd = -1;
	snprintf(wire->host, sizeof(wire->host), "%.*s", (int)(brackets ? n - 2 : n), server->host + brackets);
	*ret_error = begin_connect(machine, server, wire->host, &wire->fd);
	if (*ret_error == NULL && server->security != IMAP_NO_TLS && !make_tls(wire, server))
		*ret_error = "outward_tls";
	if (*ret_error == NULL && server->security == IMAP_TLS && !imap_wire_secure(wire))
		*ret_error = "outward_tls";
	if (*ret_error != NULL) {
		imap_wire_free(wire);
		return OK;
	}
	*ret = wire;
	return OK;
}

void imap_wire_free(struct imap_wire *wire)
{
	if (wire == NULL)
		return;
	SSL_free(wire->ssl);
	SSL_CTX_free(wire->tls);
	if (wire->fd >= 0)
		close(wire->fd);
	free(wire);
	ERR_clear_error();
}

int imap_wire_fd(const struct imap_wire *wire)
{
	return wire->fd;
}

short imap_wire_events(const struct imap_wire *wire, bool sending)
{
	if (!wire->connected)
		return POLLOUT;
	return (short)(POLLIN | (sending || wire->wants_write ? POLLOUT : 0));
}

const char *imap_wire_error(const struct imap_wire *wire)
{
	return wire->error != NULL ? wire->error : "outward_broken";
}

/* --- flowing ---------------------------------------------------------------------------------- */

static enum imap_flow ended(struct imap_wire *wire, const char *error)
{
	wire->error = error;
	ERR_clear_error();
	return IMAP_ENDED;
}

/* What OpenSSL says of a call that did not succeed. */
static enum imap_flow told(struct imap_wire *wire, int got, const char *error)
{
	int why = SSL_get_error(wire->ssl, got);
	wire->wants_write = why == SSL_ERROR_WANT_WRITE;
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		return IMAP_WAITS;
	return ended(wire, error);
}

static enum imap_flow shake_hands(struct imap_wire *wire)
{
	ERR_clear_error();
	int got = SSL_do_handshake(wire->ssl);
	if (got == 1) {
		wire->secured = true;
		wire->wants_write = false;
		return IMAP_FLOWS;
	}
	return told(wire, got, "outward_tls");
}

enum imap_flow imap_wire_step(struct imap_wire *wire)
{
	if (!wire->connected) {
		struct pollfd fd = {.fd = wire->fd, .events = POLLOUT};
		int error = 0;
		socklen_t n = sizeof(error);
		if (poll(&fd, 1, 0) == 0)
			return IMAP_WAITS;
		if (getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0 || error != 0)
			return ended(wire, "outward_connect");
		wire->connected = true;
	}
	return wire->secure_at_once && !wire->secured ? shake_hands(wire) : IMAP_FLOWS;
}

enum imap_flow imap_wire_read(struct imap_wire *wire, void *room, size_t max, size_t *ret_n)
{
	*ret_n = 0;
	if (wire->secured) {
		ERR_clear_error();
		int got = SSL_read(wire->ssl, room, (int)max);
		if (got <= 0)
			return told(wire, got, "outward_broken");
		wire->wants_write = false;
		*ret_n = (size_t)got;
		return IMAP_FLOWS;
	}
	ssize_t got = recv(wire->fd, room, max, 0);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return IMAP_WAITS;
	if (got <= 0)
		return ended(wire, "outward_broken");
	*ret_n = (size_t)got;
	return IMAP_FLOWS;
}

enum imap_flow imap_wire_write(struct imap_wire *wire, struct buf *out)
{
	while (out->len > 0) {
		size_t part = out->len < WRITE_MAX ? out->len : WRITE_MAX;
		ssize_t gone;
		if (wire->secured) {
			ERR_clear_error();
			gone = SSL_write(wire->ssl, out->data, (int)part);
			if (gone <= 0)
				return told(wire, (int)gone, "outward_broken");
		} else {
			gone = send(wire->fd, out->data, part, MSG_NOSIGNAL);
			if (gone < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
				return IMAP_WAITS;
			if (gone <= 0)
				return ended(wire, "outward_broken");
		}
		memmove(out->data, out->data + gone, out->len - (size_t)gone);
		buf_truncate(out, out->len - (size_t)gone);
	}
	return IMAP_FLOWS;
}
