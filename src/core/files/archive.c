#include "core/files/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <sodium.h>
#include <zip.h>

#include "base/buf.h"
#include "base/str.h"

enum { CHUNK = 256 * 1024, MANIFEST_MAX = 256 * 1024 * 1024, HASH_HEX = crypto_hash_sha256_BYTES * 2 + 1 };

static const char manifest_name[] = "manifest", signature_name[] = "signature";
static const char signed_as[] = "guanxi-backup\n"; /* before the manifest: a signature for something else proves nothing here */

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
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
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

/* What is signed: one text of both. */
static enum err message_of(struct ctx *ctx, const char *manifest, const unsigned char **ret, unsigned long long *ret_n)
{
	const char *text = arena_printf(ctx->arena, "%s%s", signed_as, manifest);
	*ret = (const unsigned char *)text;
	*ret_n = text != NULL ? strlen(text) : 0;
	return text != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err make_signature(struct ctx *ctx, const struct buf *manifest, const unsigned char *secret, const char **ret)
{
	unsigned char signature[crypto_sign_BYTES];
	char hex[crypto_sign_BYTES * 2 + 1], key[ARCHIVE_PUBLIC * 2 + 1];
	const unsigned char *message;
	unsigned long long n;
	enum err err = message_of(ctx, buf_text(manifest), &message, &n);
	if (err != OK)
		return err;
	crypto_sign_detached(signature, NULL, message, n, secret);
	sodium_bin2hex(hex, sizeof(hex), signature, sizeof(signature));
	sodium_bin2hex(key, sizeof(key), secret + ARCHIVE_SECRET - ARCHIVE_PUBLIC, ARCHIVE_PUBLIC);
	*ret = arena_printf(ctx->arena, "ed25519 %s %s\n", key, hex);
	return *ret != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err fill(struct ctx *ctx, const char *path, const char *shown, const struct buf *manifest, const char *signature, const struct archive_part *parts, size_t n)
{
	int code;
	zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_EXCL, &code);
	if (zip == NULL)
		return fail_arg(ctx, ERR_INVALID, "", "cannot_write", shown);
	bool good = add_source(zip, manifest_name, zip_source_buffer(zip, buf_text(manifest), manifest->len, 0), false);
	if (good && signature != NULL)
		good = add_source(zip, signature_name, zip_source_buffer(zip, signature, strlen(signature), 0), true);
	for (size_t i = 0; good && i < n; i++)
		good = add_source(zip, parts[i].name, zip_source_file(zip, parts[i].path, 0, -1), parts[i].stored);
	if (good && zip_close(zip) == 0)
		return OK;
	errno = zip_error_code_system(zip_get_error(zip));
	enum err err = io_failed(ctx, shown);
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

/* The folder a name's file belongs in, made on the way, and what the file is called there.  Links are not followed. */
static int open_place(int dir, const char *name, const char **ret_file)
{
	char part[256];
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (const char *slash = strchr(name, '/'); fd >= 0 && slash != NULL; slash = strchr(name, '/')) {
		int inner = -1, n = snprintf(part, sizeof(part), "%.*s", (int)(slash - name), name);
		if (n > 0 && (size_t)n < sizeof(part) && (mkdirat(fd, part, 0700) == 0 || errno == EEXIST))
			inner = openat(fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(fd);
		fd = inner;
		name = slash + 1;
	}
	*ret_file = name;
	return fd;
}

static enum err extract_entry(struct ctx *ctx, zip_t *zip, const struct listed *listed, int dir)
{
	const char *file;
	int place = open_place(dir, listed->name, &file);
	int fd = place >= 0 ? openat(place, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
	enum err err = fd >= 0 ? copy_entry(ctx, zip, listed, fd) : io_failed(ctx, listed->name);
	if (err == OK && (fsync(fd) != 0 || fsync(place) != 0))
		err = io_failed(ctx, listed->name);
	if (fd >= 0)
		close(fd);
	if (place >= 0)
		close(place);
	return err;
}

/* "ed25519 KEY SIGNATURE": is it there, by the key asked for, and right? */
static enum err check_signature(struct ctx *ctx, zip_t *zip, const char *manifest, const unsigned char *wanted)
{
	char text[256] = "", hex[2][crypto_sign_BYTES * 2 + 1];
	unsigned char key[ARCHIVE_PUBLIC], signature[crypto_sign_BYTES];
	const unsigned char *message;
	unsigned long long n;
	size_t n_key = 0, n_signature = 0;
	zip_file_t *file = zip_fopen(zip, signature_name, 0);
	if (file == NULL)
		return fail(ctx, ERR_DENIED, "", "backup_unsigned");
	zip_int64_t got = zip_fread(file, text, sizeof(text) - 1);
	zip_fclose(file);
	if (got <= 0 || sscanf(text, "ed25519 %128[0-9a-f] %128[0-9a-f]", hex[0], hex[1]) != 2 ||
	    sodium_hex2bin(key, sizeof(key), hex[0], strlen(hex[0]), NULL, &n_key, NULL) != 0 || n_key != sizeof(key) ||
	    sodium_hex2bin(signature, sizeof(signature), hex[1], strlen(hex[1]), NULL, &n_signature, NULL) != 0 || n_signature != sizeof(signature))
		return damaged(ctx, signature_name);
	if (sodium_memcmp(key, wanted, sizeof(key)) != 0)
		return fail(ctx, ERR_DENIED, "", "backup_key");
	enum err err = message_of(ctx, manifest, &message, &n);
	if (err == OK && crypto_sign_verify_detached(signature, message, n, wanted) != 0)
		err = damaged(ctx, signature_name);
	return err;
}

/* All that is listed, before anything is taken out. */
static enum err look_over(struct ctx *ctx, const char *manifest, int dir, const struct archive_wanted *wanted)
{
	struct statvfs disk;
	uint64_t sum = 0;
	char *at = arena_strdup(ctx->arena, manifest);
	enum err err = at != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
	while (err == OK && *at != '\0') {
		struct listed listed;
		err = next_listed(ctx, &at, &listed);
		if (err == OK && listed.size > INT64_MAX / 1024)
			err = damaged(ctx, listed.name);
		if (err == OK && wanted->look != NULL)
			err = wanted->look(ctx, wanted->arg, listed.name, listed.size, listed.hash);
		sum += err == OK ? (uint64_t)listed.size : 0;
		if (sum > INT64_MAX / 2)
			err = damaged(ctx, manifest_name);
	}
	if (err == OK && dir >= 0 && fstatvfs(dir, &disk) == 0 && sum / disk.f_frsize >= disk.f_bavail)
		err = fail_arg(ctx, ERR_LIMIT, "", "disk_full", "");
	return err;
}

static enum err begin_reading(struct ctx *ctx, zip_t *zip, int dir, const struct archive_wanted *wanted, char **ret_manifest)
{
	enum err err = read_manifest(ctx, zip, ret_manifest);
	if (err == OK && wanted != NULL && wanted->key != NULL)
		err = check_signature(ctx, zip, *ret_manifest, wanted->key);
	return err == OK && wanted != NULL ? look_over(ctx, *ret_manifest, dir, wanted) : err;
}

/* With dir -1 only compares. */
static enum err read_archive(struct ctx *ctx, const char *path, int dir, const struct archive_wanted *wanted, int64_t *ret_files)
{
	int code;
	char *manifest = NULL;
	struct listed listed;
	zip_t *zip = zip_open(path, ZIP_RDONLY, &code);
	*ret_files = 0;
	if (zip == NULL)
		return code == ZIP_ER_NOZIP || code == ZIP_ER_INCONS ? damaged(ctx, path) : fail_arg(ctx, ERR_NOT_FOUND, "", "cannot_open", path);
	enum err err = begin_reading(ctx, zip, dir, wanted, &manifest);
	while (err == OK && *manifest != '\0') {
		struct arena_mark mark = arena_mark(ctx->arena);
		err = next_listed(ctx, &manifest, &listed);
		if (err == OK)
			err = dir >= 0 ? extract_entry(ctx, zip, &listed, dir) : copy_entry(ctx, zip, &listed, -1);
		if (err == OK) {
			arena_rewind(ctx->arena, mark);
			++*ret_files;
		}
	}
	bool is_signed = zip_name_locate(zip, signature_name, 0) >= 0;
	if (err == OK && zip_get_num_entries(zip, 0) != *ret_files + 1 + (is_signed ? 1 : 0))
		err = damaged(ctx, path);
	zip_discard(zip);
	return err;
}

enum err archive_extract(struct ctx *ctx, const char *path, int dir, const struct archive_wanted *wanted, int64_t *ret_files)
{
	return read_archive(ctx, path, dir, wanted, ret_files);
}

/* Under its name only when it is whole, and never over what has that name. */
static enum err publish(struct ctx *ctx, const char *partial, const char *path)
{
	bool moved = renameat2(AT_FDCWD, partial, AT_FDCWD, path, RENAME_NOREPLACE) == 0;
	if (!moved && errno == EEXIST)
		return fail_arg(ctx, ERR_CONFLICT, "", "already_there", path);
	if (!moved && link(partial, path) == 0) /* a file system without that flag */
		moved = unlink(partial) == 0;
	return moved ? sync_folder_of(ctx, path) : io_failed(ctx, path);
}

static enum err write_to(struct ctx *ctx, const char *partial, const char *path, const struct archive_part *parts, size_t n, const unsigned char *secret)
{
	struct buf manifest;
	const char *signature = NULL;
	buf_init(&manifest, MANIFEST_MAX);
	enum err err = make_manifest(ctx, parts, n, &manifest);
	if (err == OK && secret != NULL)
		err = make_signature(ctx, &manifest, secret, &signature);
	if (err == OK)
		err = fill(ctx, partial, path, &manifest, signature, parts, n);
	buf_release(&manifest);
	return err;
}

enum err archive_write(struct ctx *ctx, const char *path, const struct archive_part *parts, size_t n, const unsigned char *secret)
{
	int64_t files;
	/* a name of its own: nothing is taken away that an earlier or other program may have put there */
	const char *partial = arena_printf(ctx->arena, "%s.%08x%08x.partial", path, randombytes_random(), randombytes_random());
	struct archive_wanted wanted = {.key = secret != NULL ? secret + ARCHIVE_SECRET - ARCHIVE_PUBLIC : NULL};
	if (partial == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return fail_arg(ctx, ERR_CONFLICT, "", "already_there", path);
	enum err err = write_to(ctx, partial, path, parts, n, secret);
	if (err == OK)
		err = sync_path(ctx, partial);
	if (err == OK)
		err = read_archive(ctx, partial, -1, &wanted, &files);
	if (err == OK)
		err = publish(ctx, partial, path);
	if (err != OK)
		unlink(partial);
	return err;
}
