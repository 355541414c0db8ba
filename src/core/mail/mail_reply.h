/* What somebody wrote themselves: a mail's text without what it quotes and without signatures. */
#ifndef GUANXI_CORE_MAIL_MAIL_REPLY_H
#define GUANXI_CORE_MAIL_MAIL_REPLY_H

#include "base/buf.h"
#include "base/ctx.h"

/* The text (UTF-8, lines ended by LF) without quotes, what programs write above them, and signatures; white space at both ends goes. Where nothing
 * would be left, the whole text is. Quotes that stand before or between answers without a program's word on who wrote them stay: they are
 * part of what is said. Time grows with the text's length only. */
enum err mail_reply(struct ctx *ctx, const char *text, struct buf *out) MUST_CHECK;

/* --- inside ------------------------------------------------------------ */

enum mail_line_kind {
	MAIL_LINE_TEXT,
	MAIL_LINE_EMPTY,
	MAIL_LINE_QUOTE,
	MAIL_LINE_WROTE,  /* "On Monday X wrote:" */
	MAIL_LINE_HEADER, /* "Subject: x" */
	MAIL_LINE_END,    /* nothing behind it is the writer's */
	MAIL_LINE_SIGNED, /* "Sent from my phone" */
};

struct mail_line {
	const char *text; /* trimmed, NUL-terminated */
	const char *from; /* as it stands */
	size_t len;
	enum mail_line_kind kind;
};

void mail_lines_judge(struct mail_line *lines, size_t n);

#endif
