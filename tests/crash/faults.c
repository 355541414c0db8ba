/* Loaded into the server by LD_PRELOAD: system calls on files of one folder fail when they
 * are told to.  The orders stand in a small file that both sides map (GUANXI_FAULTS), so
 * that a fault can be armed while the server runs; GUANXI_FAULTS_UNDER is the folder. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

enum call { CALL_SYNC = 1, CALL_WRITE = 2, CALL_TRUNCATE = 4, CALL_RENAME = 8, CALL_UNLINK = 16 };
/* Added to the calls: on no other file than that. */
enum only { ONLY_LOG = 32, ONLY_DATABASE = 64 };

struct orders {
	_Atomic int32_t calls;  /* which calls: enum call, added up */
	_Atomic int32_t after;  /* so many of them succeed first */
	_Atomic int32_t error;  /* errno; -1: a short write */
	_Atomic int32_t sticky; /* all later ones fail too */
	_Atomic int32_t hits;   /* how many have failed */
	_Atomic int32_t seen;   /* how many came */
};

static struct orders *orders;
static char under[4096];

static void open_orders(void)
{
	static _Atomic int state;
	int none = 0;
	if (!atomic_compare_exchange_strong(&state, &none, 1))
		return;
	const char *path = getenv("GUANXI_FAULTS"), *folder = getenv("GUANXI_FAULTS_UNDER");
	int fd = path != NULL && folder != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	(void)snprintf(under, sizeof(under), "%s/", folder);
	void *map = mmap(NULL, sizeof(struct orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		orders = map;
}

__attribute__((constructor)) static void begin(void)
{
	open_orders();
}

static bool ends_with(const char *path, const char *end)
{
	size_t n = strlen(path), m = strlen(end);
	return n >= m && strcmp(path + n - m, end) == 0;
}

static bool is_meant(const char *path)
{
	int calls = atomic_load(&orders->calls);
	if (strncmp(path, under, strlen(under)) != 0)
		return false;
	if ((calls & ONLY_LOG) && !ends_with(path, ".db-wal"))
		return false;
	if ((calls & ONLY_DATABASE) && !ends_with(path, ".db"))
		return false;
	/* The index of the log is memory that has a file: room for it may be wanting, but nothing in it can be lost. */
	return atomic_load(&orders->error) != EIO || !ends_with(path, "-shm");
}

/* Whether this call fails; its errno. */
static int due(enum call call, const char *path)
{
	if (orders == NULL || !(atomic_load(&orders->calls) & (int)call) || !is_meant(path))
		return 0;
	int n = atomic_fetch_add(&orders->seen, 1);
	int after = atomic_load(&orders->after);
	if (n < after || (n > after && !atomic_load(&orders->sticky)))
		return 0;
	atomic_fetch_add(&orders->hits, 1);
	return atomic_load(&orders->error);
}

static int due_fd(enum call call, int fd)
{
	char link[64], path[4096];
	if (orders == NULL || !(atomic_load(&orders->calls) & (int)call))
		return 0;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return 0;
	path[n] = '\0';
	return due(call, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL(error) (errno = (error), -1)

int fsync(int fd)
{
	int error = due_fd(CALL_SYNC, fd);
	return error != 0 ? FAIL(error < 0 ? EIO : error) : REAL(fsync)(fd);
}

int fdatasync(int fd)
{
	int error = due_fd(CALL_SYNC, fd);
	return error != 0 ? FAIL(error < 0 ? EIO : error) : REAL(fdatasync)(fd);
}

ssize_t write(int fd, const void *data, size_t n)
{
	int error = due_fd(CALL_WRITE, fd);
	if (error > 0)
		return FAIL(error);
	return REAL(write)(fd, data, error < 0 && n > 1 ? n / 2 : n);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
	int error = due_fd(CALL_WRITE, fd);
	if (error > 0)
		return FAIL(error);
	return REAL(pwrite)(fd, data, error < 0 && n > 1 ? n / 2 : n, at);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	int error = due_fd(CALL_WRITE, fd);
	if (error > 0)
		return FAIL(error);
	return REAL(pwrite64)(fd, data, error < 0 && n > 1 ? n / 2 : n, at);
}

int ftruncate(int fd, off_t n)
{
	int error = due_fd(CALL_TRUNCATE, fd);
	return error != 0 ? FAIL(error < 0 ? EIO : error) : REAL(ftruncate)(fd, n);
}

int ftruncate64(int fd, off64_t n)
{
	int error = due_fd(CALL_TRUNCATE, fd);
	return error != 0 ? FAIL(error < 0 ? EIO : error) : REAL(ftruncate64)(fd, n);
}

int rename(const char *from, const char *to)
{
	int error = due(CALL_RENAME, to);
	return error != 0 ? FAIL(error < 0 ? EIO : error) : REAL(rename)(from, to);
}

int unlink(const char *path)
{
	int error = due(CALL_UNLINK, path);
	return error != 0 ? FAIL(error < 0 ? EIO : error) : REAL(unlink)(path);
}
