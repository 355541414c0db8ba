/* First start, tokens, passwords. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cli.h"
#include "base/decimal.h"
#include "base/str.h"

enum { PASSWORD_MAX = 1024 };

struct first_admin {
	const char *email, *name, *password;
	struct manifest_parts parts;
	int64_t id;
};

static enum err create_admin(struct ctx *ctx, void *arg)
{
	struct first_admin *admin = arg;
	enum err err = access_init_roles(ctx, admin->parts.roles, admin->parts.rights);
	if (err == OK)
		err = access_create_admin(ctx, admin->email, admin->name, admin->password, &admin->id);
	return err;
}

/* One line of standard input, unless it is a terminal or empty. */
static const char *read_password(struct cli *cli)
{
	char *line = arena_alloc(cli->ctx->arena, PASSWORD_MAX);
	if (line == NULL || isatty(fileno(cli->in)) || fgets(line, PASSWORD_MAX, cli->in) == NULL)
		return NULL;
	line[strcspn(line, "\r\n")] = '\0';
	return *line != '\0' ? line : NULL;
}

static enum err make_folder(struct ctx *ctx, const char *dir)
{
	if (mkdir(dir, 0700) == 0 || errno == EEXIST)
		return OK;
	return fail_arg(ctx, ERR_INVALID, "data", "cannot_create_folder", dir);
}

static int init(struct cli *cli)
{
	struct ctx *ctx = cli->ctx;
	struct app app;
	struct first_admin admin = {.email = command_value(cli, "admin-email"), .name = command_value(cli, "admin-name")};
	struct app_config config = {.data_dir = cli->data_dir, .pg_url = command_value(cli, "pg-url"), .pg_schema = command_value(cli, "pg-schema"),
	                            .base_currency = "CNY", .phone_region = "CN", .listen = "127.0.0.1:8080"};
	if (command_value(cli, "currency") != NULL)
		config.base_currency = command_value(cli, "currency");
	if (command_value(cli, "region") != NULL)
		config.phone_region = command_value(cli, "region");
	if (admin.name == NULL)
		admin.name = "Administrator";
	admin.password = read_password(cli);
	bool generated = admin.password == NULL;
	if (currency_scale(config.base_currency) < 0)
		return fail_arg(ctx, ERR_INVALID, "currency", "conf_value", config.base_currency) == OK ? 0 : command_failed(cli);
	if (generated && access_random_password(ctx, &admin.password) != OK)
		return command_failed(cli);
	if (make_folder(ctx, config.data_dir) != OK || config_write(ctx, &config) != OK)
		return command_failed(cli);
	enum err err = app_open(ctx, &config, false, &app);
	if (err == OK) {
		ctx->actor = gate_system();
		admin.parts = app.parts;
		err = store_write(ctx, app.store, create_admin, &admin);
		app_close(&app);
	}
	if (err != OK) {
		/* so that the same command can be given again */
		unlink(arena_printf(ctx->arena, "%s/guanxi.conf", config.data_dir));
		return command_failed(cli);
	}
	fprintf(cli->out, "Made the data folder %s with the administrator %s.\n", config.data_dir, admin.email);
	if (generated)
		fprintf(cli->out, "Password (shown once): %s\n", admin.password);
	return 0;
}

struct new_token {
	const char *email, *name, *token;
};

static enum err create_token(struct ctx *ctx, void *arg)
{
	struct new_token *t = arg;
	return access_create_token(ctx, t->email, t->name, &t->token);
}

static int token_create(struct cli *cli)
{
	struct new_token t = {.email = command_value(cli, "user"), .name = command_value(cli, "name")};
	if (store_write(cli->ctx, cli->app->store, create_token, &t) != OK)
		return command_failed(cli);
	fprintf(cli->out, "%s\n", t.token);
	return 0;
}

static const struct command_option init_options[] = {
	{"admin-email", "E-MAIL", true, "the first administrator; the password is read from standard input, or made and shown once"},
	{"admin-name", "NAME", false, "how they are called"},
	{"currency", "CODE", false, "base currency (default CNY)"},
	{"region", "CODE", false, "country of phone numbers without a country code (default CN)"},
	{"pg-url", "URL", false, "keep the data in this PostgreSQL instead of SQLite"},
	{"pg-schema", "NAME", false, "schema in that PostgreSQL (default guanxi)"},
	{NULL, NULL, false, NULL},
};

static const struct command_option token_options[] = {
	{"user", "E-MAIL", true, "whose rights the token has"},
	{"name", "NAME", true, "what it is for"},
	{NULL, NULL, false, NULL},
};

const struct command cli_admin_commands[] = {
	{"init", NEEDS_NOTHING, init_options, NULL, "Makes a data folder and its first administrator.", init},
	{"token create", NEEDS_WRITER, token_options, NULL, "Makes an API token and prints it.", token_create},
	{.name = NULL},
};
