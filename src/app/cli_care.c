/* Backup, restore, and the doctor. */
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "app/check.h"
#include "app/cli.h"
#include "base/str.h"

static int backup_key(struct cli *cli)
{
	const char *key;
	if (check_backup_key(cli->ctx, cli->app, &key) != OK)
		return command_failed(cli);
	fprintf(cli->out, "%s\n", key);
	return 0;
}

static int backup(struct cli *cli)
{
	const char *key;
	if (cli->n_files != 1) {
		fprintf(cli->err, "guanxi: backup takes one FILE\n");
		return 2;
	}
	const char *path = command_path(cli, cli->files[0]);
	if (check_backup(cli->ctx, cli->app, path) != OK || check_backup_key(cli->ctx, cli->app, &key) != OK)
		return command_failed(cli);
	if (check_backup_note(cli->ctx, cli->app) != OK) /* the backup is good all the same */
		app_print_faults(cli->ctx, cli->err);
	fprintf(cli->out, "Backed up to %s and verified.\nRestore it with --key %s (keep that apart from the file).\n", path, key);
	return 0;
}

static int restore(struct cli *cli)
{
	const char *key = command_value(cli, "key");
	bool unproven = command_value(cli, "unproven") != NULL;
	unsigned char wanted[ARCHIVE_PUBLIC];
	if (cli->n_files != 1) {
		fprintf(cli->err, "guanxi: restore takes one FILE\n");
		return 2;
	}
	if ((key != NULL) == unproven || (key != NULL && !check_read_key(key, wanted))) {
		fprintf(cli->err, "guanxi: restore takes --key KEY, 64 digits that `guanxi backup` and `guanxi backup-key` print; without it --unproven,\n"
		                  "for a file of which nobody can prove who made it: its users, passwords and rights would be in force\n");
		return 2;
	}
	const char *path = command_path(cli, cli->files[0]);
	struct restore_options options = {.key = unproven ? NULL : wanted, .pg_url = command_value(cli, "pg-url"), .pg_schema = command_value(cli, "pg-schema")};
	if (check_restore(cli->ctx, cli->data_dir, path, &options) != OK)
		return command_failed(cli);
	fprintf(cli->out, "Restored %s into %s and verified.\n", path, cli->data_dir);
	if (unproven)
		fprintf(cli->err, "Not proved: who made this file, and that nobody has changed it. Its users, passwords and rights are in force now;\n"
		                  "its addresses, certificates and proxies were left out of guanxi.conf.\n");
	return 0;
}

static int doctor(struct cli *cli)
{
	struct check_options options = {.deep = command_value(cli, "deep") != NULL, .repair = command_value(cli, "rebuild-search") != NULL};
	struct buf report;
	bool good = false;
	buf_init(&report, 8u << 20);
	enum err err = check_all(cli->ctx, cli->app, &options, &report, &good);
	fputs(buf_text(&report), cli->out);
	buf_release(&report);
	if (err != OK)
		return command_failed(cli);
	fprintf(cli->out, "%s\n", good ? "All is well." : "There are problems; see above.");
	return good ? 0 : 1;
}

static const struct command_option doctor_options[] = {
	{"deep", NULL, false, "also reads every attachment and compares its hash"},
	{"rebuild-search", NULL, false, "makes the search index anew"},
	{NULL, NULL, false, NULL},
};

static const struct command_option restore_takes[] = {
	{"key", "KEY", false, "the key that must have signed it: `guanxi backup-key` prints it"},
	{"unproven", NULL, false, "instead of --key: takes a file of which nobody can prove who made it"},
	{"pg-url", "URL", false, "restore a PostgreSQL's backup into this one (an empty schema)"},
	{"pg-schema", "NAME", false, "schema in that PostgreSQL"},
	{NULL, NULL, false, NULL},
};

const struct command cli_care_commands[] = {
	{"backup", NEEDS_WRITER, NULL, "FILE", "Copies database, settings and attachments into one file while serving, and verifies it.", backup},
	{"backup-key", NEEDS_WRITER, NULL, NULL, "Prints the key that proves this folder's backups; keep it elsewhere.", backup_key},
	{"restore", NEEDS_NOTHING, restore_takes, "FILE", "Makes a new data folder from a backup and verifies it.", restore},
	{"doctor", NEEDS_WRITER, doctor_options, NULL, "Verifies store, change log, search index and attachments.", doctor},
	{.name = NULL},
};
