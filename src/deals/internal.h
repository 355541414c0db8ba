/* Between the files of src/deals. */
#ifndef GUANXI_DEALS_INTERNAL_H
#define GUANXI_DEALS_INTERNAL_H

#include "deals/deals.h"

enum { DEAL_DAY_BYTES = 11, DEAL_MONTH_BYTES = 8 };

/* How a deal in a stage counts. */
enum deal_state { DEAL_OPEN, DEAL_WON, DEAL_LOST };
extern const struct option deal_states[], deal_forecasts[], deal_sources[];

/* The day of the firm's own time zone at a moment, as "YYYY-MM-DD" in ctx's arena. */
enum err deal_day(struct ctx *ctx, int64_t at_ms, const char **ret) MUST_CHECK;
/* In the write job of a change: closes what stood until now and keeps what stands from now on. `old` NULL: a new deal. */
enum err deal_history_keep(struct ctx *ctx, const struct record *old, const struct record *now) MUST_CHECK;
/* A statement with one id, without rows or with one number (`ret` not NULL). */
enum err deal_ask(struct ctx *ctx, const struct sql *sql, int64_t id, int64_t *ret) MUST_CHECK;
/* The settings' position in deals_settings. */
enum { DEAL_FISCAL_MONTH, DEAL_SETTINGS };

enum err deal_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now) MUST_CHECK;
enum err deal_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now) MUST_CHECK;
enum err deal_line_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now) MUST_CHECK;
enum err deal_line_after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now) MUST_CHECK;

enum err deal_forecast_get(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err deal_snapshot_post(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err deal_accuracy_get(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
/* The week's snapshot of every month to come; does nothing where it was taken already. */
enum err deal_snapshot_run(struct ctx *ctx) MUST_CHECK;

#endif
