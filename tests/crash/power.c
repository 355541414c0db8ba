/* Loaded into the server by LD_PRELOAD: notes, in order, what it does to the database, its log and the attachments
 * (GUANXI_POWER_UNDER is their folder) in the file GUANXI_POWER_LOG, so that a test can tell what a power cut
 * would have left.  A note says when a sync began, and again when it had ended: only writes from before
 * its beginning are on disk for sure.  Of attachments it says which file or folder, not what was written. */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

struct note {
	uint8_t kind; /* 'W' write, 'T' truncate, 'B' sync begins, 'E' sync has ended, 'N' new name, 'M' folder made */
	uint8_t file; /* 0 database, 1 log, 2 attachments */
	uint8_t none[2];
	uint32_t n;   /* bytes that follow: what was written; of attachments the path, of 'N' the old and the new one, with a NUL between */
	int64_t at;   /* W: where; T: new size; B and E: which sync */
};

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int out = -1;
static int64_t syncs;
static char paths[2][4096], blobs[4096];

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("GUANXI_POWER_LOG"), *folder = getenv("GUANXI_POWER_UNDER");
	if (path == NULL || folder == NULL)
		return;
	(void)snprintf(paths[0], sizeof(paths[0]), "%s/guanxi.db", folder);
	(void)snprintf(paths[1], sizeof(paths[1]), "%s/guanxi.db-wal", folder);
	(void)snprintf(blobs, sizeof(blobs), "%s/blobs/", folder);
	out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* What an open file is, -1 for none of ours; and its path. */
static int which(int fd, char path[4096])
{
	char link[64];
	if (out < 0)
		return -1;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, 4095);
	if (n <= 0)
		return -1;
	path[n] = '\0';
	if (strncmp(path, blobs, strlen(blobs)) == 0 || (strncmp(path, blobs, (size_t)n) == 0 && (size_t)n + 1 == strlen(blobs)))
		return 2;
	return strcmp(path, paths[0]) == 0 ? 0 : strcmp(path, paths[1]) == 0 ? 1 : -1;
}

/* Under the lock. A note that cannot be written would make the test say what is not so. */
static void put(int kind, int file, int64_t at, const void *data, size_t n)
{
	struct note note = {.kind = (uint8_t)kind, .file = (uint8_t)file, .n = (uint32_t)n, .at = at};
	if (REAL(write)(out, &note, sizeof(note)) != (ssize_t)sizeof(note) || (n > 0 && REAL(write)(out, data, n) != (ssize_t)n))
		abort();
}

static ssize_t noted_write(int fd, const void *data, size_t n, int64_t at)
{
	char path[4096];
	int file = which(fd, path);
	if (file < 0 || file == 2)
		return REAL(pwrite64)(fd, data, n, at);
	pthread_mutex_lock(&lock); /* notes stand in the order of the writes */
	ssize_t done = REAL(pwrite64)(fd, data, n, at);
	if (done > 0)
		put('W', file, at, data, (size_t)done);
	pthread_mutex_unlock(&lock);
	return done;
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
	return noted_write(fd, data, n, at);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	return noted_write(fd, data, n, at);
}

static int noted_truncate(int fd, int64_t size)
{
	char path[4096];
	int file = which(fd, path);
	if (file < 0 || file == 2)
		return REAL(ftruncate64)(fd, size);
	pthread_mutex_lock(&lock);
	int rc = REAL(ftruncate64)(fd, size);
	if (rc == 0)
		put('T', file, size, NULL, 0);
	pthread_mutex_unlock(&lock);
	return rc;
}

int ftruncate(int fd, off_t size)
{
	return noted_truncate(fd, size);
}

int ftruncate64(int fd, off64_t size)
{
	return noted_truncate(fd, size);
}

static int noted_sync(int fd, int (*real)(int))
{
	char path[4096];
	int file = which(fd, path);
	if (file < 0)
		return real(fd);
	pthread_mutex_lock(&lock);
	int64_t number = syncs++;
	put('B', file, number, path, file == 2 ? strlen(path) : 0);
	pthread_mutex_unlock(&lock);
	int rc = real(fd);
	pthread_mutex_lock(&lock);
	if (rc == 0)
		put('E', file, number, NULL, 0);
	pthread_mutex_unlock(&lock);
	return rc;
}

int fsync(int fd)
{
	return noted_sync(fd, REAL(fsync));
}

int fdatasync(int fd)
{
	return noted_sync(fd, REAL(fdatasync));
}

/* --- attachments ---------------------------------------------------------------- */

ssize_t write(int fd, const void *data, size_t n)
{
	char path[4096];
	if (which(fd, path) != 2)
		return REAL(write)(fd, data, n);
	pthread_mutex_lock(&lock);
	ssize_t done = REAL(write)(fd, data, n);
	put('W', 2, 0, path, strlen(path));
	pthread_mutex_unlock(&lock);
	return done;
}

int rename(const char *from, const char *to)
{
	char both[8192];
	int n = snprintf(both, sizeof(both), "%s%c%s", from, '\0', to);
	if (out < 0 || strncmp(to, blobs, strlen(blobs)) != 0)
		return REAL(rename)(from, to);
	pthread_mutex_lock(&lock);
	int rc = REAL(rename)(from, to);
	if (rc == 0)
		put('N', 2, 0, both, (size_t)n);
	pthread_mutex_unlock(&lock);
	return rc;
}

int mkdir(const char *path, mode_t mode)
{
	if (out < 0 || strncmp(path, blobs, strlen(blobs)) != 0)
		return REAL(mkdir)(path, mode);
	pthread_mutex_lock(&lock);
	int rc = REAL(mkdir)(path, mode);
	if (rc == 0)
		put('M', 2, 0, path, strlen(path));
	pthread_mutex_unlock(&lock);
	return rc;
}
