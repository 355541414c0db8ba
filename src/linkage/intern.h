/* Texts kept once each, numbered as they come: columns of large tables in little memory. */
#ifndef GUANXI_LINKAGE_INTERN_H
#define GUANXI_LINKAGE_INTERN_H

#include <stdlib.h>

#include "base/buf.h"

#define NO_CODE UINT32_MAX

struct intern {
	struct buf pool;
	struct buf offsets; /* size_t each */
	uint32_t *slots;
	uint32_t *hashes;
	size_t cap, n;
};

void intern_init(struct intern *in);
void intern_release(struct intern *in);
/* The text's number; NO_CODE: no memory. */
uint32_t intern_put(struct intern *in, const char *text, size_t len);
/* NUL-terminated; valid until the next intern_put. */
const char *intern_text(const struct intern *in, uint32_t code, size_t *ret_len);
/* Nothing more comes: frees what only intern_put needs. */
void intern_settle(struct intern *in);

#endif
