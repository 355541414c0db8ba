#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/str.h"
#include "core/http/http_internal.h"

/* Any address as 16 bytes, IPv4 mapped into IPv6; false for others (a Unix socket). */
static bool address_bytes(const struct sockaddr *address, unsigned char out[16])
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	if (address->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, address, sizeof(in));
		memcpy(out, mapped, 12);
		memcpy(out + 12, &in.sin_addr, 4);
		return true;
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 in;
		memcpy(&in, address, sizeof(in));
		memcpy(out, &in.sin6_addr, 16);
		return true;
	}
	return false;
}

static bool is_mapped(const unsigned char bytes[16])
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	return memcmp(bytes, mapped, 12) == 0;
}

static bool parse_address(const char *text, unsigned char out[16])
{
	struct in_addr v4;
	if (inet_pton(AF_INET, text, &v4) == 1) {
		memset(out, 0, 10);
		memset(out + 10, 0xff, 2);
		memcpy(out + 12, &v4, 4);
		return true;
	}
	return inet_pton(AF_INET6, text, out) == 1;
}

static void print_address(const unsigned char bytes[16], char out[48])
{
	const char *text = is_mapped(bytes) ? inet_ntop(AF_INET, bytes + 12, out, 48) : inet_ntop(AF_INET6, bytes, out, 48);
	if (text == NULL)
		out[0] = '\0';
}

/* Who counts as one client: an IPv4 address, or the /64 that one IPv6 customer has. */
static size_t address_key(const unsigned char bytes[16], unsigned char out[8])
{
	if (is_mapped(bytes)) {
		memcpy(out, bytes + 12, 4);
		return 4;
	}
	memcpy(out, bytes, 8);
	return 8;
}

/* --- trusted proxies -------------------------------------------------------- */

static bool in_net(const struct http_net *net, const unsigned char bytes[16])
{
	int whole = net->bits / 8, rest = net->bits % 8;
	if (memcmp(net->address, bytes, (size_t)whole) != 0)
		return false;
	if (rest == 0)
		return true;
	unsigned mask = 0xffu << (8 - rest) & 0xffu;
	return ((unsigned)(net->address[whole] ^ bytes[whole]) & mask) == 0;
}

static bool is_proxy(const struct http *http, const unsigned char bytes[16])
{
	for (size_t i = 0; i < http->n_proxies; i++)
		if (in_net(&http->proxies[i], bytes))
			return true;
	return false;
}

static bool parse_net(const char *text, struct http_net *ret)
{
	char address[64];
	size_t n = strcspn(text, "/");
	if (n >= sizeof(address))
		return false;
	memcpy(address, text, n);
	address[n] = '\0';
	if (!parse_address(address, ret->address))
		return false;
	ret->bits = 128;
	if (text[n] == '\0')
		return true;
	int64_t bits;
	if (!str_to_i64(text + n + 1, &bits) || bits < 0)
		return false;
	if (is_mapped(ret->address))
		bits += 96;
	ret->bits = (int)bits;
	return bits <= 128;
}

enum err http_conn_proxies(struct ctx *ctx, struct http *http)
{
	const char *const *list = http->config.trusted_proxies;
	size_t n = 0;
	while (list != NULL && list[n] != NULL)
		n++;
	if (n == 0)
		return OK;
	http->proxies = calloc(n, sizeof(*http->proxies));
	if (http->proxies == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (; http->n_proxies < n; http->n_proxies++)
		if (!parse_net(list[http->n_proxies], &http->proxies[http->n_proxies]))
			return fail_arg(ctx, ERR_INVALID, "trusted_proxies", "address_invalid", list[http->n_proxies]);
	return OK;
}

/* One list of addresses from its right end: 1 found the client, 0 all proxies, -1 nonsense. */
static int forwarded_in(struct http *http, const char *list, unsigned char ret[16])
{
	size_t end = strlen(list);
	for (;;) {
		size_t from = end;
		while (from > 0 && list[from - 1] != ',')
			from--;
		size_t n;
		const char *part = str_trim(list + from, end - from, &n);
		char text[64];
		if (n >= sizeof(text))
			return -1;
		memcpy(text, part, n);
		text[n] = '\0';
		if (!parse_address(text, ret))
			return -1;
		if (!is_proxy(http, ret))
			return 1;
		if (from == 0)
			return 0;
		end = from - 1;
	}
}

/* The rightmost address that is no proxy of ours: what stands left of it may be
 * anything the client liked to send.  A proxy may add to the header or add a header. */
static const char *forwarded_client(struct http_call *call)
{
	unsigned char bytes[16];
	bool found = false;
	for (size_t i = call->head.n; i-- > 0;) {
		const struct http_field *f = &call->head.fields[i];
		if (f->name_n != 15 || !str_equal_nocase(f->name, "x-forwarded-for"))
			continue;
		int what = forwarded_in(call->http, f->value, bytes);
		if (what < 0)
			break;
		found = true;
		if (what == 1)
			break;
	}
	char *out = found ? arena_alloc(&call->arena, 48) : NULL;
	if (out != NULL)
		print_address(bytes, out);
	return out;
}

void http_conn_client(struct http_call *call)
{
	call->req.secure = call->http->tls;
	if (!call->conn->proxy)
		return;
	const char *client = forwarded_client(call);
	if (client != NULL)
		call->req.remote = client;
	const struct http_field *f = http_field_find(&call->head, "x-forwarded-proto", 17);
	if (f != NULL)
		call->req.secure = str_equal_nocase(f->value, "https");
}

/* --- accepting and closing ---------------------------------------------------- */

enum MHD_Result http_conn_accept(void *cls, const struct sockaddr *address, socklen_t n)
{
	(void)n;
	struct http *http = ((struct http_thread *)cls)->http;
	unsigned char bytes[16], key[8];
	if (atomic_load(&http->stopping) || !address_bytes(address, bytes))
		return MHD_NO;
	if (is_proxy(http, bytes))
		return MHD_YES; /* it stands for many clients */
	size_t key_n = address_key(bytes, key);
	int64_t have = 0;
	pthread_mutex_lock(&http->conns_lock);
	(void)map_get(&http->addresses, key, key_n, &have);
	pthread_mutex_unlock(&http->conns_lock);
	if (have < http->config.per_address_max)
		return MHD_YES;
	atomic_fetch_add(&http->refused, 1);
	return MHD_NO;
}

static void count_address(struct http *http, struct http_conn *conn, int64_t by)
{
	int64_t have = 0;
	(void)map_get(&http->addresses, conn->key, conn->key_n, &have);
	have += by;
	if (have <= 0)
		map_remove(&http->addresses, conn->key, conn->key_n);
	else
		conn->counted = map_put(&http->addresses, conn->key, conn->key_n, have);
}

static void conn_open(struct http_thread *thread, struct MHD_Connection *mhd, void **slot)
{
	struct http *http = thread->http;
	*slot = NULL;
	const union MHD_ConnectionInfo *fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	const union MHD_ConnectionInfo *address = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct http_conn *conn = calloc(1, sizeof(*conn));
	if (conn == NULL || fd == NULL || address == NULL) {
		free(conn); /* requests on it are refused: see http_request_begin */
		return;
	}
	conn->thread = thread;
	conn->fd = fd->connect_fd;
	unsigned char bytes[16];
	if (address_bytes(address->client_addr, bytes)) {
		print_address(bytes, conn->remote);
		conn->key_n = address_key(bytes, conn->key);
		conn->proxy = is_proxy(http, bytes);
	}
	http_conn_phase(conn, PHASE_OPEN, http_now(http) + http->config.head_deadline_ms);
	pthread_mutex_lock(&http->conns_lock);
	conn->next = http->conns;
	if (http->conns != NULL)
		http->conns->prev = conn;
	http->conns = conn;
	http->n_conns++;
	if (!conn->proxy && conn->key_n > 0)
		count_address(http, conn, 1);
	pthread_mutex_unlock(&http->conns_lock);
	thread->n_conns++;
	*slot = conn;
}

static void conn_close(struct http_thread *thread, struct http_conn *conn)
{
	struct http *http = thread->http;
	thread->n_conns--;
	pthread_mutex_lock(&http->conns_lock);
	if (conn->prev != NULL)
		conn->prev->next = conn->next;
	else
		http->conns = conn->next;
	if (conn->next != NULL)
		conn->next->prev = conn->prev;
	http->n_conns--;
	if (conn->counted)
		count_address(http, conn, -1);
	pthread_mutex_unlock(&http->conns_lock);
	http_watch_end(http, conn);
	free(conn);
}

void http_conn_notify(void *cls, struct MHD_Connection *mhd, void **slot, enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		conn_open(cls, mhd, slot);
	else if (*slot != NULL)
		conn_close(cls, *slot);
}

void http_conn_phase(struct http_conn *conn, enum http_phase phase, int64_t deadline_ms)
{
	/* never an old deadline beside a new phase */
	atomic_store_explicit(&conn->deadline_ms, 0, memory_order_relaxed);
	atomic_store_explicit(&conn->phase, (int)phase, memory_order_release);
	if (deadline_ms != 0)
		atomic_store_explicit(&conn->deadline_ms, deadline_ms, memory_order_release);
}

int64_t http_now(const struct http *http)
{
	return atomic_load_explicit(&http->now_ms, memory_order_relaxed);
}

void http_conn_last_words(const struct http_conn *conn, int status)
{
	struct buf buf;
	buf_init(&buf, 512);
	buf_printf(&buf, "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: 0\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n", status,
	           MHD_get_reason_phrase_for((unsigned)status));
	if (!buf_failed(&buf))
		(void)send(conn->fd, buf_text(&buf), buf.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	buf_release(&buf);
}

/* Nothing is said to who has not asked anything: a browser may have opened it in advance. */
static void shut(struct http *http, struct http_conn *conn)
{
	int phase = atomic_load_explicit(&conn->phase, memory_order_acquire);
	if (!http->tls && (phase == PHASE_HEAD || phase == PHASE_BODY))
		http_conn_last_words(conn, 408);
	(void)shutdown(conn->fd, SHUT_RDWR); /* libmicrohttpd sees the end and cleans up */
	atomic_store_explicit(&conn->deadline_ms, 0, memory_order_relaxed);
}

/* At the stop: whoever has not brought a whole head by now gets no answer any more. */
static bool is_waiting(int phase, bool heads)
{
	return phase == PHASE_IDLE || (heads && (phase == PHASE_OPEN || phase == PHASE_HEAD));
}

void http_conn_sweep(struct http *http, bool idle, bool heads)
{
	int64_t now = http_now(http);
	pthread_mutex_lock(&http->conns_lock);
	for (struct http_conn *conn = http->conns; conn != NULL; conn = conn->next) {
		int64_t deadline = atomic_load_explicit(&conn->deadline_ms, memory_order_acquire);
		bool late = deadline != 0 && now > deadline;
		if (late || (idle && is_waiting(atomic_load(&conn->phase), heads)))
			shut(http, conn);
	}
	pthread_mutex_unlock(&http->conns_lock);
}

void http_conn_shut_all(struct http *http)
{
	pthread_mutex_lock(&http->conns_lock);
	for (struct http_conn *conn = http->conns; conn != NULL; conn = conn->next)
		(void)shutdown(conn->fd, SHUT_RDWR);
	pthread_mutex_unlock(&http->conns_lock);
}
