/* Where a server with a password is set up: what its address may be, and when its password was given for another. For core/outbox and
 * folders that read mail. */
#ifndef GUANXI_CORE_OUTBOX_SERVER_H
#define GUANXI_CORE_OUTBOX_SERVER_H

#include <stdbool.h>

#include "core/entity/entity.h"

/* A name or address of letters, digits, "-_." or [IPv6], that no program takes for an option. */
bool outbox_host_good(const char *host);
/* No control characters, which would end a line of the protocol. NULL is one. */
bool outbox_plain_word(const char *text);
/* Whether a text field is as it was; empty and NULL are alike. */
bool outbox_same_text(const struct record *old, const struct record *now, const char *field);
/* Whether it is another server, another way there, or another user: of "host", "port", "security", "username", "trusted_ca". The
 * password was given for where it went before. */
bool outbox_elsewhere(const struct record *old, const struct record *now);

#endif
