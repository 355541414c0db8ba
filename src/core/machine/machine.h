/* What this machine alone knows and nobody can change over the network: the key that secrets in the database are sealed with,
 * and the addresses inside the house that the program may call. */
#ifndef GUANXI_CORE_MACHINE_MACHINE_H
#define GUANXI_CORE_MACHINE_MACHINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct sockaddr;

enum { MACHINE_KEY = 32, MACHINE_SECRET_MAX = 16 * 1024 };

struct machine_config {
	const uint8_t *key;  /* MACHINE_KEY bytes, copied */
	const char *allow;   /* "127.0.0.1/32 10.1.0.0/16 [fd00::]/8": inside, and still to be called; NULL: none */
};

/* ERR_INVALID "machine_allow" names the part of the list that is no address. */
enum err machine_open_new(struct ctx *ctx, const struct machine_config *config, struct machine **ret) MUST_CHECK;
void machine_free(struct machine *machine);

/* Seals a secret for the database (libsodium's secretbox under a key of its own per purpose); *ret is text in ctx's arena.
 * `purpose` is part of it: what was sealed for one opens for no other. ERR_LIMIT: longer than MACHINE_SECRET_MAX. */
enum err machine_seal(struct ctx *ctx, const char *purpose, const void *secret, size_t n, const char **ret) MUST_CHECK;
/* *ret is in ctx's arena, ended by a zero byte that does not count. ERR_BUG "secret_key_mismatch": the key in the data folder is not
 * the one it was sealed with, or somebody changed the text. */
enum err machine_unseal(struct ctx *ctx, const char *purpose, const char *sealed, const void **ret, size_t *ret_n) MUST_CHECK;

/* Vouches for bytes that leave the program and come back (a link in a mail): HMAC-SHA-256 under a key of its own per purpose. */
enum { MACHINE_MAC = 32 };
enum err machine_mac(struct ctx *ctx, const char *purpose, const void *data, size_t n, uint8_t ret[MACHINE_MAC]) MUST_CHECK;

/* Whether the program may call this address: any that is public (not of the machine, of private networks, of providers' own
 * services, nor reserved: RFC 6890 and the registries it names), and those of the list. */
bool machine_may_call(const struct machine *machine, const struct sockaddr *address);
/* Whether the list has anything at all. */
bool machine_lists_any(const struct machine *machine);
/* Whether the list names it. */
bool machine_allows(const struct machine *machine, const struct sockaddr *address);

#endif
