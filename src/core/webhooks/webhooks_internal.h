/* Between the parts of core/webhooks. Not for others. */
#ifndef GUANXI_CORE_WEBHOOKS_WEBHOOKS_INTERNAL_H
#define GUANXI_CORE_WEBHOOKS_WEBHOOKS_INTERNAL_H

#include "core/webhooks/webhooks.h"

#define WEBHOOKS_READER "webhooks"
#define WEBHOOKS_PURPOSE "webhook"

enum delivery_state { DELIVERY_WAITING, DELIVERY_DONE, DELIVERY_DEAD, DELIVERY_NOTHING, DELIVERY_STATES };
/* Behind another of its record: until that is through. */
#define DELIVERY_BEHIND (INT64_MAX / 2)

/* Switched on at a time: each change is held against all of them. */
enum { WEBHOOKS_MAX = 200 };

/* One that is switched on. */
struct hook {
	int64_t id, acting_id, since_seq, paused_until, failures, previous_until;
	const char *url, *entities, *actions, *secret, *previous;
	bool with_values;
};

/* Those that are switched on; *ret lies in ctx's arena. */
enum err webhooks_active(struct ctx *ctx, struct hook **ret, size_t *ret_n) MUST_CHECK;
/* "customer, order": NULL or empty names all. */
bool webhooks_names(const char *list, const char *name);
/* In a write job: keeps what the log has for these hooks, up to a bounded number of entries; *ret_more: there is more. */
enum err webhooks_keep_new(struct ctx *ctx, bool *ret_more) MUST_CHECK;

/* In a write job: a delivery of its own, of the kind "ping", due at once. */
enum err webhooks_add_ping(struct ctx *ctx, int64_t webhook_id, int64_t *ret_id) MUST_CHECK;
/* In a write job: the next one of a record may go. */
enum err webhooks_release(struct ctx *ctx, int64_t webhook_id, int64_t record_id) MUST_CHECK;

/* In a write job: a new secret; the old one signs beside it for a day. *ret is what its user is told, "whsec_…". */
enum err webhooks_new_secret(struct ctx *ctx, int64_t webhook_id, const char **ret) MUST_CHECK;
/* A secret as it was sealed, opened. */
enum err webhooks_open_secret(struct ctx *ctx, const char *sealed, unsigned char ret[WEBHOOK_SECRET]) MUST_CHECK;

#endif
