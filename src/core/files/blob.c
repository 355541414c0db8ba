#include "core/files/blob.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <magic.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_MAX = 64 * 1024, IO_CHUNK = 256 * 1024, ROOT_MAX = 3000, PATH_BYTES = 3200 };

struct blob_store {
	char root[ROOT_MAX]; /* <data>/blobs */
	pthread_mutex_t place_lock; /* between a file that is put in place and one that is removed for its age */
	pthread_mutex_t magic_lock;
	magic_t magic; /* opened at first use; not safe for two threads at once */
};

struct blob_in {
	struct blob_store *store;
	int fd;
	char path[PATH_BYTES];
	crypto_hash_sha256_state hash;
	int64_t size, max;
	unsigned char *head; /* first bytes, for the type */
	size_t head_len;
};

static enum err io_failed(struct ctx *ctx, const char *what)
{
	bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
	return full ? fail(ctx, ERR_LIMIT, "", "disk_full") : fail_arg(ctx, ERR_BUG, what, "file_io", strerrordesc_np(errno));
}

static enum err sync_folder(struct ctx *ctx, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return io_failed(ctx, "blobs");
	int bad = fsync(fd);
	enum err err = bad != 0 ? io_failed(ctx, "blobs") : OK;
	close(fd);
	return err;
}

static enum err make_folder(struct ctx *ctx, const char *path, bool *ret_made)
{
	*ret_made = mkdir(path, 0700) == 0;
	return *ret_made || errno == EEXIST ? OK : io_failed(ctx, "blobs");
}

static void clear_folder(const char *path)
{
	DIR *dir = opendir(path);
	if (dir == NULL)
		return;
	for (const struct dirent *e; (e = readdir(dir)) != NULL;)
		if (e->d_name[0] != '.')
			(void)unlinkat(dirfd(dir), e->d_name, 0);
	closedir(dir);
}

enum err blob_store_new(struct ctx *ctx, const char *data_dir, struct blob_store **ret)
{
	*ret = NULL;
	if (sodium_init() < 0)
		return fail(ctx, ERR_BUG, "blobs", "sodium");
	struct blob_store *store = calloc(1, sizeof(*store));
	if (store == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	int n = snprintf(store->root, sizeof(store->root), "%s/blobs", data_dir);
	char fresh[PATH_BYTES];
	bool made = false;
	enum err err = n < 0 || n >= ROOT_MAX - 8 ? fail(ctx, ERR_INVALID, "data", "path_too_long") : OK;
	if (err == OK)
		err = make_folder(ctx, store->root, &made);
	if (err == OK && made)
		err = sync_folder(ctx, data_dir);
	if (err == OK) {
		(void)snprintf(fresh, sizeof(fresh), "%s/new", store->root);
		err = make_folder(ctx, fresh, &made);
	}
	if (err != OK) {
		free(store);
		return err;
	}
	clear_folder(fresh);
	pthread_mutex_init(&store->place_lock, NULL);
	pthread_mutex_init(&store->magic_lock, NULL);
	*ret = store;
	return OK;
}

void blob_store_free(struct blob_store *store)
{
	if (store == NULL)
		return;
	if (store->magic != NULL)
		magic_close(store->magic);
	pthread_mutex_destroy(&store->place_lock);
	pthread_mutex_destroy(&store->magic_lock);
	free(store);
}

/* --- in ---------------------------------------------------------------- */

enum err blob_begin_new(struct ctx *ctx, struct blob_store *store, int64_t max, struct blob_in **ret)
{
	*ret = NULL;
	struct blob_in *in = calloc(1, sizeof(*in));
	unsigned char *head = malloc(HEAD_MAX);
	if (in == NULL || head == NULL) {
		free(in);
		free(head);
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	}
	uint64_t name[2];
	ctx_random(ctx, name, sizeof(name));
	*in = (struct blob_in){.store = store, .max = max, .head = head};
	(void)snprintf(in->path, sizeof(in->path), "%s/new/%016llx%016llx", store->root, (unsigned long long)name[0],
	               (unsigned long long)name[1]);
	in->fd = open(in->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (in->fd < 0) {
		enum err err = io_failed(ctx, "blobs/new");
		free(head);
		free(in);
		return err;
	}
	crypto_hash_sha256_init(&in->hash);
	*ret = in;
	return OK;
}

enum err blob_write(struct ctx *ctx, struct blob_in *in, const void *data, size_t n)
{
	if (in->size > in->max - (int64_t)n)
		return fail(ctx, ERR_LIMIT, "file", "file_too_large");
	const unsigned char *p = data;
	for (size_t left = n; left > 0;) {
		ssize_t wrote = write(in->fd, p + (n - left), left);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return io_failed(ctx, "blobs/new");
		left -= (size_t)wrote;
	}
	crypto_hash_sha256_update(&in->hash, p, n);
	size_t room = HEAD_MAX - in->head_len;
	size_t take = n < room ? n : room;
	if (take > 0)
		memcpy(in->head + in->head_len, p, take);
	in->head_len += take;
	in->size += (int64_t)n;
	return OK;
}

void blob_abort(struct blob_in *in)
{
	if (in == NULL)
		return;
	if (in->fd >= 0)
		close(in->fd);
	(void)unlink(in->path);
	free(in->head);
	free(in);
}

static void find_type(struct blob_in *in, char *out, size_t max)
{
	struct blob_store *store = in->store;
	const char *type = NULL;
	pthread_mutex_lock(&store->magic_lock);
	if (store->magic == NULL) {
		store->magic = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR | MAGIC_NO_CHECK_ELF);
		if (store->magic != NULL && magic_load(store->magic, NULL) != 0) {
			magic_close(store->magic);
			store->magic = NULL;
		}
	}
	if (store->magic != NULL && in->head_len > 0)
		type = magic_buffer(store->magic, in->head, in->head_len);
	(void)snprintf(out, max, "%s", type != NULL && type[0] != '\0' ? type : "application/octet-stream");
	pthread_mutex_unlock(&store->magic_lock);
}

static bool place_path(const struct blob_store *store, const char *hash, char *folder, char *path)
{
	int n = snprintf(folder, PATH_BYTES, "%s/%.2s", store->root, hash);
	int m = snprintf(path, PATH_BYTES, "%s/%.2s/%s", store->root, hash, hash + 2);
	return n > 0 && m > 0 && m < PATH_BYTES;
}

/* The file is synced before it gets its name, and the folders after. */
static enum err put_in_place(struct ctx *ctx, struct blob_in *in, const char *hash)
{
	char folder[PATH_BYTES], path[PATH_BYTES];
	bool made = false;
	if (!place_path(in->store, hash, folder, path))
		return fail(ctx, ERR_BUG, "blobs", "path_too_long");
	if (fsync(in->fd) != 0)
		return io_failed(ctx, "blobs/new");
	enum err err = make_folder(ctx, folder, &made);
	if (err == OK && made)
		err = sync_folder(ctx, in->store->root);
	if (err != OK)
		return err;
	pthread_mutex_lock(&in->store->place_lock);
	(void)futimens(in->fd, NULL); /* its age begins here, however long it took to come */
	int bad = rename(in->path, path);
	pthread_mutex_unlock(&in->store->place_lock);
	if (bad != 0)
		return io_failed(ctx, "blobs");
	return sync_folder(ctx, folder);
}

enum err blob_finish(struct ctx *ctx, struct blob_in *in, struct blob_info *ret)
{
	unsigned char digest[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_final(&in->hash, digest);
	sodium_bin2hex(ret->hash, sizeof(ret->hash), digest, sizeof(digest));
	ret->size = in->size;
	find_type(in, ret->type, sizeof(ret->type));
	enum err err = put_in_place(ctx, in, ret->hash);
	if (err != OK)
		(void)unlink(in->path);
	close(in->fd);
	free(in->head);
	free(in);
	return err;
}

enum err blob_put(struct ctx *ctx, struct blob_store *store, const void *data, size_t n, struct blob_info *ret)
{
	struct blob_in *in = NULL;
	enum err err = blob_begin_new(ctx, store, INT64_MAX, &in);
	if (err != OK)
		return err;
	err = blob_write(ctx, in, data, n);
	if (err != OK) {
		blob_abort(in);
		return err;
	}
	return blob_finish(ctx, in, ret);
}

static enum err copy_in(struct ctx *ctx, struct blob_in *in, int fd)
{
	char *chunk = malloc(IO_CHUNK);
	if (chunk == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	enum err err = OK;
	while (err == OK) {
		ssize_t n = read(fd, chunk, IO_CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = io_failed(ctx, "file");
		if (n <= 0)
			break;
		err = blob_write(ctx, in, chunk, (size_t)n);
	}
	free(chunk);
	return err;
}

enum err blob_put_file(struct ctx *ctx, struct blob_store *store, const char *path, int64_t max, struct blob_info *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		if (fd >= 0)
			close(fd);
		return fail(ctx, ERR_INVALID, "file", "file_not_regular");
	}
	struct blob_in *in = NULL;
	enum err err = blob_begin_new(ctx, store, max, &in);
	if (err == OK) {
		err = copy_in(ctx, in, fd);
		if (err != OK)
			blob_abort(in);
		else
			err = blob_finish(ctx, in, ret);
	}
	close(fd);
	return err;
}

/* --- out --------------------------------------------------------------- */

bool blob_hash_valid(const char *hash)
{
	return hash != NULL && strlen(hash) == BLOB_HASH_MAX - 1 && strspn(hash, "0123456789abcdef") == BLOB_HASH_MAX - 1;
}

enum err blob_path(struct ctx *ctx, struct blob_store *store, const char *hash, const char **ret, int64_t *ret_size)
{
	char folder[PATH_BYTES], path[PATH_BYTES];
	struct stat st;
	if (!blob_hash_valid(hash) || !place_path(store, hash, folder, path) || lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return fail(ctx, ERR_NOT_FOUND, "file", "blob_missing");
	*ret = arena_strdup(ctx->arena, path);
	if (ret_size != NULL)
		*ret_size = st.st_size;
	return *ret == NULL ? fail(ctx, ERR_LIMIT, "", "no_memory") : OK;
}

static enum err hash_file(struct ctx *ctx, int fd, char out[BLOB_HASH_MAX])
{
	unsigned char digest[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;
	crypto_hash_sha256_init(&state);
	unsigned char *chunk = malloc(IO_CHUNK);
	if (chunk == NULL)
		return fail(ctx, ERR_LIMIT, "", "no_memory");
	ssize_t n;
	while ((n = read(fd, chunk, IO_CHUNK)) > 0)
		crypto_hash_sha256_update(&state, chunk, (unsigned long long)n);
	free(chunk);
	if (n < 0)
		return io_failed(ctx, "blobs");
	crypto_hash_sha256_final(&state, digest);
	sodium_bin2hex(out, BLOB_HASH_MAX, digest, sizeof(digest));
	return OK;
}

enum err blob_verify(struct ctx *ctx, struct blob_store *store, const char *hash)
{
	const char *path = NULL;
	enum err err = blob_path(ctx, store, hash, &path, NULL);
	if (err != OK)
		return err;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return fail(ctx, ERR_NOT_FOUND, "file", "blob_missing");
	char found[BLOB_HASH_MAX];
	err = hash_file(ctx, fd, found);
	close(fd);
	if (err == OK && strcmp(found, hash) != 0)
		err = fail_arg(ctx, ERR_CONFLICT, "file", "blob_damaged", hash);
	return err;
}

enum err blob_remove(struct ctx *ctx, struct blob_store *store, const char *hash)
{
	const char *path = NULL;
	enum err err = blob_path(ctx, store, hash, &path, NULL);
	if (err != OK)
		return err;
	return unlink(path) == 0 || errno == ENOENT ? OK : io_failed(ctx, "blobs");
}

enum err blob_remove_old(struct ctx *ctx, struct blob_store *store, const char *hash, int64_t before_ms, bool *ret_gone)
{
	const char *path = NULL;
	struct stat st;
	enum err err = blob_path(ctx, store, hash, &path, NULL);
	*ret_gone = false;
	if (err != OK)
		return err;
	pthread_mutex_lock(&store->place_lock);
	if (lstat(path, &st) == 0 && (int64_t)st.st_mtim.tv_sec * 1000 < before_ms) {
		*ret_gone = unlink(path) == 0;
		err = *ret_gone || errno == ENOENT ? OK : io_failed(ctx, "blobs");
	}
	pthread_mutex_unlock(&store->place_lock);
	return err;
}

static enum err walk_folder(struct ctx *ctx, struct blob_store *store, const char *two, blob_fn fn, void *arg)
{
	char path[PATH_BYTES], hash[BLOB_HASH_MAX];
	(void)snprintf(path, sizeof(path), "%s/%s", store->root, two);
	DIR *dir = opendir(path);
	if (dir == NULL)
		return errno == ENOENT ? OK : io_failed(ctx, "blobs");
	enum err err = OK;
	for (const struct dirent *e; err == OK && (e = readdir(dir)) != NULL;) {
		struct stat st;
		if (strlen(e->d_name) != BLOB_HASH_MAX - 3)
			continue;
		(void)snprintf(hash, sizeof(hash), "%.2s%.62s", two, e->d_name);
		if (blob_hash_valid(hash) && fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
			err = fn(ctx, arg, hash, st.st_size);
	}
	closedir(dir);
	return err;
}

enum err blob_walk(struct ctx *ctx, struct blob_store *store, blob_fn fn, void *arg)
{
	for (unsigned i = 0; i < 256; i++) {
		char two[3];
		(void)snprintf(two, sizeof(two), "%02x", i);
		enum err err = walk_folder(ctx, store, two, fn, arg);
		if (err != OK)
			return err;
	}
	return OK;
}
