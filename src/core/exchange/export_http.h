/* Inside this folder and for the program's list of routes. */
#ifndef GUANXI_CORE_EXCHANGE_EXPORT_HTTP_H
#define GUANXI_CORE_EXCHANGE_EXPORT_HTTP_H

#include "core/exchange/exchange.h"

/* Stand before rest_routes. */
extern const struct route export_routes[];

#endif
