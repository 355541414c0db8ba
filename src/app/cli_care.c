/* Backup, restore, and the doctor. */
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "app/check.h"
#include "app/cli.h"
#include "base/str.h"

static int backup(struct cli *cli)
{
	if (cli->n_files != 1) {
		fprintf(cli->err, "guanxi: backup takes one FILE\n");
		return 2;
	}
	const char *path = cli_path(cli, cli->files[0]);
	if (check_backup(cli->ctx, cli->app, path) != OK)
		return cli_failed(cli);
	fprintf(cli->out, "Backed up to %s and verified.\n", path);
	return 0;
}

static int restore(struct cli *cli)
{
	if (cli->n_files != 1) {
		fprintf(cli->err, "guanxi: restore takes one FILE\n");
		return 2;
	}
	const char *path = cli_path(cli, cli->files[0]);
	if (check_restore(cli->ctx, cli_data_dir(cli), path, cli_value(cli, "pg-url"), cli_value(cli, "pg-schema")) != OK)
		return cli_failed(cli);
	fprintf(cli->out, "Restored %s into %s and verified.\n", path, cli_data_dir(cli));
	return 0;
}

static int doctor(struct cli *cli)
{
	struct check_options options = {.deep = cli_value(cli, "deep") != NULL, .repair = cli_value(cli, "rebuild-search") != NULL};
	struct buf report;
	bool good = false;
	buf_init(&report, 8u << 20);
	enum err err = check_all(cli->ctx, cli->app, &options, &report, &good);
	fputs(buf_text(&report), cli->out);
	buf_release(&report);
	if (err != OK)
		return cli_failed(cli);
	fprintf(cli->out, "%s\n", good ? "All is well." : "There are problems; see above.");
	return good ? 0 : 1;
}

static const struct cli_option doctor_options[] = {
	{"deep", NULL, false, "also reads every attachment and compares its hash"},
	{"rebuild-search", NULL, false, "makes the search index anew"},
	{NULL, NULL, false, NULL},
};

static const struct cli_option restore_options[] = {
	{"pg-url", "URL", false, "restore into this PostgreSQL (an empty schema)"},
	{"pg-schema", "NAME", false, "schema in that PostgreSQL"},
	{NULL, NULL, false, NULL},
};

const struct command cli_care_commands[] = {
	{"backup", NEEDS_WRITER, NULL, "FILE", "Copies database, settings and attachments into one file while serving, and verifies it.", backup},
	{"restore", NEEDS_NOTHING, restore_options, "FILE", "Makes a new data folder from a backup and verifies it.", restore},
	{"doctor", NEEDS_WRITER, doctor_options, NULL, "Verifies store, change log, search index and attachments.", doctor},
	{.name = NULL},
};
