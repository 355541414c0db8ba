/* A private key, opened. */
#ifndef GUANXI_CORE_DKIM_DKIM_KEY_H
#define GUANXI_CORE_DKIM_DKIM_KEY_H

#include <stdlib.h>

#include "core/dkim/dkim.h"

struct evp_pkey_st;

struct dkim_key {
	struct evp_pkey_st *pkey;
	enum dkim_algorithm algorithm;
};

enum { DKIM_SIGNATURE_MAX = 2048 };
/* *ret_n: room in `out` before, bytes of the signature after. */
bool dkim_key_sign(const struct dkim_key *key, const char *data, size_t n, unsigned char *out, size_t *ret_n) MUST_CHECK;

#endif
