/* Between the parts of core/machine. Not for others. */
#ifndef GUANXI_CORE_MACHINE_MACHINE_INTERNAL_H
#define GUANXI_CORE_MACHINE_MACHINE_INTERNAL_H

#include "core/machine/machine.h"

enum { MACHINE_ALLOW_MAX = 64, MACHINE_ADDRESS = 16 };

/* Addresses of both kinds as 16 bytes, IPv4 as ::ffff:a.b.c.d; `bits` counts from there. */
struct machine_range {
	uint8_t base[MACHINE_ADDRESS];
	int bits;
};

struct machine {
	uint8_t key[MACHINE_KEY];
	struct machine_range allow[MACHINE_ALLOW_MAX];
	size_t n_allow;
};

enum err machine_read_allowed(struct ctx *ctx, const char *list, struct machine *machine) MUST_CHECK;

#endif
