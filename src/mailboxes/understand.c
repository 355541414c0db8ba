/* Mail from outside is read in a process of its own, with bounds on time and memory: a message that is too much for it costs a process
 * and not the server. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "mailboxes/mailboxes_internal.h"

enum { OUT_MAX = 192 << 20, READ_BYTES = 65536, PATIENCE_MS = 60000, HEAD_MAX = 32 };

static bool write_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t got = write(fd, bytes, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		bytes += got;
		n -= (size_t)got;
	}
	return true;
}

/* What the process reads: each message behind a line with its length. -1: it cannot be made. */
static int make_input(const struct mailbox_mail *mails, size_t n)
{
	int fd = memfd_create("mail", MFD_CLOEXEC);
	bool good = fd >= 0;
	for (size_t i = 0; i < n && good; i++) {
		char head[HEAD_MAX];
		int len = snprintf(head, sizeof(head), "%zu\n", mails[i].n);
		good = write_all(fd, head, (size_t)len) && write_all(fd, mails[i].raw, mails[i].n);
	}
	if (good && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool start(int in, int out, pid_t *ret)
{
	char *const argv[] = {(char[]){"guanxi"}, (char[]){"mail"}, (char[]){"explain"}, (char[]){"--frames"}, NULL};
	char *const env[] = {(char[]){"LC_ALL=C.UTF-8"}, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t none;
	sigemptyset(&none);
	if (posix_spawn_file_actions_init(&files) != 0)
		return false;
	if (posix_spawnattr_init(&how) != 0) {
		posix_spawn_file_actions_destroy(&files);
		return false;
	}
	bool good = posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO) == 0 && posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO) == 0;
	good = good && posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0;
	good = good && posix_spawnattr_setsigmask(&how, &none) == 0 && posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK) == 0;
	good = good && posix_spawn(ret, "/proc/self/exe", &files, &how, argv, env) == 0;
	posix_spawnattr_destroy(&how);
	posix_spawn_file_actions_destroy(&files);
	return good;
}

/* All it says, until it ends or its time is over. */
static void hear(int fd, struct buf *out)
{
	int64_t until = time_monotonic_us() / 1000 + PATIENCE_MS;
	for (;;) {
		int64_t left = until - time_monotonic_us() / 1000;
		struct pollfd one = {.fd = fd, .events = POLLIN};
		int ready = left > 0 ? poll(&one, 1, (int)left) : 0;
		if (ready < 0 && errno == EINTR)
			continue;
		char *room = ready > 0 ? buf_reserve(out, READ_BYTES) : NULL;
		ssize_t got = room != NULL ? read(fd, room, READ_BYTES) : 0;
		if (got <= 0)
			return;
		out->len += (size_t)got;
	}
}

/* One process for these messages: as many lines as it had answers for. */
static enum err run(struct ctx *ctx, const struct mailbox_mail *mails, size_t n, struct buf *out)
{
	int in = make_input(mails, n), pipes[2] = {-1, -1}, status;
	pid_t child = 0;
	bool good = in >= 0 && pipe2(pipes, O_CLOEXEC) == 0 && start(in, pipes[1], &child);
	if (pipes[1] >= 0)
		close(pipes[1]);
	if (good) {
		hear(pipes[0], out);
		(void)kill(child, SIGKILL); /* it has ended, or must */
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
	}
	if (pipes[0] >= 0)
		close(pipes[0]);
	if (in >= 0)
		close(in);
	return good ? OK : fail(ctx, ERR_LIMIT, "", "mailbox_process");
}

/* --- its answers ------------------------------------------------------------------------- */

static const char *text_of(struct ctx *ctx, const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return arena_strdup(ctx->arena, text != NULL ? text : "");
}

static const char **list_of(struct ctx *ctx, const json_t *list, const char *key, size_t *ret_n)
{
	size_t n = json_array_size(list);
	const char **texts = arena_array(ctx->arena, n > 0 ? n : 1, sizeof(*texts));
	*ret_n = 0;
	for (size_t i = 0; i < n && texts != NULL; i++) {
		const json_t *one = json_array_get(list, i);
		const char *text = json_string_value(key != NULL ? json_object_get(one, key) : one);
		if (!str_empty(text))
			texts[(*ret_n)++] = arena_strdup(ctx->arena, text);
	}
	return texts;
}

static void keep_answer(struct ctx *ctx, const json_t *line, struct mailbox_mail *mail)
{
	const json_t *said = json_object_get(line, "mail"), *recipients = json_object_get(said, "recipients"), *first = json_array_get(recipients, 0);
	mail->kind = text_of(ctx, said, "kind");
	mail->from = text_of(ctx, said, "from");
	mail->from_address = text_of(ctx, line, "from_address");
	mail->to = text_of(ctx, said, "to");
	mail->subject = text_of(ctx, said, "subject");
	mail->text = text_of(ctx, said, "text");
	mail->reply = text_of(ctx, said, "reply");
	mail->html = json_is_string(json_object_get(said, "html")) ? text_of(ctx, said, "html") : NULL;
	mail->message_id = json_is_string(json_object_get(said, "message_id")) ? text_of(ctx, said, "message_id") : NULL;
	mail->references = list_of(ctx, json_object_get(said, "references"), NULL, &mail->n_references);
	mail->n_attachments = json_array_size(json_object_get(said, "attachments"));
	mail->failed = list_of(ctx, recipients, "address", &mail->n_failed);
	mail->status = text_of(ctx, first, "status");
	mail->hard = str_equal(json_string_value(json_object_get(first, "bounce")), "hard");
	mail->read = true;
}

static void keep_nothing(struct mailbox_mail *mail)
{
	mail->kind = "unread";
	mail->from = mail->from_address = mail->to = mail->subject = mail->text = mail->reply = mail->status = "";
	mail->html = mail->message_id = NULL;
	mail->references = mail->failed = NULL;
	mail->n_references = mail->n_attachments = mail->n_failed = 0;
}

/* How many messages had an answer; an empty line stands for one that could not be read. */
static size_t keep_answers(struct ctx *ctx, const struct buf *out, struct mailbox_mail *mails, size_t n)
{
	const char *at = buf_text(out), *end = at + out->len;
	size_t done = 0;
	for (const char *nl; done < n && (nl = memchr(at, '\n', (size_t)(end - at))) != NULL; at = nl + 1, done++) {
		json_t *line = json_loadb(at, (size_t)(nl - at), 0, NULL);
		if (json_is_object(line))
			keep_answer(ctx, line, &mails[done]);
		json_decref(line);
	}
	return done;
}

enum err mailbox_understand(struct ctx *ctx, struct mailbox_mail *mails, size_t n)
{
	for (size_t i = 0; i < n; i++)
		keep_nothing(&mails[i]);
	for (size_t at = 0; at < n;) {
		struct buf out;
		buf_init(&out, OUT_MAX);
		enum err err = run(ctx, mails + at, n - at, &out);
		size_t done = err == OK ? keep_answers(ctx, &out, mails + at, n - at) : 0;
		buf_release(&out);
		if (err != OK)
			return err;
		at += done < n - at ? done + 1 : done; /* the one it ended at is left as it is */
	}
	return ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : OK;
}
