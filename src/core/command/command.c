#include "core/command/command.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"

const char *command_value(const struct cli *cli, const char *option)
{
	for (int i = 0; cli->command->options != NULL && cli->command->options[i].name != NULL; i++) {
		if (str_equal(cli->command->options[i].name, option))
			return cli->values[i];
	}
	return NULL;
}

const char *command_path(const struct cli *cli, const char *path)
{
	if (path == NULL || *path == '/')
		return path;
	const char *full = arena_printf(cli->ctx->arena, "%s/%s", cli->cwd, path);
	return full != NULL ? full : path;
}

int command_failed(const struct cli *cli)
{
	cli->print_faults(cli->ctx, cli->err);
	return 1;
}

bool command_read_file(const struct cli *cli, const char *name, struct buf *ret)
{
	FILE *file = fopen(command_path(cli, name), "rbe");
	char *room = NULL;
	size_t n = 0;
	while (file != NULL && (room = buf_reserve(ret, 65536)) != NULL && (n = fread(room, 1, 65536, file)) > 0)
		ret->len += n;
	bool failed = file == NULL || room == NULL || ferror(file) != 0;
	if (failed)
		fprintf(cli->err, "guanxi: %s: %s\n", name, file != NULL && room == NULL ? "too large" : strerror(errno));
	if (file != NULL)
		(void)fclose(file);
	return !failed;
}
