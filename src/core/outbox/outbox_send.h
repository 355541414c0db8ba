/* Sending, between the parts of core/outbox. Not for others. */
#ifndef GUANXI_CORE_OUTBOX_SEND_H
#define GUANXI_CORE_OUTBOX_SEND_H

#include "base/buf.h"
#include "core/dkim/dkim.h"
#include "core/outbox/outbox_internal.h"
#include "core/outward/outward_letters.h"

#define OUTBOX_PURPOSE_ACCOUNT "mail_account"
#define OUTBOX_PURPOSE_KEY "mail_key"

enum { OUTBOX_ACCOUNTS_MAX = 100, OUTBOX_KEYS_MAX = 50, OUTBOX_MAIL_BYTES = 8 << 20 };

/* --- accounts and keys ------------------------------------------------------------- */

struct outbox_account {
	int64_t id, per_minute, failures, paused_until;
	const char *address, *from_name, *reply_to, *host, *user, *trusted_ca, *sealed; /* sealed NULL: it has no password */
	int port, connections;
	enum outward_security security;
	enum outward_sign_in sign_in;
	bool is_default;
};

/* Those that are switched on; in ctx's arena. */
enum err outbox_accounts_active(struct ctx *ctx, struct outbox_account **ret, size_t *ret_n) MUST_CHECK;
/* One, switched on or not. */
enum err outbox_account_get(struct ctx *ctx, int64_t id, struct outbox_account **ret) MUST_CHECK;
/* In a write job: "" takes it away. */
enum err outbox_account_password(struct ctx *ctx, int64_t id, const char *password) MUST_CHECK;
/* The server with the password in the clear, in ctx's arena. */
enum err outbox_account_server(struct ctx *ctx, const struct outbox_account *account, struct outward_server *ret) MUST_CHECK;

/* A key that signs. */
struct outbox_signer {
	int64_t id;
	const char *domain, *selector, *sealed;
};
enum err outbox_signers_active(struct ctx *ctx, struct outbox_signer **ret, size_t *ret_n) MUST_CHECK;

/* --- what is sent ------------------------------------------------------------------- */

struct outbox_letter {
	const char *to_address, *to_name, *subject, *text, *html; /* text or html may be NULL */
	const char *headers;    /* lines, each ended by a line feed */
	const char *message_id; /* without < > */
	bool made_by_program;   /* no person wrote it: nobody's holiday answers it */
};

/* Appends the whole message, CRLF. ERR_LIMIT "outbox_large". */
enum err outbox_message_write(struct ctx *ctx, const struct outbox_account *account, const struct outbox_letter *letter, struct buf *out) MUST_CHECK;
/* Only printable ASCII. NULL is not. */
bool outbox_is_ascii(const char *text);

/* --- taking, and what became of it --------------------------------------------------- */

/* Asks each rule; what the first says holds. */
enum err outbox_ask_gates(struct ctx *ctx, const struct outbox_seen *mail, struct outbox_verdict *verdict) MUST_CHECK;
enum err outbox_tell(struct ctx *ctx, const struct outbox_seen *mail, const struct outbox_outcome *outcome) MUST_CHECK;

/* From a row that begins as those of outbox_one do; texts in ctx's arena. */
void outbox_seen_read(struct ctx *ctx, const struct stmt *stmt, struct outbox_seen *ret);

enum { OUTBOX_WANTED_MAX = 64, OUTBOX_TAKE_MAX = 128 };

/* Mails of one account that may be taken, domain by domain. */
struct outbox_wanted {
	int64_t row_account; /* as it stands in the rows: 0 for those that name none */
	enum outbox_lane lane;
	const char *domain;
	size_t max;
};
struct outbox_taking {
	int64_t by; /* whoever sends now */
	struct outbox_wanted wanted[OUTBOX_WANTED_MAX];
	size_t n_wanted, max;
	/* out, in ctx's arena */
	struct outbox_seen taken[OUTBOX_TAKE_MAX];
	const char *domains[OUTBOX_TAKE_MAX];
	size_t n;
	bool refused; /* a gate held something back: there may be more due */
};
/* A write job; arg is a struct outbox_taking. */
enum err outbox_take(struct ctx *ctx, void *arg) MUST_CHECK;

/* What was with another sender, which is gone: what had not left waits again, what was leaving is unsure. A write job; arg is whoever
 * sends now (int64_t). */
enum err outbox_recover(struct ctx *ctx, void *arg) MUST_CHECK;
enum err outbox_has_orphans(struct ctx *ctx, int64_t by, bool *ret) MUST_CHECK;

/* What follows from what the server said. */
struct outbox_fate {
	enum outbox_state state;
	int64_t again_ms;    /* OUTBOX_WAITING: in so many ms */
	bool counts;         /* as a try */
	bool account_fails;  /* the trouble is with the account, not with the mail */
	bool slower;         /* the domain asked for patience */
	const char *reason;  /* key; "" none */
};
/* `attempts`: with this one. */
struct outbox_fate outbox_judge(const struct outward_told *told, int attempts, bool unsure_again);
/* When a mail that has failed so many times for a while is tried again, in ms; 0: no more. About three days in all. */
int64_t outbox_again_ms(int attempts);

/* One on its way. */
struct outbox_item {
	struct outbox_seen seen; /* attempts: before this one */
	int64_t account_id;      /* it goes out by */
	const char *domain;
	enum { OUTBOX_QUEUED, OUTBOX_GOING, OUTBOX_ASKING, OUTBOX_WENT, OUTBOX_ENDED } at;
	bool may;                /* its leaving is noted */
	struct outward_told told;
	const char *unmade;      /* it could not be made: key */
};
struct outbox_noting {
	int64_t by;
	bool unsure_again;
	struct outbox_item *const *items;
	size_t n;
};
/* A write job: the asking ones are leaving (`may`), the ended ones are noted and told. arg is a struct outbox_noting. */
enum err outbox_note(struct ctx *ctx, void *arg) MUST_CHECK;

extern const struct setting outbox_settings[];
enum outbox_setting { OUTBOX_SETTING_UNSURE_AGAIN, OUTBOX_SETTING_KEEP_DAYS };

#endif
