/* HTML of mails: what it says in words. */
#ifndef GUANXI_CORE_MAIL_MAIL_HTML_H
#define GUANXI_CORE_MAIL_MAIL_HTML_H

#include "base/buf.h"
#include "base/ctx.h"

/* The words of HTML in UTF-8, with line breaks where blocks end. Script and style are no words. */
enum err mail_html_text(struct ctx *ctx, const char *html, size_t n, struct buf *out) MUST_CHECK;

#endif
