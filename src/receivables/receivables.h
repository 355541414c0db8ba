/* Money owed and money received: plans of payment, receipts and refunds, what was allocated to what, what was written off. */
#ifndef GUANXI_RECEIVABLES_RECEIVABLES_H
#define GUANXI_RECEIVABLES_RECEIVABLES_H

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/settings/settings.h"
#include "core/timers/timers.h"

extern const struct entity receivable_entity, receipt_entity, allocation_entity, write_off_entity;
extern const struct route receivables_routes[];
extern const struct setting receivables_settings[];
extern const struct timer_kind receivables_timers[];

enum { RECEIVABLES_DAY_BYTES = 16 };

/* The day so many days from now, by the firm's clock: YYYY-MM-DD. */
enum err receivables_today(struct ctx *ctx, int64_t days, char ret[RECEIVABLES_DAY_BYTES]) MUST_CHECK;
/* The day of a moment (UTC milliseconds) by the firm's clock. */
enum err receivables_day_of(struct ctx *ctx, int64_t at, char ret[RECEIVABLES_DAY_BYTES]) MUST_CHECK;
/* The day so many days after `day` (a checked date). ERR_BUG: it is none. */
enum err receivables_day_after(struct ctx *ctx, const char *day, int64_t days, char ret[RECEIVABLES_DAY_BYTES]) MUST_CHECK;
/* Ids of a statement with one id, the first `max` of them, in ctx's arena; who wants all asks again, or for one more to know of it. */
enum err receivables_ids(struct ctx *ctx, const struct sql *sql, int64_t id, size_t max, int64_t **ret, size_t *ret_n) MUST_CHECK;
/* UTC milliseconds of an hour of that day by the firm's clock. */
enum err receivables_moment(struct ctx *ctx, const char *day, int hour, int64_t *ret) MUST_CHECK;
/* For before-hooks of what has currency and fx_rate: a currency there is, the firm's where none is given, and the rate of `day` from
 * the list of dated rates where none is given and there is one. */
enum err receivables_currency(struct ctx *ctx, const struct record *old, struct record *now, const char *day) MUST_CHECK;
/* For before-hooks: owner, team and branch are the customer's where none are given. */
enum err receivables_belong(struct ctx *ctx, struct record *now) MUST_CHECK;

#endif
