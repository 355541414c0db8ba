/* Links that speak for a customer: 25 bytes of what they mean and 16 of a signature, as base64url. */
#include <sodium.h>
#include <string.h>

#include "base/str.h"
#include "consent/consent_internal.h"
#include "core/machine/machine.h"

enum { VERSION = 1, BODY = 23, SIGNED = 16, WHOLE = BODY + SIGNED, MINUTE_MS = 60000 };

static const char purpose[] = "consent link";

static void put(uint8_t *at, uint64_t value, int n)
{
	for (int i = n - 1; i >= 0; i--, value >>= 8)
		at[i] = (uint8_t)value;
}

static uint64_t take(const uint8_t *at, int n)
{
	uint64_t value = 0;
	for (int i = 0; i < n; i++)
		value = value << 8 | at[i];
	return value;
}

enum err consent_link_write(struct ctx *ctx, const struct consent_link *link, char ret[CONSENT_TOKEN_MAX])
{
	uint8_t bytes[WHOLE], proof[MACHINE_MAC];
	_Static_assert(CONSENT_TOKEN_MAX >= (WHOLE * 4 + 2) / 3 + 1, "a token has room");
	bytes[0] = VERSION;
	bytes[1] = link->confirm ? 1 : 0;
	bytes[2] = (uint8_t)link->channel;
	put(bytes + 3, (uint64_t)link->customer_id, 8);
	put(bytes + 11, (uint64_t)link->cause_id, 8);
	put(bytes + 19, (uint64_t)(link->expires_ms / MINUTE_MS), 4);
	enum err err = machine_mac(ctx, purpose, bytes, BODY, proof);
	if (err)
		return err;
	memcpy(bytes + BODY, proof, SIGNED);
	sodium_bin2base64(ret, CONSENT_TOKEN_MAX, bytes, WHOLE, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return OK;
}

static enum err refuse(struct ctx *ctx)
{
	return fail(ctx, ERR_NOT_FOUND, "", "consent_link");
}

enum err consent_link_read(struct ctx *ctx, const char *token, struct consent_link *ret)
{
	uint8_t bytes[WHOLE], proof[MACHINE_MAC];
	size_t n = 0, len = token != NULL ? strnlen(token, CONSENT_TOKEN_MAX) : 0;
	const char *end = NULL;
	bool shape = len < CONSENT_TOKEN_MAX && len > 0 && sodium_base642bin(bytes, sizeof(bytes), token, len, NULL, &n, &end, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
	if (!shape || n != WHOLE || end != token + len)
		return refuse(ctx);
	enum err err = machine_mac(ctx, purpose, bytes, BODY, proof);
	if (err)
		return err;
	if (!bytes_equal_ct(proof, bytes + BODY, SIGNED) || bytes[0] != VERSION || bytes[2] >= CONSENT_CHANNELS)
		return refuse(ctx);
	*ret = (struct consent_link){.customer_id = (int64_t)take(bytes + 3, 8), .cause_id = (int64_t)take(bytes + 11, 8), .channel = (enum consent_channel)bytes[2],
	                             .confirm = bytes[1] != 0, .expires_ms = (int64_t)take(bytes + 19, 4) * MINUTE_MS};
	return ret->expires_ms > ctx_now(ctx) ? OK : refuse(ctx);
}

enum err consent_link_url(struct ctx *ctx, const struct consent_link *link, const char **ret)
{
	char token[CONSENT_TOKEN_MAX];
	const char *base;
	enum err err = setting_text(ctx, &consent_settings[CONSENT_URL], &base);
	if (!err)
		err = consent_link_write(ctx, link, token);
	if (err)
		return err;
	size_t n = strlen(base);
	while (n > 0 && base[n - 1] == '/')
		n--;
	*ret = arena_printf(ctx->arena, "%.*s/u/%s", (int)n, base, token);
	return *ret != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}
