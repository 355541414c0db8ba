/* What the program adds to the HTTP layer: who is it, and its own few routes. */
#ifndef GUANXI_APP_SERVE_H
#define GUANXI_APP_SERVE_H

#include "app/app.h"

enum err serve_authenticate(struct ctx *ctx, const struct http_request *req, bool *ret_needs_csrf) MUST_CHECK;
bool serve_csrf_ok(struct ctx *ctx, const struct http_request *req);
enum err serve_refresh(void *app, struct ctx *ctx, const struct actor *old, const struct actor **ret) MUST_CHECK;
int64_t serve_changes(void *app);
const struct route *serve_route_at(void *app, size_t i);
/* Health, metrics and the first steps. */
extern const struct route app_own_routes[];

/* --- entries of the audit trail that are no changes (serve_audit.c) ----------- */

struct serve_audit;
enum err serve_audit_new(struct ctx *ctx, struct serve_audit **ret) MUST_CHECK;
void serve_audit_free(struct serve_audit *audit);
/* For http_config: a few entries an actor and route, then one a minute that counts the others. */
void serve_refused(struct ctx *ctx, const struct http_request *req, int status);
/* For rest_config: one entry an actor and record in ten minutes. */
void serve_seen(void *app, struct ctx *ctx, const struct entity_info *info, int64_t id);

#endif
