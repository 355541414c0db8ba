/* `guanxi mail …`: what the program makes of raw messages, on plain files. */
#include "core/mail/mail_command.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/jsonw.h"
#include "core/command/command.h"
#include "core/mail/mail.h"
#include "core/mail/mail_sanitize.h"

enum { ARENA_MAX = 512 << 20, LINE_MAX_BYTES = 512 << 20 };

/* One file, in memory of its own: a message that is too much does not end the others. */
static bool explain_file(struct cli *cli, const char *name)
{
	struct arena arena;
	struct ctx ctx;
	struct mail mail;
	struct buf in, out;
	arena_init(&arena, ARENA_MAX);
	ctx_init(&ctx, &arena, cli->ctx->clock);
	buf_init(&in, MAIL_BYTES_MAX);
	buf_init(&out, LINE_MAX_BYTES);
	bool good = command_read_file(cli, name, &in);
	if (good && (mail_read(&ctx, buf_text(&in), in.len, &mail) != OK || mail_explain(&ctx, name, &mail, &out) != OK)) {
		fprintf(cli->err, "guanxi: %s:\n", name);
		cli->print_faults(&ctx, cli->err);
		good = false;
	}
	buf_putc(&out, '\n');
	good = good && fwrite(buf_text(&out), 1, out.len, cli->out) == out.len;
	buf_release(&out);
	buf_release(&in);
	arena_release(&arena);
	return good;
}

/* --- mail from outside ---------------------------------------------------------------- */

enum { SECONDS_MAX = 30, FRAMES_BYTES = 1536 << 20, HEAD_MAX = 24 };

/* What hostile mail may cost. An address sanitizer needs more room than that. */
static bool set_limits(void)
{
	const struct rlimit time = {SECONDS_MAX, SECONDS_MAX}, nothing = {0, 0};
	bool good = setrlimit(RLIMIT_CPU, &time) == 0 && setrlimit(RLIMIT_CORE, &nothing) == 0 && setrlimit(RLIMIT_FSIZE, &nothing) == 0;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	const struct rlimit memory = {FRAMES_BYTES, FRAMES_BYTES};
	good = good && setrlimit(RLIMIT_AS, &memory) == 0;
#endif
	return good;
}

/* {"from_address","mail"}, or an empty line for what can't be read. */
static bool explain_frame(struct cli *cli, const char *bytes, size_t n)
{
	struct arena arena;
	struct ctx ctx;
	struct mail mail;
	struct buf out, said;
	struct jsonw w;
	arena_init(&arena, ARENA_MAX);
	ctx_init(&ctx, &arena, cli->ctx->clock);
	buf_init(&out, LINE_MAX_BYTES);
	buf_init(&said, LINE_MAX_BYTES);
	if (mail_read(&ctx, bytes, n, &mail) == OK && mail_explain(&ctx, "", &mail, &said) == OK) {
		jsonw_init(&w, &out);
		jsonw_object(&w);
		jsonw_kv_text(&w, "from_address", mail.from_address);
		jsonw_key(&w, "mail");
		jsonw_raw(&w, buf_text(&said), said.len);
		jsonw_end_object(&w);
	}
	if (buf_failed(&out))
		buf_reset(&out);
	buf_putc(&out, '\n');
	bool good = fwrite(buf_text(&out), 1, out.len, cli->out) == out.len && fflush(cli->out) == 0;
	buf_release(&said);
	buf_release(&out);
	arena_release(&arena);
	return good;
}

/* Messages from the standard input, each behind a line with its length. */
static int explain_frames(struct cli *cli)
{
	char head[HEAD_MAX];
	if (!set_limits()) {
		fprintf(cli->err, "guanxi: no bounds can be set\n");
		return 1;
	}
	while (fgets(head, sizeof(head), cli->in) != NULL) {
		char *end;
		unsigned long long n = strtoull(head, &end, 10);
		char *bytes = end > head && *end == '\n' && n <= MAIL_BYTES_MAX ? malloc((size_t)n + 1) : NULL;
		bool good = bytes != NULL && fread(bytes, 1, (size_t)n, cli->in) == n;
		if (good)
			bytes[n] = '\0';
		good = good && explain_frame(cli, bytes, (size_t)n);
		free(bytes);
		if (!good)
			return 1;
	}
	return 0;
}

static int mail_explain_files(struct cli *cli)
{
	int status = 0;
	if (command_value(cli, "frames") != NULL)
		return explain_frames(cli);
	if (cli->n_files == 0) {
		fprintf(cli->err, "guanxi: 'mail explain' needs one or more FILEs\n");
		return 2;
	}
	for (size_t i = 0; i < cli->n_files; i++)
		status = explain_file(cli, cli->files[i]) ? status : 1;
	return status;
}

static int mail_sanitize_input(struct cli *cli)
{
	struct buf in, out;
	char *room = NULL;
	size_t n = 0;
	int status = 1;
	buf_init(&in, MAIL_BYTES_MAX);
	buf_init(&out, LINE_MAX_BYTES);
	while ((room = buf_reserve(&in, 65536)) != NULL && (n = fread(room, 1, 65536, cli->in)) > 0)
		in.len += n;
	if (room == NULL || ferror(cli->in) != 0)
		fprintf(cli->err, "guanxi: what comes in cannot be read, or is too large\n");
	else if (mail_sanitize(cli->ctx, buf_text(&in), in.len, &out) != OK)
		(void)command_failed(cli);
	else
		status = fwrite(buf_text(&out), 1, out.len, cli->out) == out.len ? 0 : 1;
	buf_release(&out);
	buf_release(&in);
	return status;
}

static const struct command_option verify_options[] = {
	{"dns", "FILE", false, "Records in place of DNS, 'name text' a line; without it each FILE begins with its own and an empty line"},
	{"at", "TIME", false, "The moment to check at; without it, now"},
	{.name = NULL},
};

static const struct command_option explain_options[] = {
	{"json", NULL, false, "One JSON object a line; there is no other form yet"},
	{"frames", NULL, false, "In place of FILEs: messages from the standard input, each behind a line with its length, with bounds on time and memory, as the server reads mail"},
	{.name = NULL},
};

const struct command mail_commands[] = {
	{"mail explain", NEEDS_FILES, explain_options, "FILE...", "Says what the program understands of raw messages, a line each.", mail_explain_files},
	{"mail verify", NEEDS_FILES, verify_options, "FILE...", "Checks the DKIM signatures and the ARC chain of raw messages, a line each.", mail_verify_files, "guanxi mail verify letter.eml --dns keys.txt"},
	{"mail sanitize", NEEDS_FILES, NULL, NULL, "Reads HTML of a mail and prints what would be shown of it.", mail_sanitize_input, "guanxi mail sanitize < mail.html"},
	{.name = NULL},
};
