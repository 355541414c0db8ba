/* What the program takes from this folder: its commands. */
#ifndef GUANXI_CORE_MAIL_COMMAND_H
#define GUANXI_CORE_MAIL_COMMAND_H

#include "core/command/command.h"

extern const struct command mail_commands[];

/* Exit status. */
int mail_verify_files(struct cli *cli);

#endif
