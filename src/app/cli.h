/* The command line: a table of commands, each with its options. */
#ifndef GUANXI_APP_CLI_H
#define GUANXI_APP_CLI_H

#include <stdio.h>

#include "app/app.h"

enum { CLI_OPTIONS_MAX = 16, CLI_FILES_MAX = 256 };

struct cli_option {
	const char *name; /* without "--" */
	const char *value; /* what stands for its value in the help; NULL: a switch */
	bool required;
	const char *doc;
};

/* One run of a command.  It may run inside the serving program on behalf of a
 * second one (control.h), so it uses these streams and this folder only. */
struct cli {
	FILE *in, *out, *err;
	const char *cwd;
	struct ctx *ctx;
	struct app *app; /* open when the command asks for it */
	const struct command *command;
	const char *values[CLI_OPTIONS_MAX]; /* by position in command->options; a switch that is given is "" */
	const char *files[CLI_FILES_MAX];
	size_t n_files;
};

enum command_needs {
	NEEDS_NOTHING,
	NEEDS_CONFIG, /* --data names a folder that `init` made */
	NEEDS_READER, /* the app, read only: works beside a serving program */
	NEEDS_WRITER, /* the app; run by the serving program when there is one */
};

struct command {
	const char *name; /* "token create" */
	enum command_needs needs;
	const struct cli_option *options; /* ended by name NULL; --data is everybody's */
	const char *files; /* what stands for further arguments; NULL: none are taken */
	const char *doc;
	int (*run)(struct cli *cli); /* exit status */
};

extern const struct command cli_admin_commands[], cli_care_commands[], cli_serve_commands[], cli_data_commands[];

/* Parses and runs; `app` is the serving program's, or NULL.  Returns the exit status: 0 good, 1 failed, 2 wrong usage. */
int cli_run(struct ctx *ctx, int argc, const char *const *argv, const char *cwd, FILE *in, FILE *out, FILE *err, struct app *app);

/* Value of an option, NULL if it was not given. */
const char *cli_value(const struct cli *cli, const char *option);
/* A path as the caller meant it: relative ones are relative to the caller's folder. */
const char *cli_path(const struct cli *cli, const char *path);
/* Prints the context's faults; returns 1. */
int cli_failed(const struct cli *cli);
/* The folder given by --data, $GUANXI_DATA, or "data". */
const char *cli_data_dir(const struct cli *cli);

#endif
