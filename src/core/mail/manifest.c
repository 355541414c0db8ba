#include "core/mail/mail_command.h"
#include "core/manifest/manifest.h"

extern const struct manifest mail_manifest;
const struct manifest mail_manifest = {.name = "mail", .commands = mail_commands};
