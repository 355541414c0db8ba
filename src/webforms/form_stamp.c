/* Stamps: 8 bytes of the form, 8 of the moment, 12 drawn, 16 of a signature, as base64url. Nothing is kept of them until one is used. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/machine/machine.h"
#include "webforms/webforms_internal.h"

enum { BODY = 16 + STAMP_NONCE, SIGNED = 16, WHOLE = BODY + SIGNED };
static const char purpose[] = "web form stamp", question[] = "web form question";

static void put(uint8_t *at, uint64_t value)
{
	for (int i = 7; i >= 0; i--, value >>= 8)
		at[i] = (uint8_t)value;
}

static uint64_t take(const uint8_t *at)
{
	uint64_t value = 0;
	for (int i = 0; i < 8; i++)
		value = value << 8 | at[i];
	return value;
}

enum err form_stamp_new(struct ctx *ctx, int64_t form_id, char ret[STAMP_TEXT])
{
	uint8_t bytes[WHOLE], proof[MACHINE_MAC];
	_Static_assert(STAMP_TEXT >= (WHOLE * 4 + 2) / 3 + 1, "a stamp has room");
	put(bytes, (uint64_t)form_id);
	put(bytes + 8, (uint64_t)ctx_now(ctx));
	ctx_random(ctx, bytes + 16, STAMP_NONCE);
	enum err err = machine_mac(ctx, purpose, bytes, BODY, proof);
	if (err)
		return err;
	memcpy(bytes + BODY, proof, SIGNED);
	sodium_bin2base64(ret, STAMP_TEXT, bytes, WHOLE, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return OK;
}

enum err form_stamp_read(struct ctx *ctx, const char *text, int64_t form_id, struct form_stamp *ret, bool *ret_good)
{
	uint8_t bytes[WHOLE], proof[MACHINE_MAC];
	size_t n = 0, len = text != NULL ? strnlen(text, STAMP_TEXT) : 0;
	const char *end = NULL;
	*ret_good = false;
	if (len == 0 || len >= STAMP_TEXT || sodium_base642bin(bytes, sizeof(bytes), text, len, NULL, &n, &end, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 || n != WHOLE || end != text + len)
		return OK;
	enum err err = machine_mac(ctx, purpose, bytes, BODY, proof);
	if (err || !bytes_equal_ct(proof, bytes + BODY, SIGNED))
		return err;
	*ret = (struct form_stamp){.form_id = (int64_t)take(bytes), .at_ms = (int64_t)take(bytes + 8)};
	memcpy(ret->nonce, bytes + 16, STAMP_NONCE);
	int64_t age = ctx_now(ctx) - ret->at_ms;
	*ret_good = ret->form_id == form_id && age >= 0 && age <= STAMP_HOURS * 3600000LL;
	return OK;
}

enum err form_stamp_question(struct ctx *ctx, const char *stamp, int *ret_a, int *ret_b)
{
	uint8_t proof[MACHINE_MAC];
	enum err err = machine_mac(ctx, question, stamp, strlen(stamp), proof);
	*ret_a = 1 + proof[0] % 9;
	*ret_b = 1 + proof[1] % 9;
	return err;
}

bool form_stamp_worked(const char *stamp, const char *proof)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;
	if (str_empty(proof) || strlen(proof) > 40)
		return false;
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const unsigned char *)stamp, strlen(stamp));
	crypto_hash_sha256_update(&state, (const unsigned char *)":", 1);
	crypto_hash_sha256_update(&state, (const unsigned char *)proof, strlen(proof));
	crypto_hash_sha256_final(&state, hash);
	return hash[0] == 0 && hash[1] == 0 && hash[2] < 1 << (24 - WORK_BITS);
}
