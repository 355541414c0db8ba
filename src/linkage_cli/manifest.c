#include "core/command/command.h"
#include "core/manifest/manifest.h"

extern const struct command linkage_cli_commands[];
extern const struct manifest linkage_cli_manifest;
const struct manifest linkage_cli_manifest = {.name = "linkage_cli", .commands = linkage_cli_commands};
