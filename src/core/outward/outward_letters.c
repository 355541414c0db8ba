#include "core/outward/outward_letters.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "core/machine/machine.h"
#include "core/outward/outward_curl.h"
#include "core/outward/outward_reply.h"

enum { CONNECT_MS = 15000, IDLE_S = 30, URL_MAX = 700 };

struct letter {
	struct outward_letters *letters;
	CURL *easy;
	struct curl_slist *to;
	void *user;
	char *bytes;
	size_t n, at;
	bool asks, told, may; /* it has asked; that was told; it may go on */
	bool barred, no_tls, signing_in, leaving; /* leaving: we have said QUIT */
	enum outward_stage stage;
	struct outward_reply reply;
	int64_t began_ms;
	struct buf *dialogue;
	int trust; /* a file descriptor and 1; 0: none */
};

struct outward_letters {
	const struct machine *machine;
	CURLM *multi;
	struct letter list[OUTWARD_LETTERS_MAX];
	size_t running;
};

enum err outward_letters_open_new(struct ctx *ctx, const struct machine *machine, struct outward_letters **ret)
{
	struct outward_letters *letters = calloc(1, sizeof(*letters));
	CURLM *multi = outward_curl_ready() ? curl_multi_init() : NULL;
	if (letters == NULL || multi == NULL) {
		free(letters);
		if (multi != NULL)
			curl_multi_cleanup(multi);
		return fail(ctx, ERR_LIMIT, "", "memory");
	}
	letters->machine = machine;
	letters->multi = multi;
	*ret = letters;
	return OK;
}

/* One that is broken off must not arrive: a handle that is taken away while its text is on its way would end that text well, were it
 * still a mail. */
static void end_letter(struct letter *letter)
{
	(void)curl_easy_setopt(letter->easy, CURLOPT_MAIL_RCPT, NULL);
	curl_multi_remove_handle(letter->letters->multi, letter->easy);
	curl_easy_cleanup(letter->easy);
	curl_slist_free_all(letter->to);
	free(letter->bytes);
	if (letter->trust > 0)
		close(letter->trust - 1);
	letter->letters->running--;
	memset(letter, 0, sizeof(*letter));
}

void outward_letters_free(struct outward_letters *letters)
{
	if (letters == NULL)
		return;
	for (size_t i = 0; i < OUTWARD_LETTERS_MAX; i++)
		if (letters->list[i].easy != NULL)
			end_letter(&letters->list[i]);
	curl_multi_cleanup(letters->multi);
	free(letters);
}

/* --- what curl asks ------------------------------------------------------------ */

static bool mail_port(int port)
{
	static const int ports[] = {25, 465, 587, 2465, 2525, 2587};
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (ports[i] == port)
			return true;
	return false;
}

/* Asked of each address before a connection is made to it, whatever its name said before. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct letter *letter = arg;
	const struct machine *machine = letter->letters->machine;
	bool may = purpose == CURLSOCKTYPE_IPCXN && machine_may_call(machine, &to->addr) &&
	           (machine_allows(machine, &to->addr) || (!letter->no_tls && mail_port(outward_port_of(&to->addr))));
	if (!may) {
		letter->barred = true;
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* All but the end, which waits until it may. */
static size_t give_bytes(char *room, size_t size, size_t n, void *arg)
{
	struct letter *letter = arg;
	size_t left = letter->n - letter->at, part = left < size * n ? left : size * n;
	if (left == 0 && !letter->may) {
		letter->asks = true;
		return CURL_READFUNC_PAUSE;
	}
	if (left == 0)
		letter->stage = OUTWARD_GONE;
	memcpy(room, letter->bytes + letter->at, part);
	letter->at += part;
	return part;
}

/* A line that the server says. */
static size_t take_line(char *line, size_t size, size_t n, void *arg)
{
	struct letter *letter = arg;
	if (!letter->leaving)
		outward_reply_line(&letter->reply, line, size * n);
	if (letter->reply.code != 334)
		letter->signing_in = false;
	return size * n;
}

static void note_stage(struct letter *letter, const char *line, size_t n)
{
	static const struct {
		const char *word;
		enum outward_stage stage;
	} words[] = {{"MAIL FROM", OUTWARD_SENDER}, {"RCPT TO", OUTWARD_RECIPIENT}, {"DATA", OUTWARD_TEXT}};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (n >= strlen(words[i].word) && strncasecmp(line, words[i].word, strlen(words[i].word)) == 0)
			letter->stage = words[i].stage;
}

static void note_said(struct letter *letter, const char *who, const char *line, size_t n)
{
	if (letter->dialogue == NULL)
		return;
	while (n > 0 && (line[n - 1] == '\r' || line[n - 1] == '\n'))
		n--;
	buf_puts(letter->dialogue, who);
	if (letter->signing_in && *who == 'C') { /* what signs in stays here */
		size_t mechanism = n > 5 && strncasecmp(line, "AUTH ", 5) == 0 ? 5 + strcspn(line + 5, " \r\n") : 0;
		buf_add(letter->dialogue, line, mechanism < n ? mechanism : n);
		buf_puts(letter->dialogue, mechanism == n ? "" : mechanism > 0 ? " ***" : "***");
	} else {
		buf_add(letter->dialogue, line, n);
	}
	buf_putc(letter->dialogue, '\n');
}

static int hear(CURL *easy, curl_infotype type, char *data, size_t n, void *arg)
{
	struct letter *letter = arg;
	(void)easy;
	if (type == CURLINFO_HEADER_OUT) {
		if (n >= 4 && strncasecmp(data, "AUTH", 4) == 0)
			letter->signing_in = true;
		letter->leaving = letter->leaving || (n >= 4 && strncasecmp(data, "QUIT", 4) == 0);
		note_stage(letter, data, n);
		note_said(letter, "C: ", data, n);
	} else if (type == CURLINFO_HEADER_IN) {
		note_said(letter, "S: ", data, n);
	} else if (type == CURLINFO_TEXT && letter->dialogue != NULL && n > 3 && (strncmp(data, "SSL", 3) == 0 || strncmp(data, "Conn", 4) == 0)) {
		note_said(letter, "* ", data, n);
	}
	return 0;
}

/* --- sending ----------------------------------------------------------------------- */

static struct letter *free_letter(struct outward_letters *letters)
{
	for (size_t i = 0; i < OUTWARD_LETTERS_MAX; i++)
		if (letters->list[i].easy == NULL)
			return &letters->list[i];
	return NULL;
}

static bool set_texts(CURL *c, const struct outward_letter *asked)
{
	static const char *const ways[] = {NULL, "AUTH=PLAIN", "AUTH=LOGIN", "AUTH=XOAUTH2"};
	const struct outward_server *server = asked->server;
	char url[URL_MAX];
	int n = snprintf(url, sizeof(url), "%s://%s:%d/%s", server->security == OUTWARD_TLS ? "smtps" : "smtp", server->host, server->port, server->hello);
	bool ok = n > 0 && n < URL_MAX && curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK && curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_MAIL_FROM, asked->from) == CURLE_OK;
	if (ok && server->sign_in != OUTWARD_NOBODY) {
		ok = curl_easy_setopt(c, CURLOPT_USERNAME, server->user) == CURLE_OK && curl_easy_setopt(c, CURLOPT_LOGIN_OPTIONS, ways[server->sign_in]) == CURLE_OK;
		ok = ok && curl_easy_setopt(c, server->sign_in == OUTWARD_XOAUTH2 ? CURLOPT_XOAUTH2_BEARER : CURLOPT_PASSWORD, server->secret) == CURLE_OK;
	}
	return ok;
}

/* GnuTLS takes authorities from a file only: one in memory. */
static bool set_trust(struct letter *letter, const char *pem)
{
	char path[64];
	size_t n = strlen(pem);
	letter->trust = memfd_create("authority", MFD_CLOEXEC) + 1;
	if (letter->trust == 0 || write(letter->trust - 1, pem, n) != (ssize_t)n)
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", letter->trust - 1);
	return curl_easy_setopt(letter->easy, CURLOPT_CAINFO, path) == CURLE_OK;
}

static bool set_numbers(CURL *c, const struct outward_letter *asked)
{
	const struct {
		CURLoption option;
		long value;
	} numbers[] = {
		{CURLOPT_NETRC, CURL_NETRC_IGNORED}, {CURLOPT_NOSIGNAL, 1}, {CURLOPT_UPLOAD, 1}, {CURLOPT_VERBOSE, 1}, {CURLOPT_MAXAGE_CONN, IDLE_S},
		{CURLOPT_TIMEOUT_MS, (long)asked->timeout_ms}, {CURLOPT_CONNECTTIMEOUT_MS, (long)(asked->timeout_ms < CONNECT_MS ? asked->timeout_ms : CONNECT_MS)},
		{CURLOPT_USE_SSL, asked->server->security == OUTWARD_NO_TLS ? CURLUSESSL_NONE : CURLUSESSL_ALL},
	};
	bool ok = true;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && ok; i++)
		ok = curl_easy_setopt(c, numbers[i].option, numbers[i].value) == CURLE_OK;
	return ok;
}

static bool set_hooks(CURL *c, struct letter *letter)
{
	bool ok = curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK && curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, letter) == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_READFUNCTION, give_bytes) == CURLE_OK && curl_easy_setopt(c, CURLOPT_READDATA, letter) == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_line) == CURLE_OK && curl_easy_setopt(c, CURLOPT_HEADERDATA, letter) == CURLE_OK;
	ok = ok && curl_easy_setopt(c, CURLOPT_DEBUGFUNCTION, hear) == CURLE_OK && curl_easy_setopt(c, CURLOPT_DEBUGDATA, letter) == CURLE_OK;
	return ok && curl_easy_setopt(c, CURLOPT_MAIL_RCPT, letter->to) == CURLE_OK && curl_easy_setopt(c, CURLOPT_PRIVATE, letter) == CURLE_OK;
}

enum err outward_letter_send(struct ctx *ctx, struct outward_letters *letters, const struct outward_letter *asked)
{
	struct letter *letter = free_letter(letters);
	if (letter == NULL) {
		free(asked->bytes);
		return fail(ctx, ERR_LIMIT, "", "outward_busy");
	}
	*letter = (struct letter){.letters = letters, .easy = curl_easy_init(), .to = curl_slist_append(NULL, asked->to), .user = asked->user, .bytes = asked->bytes, .n = asked->n,
		.no_tls = asked->server->security == OUTWARD_NO_TLS, .began_ms = outward_now_ms(), .dialogue = asked->dialogue};
	letters->running++;
	bool ok = letter->easy != NULL && letter->to != NULL && set_texts(letter->easy, asked) && set_numbers(letter->easy, asked) && set_hooks(letter->easy, letter);
	ok = ok && (asked->server->trusted_ca == NULL || set_trust(letter, asked->server->trusted_ca));
	if (ok && curl_multi_add_handle(letters->multi, letter->easy) == CURLM_OK)
		return OK;
	end_letter(letter);
	return fail(ctx, ERR_LIMIT, "", "memory");
}

bool outward_letter_go(struct outward_letters *letters, const void *user, bool go)
{
	for (size_t i = 0; i < OUTWARD_LETTERS_MAX; i++) {
		struct letter *letter = &letters->list[i];
		if (letter->easy == NULL || letter->user != user || !letter->asks || letter->may)
			continue;
		letter->may = go;
		if (go && curl_easy_pause(letter->easy, CURLPAUSE_CONT) == CURLE_OK)
			return true;
		end_letter(letter);
		return false;
	}
	return false;
}

/* --- what became of them ------------------------------------------------------------- */

static const char *error_of(const struct letter *letter, CURLcode code)
{
	if (code == CURLE_OK)
		return NULL;
	if (letter->barred)
		return "outward_barred";
	if (code == CURLE_LOGIN_DENIED)
		return "outward_login";
	if (code == CURLE_USE_SSL_FAILED)
		return "outward_starttls";
	return letter->reply.whole && letter->reply.code >= 400 ? "outward_refused" : outward_error_of(code);
}

static void tell(const struct letter *letter, enum outward_event event, const char *error, struct outward_told *ret)
{
	*ret = (struct outward_told){.user = letter->user, .event = event, .stage = letter->stage, .error = error, .code = letter->reply.code, .took_ms = outward_now_ms() - letter->began_ms};
	memcpy(ret->reply, letter->reply.text, sizeof(ret->reply));
}

static size_t take_told(struct outward_letters *letters, struct outward_told *told, size_t max)
{
	size_t n = 0;
	int left;
	for (CURLMsg *m; n < max && (m = curl_multi_info_read(letters->multi, &left)) != NULL;) {
		char *arg = NULL;
		if (m->msg != CURLMSG_DONE || curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &arg) != CURLE_OK)
			continue;
		struct letter *letter = (struct letter *)(void *)arg;
		tell(letter, OUTWARD_ENDED, error_of(letter, m->data.result), &told[n++]);
		end_letter(letter);
	}
	for (size_t i = 0; i < OUTWARD_LETTERS_MAX && n < max; i++) {
		struct letter *letter = &letters->list[i];
		if (letter->easy == NULL || !letter->asks || letter->told)
			continue;
		letter->told = true;
		tell(letter, OUTWARD_ASKS, NULL, &told[n++]);
	}
	return n;
}

size_t outward_letters_wait(struct outward_letters *letters, int ms, struct outward_told *told, size_t max)
{
	int64_t until = outward_now_ms() + ms;
	for (;;) {
		int still = 0, left = (int)(until - outward_now_ms());
		if (curl_multi_perform(letters->multi, &still) != CURLM_OK)
			return 0;
		size_t n = take_told(letters, told, max);
		if (n > 0 || letters->running == 0 || left <= 0 || curl_multi_poll(letters->multi, NULL, 0, left, NULL) != CURLM_OK)
			return n;
	}
}

size_t outward_letters_running(const struct outward_letters *letters)
{
	return letters->running;
}
