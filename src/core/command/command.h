/* Commands of the program, `guanxi NAME`: what a folder declares, and how its command reads what was asked. */
#ifndef GUANXI_CORE_COMMAND_COMMAND_H
#define GUANXI_CORE_COMMAND_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/ctx.h"

enum { COMMAND_OPTIONS_MAX = 32, COMMAND_FILES_MAX = 8192 };

struct command_option {
	const char *name;  /* without "--" */
	const char *value; /* what stands for its value in the help; NULL: a switch */
	bool required;
	const char *doc;
};

struct app;

/* One run of a command. It may run inside the serving program on behalf of a second one, so it uses these streams and this
 * folder only. */
struct cli {
	FILE *in, *out, *err;
	const char *cwd;
	struct ctx *ctx;  /* with db, registry and so on, where the command needs them */
	struct app *app;  /* open when the command asks for it */
	const struct command *command;
	const char *data_dir; /* given by --data, $GUANXI_DATA, or "data" */
	const char *values[COMMAND_OPTIONS_MAX]; /* by position in command->options; a switch that is given is "" */
	const char *files[COMMAND_FILES_MAX];
	size_t n_files;
	void (*print_faults)(const struct ctx *ctx, FILE *err);
};

enum command_needs {
	NEEDS_NOTHING,
	NEEDS_FILES,  /* plain files only: there is no --data */
	NEEDS_CONFIG, /* --data names a folder that `init` made */
	NEEDS_READER, /* the app, read only: works beside a serving program */
	NEEDS_WRITER, /* the app; run by the serving program when there is one */
};

struct command {
	const char *name; /* "token create" */
	enum command_needs needs;
	const struct command_option *options; /* ended by name NULL; --data is everybody's */
	const char *files; /* what stands for further arguments; NULL: none are taken */
	const char *doc;
	int (*run)(struct cli *cli); /* exit status: 0 good, 1 failed, 2 wrong usage */
	const char *example; /* shown by --help; NULL: none */
};

/* Value of an option, NULL if it was not given. */
const char *command_value(const struct cli *cli, const char *option);
/* A path as the caller meant it: relative ones are relative to the caller's folder. Lives in ctx's arena. */
const char *command_path(const struct cli *cli, const char *path);
/* The whole file into `ret`, up to its limit; false, having said why. */
bool command_read_file(const struct cli *cli, const char *name, struct buf *ret) MUST_CHECK;
/* Prints the context's faults; returns 1. */
int command_failed(const struct cli *cli);

#endif
