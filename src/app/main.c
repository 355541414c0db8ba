#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cli.h"
#include "core/files/files.h"

enum { COMMAND_ARENA = 256 * 1024 * 1024 };

/* Memory holds customers' data, keys and passwords: none of it is left on the disk by a crash, or read by a debugger that
 * somebody else of the same account starts. */
static void forbid_dumps(void)
{
	const struct rlimit none = {0, 0};
	(void)setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* they look at themselves from outside */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

int main(int argc, char **argv)
{
	int helper_status;
	forbid_dumps();
	if (file_helper(argc, argv, &helper_status))
		return helper_status;
	char *cwd = getcwd(NULL, 0);
	struct arena arena;
	struct ctx *ctx = malloc(sizeof(*ctx));
	if (cwd == NULL || ctx == NULL) {
		fprintf(stderr, "guanxi: cannot start: no working folder or no memory\n");
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	/* whatever is written holds customers' data: backups and the control socket too */
	umask(0077);
	arena_init(&arena, COMMAND_ARENA);
	ctx_init(ctx, &arena, clock_system());
	int status = cli_run(ctx, argc - 1, (const char *const *)(argv + 1), cwd, stdin, stdout, stderr, NULL);
	if (fflush(stdout) != 0 && status == 0)
		status = 1;
	arena_release(&arena);
	free(ctx);
	free(cwd);
	return status;
}
