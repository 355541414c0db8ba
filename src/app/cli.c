#include "app/cli.h"

#include <stdlib.h>
#include <string.h>

#include "app/control.h"
#include "base/str.h"

static const struct command *const own_tables[] = {cli_serve_commands, cli_admin_commands, cli_data_commands, cli_care_commands};
enum { OWN_TABLES = sizeof(own_tables) / sizeof(own_tables[0]) };

/* The program's own tables, then those of manifests; NULL after the last. An empty one is `no_commands`. */
static const struct command *table_at(size_t t)
{
	static const struct command no_commands[] = {{0}};
	if (t < OWN_TABLES)
		return own_tables[t];
	const struct manifest *manifest = app_manifests[t - OWN_TABLES];
	if (manifest == NULL)
		return NULL;
	return manifest->commands != NULL ? manifest->commands : no_commands;
}

static const struct command_option data_option = {"data", "DIR", false, "data folder (default: $GUANXI_DATA, or ./data)"};

static void print_option(FILE *out, const struct command_option *o)
{
	fprintf(out, "    --%s%s%s  %s%s\n", o->name, o->value != NULL ? " " : "", o->value != NULL ? o->value : "", o->doc,
	        o->required ? " (required)" : "");
}

static void print_command(FILE *out, const struct command *c, bool options)
{
	fprintf(out, "  guanxi %s%s%s%s\n      %s\n", c->name, c->options != NULL ? " [options]" : "", c->files != NULL ? " " : "",
	        c->files != NULL ? c->files : "", c->doc);
	for (const struct command_option *o = c->options; options && o != NULL && o->name != NULL; o++)
		print_option(out, o);
	if (options && c->needs != NEEDS_FILES)
		print_option(out, &data_option);
	if (options && c->example != NULL)
		fprintf(out, "  for example:\n      %s\n", c->example);
}

static void print_help(FILE *out)
{
	fprintf(out, "Guanxi %s: customer relationship management\n\n", GUANXI_VERSION);
	const struct command *table;
	for (size_t t = 0; (table = table_at(t)) != NULL; t++) {
		for (const struct command *c = table; c->name != NULL; c++)
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
	const struct command *table;
	for (size_t t = 0; (table = table_at(t)) != NULL; t++) {
		for (const struct command *c = table; c->name != NULL; c++) {
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
	if (c->needs != NEEDS_FILES && len == 4 && memcmp(name, "data", 4) == 0)
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
		} else if (cli->command->files == NULL || cli->n_files == COMMAND_FILES_MAX) {
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

static const char *data_dir_of(const struct cli *cli, const struct parsed *parsed)
{
	const char *dir = parsed->data != NULL ? parsed->data : getenv("GUANXI_DATA");
	return command_path(cli, !str_empty(dir) ? dir : "data");
}

static int run_opened(struct cli *cli, bool read_only)
{
	struct app app;
	struct app_config config;
	if (config_read(cli->ctx, cli->data_dir, &config) != OK || app_open(cli->ctx, &config, read_only, &app) != OK)
		return command_failed(cli);
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
		app_prepare_held(cli->app, cli->ctx);
		cli->ctx->actor = gate_system();
		status = cli->command->run(cli);
		app_end(cli->app, cli->ctx);
		return status;
	}
	switch (cli->command->needs) {
	case NEEDS_NOTHING:
	case NEEDS_FILES:
		return cli->command->run(cli);
	case NEEDS_CONFIG:
		return config_read(cli->ctx, cli->data_dir, &config) == OK ? cli->command->run(cli) : command_failed(cli);
	case NEEDS_READER:
		return run_opened(cli, true);
	case NEEDS_WRITER:
	default:
		if (control_forward(cli->data_dir, argc, argv, cli->cwd, &status))
			return status;
		return run_opened(cli, false);
	}
}

/* `guanxi model`: the commands that begin so. */
static int no_command(int argc, const char *const *argv, FILE *out, FILE *err)
{
	bool help = argc > 1 && str_equal(argv[1], "--help"), any = false;
	size_t len = strlen(argv[0]);
	const struct command *table;
	for (size_t t = 0; (help || argc == 1) && (table = table_at(t)) != NULL; t++) {
		for (const struct command *c = table; c->name != NULL; c++) {
			if (!str_starts(c->name, argv[0]) || c->name[len] != ' ')
				continue;
			print_command(help ? out : err, c, false);
			any = true;
		}
	}
	if (any)
		return help ? 0 : 2;
	fprintf(err, "guanxi: there is no command '%s%s%s'; see 'guanxi help'\n", argv[0], argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
	return 2;
}

int cli_run(struct ctx *ctx, int argc, const char *const *argv, const char *cwd, FILE *in, FILE *out, FILE *err, struct app *app)
{
	struct cli cli = {.in = in, .out = out, .err = err, .cwd = cwd, .ctx = ctx, .app = app, .print_faults = app_print_faults};
	struct parsed parsed = {0};
	int words;
	if (argc == 0 || str_equal(argv[0], "help") || str_equal(argv[0], "--help")) {
		print_help(argc == 0 ? err : out);
		return argc == 0 ? 2 : 0;
	}
	if (str_equal(argv[0], "--version"))
		return fprintf(out, "guanxi %s\n", GUANXI_VERSION) > 0 ? 0 : 1;
	cli.command = find_command(argc, argv, &words);
	if (cli.command == NULL)
		return no_command(argc, argv, out, err);
	if (!parse(&cli, argc - words, argv + words, &parsed))
		return 2;
	if (parsed.help) {
		print_command(out, cli.command, true);
		return 0;
	}
	cli.data_dir = app != NULL ? app->config.data_dir : data_dir_of(&cli, &parsed);
	return run_command(&cli, argc, argv);
}
