#include "app/control.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/cli.h"
#include "base/log.h"

enum { MESSAGE_MAX = 64 * 1024, STREAMS = 3, ARGS_MAX = 300, AT_ONCE = 4, COMMAND_ARENA = 256 * 1024 * 1024 };

struct control {
	struct app *app;
	int fd;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	pthread_t thread;
	_Atomic bool stopping;
	_Atomic int running;
};

static bool address(const char *data_dir, struct sockaddr_un *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->sun_family = AF_UNIX;
	int n = snprintf(ret->sun_path, sizeof(ret->sun_path), "%s/control.sock", data_dir);
	return n > 0 && (size_t)n < sizeof(ret->sun_path);
}

/* --- the caller's side --------------------------------------------------- */

static size_t pack(char *out, int argc, const char *const *argv, const char *cwd)
{
	size_t at = 0;
	for (int i = -1; i < argc; i++) {
		const char *text = i < 0 ? cwd : argv[i];
		size_t n = strlen(text) + 1;
		if (n > MESSAGE_MAX - at)
			return 0;
		memcpy(out + at, text, n);
		at += n;
	}
	return at;
}

static bool send_command(int fd, const char *message, size_t n)
{
	struct iovec part = {.iov_base = (void *)(uintptr_t)message, .iov_len = n};
	union {
		char space[CMSG_SPACE(STREAMS * sizeof(int))];
		struct cmsghdr align;
	} control;
	memset(&control, 0, sizeof(control));
	struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof(control.space)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&head);
	int streams[STREAMS] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(streams));
	memcpy(CMSG_DATA(c), streams, sizeof(streams));
	return sendmsg(fd, &head, MSG_NOSIGNAL) == (ssize_t)n;
}

bool control_forward(const char *data_dir, int argc, const char *const *argv, const char *cwd, int *ret_status)
{
	struct sockaddr_un to;
	unsigned char status;
	if (!address(data_dir, &to))
		return false;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	char *message = malloc(MESSAGE_MAX);
	bool ran = false;
	if (fd >= 0 && message != NULL && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0) {
		size_t n = pack(message, argc, argv, cwd);
		if (n > 0 && send_command(fd, message, n)) {
			ran = true; /* from here on it must not run a second time */
			*ret_status = read(fd, &status, 1) == 1 ? status : 1;
		}
	}
	free(message);
	if (fd >= 0)
		close(fd);
	return ran;
}

/* --- the serving side ------------------------------------------------------ */

struct call {
	struct control *control;
	int fd;
	int streams[STREAMS];
	size_t n;
	char message[MESSAGE_MAX];
};

static bool receive(struct call *call)
{
	struct iovec part = {.iov_base = call->message, .iov_len = sizeof(call->message) - 1};
	union {
		char space[CMSG_SPACE(STREAMS * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof(control.space)};
	ssize_t n = recvmsg(call->fd, &head, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&head) : NULL;
	if (c == NULL || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(call->streams)))
		return false;
	memcpy(call->streams, CMSG_DATA(c), sizeof(call->streams));
	call->n = (size_t)n;
	call->message[n] = '\0';
	return true;
}

static int run_message(struct call *call, FILE *in, FILE *out, FILE *err)
{
	const char *args[ARGS_MAX];
	int argc = -1;
	const char *cwd = call->message;
	for (size_t at = 0; at < call->n && argc < ARGS_MAX; at += strlen(call->message + at) + 1) {
		if (argc >= 0)
			args[argc] = call->message + at;
		argc++;
	}
	struct arena arena;
	struct ctx *ctx = malloc(sizeof(*ctx));
	if (ctx == NULL)
		return 1;
	arena_init(&arena, COMMAND_ARENA);
	ctx_init(ctx, &arena, clock_system());
	int status = cli_run(ctx, argc < 0 ? 0 : argc, args, cwd, in, out, err, call->control->app);
	arena_release(&arena);
	free(ctx);
	return status;
}

static void *run_call(void *arg)
{
	struct call *call = arg;
	FILE *in = fdopen(call->streams[0], "r"), *out = fdopen(call->streams[1], "w"), *err = fdopen(call->streams[2], "w");
	unsigned char status = 1;
	if (in != NULL && out != NULL && err != NULL)
		status = (unsigned char)run_message(call, in, out, err);
	if (in != NULL)
		fclose(in);
	if (out != NULL && fclose(out) != 0)
		status = status != 0 ? status : 1;
	if (err != NULL)
		fclose(err);
	if (send(call->fd, &status, 1, MSG_NOSIGNAL) != 1)
		log_event(LOG_WARN, "a command's caller went away", NULL);
	close(call->fd);
	atomic_fetch_sub(&call->control->running, 1);
	free(call);
	return NULL;
}

static bool same_user(int fd)
{
	struct ucred who;
	socklen_t n = sizeof(who);
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 && (who.uid == geteuid() || who.uid == 0);
}

static void take_call(struct control *control, int fd)
{
	struct call *call = malloc(sizeof(*call));
	pthread_t thread;
	if (call == NULL || !same_user(fd) || atomic_load(&control->running) >= AT_ONCE) {
		close(fd);
		free(call);
		return;
	}
	call->control = control;
	call->fd = fd;
	if (!receive(call)) {
		close(fd);
		free(call);
		return;
	}
	atomic_fetch_add(&control->running, 1);
	if (pthread_create(&thread, NULL, run_call, call) == 0) {
		pthread_detach(thread);
		return;
	}
	atomic_fetch_sub(&control->running, 1);
	for (int i = 0; i < STREAMS; i++)
		close(call->streams[i]);
	close(fd);
	free(call);
}

static void *listen_loop(void *arg)
{
	struct control *control = arg;
	while (!atomic_load(&control->stopping)) {
		struct pollfd wait = {.fd = control->fd, .events = POLLIN};
		if (poll(&wait, 1, 200) <= 0)
			continue;
		int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC);
		struct timeval patience = {.tv_sec = 5};
		if (fd < 0)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		take_call(control, fd);
	}
	return NULL;
}

enum err control_start_new(struct ctx *ctx, struct app *app, struct control **ret)
{
	struct sockaddr_un at;
	if (!address(app->config.data_dir, &at))
		return fail(ctx, ERR_INVALID, "data", "path_too_long");
	struct control *control = calloc(1, sizeof(*control));
	if (control == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	control->app = app;
	memcpy(control->path, at.sun_path, sizeof(control->path));
	control->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* the folder's lock is ours, so a socket that is there was left by a crash */
	unlink(control->path);
	bool good = control->fd >= 0 && bind(control->fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(control->fd, 8) == 0;
	if (!good || pthread_create(&control->thread, NULL, listen_loop, control) != 0) {
		if (control->fd >= 0)
			close(control->fd);
		free(control);
		return fail_arg(ctx, ERR_INVALID, "data", "cannot_open", at.sun_path);
	}
	*ret = control;
	return OK;
}

void control_stop(struct control *control)
{
	if (control == NULL)
		return;
	atomic_store(&control->stopping, true);
	pthread_join(control->thread, NULL);
	close(control->fd);
	unlink(control->path);
	/* a running command uses the app: it is waited for */
	while (atomic_load(&control->running) > 0)
		poll(NULL, 0, 20);
	free(control);
}
