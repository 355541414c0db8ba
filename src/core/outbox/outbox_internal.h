/* Between the parts of core/outbox. Not for others. */
#ifndef GUANXI_CORE_OUTBOX_OUTBOX_INTERNAL_H
#define GUANXI_CORE_OUTBOX_OUTBOX_INTERNAL_H

#include "core/outbox/outbox.h"

#define OUTBOX_SERVICE_NAME "outbox"

/* Which mails wait for which: promotions for none but themselves. */
enum outbox_lane { OUTBOX_LANE_FIRST, OUTBOX_LANE_PROMOTIONS, OUTBOX_LANES };

extern const struct migration outbox_steps[];
enum { OUTBOX_STEPS = 1 };

#endif
