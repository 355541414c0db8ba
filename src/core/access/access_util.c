#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access_sql.h"
#include "base/log.h"
#include "base/str.h"
#include "core/access/access_internal.h"
#include "core/text/text.h"

enum err access_no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

void access_hash(const void *data, size_t n, uint8_t out[ACCESS_DIGEST])
{
	crypto_generichash(out, ACCESS_DIGEST, data, n, NULL, 0);
}

void access_mac(const struct access *access, const char *purpose, const void *data, size_t n, uint8_t out[ACCESS_DIGEST])
{
	crypto_generichash_state state;
	crypto_generichash_init(&state, access->key, sizeof(access->key), ACCESS_DIGEST);
	crypto_generichash_update(&state, (const unsigned char *)purpose, strlen(purpose) + 1);
	crypto_generichash_update(&state, data, n);
	crypto_generichash_final(&state, out, ACCESS_DIGEST);
}

void access_machine_key(const struct access *access, uint8_t ret[ACCESS_DIGEST])
{
	access_mac(access, "machine", "", 0, ret);
}

void access_hex(const uint8_t *data, size_t n, char *out)
{
	sodium_bin2hex(out, 2 * n + 1, data, n);
}

static const char *base64(struct ctx *ctx, const uint8_t *data, size_t n)
{
	size_t size = sodium_base64_ENCODED_LEN(n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	char *out = arena_alloc(ctx->arena, size);
	if (out)
		sodium_bin2base64(out, size, data, n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return out;
}

const char *access_random_text(struct ctx *ctx, size_t n)
{
	uint8_t bytes[64];
	if (n > sizeof(bytes))
		return NULL;
	ctx_random(ctx, bytes, n);
	const char *text = base64(ctx, bytes, n);
	sodium_memzero(bytes, sizeof(bytes));
	return text;
}

/* One master key, another key for each use. */
static void seal_key(const struct access *access, uint8_t key[crypto_secretbox_KEYBYTES])
{
	_Static_assert(crypto_secretbox_KEYBYTES == ACCESS_DIGEST, "a hash is a key");
	access_mac(access, "seal", "", 0, key);
}

enum err access_seal(struct ctx *ctx, const struct access *access, const void *data, size_t n, const char **ret)
{
	size_t size = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + n;
	uint8_t *box = arena_alloc(ctx->arena, size);
	if (!box)
		return access_no_memory(ctx);
	uint8_t key[crypto_secretbox_KEYBYTES];
	seal_key(access, key);
	ctx_random(ctx, box, crypto_secretbox_NONCEBYTES);
	crypto_secretbox_easy(box + crypto_secretbox_NONCEBYTES, data, n, box, key);
	sodium_memzero(key, sizeof(key));
	*ret = base64(ctx, box, size);
	return *ret ? OK : access_no_memory(ctx);
}

enum err access_unseal(struct ctx *ctx, const struct access *access, const char *text, void *out, size_t n)
{
	uint8_t box[256], key[crypto_secretbox_KEYBYTES];
	size_t got = 0;
	seal_key(access, key);
	bool ok = text && sodium_base642bin(box, sizeof(box), text, strlen(text), NULL, &got, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
	          got == crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + n &&
	          crypto_secretbox_open_easy(out, box + crypto_secretbox_NONCEBYTES, got - crypto_secretbox_NONCEBYTES, box, key) == 0;
	sodium_memzero(key, sizeof(key));
	/* The key in the data folder is not the one that sealed it. */
	return ok ? OK : fail(ctx, ERR_BUG, "", "secret_key_mismatch");
}

/* --- the server's key ----------------------------------------------------------- */

static bool write_all(int fd, const char *data, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, data, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		data += done;
		n -= (size_t)done;
	}
	return true;
}

/* Under a name of its own first, so that a crash leaves no half a key. */
static bool key_create(struct ctx *ctx, const char *dir, const char *path)
{
	uint8_t key[32];
	char text[sizeof(key) * 2 + 2];
	char temp[4096];
	snprintf(temp, sizeof(temp), "%s/.secret.key.%d", dir, (int)getpid());
	ctx_random(ctx, key, sizeof(key));
	access_hex(key, sizeof(key), text);
	text[64] = '\n';
	int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = fd >= 0 && write_all(fd, text, 65) && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	/* link() and not rename(): another process may have been first. */
	if (ok && link(temp, path) != 0)
		ok = errno == EEXIST;
	unlink(temp);
	int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder >= 0) {
		ok = fsync(folder) == 0 && ok;
		close(folder);
	}
	sodium_memzero(key, sizeof(key));
	sodium_memzero(text, sizeof(text));
	return ok;
}

/* 0 absent, 1 read, -1 unreadable or wrong. */
static int key_read(const char *path, uint8_t ret[32])
{
	char text[80];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	struct stat st;
	if (fstat(fd, &st) == 0 && (st.st_mode & 077) != 0)
		log_event(LOG_WARN, "secret.key can be read by others", "path", path, NULL);
	ssize_t n = read(fd, text, sizeof(text));
	close(fd);
	size_t got = 0;
	bool ok = n >= 64 && sodium_hex2bin(ret, 32, text, 64, NULL, &got, NULL) == 0 && got == 32;
	sodium_memzero(text, sizeof(text));
	return ok ? 1 : -1;
}

enum err access_key_load(struct ctx *ctx, const char *data_dir, uint8_t ret[32])
{
	char path[4096];
	if (snprintf(path, sizeof(path), "%s/secret.key", data_dir) >= (int)sizeof(path))
		return fail(ctx, ERR_INVALID, "data_dir", "path_too_long");
	int state = key_read(path, ret);
	if (state == 0 && !key_create(ctx, data_dir, path))
		return fail_arg(ctx, ERR_UPSTREAM, "", "secret_key_write", path);
	if (state == 0)
		state = key_read(path, ret);
	return state == 1 ? OK : fail_arg(ctx, ERR_UPSTREAM, "", "secret_key_read", path);
}

/* --- text -------------------------------------------------------------------------- */

const char *access_keep(struct ctx *ctx, const char *text)
{
	return text ? arena_strdup(ctx->arena, text) : NULL;
}

enum err access_email(struct ctx *ctx, const char *typed, const char **ret)
{
	bool valid = false;
	const char *text;
	enum err err = email_normalise(ctx, typed ? typed : "", &text, &valid);
	if (err)
		return err;
	/* what is no address is compared as it stands */
	*ret = access_lower(ctx, valid ? text : typed ? typed : "");
	return *ret ? OK : access_no_memory(ctx);
}

const char *access_lower(struct ctx *ctx, const char *text)
{
	char *copy = arena_strdup(ctx->arena, text ? text : "");
	for (char *p = copy; p && *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + ('a' - 'A'));
	return copy;
}

const char *access_label(const struct ctx *ctx, const struct text2 *text)
{
	return ctx->locale == LOCALE_EN || !text->zh ? text->en : text->zh;
}

/* --- the change log ------------------------------------------------------------------ */

static void diff_member(struct jsonw *w, const char *name, const char *value)
{
	jsonw_key(w, name);
	jsonw_array(w);
	jsonw_null(w);
	jsonw_text(w, value);
	jsonw_end_array(w);
}

const char *access_event_diff(struct ctx *ctx, const char *event, ...)
{
	struct buf buf;
	struct jsonw w;
	buf_init(&buf, 8192);
	jsonw_init(&w, &buf);
	jsonw_object(&w);
	diff_member(&w, "event", event);
	va_list args;
	va_start(args, event);
	for (const char *name = va_arg(args, const char *); name; name = va_arg(args, const char *)) {
		const char *value = va_arg(args, const char *);
		if (value)
			diff_member(&w, name, value);
	}
	va_end(args);
	jsonw_end_object(&w);
	const char *text = buf_failed(&buf) ? "{}" : arena_strndup(ctx->arena, buf_text(&buf), buf.len);
	buf_release(&buf);
	return text ? text : "{}";
}

enum err access_log_user(struct ctx *ctx, int64_t user_id, enum change_action action, const char *diff)
{
	return change_append(ctx, "user", user_id, action, diff);
}

enum err access_epoch_bump(struct ctx *ctx)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_access_epoch_bump, &stmt);
	if (err)
		return err;
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

enum err access_param_id(struct ctx *ctx, const struct http_request *req, size_t at, int64_t *ret)
{
	if (at < HTTP_PARAMS_MAX && req->params[at] && id_parse(req->params[at], ret))
		return OK;
	return fail(ctx, ERR_NOT_FOUND, "", "not_found");
}
