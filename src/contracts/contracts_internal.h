/* Between the files of src/contracts. */
#ifndef GUANXI_CONTRACTS_INTERNAL_H
#define GUANXI_CONTRACTS_INTERNAL_H

#include "contracts/contracts.h"
#include "receivables/receivables.h"

enum { CONTRACTS_AHEAD, CONTRACTS_NUMBER, CONTRACTS_SETTINGS };
enum { CONTRACTS_IDS_MAX = 500 };

/* The day so many months after `day`, on its day of the month or the month's last: 31 January and one month is 28 February; "" where that lies after the
 * year 9999. */
enum err contract_months_after(struct ctx *ctx, const char *day, int64_t months, char ret[RECEIVABLES_DAY_BYTES]) MUST_CHECK;
/* When a line is due the n-th time, from 0; "" when it is not due any more: after its own end, or the contract's (NULL: none). */
enum err contract_line_day(struct ctx *ctx, const struct record *line, const char *ends_on, int64_t n, char ret[RECEIVABLES_DAY_BYTES]) MUST_CHECK;
/* In a write job: what a contract's lines make due until that day becomes receivables, once; *ret counts them. */
enum err contract_plan(struct ctx *ctx, const struct record *contract, const char *until, int64_t *ret) MUST_CHECK;
/* In a write job: after the contract's end moved, when each line is due next. */
enum err contract_lines_again(struct ctx *ctx, const struct record *contract) MUST_CHECK;
/* In a write job: what was planned for days to come is taken out of the plan. */
enum err contract_unplan(struct ctx *ctx, const struct record *contract) MUST_CHECK;
/* In a write job: the contract that follows this one, as a draft or in force at once. ERR_CONFLICT: there is one, or it has no end. */
enum err contract_renew(struct ctx *ctx, const struct record *contract, bool in_force, unsigned flags, int64_t *ret) MUST_CHECK;
/* Ids of a statement with an id, a text, or both in this order; 0, NULL: without. */
enum err contract_ids(struct ctx *ctx, const struct sql *sql, int64_t id, const char *text, int64_t **ret, size_t *ret_n) MUST_CHECK;
/* Sets or moves the reminder of a contract's notice day. */
enum err contract_remind(struct ctx *ctx, const struct record *old, const struct record *now) MUST_CHECK;
bool contract_same(const struct record *a, const struct record *b, const char *field);

#endif
