#ifndef GUANXI_CORE_TAX_TAX_INTERNAL_H
#define GUANXI_CORE_TAX_TAX_INTERNAL_H

#include "core/tax/tax.h"

/* As tax_line, of a sum that need not be price times quantity (a discount came off). */
enum err tax_on(struct ctx *ctx, struct fraction raw, struct fraction price, struct fraction quantity, const struct tax *taxes, size_t n,
                struct fraction step, struct tax_sum *ret) MUST_CHECK;

#endif
