#include <gnutls/crypto.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "access_sql.h"
#include "base/str.h"
#include "core/access/access_internal.h"

/* Time-based codes (RFC 6238) with HMAC-SHA-1, which authenticator programs agree
 * on.  The secret stands in the database sealed with the server's key. */

uint32_t access_totp_code(const uint8_t *secret, size_t n, uint64_t step, int digits)
{
	static const uint32_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
	uint8_t counter[8], mac[20];
	for (int i = 0; i < 8; i++)
		counter[i] = (uint8_t)(step >> (56 - 8 * i));
	if (digits < 1 || digits > 8 || gnutls_hmac_fast(GNUTLS_MAC_SHA1, secret, n, counter, sizeof(counter), mac) != 0)
		return UINT32_MAX;
	size_t at = mac[19] & 0x0f;
	uint32_t word = (uint32_t)(mac[at] & 0x7f) << 24 | (uint32_t)mac[at + 1] << 16 | (uint32_t)mac[at + 2] << 8 | mac[at + 3];
	return word % powers[digits];
}

uint64_t access_totp_match(const uint8_t *secret, size_t n, const char *code, int64_t now_ms)
{
	char expected[16];
	uint64_t found = 0;
	if (strlen(code) != 6 || now_ms < 60000)
		return 0;
	uint64_t now = (uint64_t)now_ms / 1000 / TOTP_STEP_S;
	for (uint64_t step = now - 1; step <= now + 1; step++) {
		snprintf(expected, sizeof(expected), "%06u", access_totp_code(secret, n, step, 6));
		if (bytes_equal_ct(expected, code, 6))
			found = step;
	}
	return found;
}

void access_base32(const uint8_t *data, size_t n, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint32_t bits = 0;
	int have = 0;
	for (size_t i = 0; i < n; i++) {
		bits = bits << 8 | data[i];
		for (have += 8; have >= 5; have -= 5)
			*out++ = digits[bits >> (have - 5) & 31];
	}
	if (have > 0)
		*out++ = digits[bits << (5 - have) & 31];
	*out = '\0';
}

enum err access_totp_load(struct ctx *ctx, const struct access *access, int64_t user_id, struct totp *ret)
{
	struct stmt *stmt;
	const char *sealed = NULL;
	*ret = (struct totp){0};
	enum err err = db_prepare(ctx, ctx->db, &sql_access_totp_find, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, user_id);
	err = stmt_step(ctx, stmt, &ret->exists);
	if (!err && ret->exists) {
		sealed = access_keep(ctx, stmt_text(stmt, 0));
		ret->confirmed = !stmt_is_null(stmt, 1);
		ret->last_step = stmt_i64(stmt, 2);
	}
	stmt_done(stmt);
	if (err || !ret->exists)
		return err;
	return access_unseal(ctx, access, sealed, ret->secret, sizeof(ret->secret));
}

static enum err run_for_user(struct ctx *ctx, const struct sql *sql, int64_t user_id, const int64_t *number, const char *text, int64_t *ret_n)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, user_id);
	if (number)
		stmt_bind_i64(stmt, 2, *number);
	if (text)
		stmt_bind_text(stmt, 2, text);
	err = stmt_run(ctx, stmt, ret_n);
	stmt_done(stmt);
	return err;
}

/* Recovery codes are typed by people: case and dashes do not count. */
static void recovery_hex(const char *code, char hex[ACCESS_HEX])
{
	char plain[32] = "";
	size_t n = 0;
	uint8_t digest[ACCESS_DIGEST];
	for (; *code && n + 1 < sizeof(plain); code++) {
		if (*code == '-' || *code == ' ')
			continue;
		plain[n++] = *code >= 'A' && *code <= 'Z' ? (char)(*code + ('a' - 'A')) : *code;
	}
	plain[n] = '\0';
	access_hash(plain, n, digest);
	access_hex(digest, sizeof(digest), hex);
	sodium_memzero(plain, sizeof(plain));
}

enum err access_totp_use(struct ctx *ctx, const struct access *access, int64_t user_id, const char *code, bool *ret_ok)
{
	struct totp totp;
	int64_t n = 0;
	*ret_ok = false;
	enum err err = access_totp_load(ctx, access, user_id, &totp);
	if (err || !totp.exists)
		return err;
	int64_t step = (int64_t)access_totp_match(totp.secret, sizeof(totp.secret), code, ctx_now(ctx));
	sodium_memzero(&totp, sizeof(totp));
	if (step > 0) {
		/* moves forward only: the same code, or an older one, is not right twice */
		err = run_for_user(ctx, &sql_access_totp_step, user_id, &step, NULL, &n);
	} else {
		char hex[ACCESS_HEX];
		recovery_hex(code, hex);
		err = run_for_user(ctx, &sql_access_recovery_use, user_id, NULL, hex, &n);
	}
	*ret_ok = !err && n == 1;
	return err;
}

enum err access_totp_begin(struct ctx *ctx, const struct access *access, int64_t user_id, const uint8_t secret[TOTP_SECRET])
{
	const char *sealed;
	enum err err = access_seal(ctx, access, secret, TOTP_SECRET, &sealed);
	if (!err)
		err = access_totp_remove(ctx, user_id);
	return err ? err : run_for_user(ctx, &sql_access_totp_insert, user_id, NULL, sealed, NULL);
}

enum err access_totp_confirm(struct ctx *ctx, int64_t user_id, const char *codes[ACCESS_RECOVERY_CODES])
{
	int64_t now = ctx_now(ctx);
	enum err err = run_for_user(ctx, &sql_access_totp_set_confirmed, user_id, &now, NULL, NULL);
	if (!err)
		err = run_for_user(ctx, &sql_access_recovery_delete, user_id, NULL, NULL, NULL);
	for (int i = 0; i < ACCESS_RECOVERY_CODES && !err; i++) {
		uint8_t bytes[10]; /* 80 bits: too many to guess, even from the hash */
		char text[20], hex[ACCESS_HEX];
		ctx_random(ctx, bytes, sizeof(bytes));
		access_base32(bytes, sizeof(bytes), text);
		codes[i] = arena_printf(ctx->arena, "%.4s-%.4s-%.4s-%.4s", text, text + 4, text + 8, text + 12);
		if (!codes[i])
			return access_no_memory(ctx);
		codes[i] = access_lower(ctx, codes[i]);
		if (!codes[i])
			return access_no_memory(ctx);
		recovery_hex(codes[i], hex);
		err = run_for_user(ctx, &sql_access_recovery_insert, user_id, NULL, hex, NULL);
	}
	return err;
}

enum err access_totp_remove(struct ctx *ctx, int64_t user_id)
{
	enum err err = run_for_user(ctx, &sql_access_recovery_delete, user_id, NULL, NULL, NULL);
	return err ? err : run_for_user(ctx, &sql_access_totp_delete, user_id, NULL, NULL, NULL);
}
