/* Data in: import, the sample shop. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "app/check.h"
#include "app/cli.h"
#include "base/str.h"
#include "core/exchange/exchange.h"
#include "demo/demo.h"

/* A read connection of the command's own while `run` works. */
static int with_reader(struct cli *cli, enum err (*run)(struct cli *cli))
{
	enum err err = db_open_new(cli->ctx, cli->app->store, &cli->ctx->db);
	struct db *db = cli->ctx->db;
	if (err == OK)
		err = run(cli);
	if (db != NULL)
		db_free(db);
	cli->ctx->db = NULL;
	return err == OK ? 0 : command_failed(cli);
}

static void add_result(struct import_result *sum, const struct import_result *one)
{
	sum->run_id = one->run_id;
	sum->rows += one->rows;
	sum->created += one->created;
	sum->updated += one->updated;
	sum->skipped += one->skipped;
	sum->failed += one->failed;
	sum->values_left += one->values_left;
	sum->seconds += one->seconds;
}

/* The warnings of several files in one list. */
static enum err add_warnings(struct ctx *ctx, struct import_result *sum, const struct import_result *one)
{
	const char *more = one->warnings, *before = sum->warnings;
	if (str_empty(more) || strcmp(more, "[]") == 0)
		return OK;
	sum->warnings = str_empty(before) ? more : arena_printf(ctx->arena, "%.*s,%s", (int)strlen(before) - 1, before, more + 1);
	return sum->warnings != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err import_all(struct cli *cli)
{
	struct import_result sum = {0}, one;
	for (size_t i = 0; i < cli->n_files; i++) {
		struct import_request request = {
			.path = command_path(cli, cli->files[i]),
			.preset = command_value(cli, "preset"),
			.map_path = command_path(cli, command_value(cli, "map")),
			.entity = command_value(cli, "entity"),
			.bad = command_value(cli, "on-bad-value"),
			.zone = command_value(cli, "time-zone"),
			.dates = command_value(cli, "date-order"),
			.number = command_value(cli, "number"),
			.country = command_value(cli, "country"),
			.again = command_value(cli, "again") != NULL,
			.check = command_value(cli, "check") != NULL,
			.progress = cli->err,
		};
		enum err err = import_file(cli->ctx, &request, &one);
		if (err == OK)
			err = add_warnings(cli->ctx, &sum, &one);
		if (err != OK)
			return err;
		add_result(&sum, &one);
	}
	enum err err = check_merge_search(cli->ctx, cli->app, true);
	if (err == OK)
		import_print_result(&sum, cli->out);
	return err;
}

static int import(struct cli *cli)
{
	if (cli->n_files == 0) {
		fprintf(cli->err, "guanxi: import needs a FILE\n");
		return 2;
	}
	return with_reader(cli, import_all);
}

/* --- data out ------------------------------------------------------------------------- */

static enum err write_file(struct ctx *ctx, void *arg, const void *data, size_t n)
{
	return fwrite(data, 1, n, arg) == n ? OK : fail_arg(ctx, ERR_LIMIT, "", "disk_full", strerrordesc_np(errno));
}

/* The list into a file that only its owner may read. */
static enum err export_into(struct cli *cli, struct export_request *request, const char *path)
{
	struct ctx *ctx = cli->ctx;
	int64_t rows = 0;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *file = fd >= 0 ? fdopen(fd, "wb") : NULL;
	if (file == NULL) {
		if (fd >= 0)
			close(fd);
		return errno == EEXIST ? fail_arg(ctx, ERR_CONFLICT, "file", "exists", path) : fail_arg(ctx, ERR_LIMIT, "file", "disk_full", strerrordesc_np(errno));
	}
	request->sink = write_file;
	request->arg = file;
	enum err err = export_table(ctx, request, &rows);
	if (fclose(file) != 0 && err == OK)
		err = fail_arg(ctx, ERR_LIMIT, "file", "disk_full", strerrordesc_np(errno));
	if (err == OK)
		fprintf(cli->out, "{\"rows\":%lld}\n", (long long)rows);
	else
		unlink(path);
	return err;
}

static enum err export_list(struct cli *cli)
{
	const char *path = command_path(cli, cli->files[0]), *entity = command_value(cli, "entity"), *format = command_value(cli, "format");
	const char *query = command_value(cli, "query"), *suffix = strrchr(cli->files[0], '.');
	struct export_request request = {
		.info = registry_find(cli->ctx->registry, entity),
		.query = query != NULL ? query : "",
		.format = file_format_named(format != NULL ? format : suffix != NULL ? suffix + 1 : "csv"),
		.encoding = command_value(cli, "encoding"),
		.zone = command_value(cli, "time-zone"),
		.links_as_ids = command_value(cli, "ids") != NULL,
		.names = command_value(cli, "names") != NULL,
	};
	if (request.info == NULL || (request.info->entity->flags & E_INTERNAL))
		return fail_arg(cli->ctx, ERR_NOT_FOUND, "entity", "PGRST205", entity);
	if (path == NULL)
		return fail(cli->ctx, ERR_LIMIT, "", "memory");
	if (!file_format_writes(request.format))
		return fail_arg(cli->ctx, ERR_INVALID, "format", "export_format", format != NULL ? format : cli->files[0]);
	return export_into(cli, &request, path);
}

static int export(struct cli *cli)
{
	if (cli->n_files != 1) {
		fprintf(cli->err, "guanxi: export takes one FILE\n");
		return 2;
	}
	return with_reader(cli, export_list);
}

static enum err make_house(struct ctx *ctx, void *arg)
{
	return demo_house_make(ctx, arg);
}

static enum err last_parts(struct ctx *ctx, void *arg)
{
	enum err err = demo_pool(ctx, arg);
	return err == OK ? demo_commission(ctx, arg) : err;
}

static enum err make_demo(struct cli *cli)
{
	struct ctx *ctx = cli->ctx;
	struct demo_house house;
	struct import_result result;
	const char *moved = arena_printf(ctx->arena, "%s/demo-%lld.csv", cli->app->config.data_dir, (long long)registry_next_id(ctx));
	const char *orders = command_path(cli, command_value(cli, "orders") != NULL ? command_value(cli, "orders") : "sample/online-retail.csv.gz");
	if (moved == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	struct import_request request = {.path = moved, .name = "online-retail.csv", .preset = "online-retail", .rate = "1"};
	enum err err = demo_move_dates(ctx, orders, moved);
	if (err == OK)
		err = import_file(ctx, &request, &result);
	unlink(moved);
	if (err != OK)
		return err;
	fprintf(cli->out, "%lld order lines in %.1f s\n", (long long)result.rows, result.seconds);
	err = store_write(ctx, ctx->store, make_house, &house);
	if (err == OK)
		err = demo_people(ctx, &house, cli->out);
	if (err == OK)
		err = demo_prices(ctx, cli->out);
	if (err == OK)
		err = demo_money(ctx, cli->out);
	if (err == OK)
		err = demo_trade(ctx, cli->out);
	if (err == OK)
		err = demo_service(ctx, &house, cli->out);
	if (err == OK)
		err = store_write(ctx, cli->app->store, demo_segments, NULL);
	if (err == OK)
		err = demo_deals(ctx, cli->out);
	if (err == OK)
		err = demo_twins(ctx, cli->out);
	if (err == OK)
		err = store_write(ctx, cli->app->store, last_parts, NULL);
	return err == OK ? check_merge_search(ctx, cli->app, true) : err;
}

static int demo(struct cli *cli)
{
	return with_reader(cli, make_demo);
}

static const struct command_option import_options[] = {
	{"preset", "NAME", false, "a built-in mapping: online-retail, cdnow, shopify-products …"},
	{"map", "FILE", false, "a mapping in JSON; with neither, columns are guessed by their names"},
	{"entity", "NAME", false, "what the rows are, for guessing"},
	{"on-bad-value", "WORD", false, "empty: leaves out values that can't be taken and keeps the row; refuse (as usual): the row fails"},
	{"time-zone", "NAME", false, "of times that say none: UTC, Europe/Paris; the firm's, if nothing is said"},
	{"date-order", "WORD", false, "YMD, DMY or MDY, of dates like 03/04/2026; the column decides, if nothing is said"},
	{"number", "WORD", false, "point or comma: the decimal sign; the column decides, if nothing is said"},
	{"country", "CODE", false, "of phones that say none: CN, TW, GB; the firm's, if nothing is said"},
	{"again", NULL, false, "also takes rows that an earlier run of this file has done"},
	{"check", NULL, false, "writes nothing: says what would be merged, lost or read two ways"},
	{NULL, NULL, false, NULL},
};

static const struct command_option export_options[] = {
	{"entity", "NAME", true, "what is listed: customer, order, product …"},
	{"query", "QUERY", false, "as in the address of the list: city=eq.杭州&select=name,phone&order=name"},
	{"format", "WORD", false, "csv, xlsx, jsonl or vcard; by FILE's ending, if nothing is said"},
	{"time-zone", "NAME", false, "of times in CSV and XLSX: UTC, Europe/Paris; the firm's, if nothing is said"},
	{"encoding", "NAME", false, "of CSV: utf-8, gb18030 …"},
	{"ids", NULL, false, "ids of what is linked, not its names"},
	{"names", NULL, false, "columns headed by the fields' names, choices by their values"},
	{NULL, NULL, false, NULL},
};

static const struct command_option demo_options[] = {
	{"orders", "FILE", false, "the sample's order lines (default sample/online-retail.csv.gz)"},
	{NULL, NULL, false, NULL},
};

const struct command cli_data_commands[] = {
	{"import", NEEDS_WRITER, import_options, "FILE…", "Imports CSV, XLSX, JSON Lines or vCard; the last line is the result as JSON.", import},
	{"export", NEEDS_WRITER, export_options, "FILE", "Writes a list into a new file: CSV, XLSX, JSON Lines or vCard. It is in the audit trail.", export},
	{"demo", NEEDS_WRITER, demo_options, NULL, "Fills the folder with a sample shop: real orders under made-up names.", demo},
	{.name = NULL},
};
