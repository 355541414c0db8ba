/* Complaints: how grave, who handles them, what is given. */
#ifndef GUANXI_SERVICE_COMPLAINT_H
#define GUANXI_SERVICE_COMPLAINT_H

#include "core/entity/entity.h"
#include "core/timers/timers.h"

/* `before` of what is given: within the limits of who gives it, else it waits for somebody who may give so much; money that
 * goes back never passes what was paid, however many ask at once. */
enum err compensation_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now) MUST_CHECK;

/* `after`: money that was given back is a payment of the order. */
enum err compensation_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now) MUST_CHECK;

/* In a write job: how the customer feels by their words, unless a person said so. `text` NULL: the subject. */
enum err complaint_feel(struct ctx *ctx, struct record *now, const char *text) MUST_CHECK;
/* In `before` of a case that is a complaint: finds what it repeats, and its grade by the firm's criteria, unless a person said it. */
enum err complaint_grade(struct ctx *ctx, const struct record *old, struct record *now) MUST_CHECK;
/* In `after` of a case: a solved complaint is asked after some days later. */
enum err complaint_follow(struct ctx *ctx, const struct record *old, const struct record *now) MUST_CHECK;
/* `fire` of "case.follow". */
enum err complaint_ask_again(struct ctx *ctx, const struct timer *timer) MUST_CHECK;

#endif
