/* Between the parts of core/outbox. Not for others. */
#ifndef GUANXI_CORE_OUTBOX_OUTBOX_INTERNAL_H
#define GUANXI_CORE_OUTBOX_OUTBOX_INTERNAL_H

#include "core/entity/entity.h"
#include "core/outbox/outbox.h"
#include "core/services/services.h"
#include "core/settings/settings.h"
#include "core/timers/timers.h"

#define OUTBOX_SERVICE_NAME "outbox"

/* Which mails wait for which: promotions for none but themselves. */
enum outbox_lane { OUTBOX_LANE_FIRST, OUTBOX_LANE_PROMOTIONS, OUTBOX_LANES };

extern const struct migration outbox_steps[];
enum { OUTBOX_STEPS = 2 };

extern const struct route outbox_routes[];
extern const struct service outbox_services[];
extern const struct schedule outbox_schedules[];
extern const struct entity outbox_account_entity, outbox_key_entity;
/* In a write job: the sender looks after the commit. */
enum err outbox_wake(struct ctx *ctx) MUST_CHECK;

#endif
