/* What may be shown of a mail's HTML. */
#ifndef GUANXI_CORE_MAIL_MAIL_SANITIZE_H
#define GUANXI_CORE_MAIL_MAIL_SANITIZE_H

#include "base/buf.h"
#include "base/ctx.h"

/* Grows when the same HTML would give another result: what was kept of an older one is made again. */
enum { MAIL_SANITIZE_VERSION = 1 };

enum { MAIL_HTML_DEPTH_MAX = 200 }; /* elements within elements; what is deeper is shown without its tags */

/* HTML in UTF-8 to what may be shown: elements, attributes and styles of a list, written anew from the tree. Nothing in it runs, nothing in it is fetched:
 * pictures stand without a source, as data-mail-src (http, https) or data-mail-cid (a part of the mail). Links open apart.
 * HTML that would cost too much to read is shown as its source. */
enum err mail_sanitize(struct ctx *ctx, const char *html, size_t n, struct buf *out) MUST_CHECK;

/* The declarations of a style attribute that may be shown, "a:b;c:d". */
void mail_css_clean(const char *style, struct buf *out);
/* A link's address as it may be written, into `out`; false: it may not. */
bool mail_url_clean(const char *url, struct buf *out);

#endif
