/* Quotes: what is offered to whom, until when, for how much; then the order, in one step. */
#ifndef GUANXI_QUOTES_QUOTES_H
#define GUANXI_QUOTES_QUOTES_H

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/settings/settings.h"

extern const struct entity quote_entity, quote_line_entity;
extern const struct route quote_routes[];
extern const struct setting quote_settings[]; /* the first: how many days a quote is good for */

/* In a write job: the quote's prices, promotions, taxes and sums are worked out anew at its end, once, however many of its
 * lines change.  Its own rights are nobody's but the program's. */
enum err quote_sums_later(struct ctx *ctx, int64_t quote_id) MUST_CHECK;
/* In a write job: the order of an accepted quote, with its lines; uses of promotions are counted. *ret is the order. */
enum err quote_make_order(struct ctx *ctx, const struct record *quote, int64_t *ret) MUST_CHECK;
/* The day so many days from now, by the firm's clock: YYYY-MM-DD. */
enum err quote_day(struct ctx *ctx, int64_t days, char ret[16]) MUST_CHECK;
/* The lines' records in their order. */
enum err quote_lines(struct ctx *ctx, int64_t quote_id, struct record ***ret, size_t *ret_n) MUST_CHECK;

#endif
