/* Workbooks as rows: starts the helper process, checks and reads its frames. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "core/files/xlsx.h"

enum { SILENCE_MS = 120000, FRAME_MAX = TABLE_ROW_MAX * 2 };

struct xlsx_state {
	pid_t pid;
	int fd;
	unsigned char in[FILE_CHUNK];
	size_t in_at, in_len;
	struct buf frame;
	struct buf text; /* cells of the row, each with NUL */
	bool ended;
};

/* The helper sees only those variables that loaders and sanitizers need. */
static char **helper_environment(struct ctx *ctx)
{
	static const char *const kept[] = {"LD_LIBRARY_PATH=", "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LLVM_PROFILE_FILE="};
	char **env = arena_array(ctx->arena, sizeof(kept) / sizeof(kept[0]) + 1, sizeof(*env));
	size_t n = 0;
	for (char **e = environ; env != NULL && e != NULL && *e != NULL; e++)
		for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
			if (str_starts(*e, kept[i]) && n < sizeof(kept) / sizeof(kept[0]))
				env[n++] = *e;
	return env;
}

static int spawn_with(struct ctx *ctx, int file, int out, const char *sheet, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	char *argv[3] = {arena_strdup(ctx->arena, xlsx_helper_name), arena_strdup(ctx->arena, sheet), NULL};
	char **env = helper_environment(ctx);
	if (argv[0] == NULL || argv[1] == NULL || env == NULL)
		return ENOMEM;
	if (posix_spawn_file_actions_init(&actions) != 0)
		return ENOMEM;
	if (posix_spawnattr_init(&attr) != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return ENOMEM;
	}
	sigemptyset(&none);
	sigfillset(&all);
	int bad = posix_spawn_file_actions_adddup2(&actions, file, STDIN_FILENO);
	bad |= posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	bad |= posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	bad |= posix_spawnattr_setsigmask(&attr, &none);
	bad |= posix_spawnattr_setsigdefault(&attr, &all);
	bad |= posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (bad == 0)
		bad = posix_spawn(ret_pid, "/proc/self/exe", &actions, &attr, argv, env);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&actions);
	return bad;
}

static enum err start_helper(struct ctx *ctx, struct xlsx_state *s, int file, const char *sheet)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return fail_arg(ctx, ERR_LIMIT, "file", "xlsx_helper", strerrordesc_np(errno));
	/* The file actions close from 3 on; what is moved must not lie there already. */
	int bad = spawn_with(ctx, file, ends[1], sheet, &s->pid);
	close(ends[1]);
	s->fd = ends[0];
	if (bad != 0) {
		s->pid = 0;
		return fail_arg(ctx, ERR_BUG, "file", "xlsx_helper", strerrordesc_np(bad));
	}
	return OK;
}

/* --- frames in: the helper is not trusted ------------------------------ */

static enum err helper_died(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "file", "xlsx_helper_died");
}

static enum err need(struct ctx *ctx, struct xlsx_state *s, void *out, size_t n)
{
	unsigned char *to = out;
	while (n > 0) {
		if (s->in_at == s->in_len) {
			struct pollfd p = {.fd = s->fd, .events = POLLIN};
			int ready = poll(&p, 1, SILENCE_MS);
			if (ready < 0 && errno == EINTR)
				continue;
			ssize_t got = ready > 0 ? read(s->fd, s->in, sizeof(s->in)) : 0;
			if (got < 0 && errno == EINTR)
				continue;
			if (got <= 0)
				return helper_died(ctx);
			s->in_at = 0;
			s->in_len = (size_t)got;
		}
		size_t take = s->in_len - s->in_at < n ? s->in_len - s->in_at : n;
		memcpy(to, s->in + s->in_at, take);
		s->in_at += take;
		to += take;
		n -= take;
	}
	return OK;
}

static uint32_t u32_at(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static enum err read_frame(struct ctx *ctx, struct xlsx_state *s, char *ret_letter)
{
	char head[5];
	enum err err = need(ctx, s, head, sizeof(head));
	if (err != OK)
		return err;
	uint32_t n = u32_at(head + 1);
	if (n > FRAME_MAX)
		return helper_died(ctx);
	buf_reset(&s->frame);
	char *to = buf_reserve(&s->frame, n);
	if (to == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	err = need(ctx, s, to, n);
	if (err != OK)
		return err;
	s->frame.len = n;
	to[n] = '\0';
	*ret_letter = head[0];
	return OK;
}

static enum err take_fault(struct ctx *ctx, const struct buf *frame)
{
	const char *end = frame->data + frame->len;
	const char *key = frame->data + 1;
	if (frame->len < 3 || frame->data[0] <= OK || frame->data[0] > ERR_BUG || !utf8_valid(key, strlen(key)))
		return helper_died(ctx);
	const char *arg = key + strlen(key) + 1;
	if (arg >= end || !utf8_valid(arg, strlen(arg)))
		arg = "";
	const char *copy = arena_strdup(ctx->arena, key);
	return fail_arg(ctx, (enum err)frame->data[0], "file", copy != NULL ? copy : "no_memory", arg);
}

static enum err take_sheets(struct ctx *ctx, struct table *table, const struct buf *frame)
{
	const char **names = arena_array(&table->memory, TABLE_SHEETS_MAX, sizeof(*names));
	size_t n = 0;
	if (names == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	for (size_t at = 0; at < frame->len && n < TABLE_SHEETS_MAX; at += strlen(frame->data + at) + 1) {
		const char *name = frame->data + at;
		names[n] = arena_strdup(&table->memory, utf8_valid(name, strlen(name)) ? name : "?");
		if (names[n++] == NULL)
			return fail(ctx, ERR_LIMIT, "", "no_memory");
	}
	table->info.sheets = names;
	table->info.n_sheets = n;
	return OK;
}

static enum err take_row(struct ctx *ctx, struct table *table, struct table_row *ret)
{
	struct xlsx_state *s = table->state;
	const struct buf *f = &s->frame;
	if (f->len < 8)
		return helper_died(ctx);
	uint32_t number = u32_at(f->data), n = u32_at(f->data + 4);
	struct cell *cells = n > TABLE_COLUMNS_MAX ? NULL : table_cells(table, n);
	if (cells == NULL)
		return helper_died(ctx);
	/* One piece, so that the cells' addresses stay. */
	buf_reset(&s->text);
	if (buf_reserve(&s->text, f->len + n) == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	size_t at = 8;
	for (uint32_t i = 0; i < n; i++) {
		if (f->len - at < 5)
			return helper_died(ctx);
		unsigned kind = (unsigned char)f->data[at];
		size_t len = u32_at(f->data + at + 1);
		at += 5;
		if (kind >= CELL_KIND_COUNT || len > f->len - at || len > TABLE_CELL_MAX || !utf8_valid(f->data + at, len))
			return helper_died(ctx);
		if (kind == CELL_ERROR) /* "#N/A" and its kin are no value */
			kind = CELL_EMPTY;
		cells[i] = (struct cell){s->text.data + s->text.len, kind == CELL_EMPTY ? 0 : len, (enum cell_kind)kind};
		buf_add(&s->text, f->data + at, cells[i].len);
		buf_putc(&s->text, '\0');
		at += len;
	}
	*ret = (struct table_row){cells, n, number, NULL};
	return OK;
}

static void take_number(struct table *table, char letter, const struct buf *frame)
{
	if (frame->len < 4)
		return;
	uint32_t value = u32_at(frame->data);
	if (letter == 'U' && value < table->info.n_sheets)
		table->info.sheet = table->info.sheets[value];
	else if (letter == 'P' && value <= 1000)
		table->info.bytes_done = table->info.bytes_total / 1000 * value;
}

static enum err xlsx_next(struct ctx *ctx, struct table *table, struct table_row *ret, bool *ret_more)
{
	struct xlsx_state *s = table->state;
	*ret_more = false;
	while (!s->ended) {
		char letter = 0;
		enum err err = read_frame(ctx, s, &letter);
		if (err != OK)
			return err;
		switch (letter) {
		case 'R':
			*ret_more = true;
			return take_row(ctx, table, ret);
		case 'S':
			err = take_sheets(ctx, table, &s->frame);
			break;
		case 'U':
		case 'P':
			take_number(table, letter, &s->frame);
			break;
		case 'E':
			s->ended = true;
			table->info.bytes_done = table->info.bytes_total;
			break;
		case 'F':
			err = take_fault(ctx, &s->frame);
			break;
		default:
			err = helper_died(ctx);
		}
		if (err != OK)
			return err;
	}
	return OK;
}

static void xlsx_release(struct table *table)
{
	struct xlsx_state *s = table->state;
	if (s == NULL)
		return;
	if (s->fd >= 0)
		close(s->fd);
	if (s->pid > 0) {
		(void)kill(s->pid, SIGKILL); /* our own child, not yet waited for */
		while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	buf_release(&s->frame);
	buf_release(&s->text);
	free(s);
	table->state = NULL;
}

static const struct table_reader xlsx_reader = {.next = xlsx_next, .free = xlsx_release};

enum err xlsx_open(struct ctx *ctx, struct table *table, const struct table_options *options)
{
	struct xlsx_state *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	s->fd = -1;
	buf_init(&s->frame, FRAME_MAX);
	buf_init(&s->text, FRAME_MAX + TABLE_COLUMNS_MAX);
	table->state = s;
	table->reader = &xlsx_reader;
	return start_helper(ctx, s, table->in.fd, options->sheet != NULL ? options->sheet : "");
}
