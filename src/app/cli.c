#include "app/cli.h"

#include <stdlib.h>
#include <string.h>

#include "app/control.h"
#include "base/str.h"

static const struct command *const tables[] = {cli_serve_commands, cli_admin_commands, cli_data_commands, cli_care_commands};
enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

static const struct cli_option data_option = {"data", "DIR", false, "data folder (default: $GUANXI_DATA, or ./data)"};

static void print_option(FILE *out, const struct cli_option *o)
{
	fprintf(out, "    --%s%s%s  %s%s\n", o->name, o->value != NULL ? " " : "", o->value != NULL ? o->value : "", o->doc,
	        o->required ? " (required)" : "");
}

static void print_command(FILE *out, const struct command *c, bool options)
{
	fprintf(out, "  guanxi %s%s%s%s\n      %s\n", c->name, c->options != NULL ? " [options]" : "", c->files != NULL ? " " : "",
	        c->files != NULL ? c->files : "", c->doc);
	for (const struct cli_option *o = c->options; options && o != NULL && o->name != NULL; o++)
		print_option(out, o);
	if (options)
		print_option(out, &data_option);
}

static void print_help(FILE *out)
{
	fprintf(out, "Guanxi %s: customer relationship management\n\n", GUANXI_VERSION);
	for (size_t t = 0; t < TABLES; t++) {
		for (const struct command *c = tables[t]; c->name != NULL; c++)
			print_command(out, c, false);
	}
	fprintf(out, "\n`guanxi COMMAND --help` lists a command's options.\n");
}

/* Words of the command that argv begins with; 0 if it is another command. */
static int matches(const struct command *c, int argc, const char *const *argv)
{
	const char *space = strchr(c->name, ' ');
	if (space == NULL)
		return argc > 0 && str_equal(argv[0], c->name) ? 1 : 0;
	size_t first = (size_t)(space - c->name);
	return argc > 1 && strlen(argv[0]) == first && memcmp(argv[0], c->name, first) == 0 && str_equal(argv[1], space + 1) ? 2 : 0;
}

static const struct command *find_command(int argc, const char *const *argv, int *ret_words)
{
	for (size_t t = 0; t < TABLES; t++) {
		for (const struct command *c = tables[t]; c->name != NULL; c++) {
			*ret_words = matches(c, argc, argv);
			if (*ret_words > 0)
				return c;
		}
	}
	return NULL;
}

/* Position of an option; -1 for --data, -2 for none. */
static int find_option(const struct command *c, const char *name, size_t len, bool *ret_takes_value)
{
	*ret_takes_value = true;
	if (len == 4 && memcmp(name, "data", 4) == 0)
		return -1;
	for (int i = 0; c->options != NULL && c->options[i].name != NULL; i++) {
		if (strlen(c->options[i].name) == len && memcmp(c->options[i].name, name, len) == 0) {
			*ret_takes_value = c->options[i].value != NULL;
			return i;
		}
	}
	return -2;
}

struct parsed {
	const char *data;
	bool help;
};

static bool parse_option(struct cli *cli, int argc, const char *const *argv, int *at, struct parsed *parsed)
{
	const char *name = argv[*at] + 2, *equals = strchr(name, '='), *value = "";
	size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);
	bool takes_value;
	if (str_equal(name, "help")) {
		parsed->help = true;
		return true;
	}
	int option = find_option(cli->command, name, len, &takes_value);
	if (option == -2) {
		fprintf(cli->err, "guanxi: there is no option --%.*s for '%s'\n", (int)len, name, cli->command->name);
		return false;
	}
	if (takes_value && equals == NULL) {
		if (*at + 1 >= argc) {
			fprintf(cli->err, "guanxi: --%s needs a value\n", name);
			return false;
		}
		value = argv[++*at];
	} else if (equals != NULL) {
		value = equals + 1;
	}
	if (option == -1)
		parsed->data = value;
	else
		cli->values[option] = value;
	return true;
}

static bool parse(struct cli *cli, int argc, const char *const *argv, struct parsed *parsed)
{
	bool only_files = false;
	for (int i = 0; i < argc; i++) {
		if (!only_files && str_equal(argv[i], "--")) {
			only_files = true;
		} else if (!only_files && str_starts(argv[i], "--")) {
			if (!parse_option(cli, argc, argv, &i, parsed))
				return false;
		} else if (cli->command->files == NULL || cli->n_files == CLI_FILES_MAX) {
			fprintf(cli->err, "guanxi: what is '%s'? See 'guanxi %s --help'\n", argv[i], cli->command->name);
			return false;
		} else {
			cli->files[cli->n_files++] = argv[i];
		}
	}
	for (int i = 0; cli->command->options != NULL && cli->command->options[i].name != NULL && !parsed->help; i++) {
		if (cli->command->options[i].required && cli->values[i] == NULL) {
			fprintf(cli->err, "guanxi: '%s' needs --%s\n", cli->command->name, cli->command->options[i].name);
			return false;
		}
	}
	return true;
}

const char *cli_value(const struct cli *cli, const char *option)
{
	for (int i = 0; cli->command->options != NULL && cli->command->options[i].name != NULL; i++) {
		if (str_equal(cli->command->options[i].name, option))
			return cli->values[i];
	}
	return NULL;
}

const char *cli_path(const struct cli *cli, const char *path)
{
	if (path == NULL || *path == '/')
		return path;
	const char *full = arena_printf(cli->ctx->arena, "%s/%s", cli->cwd, path);
	return full != NULL ? full : path;
}

int cli_failed(const struct cli *cli)
{
	app_print_faults(cli->ctx, cli->err);
	return 1;
}

static const char *data_dir_of(const struct cli *cli, const struct parsed *parsed)
{
	const char *dir = parsed->data != NULL ? parsed->data : getenv("GUANXI_DATA");
	return cli_path(cli, !str_empty(dir) ? dir : "data");
}

/* Kept where every command finds it: the option that all share has the last slot. */
const char *cli_data_dir(const struct cli *cli)
{
	return cli->values[CLI_OPTIONS_MAX - 1];
}

static int run_opened(struct cli *cli, bool read_only)
{
	struct app app;
	struct app_config config;
	if (config_read(cli->ctx, cli_data_dir(cli), &config) != OK || app_open(cli->ctx, &config, read_only, &app) != OK)
		return cli_failed(cli);
	cli->app = &app;
	cli->ctx->actor = gate_system();
	int status = cli->command->run(cli);
	app_close(&app);
	cli->app = NULL;
	return status;
}

static int run_command(struct cli *cli, int argc, const char *const *argv)
{
	struct app_config config;
	int status;
	if (cli->app != NULL) { /* inside the serving program */
		app_prepare(cli->app, cli->ctx);
		cli->ctx->actor = gate_system();
		return cli->command->run(cli);
	}
	switch (cli->command->needs) {
	case NEEDS_NOTHING:
		return cli->command->run(cli);
	case NEEDS_CONFIG:
		return config_read(cli->ctx, cli_data_dir(cli), &config) == OK ? cli->command->run(cli) : cli_failed(cli);
	case NEEDS_READER:
		return run_opened(cli, true);
	case NEEDS_WRITER:
	default:
		if (control_forward(cli_data_dir(cli), argc, argv, cli->cwd, &status))
			return status;
		return run_opened(cli, false);
	}
}

int cli_run(struct ctx *ctx, int argc, const char *const *argv, const char *cwd, FILE *in, FILE *out, FILE *err, struct app *app)
{
	struct cli cli = {.in = in, .out = out, .err = err, .cwd = cwd, .ctx = ctx, .app = app};
	struct parsed parsed = {0};
	int words;
	if (argc == 0 || str_equal(argv[0], "help") || str_equal(argv[0], "--help")) {
		print_help(argc == 0 ? err : out);
		return argc == 0 ? 2 : 0;
	}
	if (str_equal(argv[0], "--version"))
		return fprintf(out, "guanxi %s\n", GUANXI_VERSION) > 0 ? 0 : 1;
	cli.command = find_command(argc, argv, &words);
	if (cli.command == NULL) {
		fprintf(err, "guanxi: there is no command '%s'; see 'guanxi help'\n", argv[0]);
		return 2;
	}
	if (!parse(&cli, argc - words, argv + words, &parsed))
		return 2;
	if (parsed.help) {
		print_command(out, cli.command, true);
		return 0;
	}
	cli.values[CLI_OPTIONS_MAX - 1] = app != NULL ? app->config.data_dir : data_dir_of(&cli, &parsed);
	return run_command(&cli, argc, argv);
}
