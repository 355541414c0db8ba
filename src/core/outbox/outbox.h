/* Outgoing mails: kept in the transaction of their cause, sent by a service of its own, at least once under one Message-ID.
 *
 * A mail is not sent again by itself once its text has begun to go to the server: whether the server took it is known only when it
 * answers. What was on its way at the moment the program died is "unsure": counted, shown, and sent again only by a person, or where the
 * setting says so.
 *
 * A folder may declare rules in its manifest: a gate that is asked in the transaction that takes a mail out for sending and again in the
 * one that lets its last line go, and what is to be done in the transaction that writes what became of it. */
#ifndef GUANXI_CORE_OUTBOX_OUTBOX_H
#define GUANXI_CORE_OUTBOX_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "core/http/http.h"
#include "core/store/store.h"

/* Bytes. */
enum { OUTBOX_TEXT_MAX = 1 << 20, OUTBOX_HTML_MAX = 2 << 20, OUTBOX_HEADERS_MAX = 16, OUTBOX_HEADER_MAX = 4000, OUTBOX_KEY_MAX = 200, OUTBOX_SUBJECT_MAX = 800 };

/* Why somebody gets it. Promotions wait behind the others. */
enum outbox_purpose {
	OUTBOX_NOTICE,    /* to staff */
	OUTBOX_SERVICE,   /* what a customer asked for, or must know */
	OUTBOX_PROMOTION, /* what may be unsubscribed */
	OUTBOX_PURPOSES
};

enum outbox_state {
	OUTBOX_WAITING,
	OUTBOX_TAKEN,   /* by the sender; nothing of it has left the house */
	OUTBOX_LEAVING, /* its text has begun to go: until the server answers nobody knows */
	OUTBOX_SENT,
	OUTBOX_FAILED,  /* for ever */
	OUTBOX_REFUSED, /* by a gate */
	OUTBOX_UNSURE,  /* was leaving when the program died */
	OUTBOX_SKIPPED, /* by a person, with a reason */
	OUTBOX_STATES
};

struct outbox_mail {
	int64_t account_id; /* of mail_account; 0: the one that is the firm's when it is sent */
	const char *to_address, *to_name; /* name NULL: none */
	const char *subject;
	const char *text, *html; /* UTF-8, one of them at least */
	/* "Name: value" in UTF-8, ended by NULL: List-Unsubscribe, List-Unsubscribe-Post, List-Id, Feedback-ID, In-Reply-To, References,
	 * Reply-To, Auto-Submitted, Precedence, X-… ; NULL: none */
	const char *const *headers;
	const char *entity; /* its cause: a record; NULL and 0: none */
	int64_t record_id;
	enum outbox_purpose purpose;
	const char *key;     /* the same is kept once, ever: "campaign/12/34"; NULL: a key of its own */
	int64_t not_before;  /* UTC ms; 0: at once */
};

/* In the write job of its cause. *id is that of the mail, or of the one that was kept with this key before (which stays as it is).
 * ERR_INVALID: "outbox_address", "outbox_subject", "outbox_header", "outbox_empty", "outbox_key"; ERR_LIMIT "outbox_large". */
enum err outbox_mail(struct ctx *ctx, const struct outbox_mail *mail, int64_t *id) MUST_CHECK;
/* In a write job: what has this key and has not begun to leave is not sent. *ret false: it is past that, or there is none. */
enum err outbox_cancel(struct ctx *ctx, const char *key, const char *reason, bool *ret) MUST_CHECK;
/* In a write job: what is for this record and has not begun to leave is refused with the reason; how many. */
enum err outbox_cancel_of(struct ctx *ctx, const char *entity, int64_t record_id, const char *reason, int64_t *ret) MUST_CHECK;

/* A mail that was sent and came back. */
struct outbox_returned {
	int64_t mail_id;
	bool soft;        /* it may work another time: its state stays */
	const char *said; /* who, and why, as the report says */
};
/* In a write job: notes it, and for ever unless it is soft tells the rules that it failed. *ret false: it was not sent, or it is noted already. */
enum err outbox_came_back(struct ctx *ctx, const struct outbox_returned *returned, bool *ret) MUST_CHECK;

/* --- rules of folders -------------------------------------------------------- */

/* What rules see of a mail. Borrowed for the call. */
struct outbox_seen {
	int64_t id, account_id, record_id, created_at;
	int attempts; /* tries before this one */
	enum outbox_purpose purpose;
	const char *to_address, *to_name, *subject, *entity, *key, *message_id; /* "" where there is none */
};

struct outbox_verdict {
	const char *refuse;   /* key of a reason: "no_consent"; NULL: it may go */
	int64_t postpone_ms;  /* UTC ms: not before; 0: it may go. `refuse` is the stronger */
	const char *why;      /* key of a reason for postponing; NULL none */
};

struct outbox_outcome {
	enum outbox_state state; /* OUTBOX_SENT, OUTBOX_REFUSED, OUTBOX_FAILED, OUTBOX_UNSURE, OUTBOX_SKIPPED */
	int reply_code;          /* of SMTP; 0: none came */
	const char *reply;       /* the server's words, or the key of what went wrong here; "" none */
};

/* Of one folder; each is asked of every mail and passes over what is not its own. */
struct outbox_rule {
	const char *name; /* of all rules: "consent"; NULL ends the list */
	/* In the write job that takes the mail, and again in the one that notes that it leaves. Leave *verdict (zero) as it is to let it go.
	 * An error undoes the job: only for the store's. */
	enum err (*gate)(struct ctx *ctx, const struct outbox_seen *mail, struct outbox_verdict *verdict);
	/* In the write job that writes the state. */
	enum err (*outcome)(struct ctx *ctx, const struct outbox_seen *mail, const struct outbox_outcome *outcome);
};

/* Supplied by the program (src/app): the lists of all folders, ended by NULL. */
const struct outbox_rule *const *app_outbox_rules(const struct app *app);

/* "waiting", "sending" (taken and leaving), "sent", "failed", "refused", "unsure", "skipped" */
const char *outbox_state_name(enum outbox_state state);
const char *outbox_purpose_name(enum outbox_purpose purpose);

#endif
