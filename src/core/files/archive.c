#include "core/files/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>
#include <zip.h>

#include "base/buf.h"
#include "base/str.h"

enum { CHUNK = 256 * 1024, MANIFEST_MAX = 256 * 1024 * 1024, HASH_HEX = crypto_hash_sha256_BYTES * 2 + 1 };

static const char manifest_name[] = "manifest";

static enum err io_failed(struct ctx *ctx, const char *path)
{
	bool full = errno == ENOSPC || errno == EDQUOT;
	return fail_arg(ctx, full ? ERR_LIMIT : ERR_INVALID, "", full ? "disk_full" : "cannot_write", path);
}

static enum err damaged(struct ctx *ctx, const char *what)
{
	return fail_arg(ctx, ERR_INVALID, "", "backup_damaged", what);
}

/* "blobs/ab/cd": relative, forward, no way up. */
static bool name_is_safe(const char *name)
{
	if (str_empty(name) || *name == '/' || strchr(name, '\\') != NULL || strlen(name) > 400)
		return false;
	while (*name != '\0') {
		size_t n = strcspn(name, "/");
		if (n == 0 || (n == 1 && name[0] == '.') || (n == 2 && name[0] == '.' && name[1] == '.'))
			return false;
		name += n + (name[n] == '/' ? 1 : 0);
	}
	return true;
}

static void hash_done(crypto_hash_sha256_state *state, char out[HASH_HEX])
{
	unsigned char digest[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_final(state, digest);
	sodium_bin2hex(out, HASH_HEX, digest, sizeof(digest));
}

static enum err hash_file(struct ctx *ctx, const char *path, char out[HASH_HEX], int64_t *ret_size)
{
	crypto_hash_sha256_state state;
	struct arena_mark mark = arena_mark(ctx->arena);
	char *chunk = arena_alloc(ctx->arena, CHUNK);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;
	*ret_size = 0;
	crypto_hash_sha256_init(&state);
	while (chunk != NULL && fd >= 0 && (n = read(fd, chunk, CHUNK)) > 0) {
		crypto_hash_sha256_update(&state, (const unsigned char *)chunk, (unsigned long long)n);
		*ret_size += n;
	}
	if (fd >= 0)
		close(fd);
	arena_rewind(ctx->arena, mark);
	if (n != 0)
		return fail_arg(ctx, ERR_INVALID, "", "cannot_open", path);
	hash_done(&state, out);
	return OK;
}

/* --- writing ------------------------------------------------------------------ */

static enum err make_manifest(struct ctx *ctx, const struct archive_part *parts, size_t n, struct buf *out)
{
	char hash[HASH_HEX];
	int64_t size;
	for (size_t i = 0; i < n; i++) {
		if (!name_is_safe(parts[i].name))
			return damaged(ctx, parts[i].name);
		enum err err = hash_file(ctx, parts[i].path, hash, &size);
		if (err != OK)
			return err;
		buf_printf(out, "%s %lld %s\n", hash, (long long)size, parts[i].name);
	}
	return buf_failed(out) ? fail(ctx, ERR_LIMIT, "", "memory") : OK;
}

static bool add_source(zip_t *zip, const char *name, zip_source_t *source, bool stored)
{
	if (source == NULL)
		return false;
	zip_int64_t at = zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8);
	if (at < 0) {
		zip_source_free(source);
		return false;
	}
	return zip_set_file_compression(zip, (zip_uint64_t)at, stored ? ZIP_CM_STORE : ZIP_CM_DEFLATE, 1) == 0;
}

static enum err fill(struct ctx *ctx, const char *path, const struct buf *manifest, const struct archive_part *parts, size_t n)
{
	int code;
	zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_EXCL, &code);
	if (zip == NULL)
		return fail_arg(ctx, ERR_INVALID, "", "cannot_write", path);
	bool good = add_source(zip, manifest_name, zip_source_buffer(zip, buf_text(manifest), manifest->len, 0), false);
	for (size_t i = 0; good && i < n; i++)
		good = add_source(zip, parts[i].name, zip_source_file(zip, parts[i].path, 0, -1), parts[i].stored);
	if (good && zip_close(zip) == 0)
		return OK;
	errno = zip_error_code_system(zip_get_error(zip));
	enum err err = io_failed(ctx, path);
	zip_discard(zip);
	return err;
}

static enum err sync_path(struct ctx *ctx, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;
	enum err err = good ? OK : io_failed(ctx, path);
	if (fd >= 0)
		close(fd);
	return err;
}

static enum err sync_folder_of(struct ctx *ctx, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *folder = slash == NULL ? "." : arena_strndup(ctx->arena, path, slash == path ? 1 : (size_t)(slash - path));
	return folder != NULL ? sync_path(ctx, folder) : fail(ctx, ERR_LIMIT, "", "memory");
}

/* --- reading ------------------------------------------------------------------ */

/* One line of the manifest. */
struct listed {
	const char *name, *hash;
	int64_t size;
};

static enum err next_listed(struct ctx *ctx, char **at, struct listed *ret)
{
	char *line = *at, *end = strchr(line, '\n');
	if (end == NULL)
		return damaged(ctx, manifest_name);
	*end = '\0';
	*at = end + 1;
	char *size = strchr(line, ' '), *name = size != NULL ? strchr(size + 1, ' ') : NULL;
	if (name == NULL)
		return damaged(ctx, manifest_name);
	*size++ = '\0';
	*name++ = '\0';
	*ret = (struct listed){.name = name, .hash = line};
	if (strlen(line) != HASH_HEX - 1 || !str_to_i64(size, &ret->size) || ret->size < 0 || !name_is_safe(name))
		return damaged(ctx, manifest_name);
	return OK;
}

static enum err read_manifest(struct ctx *ctx, zip_t *zip, char **ret)
{
	struct zip_stat stat;
	zip_file_t *file = zip_get_num_entries(zip, 0) > 0 && str_equal(zip_get_name(zip, 0, 0), manifest_name)
	                       ? zip_fopen_index(zip, 0, 0) : NULL;
	if (file == NULL || zip_stat_index(zip, 0, 0, &stat) != 0 || stat.size > MANIFEST_MAX) {
		if (file != NULL)
			zip_fclose(file);
		return damaged(ctx, manifest_name);
	}
	char *text = arena_alloc(ctx->arena, (size_t)stat.size + 1);
	bool good = text != NULL && zip_fread(file, text, stat.size) == (zip_int64_t)stat.size;
	zip_fclose(file);
	*ret = text;
	return good ? OK : damaged(ctx, manifest_name);
}

/* Copies one entry to `fd` (-1: only reads it), comparing as it goes. */
static enum err copy_entry(struct ctx *ctx, zip_t *zip, const struct listed *listed, int fd)
{
	crypto_hash_sha256_state state;
	char hash[HASH_HEX];
	struct arena_mark mark = arena_mark(ctx->arena);
	char *chunk = arena_alloc(ctx->arena, CHUNK);
	zip_file_t *file = zip_fopen(zip, listed->name, 0);
	zip_int64_t n = -1;
	int64_t size = 0;
	bool written = true;
	crypto_hash_sha256_init(&state);
	while (chunk != NULL && file != NULL && written && size <= listed->size && (n = zip_fread(file, chunk, CHUNK)) > 0) {
		crypto_hash_sha256_update(&state, (const unsigned char *)chunk, (unsigned long long)n);
		size += n;
		written = fd < 0 || write(fd, chunk, (size_t)n) == n;
	}
	if (file != NULL)
		zip_fclose(file);
	arena_rewind(ctx->arena, mark);
	if (!written)
		return io_failed(ctx, listed->name);
	hash_done(&state, hash);
	return n == 0 && size == listed->size && str_equal(hash, listed->hash) ? OK : damaged(ctx, listed->name);
}

static enum err make_folders(struct ctx *ctx, char *path, size_t from)
{
	for (char *slash = strchr(path + from, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		int made = mkdir(path, 0700);
		enum err err = made == 0 || errno == EEXIST ? OK : io_failed(ctx, path);
		*slash = '/';
		if (err != OK)
			return err;
	}
	return OK;
}

static enum err extract_entry(struct ctx *ctx, zip_t *zip, const struct listed *listed, const char *dir)
{
	char *path = arena_printf(ctx->arena, "%s/%s", dir, listed->name);
	if (path == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = make_folders(ctx, path, strlen(dir) + 1);
	if (err != OK)
		return err;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return io_failed(ctx, path);
	err = copy_entry(ctx, zip, listed, fd);
	if (err == OK && fsync(fd) != 0)
		err = io_failed(ctx, path);
	close(fd);
	return err;
}

/* With dir NULL only compares. */
static enum err read_archive(struct ctx *ctx, const char *path, const char *dir, int64_t *ret_files)
{
	int code;
	char *manifest = NULL;
	struct listed listed;
	zip_t *zip = zip_open(path, ZIP_RDONLY, &code);
	*ret_files = 0;
	if (zip == NULL)
		return code == ZIP_ER_NOZIP || code == ZIP_ER_INCONS ? damaged(ctx, path) : fail_arg(ctx, ERR_NOT_FOUND, "", "cannot_open", path);
	enum err err = read_manifest(ctx, zip, &manifest);
	while (err == OK && *manifest != '\0') {
		struct arena_mark mark = arena_mark(ctx->arena);
		err = next_listed(ctx, &manifest, &listed);
		if (err == OK)
			err = dir != NULL ? extract_entry(ctx, zip, &listed, dir) : copy_entry(ctx, zip, &listed, -1);
		if (err == OK) {
			arena_rewind(ctx->arena, mark);
			++*ret_files;
		}
	}
	if (err == OK && zip_get_num_entries(zip, 0) != *ret_files + 1)
		err = damaged(ctx, path);
	zip_discard(zip);
	return err;
}

enum err archive_extract(struct ctx *ctx, const char *path, const char *dir, int64_t *ret_files)
{
	return read_archive(ctx, path, dir, ret_files);
}

enum err archive_write(struct ctx *ctx, const char *path, const struct archive_part *parts, size_t n)
{
	struct buf manifest;
	int64_t files;
	const char *partial = arena_printf(ctx->arena, "%s.partial", path);
	if (partial == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (access(path, F_OK) == 0)
		return fail_arg(ctx, ERR_CONFLICT, "", "already_there", path);
	unlink(partial); /* of a backup that was interrupted */
	buf_init(&manifest, MANIFEST_MAX);
	enum err err = make_manifest(ctx, parts, n, &manifest);
	if (err == OK)
		err = fill(ctx, partial, &manifest, parts, n);
	buf_release(&manifest);
	if (err == OK)
		err = sync_path(ctx, partial);
	if (err == OK)
		err = read_archive(ctx, partial, NULL, &files);
	if (err == OK && rename(partial, path) != 0)
		err = io_failed(ctx, path);
	if (err == OK)
		err = sync_folder_of(ctx, path);
	if (err != OK)
		unlink(partial);
	return err;
}
