/* `guanxi calendar ask`: questions on plain files, for administrators who wonder why a deadline fell where it did. */
#include "core/calendar/calendar.h"
#include "core/calendar/calendar_store.h"
#include "core/command/command.h"

enum { QUESTIONS_MAX = 64 << 20 };

static int calendar_answers(struct cli *cli)
{
	struct buf in, out;
	if (cli->n_files != 1) {
		fprintf(cli->err, "guanxi: 'calendar ask' needs one FILE\n");
		return 2;
	}
	buf_init(&in, QUESTIONS_MAX);
	buf_init(&out, QUESTIONS_MAX);
	int status = 1;
	if (command_read_file(cli, cli->files[0], &in)) {
		status = calendar_ask(cli->ctx, buf_text(&in), in.len, &out) == OK ? 0 : command_failed(cli);
		if (out.len > 0 && fwrite(buf_text(&out), 1, out.len, cli->out) != out.len)
			status = 1;
	}
	buf_release(&in);
	buf_release(&out);
	return status;
}

const struct command calendar_commands[] = {
	{"calendar ask", NEEDS_NOTHING, NULL, "FILE", "Answers a JSON list of questions on business calendars, one answer a line.", calendar_answers},
	{.name = NULL},
};
