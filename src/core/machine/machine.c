#include "core/machine/machine.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#include "core/machine/machine_internal.h"

enum err machine_open_new(struct ctx *ctx, const struct machine_config *config, struct machine **ret)
{
	struct machine *machine = calloc(1, sizeof(*machine));
	if (machine == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	memcpy(machine->key, config->key, MACHINE_KEY);
	enum err err = machine_read_allowed(ctx, config->allow, machine);
	if (err != OK)
		machine_free(machine);
	else
		*ret = machine;
	return err;
}

void machine_free(struct machine *machine)
{
	if (machine == NULL)
		return;
	sodium_memzero(machine->key, sizeof(machine->key));
	free(machine);
}

/* --- secrets ------------------------------------------------------------ */

/* The purpose makes the key: a text moved to another column opens nowhere. */
static void key_of(const struct machine *machine, const char *purpose, uint8_t key[crypto_secretbox_KEYBYTES])
{
	crypto_generichash(key, crypto_secretbox_KEYBYTES, (const unsigned char *)purpose, strlen(purpose), machine->key, MACHINE_KEY);
}

enum err machine_seal(struct ctx *ctx, const char *purpose, const void *secret, size_t n, const char **ret)
{
	uint8_t key[crypto_secretbox_KEYBYTES];
	if (n > MACHINE_SECRET_MAX)
		return fail(ctx, ERR_LIMIT, "", "secret_long");
	if (ctx->machine == NULL)
		return fail(ctx, ERR_BUG, "", "machine");
	size_t size = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + n;
	size_t text_size = sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	uint8_t *box = arena_alloc(ctx->arena, size);
	char *text = arena_alloc(ctx->arena, text_size);
	if (box == NULL || text == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	ctx_random(ctx, box, crypto_secretbox_NONCEBYTES);
	key_of(ctx->machine, purpose, key);
	crypto_secretbox_easy(box + crypto_secretbox_NONCEBYTES, secret, n, box, key);
	sodium_memzero(key, sizeof(key));
	*ret = sodium_bin2base64(text, text_size, box, size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return OK;
}

enum err machine_unseal(struct ctx *ctx, const char *purpose, const char *sealed, const void **ret, size_t *ret_n)
{
	uint8_t key[crypto_secretbox_KEYBYTES];
	size_t len = str_empty(sealed) ? 0 : strlen(sealed), got = 0, head = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
	uint8_t *box = arena_alloc(ctx->arena, len + 1);
	uint8_t *out = arena_alloc(ctx->arena, len + 1);
	if (ctx->machine == NULL)
		return fail(ctx, ERR_BUG, "", "machine");
	if (box == NULL || out == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (sodium_base642bin(box, len + 1, sealed != NULL ? sealed : "", len, NULL, &got, NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 || got < head)
		return fail(ctx, ERR_BUG, "", "secret_key_mismatch");
	key_of(ctx->machine, purpose, key);
	bool ok = crypto_secretbox_open_easy(out, box + crypto_secretbox_NONCEBYTES, got - crypto_secretbox_NONCEBYTES, box, key) == 0;
	sodium_memzero(key, sizeof(key));
	if (!ok)
		return fail(ctx, ERR_BUG, "", "secret_key_mismatch");
	*ret_n = got - head;
	out[*ret_n] = 0;
	*ret = out;
	return OK;
}

enum err machine_mac(struct ctx *ctx, const char *purpose, const void *data, size_t n, uint8_t ret[MACHINE_MAC])
{
	uint8_t key[crypto_secretbox_KEYBYTES];
	_Static_assert(MACHINE_MAC == crypto_auth_hmacsha256_BYTES && crypto_secretbox_KEYBYTES == crypto_auth_hmacsha256_KEYBYTES, "one size");
	if (ctx->machine == NULL)
		return fail(ctx, ERR_BUG, "", "machine");
	key_of(ctx->machine, purpose, key);
	crypto_auth_hmacsha256(ret, data, n, key);
	sodium_memzero(key, sizeof(key));
	return OK;
}
