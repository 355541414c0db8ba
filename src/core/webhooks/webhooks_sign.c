/* Secrets and signatures. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "core/machine/machine.h"
#include "core/webhooks/webhooks_internal.h"
#include "webhooks_sql.h"

enum { DAY_MS = 24 * 3600 * 1000 };

const char *webhooks_sign(struct ctx *ctx, const unsigned char secret[WEBHOOK_SECRET], const char *id, int64_t seconds, const void *body, size_t n)
{
	crypto_auth_hmacsha256_state state;
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	char text[sodium_base64_ENCODED_LEN(crypto_auth_hmacsha256_BYTES, sodium_base64_VARIANT_ORIGINAL)];
	const char *head = arena_printf(ctx->arena, "%s.%lld.", id, (long long)seconds);
	if (head == NULL)
		return NULL;
	crypto_auth_hmacsha256_init(&state, secret, WEBHOOK_SECRET);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)head, strlen(head));
	crypto_auth_hmacsha256_update(&state, body, n);
	crypto_auth_hmacsha256_final(&state, mac);
	return arena_printf(ctx->arena, "v1,%s", sodium_bin2base64(text, sizeof(text), mac, sizeof(mac), sodium_base64_VARIANT_ORIGINAL));
}

enum err webhooks_open_secret(struct ctx *ctx, const char *sealed, unsigned char ret[WEBHOOK_SECRET])
{
	const void *secret;
	size_t n;
	enum err err = machine_unseal(ctx, WEBHOOKS_PURPOSE, sealed, &secret, &n);
	if (err == OK && n != WEBHOOK_SECRET)
		err = fail(ctx, ERR_BUG, "", "secret_key_mismatch");
	if (err == OK)
		memcpy(ret, secret, WEBHOOK_SECRET);
	return err;
}

enum err webhooks_new_secret(struct ctx *ctx, int64_t webhook_id, const char **ret)
{
	unsigned char secret[WEBHOOK_SECRET];
	char text[sodium_base64_ENCODED_LEN(WEBHOOK_SECRET, sodium_base64_VARIANT_ORIGINAL)];
	const char *sealed;
	struct stmt *stmt;
	int64_t rows = 0;
	ctx_random(ctx, secret, sizeof(secret));
	enum err err = machine_seal(ctx, WEBHOOKS_PURPOSE, secret, sizeof(secret), &sealed);
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_webhook_state_secret, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, webhook_id);
	stmt_bind_text(stmt, 2, sealed);
	stmt_bind_i64(stmt, 3, ctx_now(ctx) + DAY_MS);
	err = stmt_run(ctx, stmt, &rows);
	stmt_done(stmt);
	if (err == OK && rows == 0)
		err = fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "webhook");
	*ret = arena_printf(ctx->arena, "whsec_%s", sodium_bin2base64(text, sizeof(text), secret, sizeof(secret), sodium_base64_VARIANT_ORIGINAL));
	sodium_memzero(secret, sizeof(secret));
	sodium_memzero(text, sizeof(text));
	return err == OK && *ret == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}
