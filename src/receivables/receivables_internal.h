/* Between the files of src/receivables. */
#ifndef GUANXI_RECEIVABLES_INTERNAL_H
#define GUANXI_RECEIVABLES_INTERNAL_H

#include "core/text/text.h"
#include "receivables/receivables.h"

enum { RECEIVABLES_GRACE, RECEIVABLES_BEFORE, RECEIVABLES_AGAIN, RECEIVABLES_NUMBER, RECEIVABLES_SETTINGS };
enum { RECEIVABLES_LINES_MAX = 500 };

/* The firm's clock, for many days; NULL: UTC. To be freed with text_zone_free. */
enum err receivables_clock(struct ctx *ctx, struct text_zone **ret) MUST_CHECK;
enum err receivables_day_at(struct ctx *ctx, struct text_zone *clock, int64_t at, char ret[RECEIVABLES_DAY_BYTES]) MUST_CHECK;
/* A statement with ids and up to two numbers; no row: zeros. */
enum err receivables_ask(struct ctx *ctx, const struct sql *sql, int64_t id, int64_t without, int64_t ret[2]) MUST_CHECK;
/* Sums of what was paid and written off, worked out anew at the end of the write job, once. */
enum err receivable_sums_later(struct ctx *ctx, int64_t id) MUST_CHECK;
enum err receipt_sums_later(struct ctx *ctx, int64_t id) MUST_CHECK;
/* What is open of it now, in its currency: by the rows, not the kept figure. `without`: an allocation or write-off left out. */
enum err receivable_open(struct ctx *ctx, const struct record *receivable, int64_t without, int64_t *ret) MUST_CHECK;
/* What is free of a receipt now; `without`: an allocation or refund left out. */
enum err receipt_free(struct ctx *ctx, const struct record *receipt, int64_t without, int64_t *ret) MUST_CHECK;
/* An amount of a receipt in the currency of a receivable, by both rates. ERR_INVALID "receivable_rate": one has none. */
enum err receipt_settles(struct ctx *ctx, const struct record *receipt, const struct record *receivable, int64_t amount, int64_t *ret) MUST_CHECK;
/* Sets or moves the reminder of a receivable; `old` NULL: new, `now` NULL: gone. */
enum err receivable_remind(struct ctx *ctx, const struct record *old, const struct record *now) MUST_CHECK;
/* The day of the next reminder, "" none, for the before-hook. */
enum err receivable_remind_day(struct ctx *ctx, const struct record *now, char ret[RECEIVABLES_DAY_BYTES]) MUST_CHECK;
/* For before-hooks of what takes its currency from elsewhere: `field` was read by the digits of the currency it came with, or else of
 * the base currency; from here on it is in `currency`. ERR_INVALID: another one was given, or the amount has too many decimals. */
enum err receivables_in_currency(struct ctx *ctx, struct record *now, const char *field, const char *currency_field, const char *currency) MUST_CHECK;
bool receivables_is(const struct record *r, const char *field, const char *text);
bool receivables_same(const struct record *a, const struct record *b, const char *field);

enum err receivables_ageing_get(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err receivables_statement_get(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err receivables_pay_post(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;

#endif
