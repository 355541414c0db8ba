/* The command line: finds the command that is meant, reads its options, runs it. */
#ifndef GUANXI_APP_CLI_H
#define GUANXI_APP_CLI_H

#include "app/app.h"
#include "core/command/command.h"

/* Commands of the program itself; those of capabilities stand in their manifests. */
extern const struct command cli_admin_commands[], cli_care_commands[], cli_serve_commands[], cli_data_commands[];

/* Parses and runs; `app` is the serving program's, or NULL.  Returns the exit status: 0 good, 1 failed, 2 wrong usage. */
int cli_run(struct ctx *ctx, int argc, const char *const *argv, const char *cwd, FILE *in, FILE *out, FILE *err, struct app *app);

#endif
