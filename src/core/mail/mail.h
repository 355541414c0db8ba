/* What the program understands of a raw message (RFC 5322, MIME).
 *
 * Everything read lives in the arena of the context. Bytes may be anything: a broken message gives what could be read of it,
 * and its text is never dropped. Bounds: MAIL_* below; what lies beyond them is counted in `left_out`. */
#ifndef GUANXI_CORE_MAIL_MAIL_H
#define GUANXI_CORE_MAIL_MAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/ctx.h"

enum {
	MAIL_BYTES_MAX = 64 << 20, /* a message, and all its texts together */
	MAIL_DEPTH_MAX = 40,       /* parts within parts */
	MAIL_PARTS_MAX = 2000,
	MAIL_LIST_MAX = 1000,      /* references, recipients, attachments: each */
};

enum mail_kind { MAIL_PERSON, MAIL_BOUNCE, MAIL_COMPLAINT, MAIL_AUTO_REPLY, MAIL_LIST };
enum mail_failure { MAIL_FAILURE_NONE, MAIL_FAILURE_SOFT, MAIL_FAILURE_HARD };

/* Whom a bounce or a complaint is about. */
struct mail_recipient {
	const char *address; /* as the report writes it; "" where it names nobody */
	const char *status;  /* RFC 3463, "5.1.1"; NULL: none was given */
	enum mail_failure failure; /* hard: never again to this address; soft: it may work another time */
};

struct mail_attachment {
	const char *name; /* NULL: it has none */
	const char *type; /* "image/png" */
	const char *content_id; /* NULL: none; what "cid:" in HTML points at */
	size_t size;      /* bytes, decoded */
	bool embedded;    /* shown inside the text, by its own word */
};

struct mail {
	enum mail_kind kind;
	const char *from, *to, *subject; /* decoded; NULL: the message has none */
	const char *from_address;        /* the bare address of From; NULL */
	const char *message_id;          /* without < >; NULL */
	const char *const *references;   /* without < >; References, then what In-Reply-To adds; what has no @ is no id */
	size_t n_references;
	const struct mail_recipient *recipients;
	size_t n_recipients;
	const char *text; /* UTF-8, lines end in LF; of an HTML-only message its words */
	const char *html; /* as sent, in UTF-8, NOT safe to show; NULL: none */
	const struct mail_attachment *attachments;
	size_t n_attachments;
	size_t left_out;  /* parts beyond the bounds */
};

/* Reads one message. ERR_LIMIT: longer than MAIL_BYTES_MAX, or the arena is full. */
enum err mail_read(struct ctx *ctx, const void *bytes, size_t n, struct mail *ret) MUST_CHECK;

/* "person", "bounce", "complaint", "auto_reply", "list" */
const char *mail_kind_name(enum mail_kind kind);

/* One message as one JSON object, without a line's end. `file`: what is said of where it came from. */
enum err mail_explain(struct ctx *ctx, const char *file, const struct mail *mail, struct buf *out) MUST_CHECK;

#endif
