#include "core/outward/outward.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "core/machine/machine.h"
#include "core/outward/outward_curl.h"

enum { CONNECT_MS = 5000, HEADERS_MAX = 16 };

struct call {
	struct outward *outward;
	CURL *easy;
	struct curl_slist *headers;
	void *user;
	size_t got;
	bool plain, barred, large; /* plain: HTTP without TLS */
	int64_t began_ms;
};

struct outward {
	const struct machine *machine;
	CURLM *multi;
	struct call calls[OUTWARD_PARALLEL_MAX];
	size_t running;
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool ready;

static void start_curl(void)
{
	ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

bool outward_curl_ready(void)
{
	pthread_once(&once, start_curl);
	return ready;
}

int64_t outward_now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

enum err outward_open_new(struct ctx *ctx, const struct machine *machine, struct outward **ret)
{
	struct outward *outward = calloc(1, sizeof(*outward));
	CURLM *multi = outward_curl_ready() ? curl_multi_init() : NULL;
	if (outward == NULL || multi == NULL) {
		free(outward);
		if (multi != NULL)
			curl_multi_cleanup(multi);
		return fail(ctx, ERR_LIMIT, "", "memory");
	}
	outward->machine = machine;
	outward->multi = multi;
	*ret = outward;
	return OK;
}

/* --- where to ------------------------------------------------------------------ */

int outward_port_of(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port);
	return address->sa_family == AF_INET6 ? ntohs(((const struct sockaddr_in6 *)(const void *)address)->sin6_port) : 0;
}

static bool usual_port(int port)
{
	return port == 443 || port == 8443;
}

/* Asked of each address before a connection is made to it, whatever its name said before. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct call *call = arg;
	const struct machine *machine = call->outward->machine;
	bool may = purpose == CURLSOCKTYPE_IPCXN && machine_may_call(machine, &to->addr) &&
	           (machine_allows(machine, &to->addr) || (!call->plain && usual_port(outward_port_of(&to->addr))));
	if (!may) {
		call->barred = true;
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* An answer is looked at for its size alone. */
static size_t take_answer(char *data, size_t size, size_t n, void *arg)
{
	struct call *call = arg;
	(void)data;
	call->got += size * n;
	call->large = call->got > OUTWARD_ANSWER_MAX;
	return call->large ? 0 : size * n;
}

/* --- calling --------------------------------------------------------------------- */

static struct call *free_call(struct outward *outward)
{
	for (size_t i = 0; i < OUTWARD_PARALLEL_MAX; i++)
		if (outward->calls[i].easy == NULL)
			return &outward->calls[i];
	return NULL;
}

static void end_call(struct call *call)
{
	curl_multi_remove_handle(call->outward->multi, call->easy);
	curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	call->outward->running--;
	memset(call, 0, sizeof(*call));
}

static bool add_header(struct call *call, const char *text)
{
	struct curl_slist *list = curl_slist_append(call->headers, text);
	if (list != NULL)
		call->headers = list;
	return list != NULL;
}

static bool set_headers(struct call *call, const char *const *headers)
{
	/* no question before the body, and nothing said of what we take */
	bool ok = add_header(call, "Expect:") && add_header(call, "Accept:");
	for (size_t i = 0; ok && headers != NULL && headers[i] != NULL && i < HEADERS_MAX; i++)
		ok = strpbrk(headers[i], "\r\n") == NULL && add_header(call, headers[i]);
	return ok;
}

/* Whether all that is wanted of the connection could be said. */
static bool set_numbers(CURL *c, const struct outward_call *asked)
{
	const struct {
		CURLoption option;
		long value;
	} numbers[] = {
		{CURLOPT_FOLLOWLOCATION, 0}, {CURLOPT_NETRC, CURL_NETRC_IGNORED}, {CURLOPT_NOSIGNAL, 1}, {CURLOPT_POST, 1}, {CURLOPT_MAXAGE_CONN, 60},
		{CURLOPT_TIMEOUT_MS, (long)asked->timeout_ms}, {CURLOPT_CONNECTTIMEOUT_MS, (long)(asked->timeout_ms < CONNECT_MS ? asked->timeout_ms : CONNECT_MS)},
	};
	bool ok = true;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && ok; i++)
		ok = curl_easy_setopt(c, numbers[i].option, numbers[i].value) == CURLE_OK;
	return ok;
}

static bool set_hooks(CURL *c, struct call *call)
{
	bool ok = curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, call) == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_answer) == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_WRITEDATA, call) == CURLE_OK;
	return ok && curl_easy_setopt(c, CURLOPT_PRIVATE, call) == CURLE_OK;
}

static bool set_options(struct call *call, const struct outward_call *asked)
{
	CURL *c = call->easy;
	bool ok = set_numbers(c, asked) && set_hooks(c, call);
	ok = ok && curl_easy_setopt(c, CURLOPT_URL, asked->url) == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https,http") == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)asked->n) == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_COPYPOSTFIELDS, asked->body) == CURLE_OK;
	return ok && curl_easy_setopt(c, CURLOPT_HTTPHEADER, call->headers) == CURLE_OK;
}

enum err outward_post(struct ctx *ctx, struct outward *outward, const struct outward_call *asked)
{
	struct call *call = free_call(outward);
	if (call == NULL)
		return fail(ctx, ERR_LIMIT, "", "outward_busy");
	*call = (struct call){.outward = outward, .easy = curl_easy_init(), .user = asked->user, .plain = str_starts(asked->url, "http:"), .began_ms = outward_now_ms()};
	if (call->easy == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	outward->running++;
	if (set_headers(call, asked->headers) && set_options(call, asked) && curl_multi_add_handle(outward->multi, call->easy) == CURLM_OK)
		return OK;
	end_call(call);
	return fail(ctx, ERR_LIMIT, "", "memory");
}

static const char *error_of(const struct call *call, CURLcode code)
{
	if (code == CURLE_OK)
		return NULL;
	if (call->large)
		return "outward_large";
	return call->barred ? "outward_barred" : outward_error_of(code);
}

const char *outward_error_of(CURLcode code)
{
	switch ((int)code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return "outward_name";
	case CURLE_COULDNT_CONNECT:
		return "outward_connect";
	case CURLE_OPERATION_TIMEDOUT:
		return "outward_timeout";
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
		return "outward_tls";
	default:
		return "outward_broken";
	}
}

static size_t take_ended(struct outward *outward, struct outward_answer *answers, size_t max)
{
	size_t n = 0;
	int left;
	for (CURLMsg *m; n < max && (m = curl_multi_info_read(outward->multi, &left)) != NULL;) {
		char *arg = NULL;
		long status = 0;
		if (m->msg != CURLMSG_DONE || curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &arg) != CURLE_OK)
			continue;
		struct call *call = (struct call *)(void *)arg;
		const char *error = error_of(call, m->data.result);
		if (curl_easy_getinfo(m->easy_handle, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK)
			status = 0;
		answers[n++] = (struct outward_answer){call->user, (int)status, error, outward_now_ms() - call->began_ms};
		end_call(call);
	}
	return n;
}

size_t outward_wait(struct outward *outward, int ms, struct outward_answer *answers, size_t max)
{
	int64_t until = outward_now_ms() + ms;
	for (;;) {
		int still = 0, left = (int)(until - outward_now_ms());
		if (curl_multi_perform(outward->multi, &still) != CURLM_OK)
			return 0;
		size_t n = take_ended(outward, answers, max);
		if (n > 0 || outward->running == 0 || left <= 0 || curl_multi_poll(outward->multi, NULL, 0, left, NULL) != CURLM_OK)
			return n;
	}
}

size_t outward_running(const struct outward *outward)
{
	return outward->running;
}

void outward_free(struct outward *outward)
{
	if (outward == NULL)
		return;
	for (size_t i = 0; i < OUTWARD_PARALLEL_MAX; i++)
		if (outward->calls[i].easy != NULL)
			end_call(&outward->calls[i]);
	curl_multi_cleanup(outward->multi);
	free(outward);
}
