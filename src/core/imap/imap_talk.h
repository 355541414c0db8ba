/* What we say to an IMAP server and make of its answers: sign-in, a folder, new messages, and waiting for more. Without a connection of
 * its own: whoever has one gives it what came and sends what stands in `out`.
 *
 * Nothing is changed in the mailbox: EXAMINE, BODY.PEEK. */
#ifndef GUANXI_CORE_IMAP_TALK_H
#define GUANXI_CORE_IMAP_TALK_H

#include "base/ctx.h"
#include "core/imap/imap_read.h"

enum { IMAP_ROUND_MAX = 200, IMAP_SAID_MAX = 300, IMAP_PEEK_MAX = 256 << 10 };

enum imap_sign_in { IMAP_PLAIN, IMAP_XOAUTH2 };

struct imap_account {
	const char *user, *secret, *folder;
	enum imap_sign_in sign_in;
	bool starttls; /* before anything is said of the account */
	const char *since; /* "1-Dec-2026": messages that came earlier stay; NULL: none do */
};

/* What whoever has the connection shall know. */
enum imap_event {
	IMAP_NOTHING,  /* until more comes */
	IMAP_SECURE,   /* the connection becomes TLS now; then imap_talk_secured */
	IMAP_OPENED,   /* signed in, the folder is open: imap_talk_list */
	IMAP_LISTED,   /* uids and sizes of new messages: imap_talk_get, or imap_talk_rest where there are none */
	IMAP_MESSAGE,  /* `message`, until the next step */
	IMAP_GOT,      /* all that was asked for has come */
	IMAP_RESTS,    /* nothing to do: it tells when something is new (idle) or is to be asked again */
	IMAP_NEWS,     /* while it rested: imap_talk_list */
	IMAP_FAILED,   /* `error` and `said`; nothing more follows */
};

enum imap_state {
	IMAP_GREETING, IMAP_CAPABILITY, IMAP_STARTS_TLS, IMAP_SHAKING, IMAP_CAPABILITY_AGAIN, IMAP_SIGNING_IN, IMAP_CAPABILITY_LAST, IMAP_SELECTING,
	IMAP_OPEN, IMAP_SEARCHING, IMAP_SIZING, IMAP_GETTING, IMAP_IDLE_BEGINS, IMAP_IDLES, IMAP_IDLE_ENDS, IMAP_ASKING, IMAP_ASKED, IMAP_OVER,
};

struct imap_listed {
	uint32_t uid;
	uint64_t size;
};

struct imap_talk {
	struct imap_account account; /* borrowed */
	enum imap_state state;
	struct imap_in in;
	struct buf out;
	unsigned number;          /* of the command that waits for its end */
	bool can_idle, can_xoauth2, can_plain, can_initial, no_login, can_starttls;
	bool told;                /* that something is new */
	bool secret_sent;
	uint32_t uidvalidity, from, exists;
	struct imap_listed listed[IMAP_ROUND_MAX];
	size_t n_listed;
	struct imap_message message;
	const char *error;        /* key: "imap_login", "imap_folder", "imap_starttls", "imap_broken", "imap_refused", "imap_bye" */
	char said[IMAP_SAID_MAX]; /* the server's words, of printable ASCII */
};

/* `account` outlives it. */
void imap_talk_begin(struct imap_talk *talk, const struct imap_account *account);
void imap_talk_end(struct imap_talk *talk);
/* Makes something of what has come; called again until IMAP_NOTHING. */
enum imap_event imap_talk_step(struct imap_talk *talk);
void imap_talk_secured(struct imap_talk *talk);
/* Asks for messages from this UID on, the first IMAP_ROUND_MAX of them. */
void imap_talk_list(struct imap_talk *talk, uint32_t from);
/* Asks for messages; `cut`: their first IMAP_PEEK_MAX bytes alone. */
void imap_talk_get(struct imap_talk *talk, const uint32_t *uids, size_t n, bool cut);
/* Nothing is asked for: it waits for news (idle), or does nothing until imap_talk_ask. */
void imap_talk_rest(struct imap_talk *talk);
/* While it rests: the waiting is begun anew (idle), or the server is asked whether something is new. */
void imap_talk_ask(struct imap_talk *talk);
/* Says good-bye. */
void imap_talk_leave(struct imap_talk *talk);

#endif
