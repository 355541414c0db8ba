/* Between the files of this folder. */
#ifndef GUANXI_CORE_MAIL_MAIL_INTERNAL_H
#define GUANXI_CORE_MAIL_MAIL_INTERNAL_H

#include "core/mail/mail.h"

/* What the kind of a message and its recipients are read from, beside `struct mail`. Texts are never NULL, "" where absent. */
struct mail_signs {
	const char *headers;    /* "Name: value" lines, unfolded, as they stand in the message */
	const char *report;     /* bodies of message/delivery-status and its like */
	const char *feedback;   /* bodies of message/feedback-report (RFC 5965) */
	const char *original;   /* headers of the message that came back, where it stands as a part */
	const char *report_type; /* parameter of multipart/report */
	bool has_original;
};

/* Value of the first header line of that name; NULL: none. Lives in the arena. */
const char *mail_header(struct ctx *ctx, const char *headers, const char *name);
/* Reads all lines of a name, joined by ", "; NULL: none. */
const char *mail_header_all(struct ctx *ctx, const char *headers, const char *name);
/* Sets kind and recipients. */
enum err mail_judge(struct ctx *ctx, const struct mail_signs *signs, struct mail *mail) MUST_CHECK;

/* The recipients a delivery report or a bounce in prose names. */
enum err mail_bounce_read(struct ctx *ctx, const struct mail_signs *signs, struct mail *mail) MUST_CHECK;
/* Whether what a server said means that the address will not work again. `said` may be any text; `status` may be NULL. */
enum mail_failure mail_bounce_judge(const char *said, const char *status);
/* Whether the text speaks as mail servers do that return a message. */
bool mail_bounce_prose(const char *text);

/* Makes one of encoded words of a message's header that GMime would cut after the first; in place, ret. the new length. */
size_t mail_join_words(char *text, size_t n);

/* Bytes of a declared encoding (NULL: none) as valid UTF-8 without NUL, lines ended by LF. */
enum err mail_decode(struct ctx *ctx, const char *charset, const char *bytes, size_t n, struct buf *out) MUST_CHECK;
/* Whether `needle` (lower case) stands in the text, in whatever ASCII case. */
bool mail_has(const char *text, const char *needle);
const char *mail_find(const char *text, const char *needle);

#endif
