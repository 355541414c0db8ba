#include "core/manifest/manifest.h"
#include "mailboxes/mailboxes_internal.h"

static const struct entity *const entities[] = {&mailbox_entity, &mail_message_entity, NULL};
static const struct route *const routes[] = {mailboxes_routes, mailboxes_case_routes, NULL};
static const struct role_right rights[] = {{"service", "mail_message", "a-----"}, {"manager", "mail_message", "a---a-"}, {"sales", "mail_message", "a-----"}, {0}};

extern const struct manifest mailboxes_manifest;
const struct manifest mailboxes_manifest = {.name = "mailboxes", .entities = entities, .routes = routes, .reactions = mailboxes_reactions, .services = mailboxes_services,
	.rights = rights, .steps = mailboxes_steps, .n_steps = MAILBOX_STEPS};
