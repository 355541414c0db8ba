/* What the program adds to the HTTP layer: who is it, and its own few routes. */
#ifndef GUANXI_APP_SERVE_H
#define GUANXI_APP_SERVE_H

#include "app/app.h"

enum err serve_authenticate(struct ctx *ctx, const struct http_request *req, bool *ret_needs_csrf) MUST_CHECK;
bool serve_csrf_ok(struct ctx *ctx, const struct http_request *req);
enum err serve_refresh(void *app, struct ctx *ctx, const struct actor *old, const struct actor **ret) MUST_CHECK;
const struct route *serve_route_at(void *app, size_t i);

#endif
