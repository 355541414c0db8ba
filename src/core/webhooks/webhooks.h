/* Webhooks: another program hears of changes by a signed POST (Standard Webhooks 1.0), of each record in order, at least once, tried
 * again for three days; what could not be delivered is kept and can be sent anew.
 *
 * A service reads the change log and keeps a row for each webhook and change it asks for, in the transaction that moves its position; so
 * each change is kept once. What is sent is made when it is sent, by the rights that who set the webhook's address has then: no copy
 * of anybody's data waits. */
#ifndef GUANXI_CORE_WEBHOOKS_WEBHOOKS_H
#define GUANXI_CORE_WEBHOOKS_WEBHOOKS_H

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/services/services.h"
#include "core/timers/timers.h"

extern const struct entity webhook_entity;
extern const struct route webhooks_routes[];
extern const struct service webhooks_services[];
extern const struct schedule webhooks_schedules[];
extern const struct migration webhooks_steps[];
enum { WEBHOOKS_STEPS = 2 };

enum { WEBHOOK_SECRET = 24 };
/* "v1,<base64>" of HMAC-SHA256 over "<id>.<seconds>.<body>", as Standard Webhooks has it; in ctx's arena, NULL: no memory. */
const char *webhooks_sign(struct ctx *ctx, const unsigned char secret[WEBHOOK_SECRET], const char *id, int64_t seconds, const void *body, size_t n);

/* When a delivery that has failed so many times is tried again, in ms from now; 0: no more. About three days in all. */
int64_t webhooks_again_ms(int attempts);

#endif
