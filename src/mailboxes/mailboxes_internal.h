/* Between the files of this folder. */
#ifndef GUANXI_MAILBOXES_INTERNAL_H
#define GUANXI_MAILBOXES_INTERNAL_H

#include "core/imap/imap_talk.h"
#include "core/imap/imap_wire.h"
#include "core/store/store.h"
#include "mailboxes/mailboxes.h"

#define MAILBOXES_SERVICE "mailboxes"
#define MAILBOX_PURPOSE "mailbox"

enum { MAILBOXES_MAX = 300, MAILBOX_STEPS = 1, MAILBOX_BATCH_MAX = 40 };

extern const struct migration mailboxes_steps[];

/* --- mailboxes ---------------------------------------------------------------------- */

struct mailbox {
	int64_t id, version, failures, paused_until;
	const char *host, *user, *folder, *since, *trusted_ca, *sealed; /* since NULL: all; sealed "": no password */
	int port;
	enum imap_security security;
	enum imap_sign_in sign_in;
	bool unverified;
	uint32_t uidvalidity, last_uid;
};
/* Those that are switched on, or the one of `id` (not 0) whether it is or not; in ctx's arena. */
enum err mailboxes_read(struct ctx *ctx, int64_t id, struct mailbox **ret, size_t *ret_n) MUST_CHECK;
/* In the clear, in ctx's arena. */
enum err mailbox_secret(struct ctx *ctx, const struct mailbox *mailbox, const char **ret) MUST_CHECK;
/* In a write job: "" takes it away. */
enum err mailbox_password(struct ctx *ctx, int64_t id, const char *password) MUST_CHECK;
/* A key of what went wrong, in the context's language. */
const char *mailbox_in_words(struct ctx *ctx, const char *key);

/* --- one message ------------------------------------------------------------------------ */

/* As it came, and what the limited process made of it. Texts are never NULL but where it is said. */
struct mailbox_mail {
	uint32_t uid;
	int64_t at;         /* when the server got it, UTC ms; 0: it did not say */
	const char *raw;
	size_t n;
	bool cut;           /* larger than is fetched: its first part */
	bool read;          /* false: nothing could be made of it */
	const char *kind, *from, *from_address, *to, *subject, *text, *reply, *html; /* html NULL: none; it may be shown */
	const char *message_id; /* NULL: none */
	const char *const *references;
	size_t n_references, n_attachments;
	const char *const *failed; /* addresses that a bounce says can't be reached */
	const char *status;        /* of the first of them; "" none */
	bool hard;
	size_t n_failed;
};

/* Reads messages in a process of its own with bounds on time and memory; what it can't read is left as it is (`read` false). Texts in ctx's
 * arena. */
enum err mailbox_understand(struct ctx *ctx, struct mailbox_mail *mails, size_t n) MUST_CHECK;

/* What is done with messages that came from one mailbox, in one write job. */
struct mailbox_keeping {
	const struct mailbox *mailbox;
	uint32_t uidvalidity, last_uid; /* how far it is read then */
	struct mailbox_mail *mails;
	size_t n, kept;
};
/* A write job; arg is a struct mailbox_keeping. */
enum err mailbox_keep(struct ctx *ctx, void *arg) MUST_CHECK;

/* --- whose it is ---------------------------------------------------------------------------- */

struct mailbox_match {
	const char *reason;  /* option of mail_message.reason */
	const char *detail;  /* "" none */
	int64_t case_id;     /* 0: none yet */
	int64_t customer_id; /* 0: unknown */
	bool opens;          /* a new case is opened for it */
	int64_t bounced;     /* the mail of the outbox that came back; 0: none */
};
enum err mailbox_match(struct ctx *ctx, const struct mailbox_mail *mail, struct mailbox_match *ret) MUST_CHECK;
/* The one customer with this address; 0: none, or several. */
enum err mailbox_customer(struct ctx *ctx, const char *address, int64_t *ret) MUST_CHECK;

/* "name+case12-a1b2…@firm.cn": the address that answers of a case come back to. */
enum err mailbox_tag(struct ctx *ctx, const char *address, int64_t case_id, const char **ret) MUST_CHECK;
/* The case that such an address in `to` names with our signature; 0: none. */
enum err mailbox_tagged(struct ctx *ctx, const char *to, int64_t *ret) MUST_CHECK;

/* In a write job: says it in the case as the customer's message. *ret: the id of the case_message. */
enum err mailbox_say(struct ctx *ctx, int64_t case_id, const struct mailbox_mail *mail, int64_t *ret) MUST_CHECK;
/* In a write job: a case of its own. */
enum err mailbox_open_case(struct ctx *ctx, int64_t mailbox_id, const char *subject, const char *from_address, int64_t customer_id, int64_t at, int64_t *ret) MUST_CHECK;

/* One row as ids; 0 where there is none. */
enum err mailbox_find_id(struct ctx *ctx, const struct sql *sql, const char *text, int64_t *ret) MUST_CHECK;

#endif
