#include "core/manifest/manifest.h"
#include "quotes/quotes.h"

static const struct entity *const entities[] = {&quote_entity, &quote_line_entity, NULL};

static const struct route *const routes[] = {quote_routes, NULL};

extern const struct manifest quotes_manifest;
const struct manifest quotes_manifest = {.name = "quotes", .entities = entities, .routes = routes, .settings = quote_settings};
