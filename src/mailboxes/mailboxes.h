/* Mail in: mailboxes that are fetched, what was received, and the cases it belongs to. */
#ifndef GUANXI_MAILBOXES_MAILBOXES_H
#define GUANXI_MAILBOXES_MAILBOXES_H

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/services/services.h"

extern const struct entity mailbox_entity, mail_message_entity;
extern const struct route mailboxes_routes[], mailboxes_case_routes[];
extern const struct service mailboxes_services[];
extern const struct reaction mailboxes_reactions[];

#endif
