#include "core/command/command.h"
#include "core/manifest/manifest.h"

extern const struct command feeling_commands[];

extern const struct manifest feeling_manifest;
const struct manifest feeling_manifest = {.name = "feeling", .commands = feeling_commands};
