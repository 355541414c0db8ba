/* Between the files of src/customers: what an activity says of time and of what it is about. */
#ifndef GUANXI_CUSTOMERS_CONTACT_SERIES_H
#define GUANXI_CUSTOMERS_CONTACT_SERIES_H

#include "core/entity/entity.h"

/* Before it is written: what it is about is there, within the actor's reach, and gives its customer; its hours are in order. */
enum err interaction_check(struct ctx *ctx, const struct record *old, struct record *now) MUST_CHECK;
/* After a new one that repeats was written: the others of its series, each a record of its own. */
enum err interaction_repeat(struct ctx *ctx, const struct record *first) MUST_CHECK;

#endif
