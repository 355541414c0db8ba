/* Mails handed over by SMTP to a server that takes them from us (submission), several at a time, on connections that are used again.
 *
 * The server's address is vetted as for other calls: any that is public and listens on a port of mail, over TLS; what the machine's own
 * list names also on other ports and, if it is said so, without TLS.
 *
 * Each asks before its last line goes (OUTWARD_ASKS): whoever sends notes then that it may have arrived, and lets it go or breaks it off. */
#ifndef GUANXI_CORE_OUTWARD_LETTERS_H
#define GUANXI_CORE_OUTWARD_LETTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/ctx.h"

enum { OUTWARD_LETTERS_MAX = 64, OUTWARD_REPLY_MAX = 500 };

enum outward_security { OUTWARD_STARTTLS, OUTWARD_TLS, OUTWARD_NO_TLS };
enum outward_sign_in { OUTWARD_NOBODY, OUTWARD_PLAIN, OUTWARD_LOGIN, OUTWARD_XOAUTH2 };

struct outward_server {
	const char *host, *hello; /* hello: our own name */
	int port;
	enum outward_security security;
	enum outward_sign_in sign_in;
	const char *user, *secret;
	const char *trusted_ca; /* PEM, in place of the machine's; NULL: the machine's */
};

struct outward_letter {
	const struct outward_server *server;
	const char *from, *to;
	char *bytes; /* malloc'd, CRLF; it is ours from then on, in any case */
	size_t n;
	int64_t timeout_ms; /* in all */
	void *user;
	struct buf *dialogue; /* what is said, without secrets; NULL: not kept. Outlives the letter */
};

/* How far it came. */
enum outward_stage { OUTWARD_CONNECTING, OUTWARD_SENDER, OUTWARD_RECIPIENT, OUTWARD_TEXT, OUTWARD_GONE };
enum outward_event { OUTWARD_ASKS, OUTWARD_ENDED };

struct outward_told {
	void *user;
	enum outward_event event;
	enum outward_stage stage;
	const char *error; /* NULL: it was taken. "outward_refused": see code; "outward_login", "outward_starttls", or as of other calls */
	int code;          /* the server's last; 0: none came */
	char reply[OUTWARD_REPLY_MAX]; /* its words: any bytes but line ends */
	int64_t took_ms;
};

struct outward_letters;
struct machine;
/* `machine` must outlive it. */
enum err outward_letters_open_new(struct ctx *ctx, const struct machine *machine, struct outward_letters **ret) MUST_CHECK;
/* Cuts what runs. */
void outward_letters_free(struct outward_letters *letters);
/* ERR_LIMIT: OUTWARD_LETTERS_MAX are under way, or no memory. */
enum err outward_letter_send(struct ctx *ctx, struct outward_letters *letters, const struct outward_letter *letter) MUST_CHECK;
/* After OUTWARD_ASKS: on it goes; or it is broken off (false): nothing was taken by the server, and nothing more is told of it. */
bool outward_letter_go(struct outward_letters *letters, const void *user, bool go);
/* Works until something is to be told or `ms` have gone by; how many were written. */
size_t outward_letters_wait(struct outward_letters *letters, int ms, struct outward_told *told, size_t max);
size_t outward_letters_running(const struct outward_letters *letters);

#endif
