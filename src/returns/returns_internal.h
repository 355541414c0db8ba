/* Between the files of src/returns. */
#ifndef GUANXI_RETURNS_INTERNAL_H
#define GUANXI_RETURNS_INTERNAL_H

#include "core/store/store.h"
#include "receivables/receivables.h"
#include "returns/returns.h"

enum { RETURNS_DECIDE, RETURNS_SEND, RETURNS_ARRIVE, RETURNS_SETTLE, RETURNS_NUMBER, RETURNS_SETTINGS };
enum { RETURNS_LINES_MAX = 200, RETURNS_ANSWER = 4 };

/* A statement with an id, another one and perhaps a currency (NULL: none), the firm's own after it; the number of its first row, 0 without. */
enum err returns_ask(struct ctx *ctx, const struct sql *sql, int64_t id, int64_t without, const char *text, int64_t ret[RETURNS_ANSWER]) MUST_CHECK;
/* Ids of a statement with one id, at most RETURNS_LINES_MAX, in ctx's arena. ERR_LIMIT "return_many": there are more. */
enum err returns_ids(struct ctx *ctx, const struct sql *sql, int64_t id, int64_t **ret, size_t *ret_n) MUST_CHECK;
/* Refused and withdrawn returns take nothing. */
bool return_counts(const char *state);
/* Whether it waits for somebody. */
bool return_is_open(const char *state);
/* How much of a line of an order may still be returned, thousandths; `without`: a line of a return left out. */
enum err return_left(struct ctx *ctx, const struct record *order_line, int64_t without, int64_t *ret) MUST_CHECK;

/* What the rules say of returning a product. */
struct return_rule {
	int64_t policy_id;    /* 0: there is none, anything goes */
	const char *verdict;  /* "fits", "late", "excluded" */
	const char *until;    /* last day; NULL: without end */
};

/* From the category's policy, else the nearest above it, else the general one. Counted from the day the order arrived, else from when
 * it was placed. `on`: the day it is asked for (a checked date). `firm_fault`: the reason lies with the firm. */
enum err return_rule_of(struct ctx *ctx, const struct record *order, int64_t product_id, const char *on, bool firm_fault, struct return_rule *ret) MUST_CHECK;

/* What a line of an order was sold for, so many thousandths of it: its share of the order's discount and tax is in it. Minor units. */
enum err return_value(struct ctx *ctx, const struct record *order, const struct record *order_line, int64_t quantity, int64_t *ret) MUST_CHECK;
/* What may still be given back of an order: what was paid less what was given back, minor units. */
enum err return_paid(struct ctx *ctx, const struct record *order, int64_t *ret) MUST_CHECK;

enum err return_apply_post(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err return_order_get(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err return_receive_post(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err return_refund_post(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err return_exchange_post(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
extern const struct spec return_apply_specs[], return_receive_specs[], return_refund_specs[];

#endif
