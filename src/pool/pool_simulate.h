/* What rules of the pool would do. */
#ifndef GUANXI_POOL_SIMULATE_H
#define GUANXI_POOL_SIMULATE_H

#include "core/http/http.h"

extern const struct route pool_simulate_routes[];

#endif
