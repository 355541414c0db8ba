/* Between the files of src/commission. */
#ifndef GUANXI_COMMISSION_INTERNAL_H
#define GUANXI_COMMISSION_INTERNAL_H

#include "base/map.h"
#include "commission/commission.h"
#include "commission/commission_work.h"
#include "receivables/receivables.h"

/* --- plans ------------------------------------------------------------------------- */

extern const struct option commission_periods[];

/* Fraction digits of what brackets measure, and of their rates. */
enum { COMMISSION_KEPT_RATE_SCALE = 8 }; /* of percents and of amounts a unit, as lines keep them */

struct commission_scales {
	int measure, rate;
};
void commission_scales_of(struct ctx *ctx, const char *measure, const char *pays, struct commission_scales *ret);
/* Reads and checks the brackets of a plan; in ctx's arena. ERR_INVALID says which of them is wrong, counted from 1. */
enum err commission_brackets(struct ctx *ctx, const char *text, const struct commission_scales *scales, struct commission_bracket **ret, size_t *ret_n) MUST_CHECK;

/* --- a period worked out -------------------------------------------------------------- */

/* A month, quarter or year of the firm, with its record where it is closed. */
struct commission_span {
	const char *period; /* "month" … */
	char from[RECEIVABLES_DAY_BYTES], until[RECEIVABLES_DAY_BYTES];
	int64_t first, last;  /* days since 1970 */
	int64_t begins, ends; /* UTC milliseconds; ends is not in it */
	int64_t closed_id;    /* its record; 0: open */
};
/* ERR_INVALID: no such period or day. */
enum err commission_span_of(struct ctx *ctx, const char *period, const char *day, struct commission_span *ret) MUST_CHECK;

enum commission_line_kind { COMMISSION_SALE, COMMISSION_LATE, COMMISSION_BACK, COMMISSION_CAP, COMMISSION_FLOOR, COMMISSION_BY_HAND, COMMISSION_LINE_KINDS };
extern const char *const commission_line_kinds[];

/* One line of a statement. Amounts in the firm's currency. */
struct commission_line {
	enum commission_line_kind kind;
	int64_t owner_id, plan_id, order_id;
	const char *plan, *source, *against, *number, *bracket, *note; /* "" none */
	int64_t day;                                        /* since 1970 */
	int64_t base, credited, units, share, rate, result; /* base: of the order; credited: of the person */
	bool per_unit, capped;
};

struct commission_person {
	int64_t id, team_id, branch_id;
	const char *name;
	bool active;
	struct commission_plan **plans; /* those for this person, the first that fits a line is paid of each kind */
	size_t n_plans;
};

struct commission_plan {
	int64_t id, role_id, team_id, branch_id, from, until; /* days; until INT64_MAX: open */
	const char *name, *kind, *scope, *event, *base, *measure;
	const char *brackets_text, *products, *customers; /* JSON */
	struct commission_scales scales;
	struct commission_terms terms;
	size_t number;
	unsigned kind_bit; /* plans of one kind share it */
	struct condition *of_products, *of_customers;
};

/* What is wrong with what was worked out, for who closes it. */
struct commission_warnings {
	int64_t no_rate, no_cost, no_target, no_owner;
};

struct commission_overlap {
	const struct commission_plan *first, *second;
};

enum { COMMISSION_OVERLAPS_MAX = 50 };

struct commission_book {
	struct ctx *ctx;
	struct arena memory; /* all of it */
	struct commission_span span;
	int64_t only;        /* of this person alone; 0: of all */
	int64_t default_tax; /* percent with 4 digits */
	bool tax_included;   /* prices hold their tax where an order has none on top */
	struct text_zone *zone; /* the firm's; NULL: UTC */
	struct map goals;    /* {kind of source, person} to the target of the period */
	struct map worked;   /* {person, plan} that have lines */
	struct commission_credits *credits; /* while it is worked out */
	struct commission_probe *probe;
	struct map fits;     /* {plan, product or customer, which} to whether it fits */
	struct commission_person *people;
	size_t n_people;
	struct commission_plan *plans;
	size_t n_plans;
	struct commission_line *lines; /* of a person together, in their order */
	size_t n_lines, lines_room;
	struct commission_warnings warnings;
	struct commission_overlap overlaps[COMMISSION_OVERLAPS_MAX];
	size_t n_overlaps;
};

/* Works out an open period, or reads a closed one; to be ended whatever it returns. only 0: for everybody. */
enum err commission_book_make(struct ctx *ctx, const struct commission_span *span, int64_t only, struct commission_book *ret) MUST_CHECK;
void commission_book_end(struct commission_book *book);
/* A number that changes with any line. */
uint64_t commission_book_digest(const struct commission_book *book);

/* --- between the parts of that ------------------------------------------------------------ */

void *commission_take(struct commission_book *book, size_t n, size_t size) MUST_CHECK;
const char *commission_copy(struct commission_book *book, const char *text) MUST_CHECK;
enum err commission_memory(struct commission_book *book) MUST_CHECK;
enum err commission_line_put(struct commission_book *book, const struct commission_line *line) MUST_CHECK;
/* What is paid to whom of a source by a plan; the base in the firm's currency. */
struct commission_credit {
	struct commission_plan *plan;
	struct commission_person *person;
	const struct commission_source *source;
	int64_t base, share, credited, units;
	bool late;
};
struct commission_credits {
	struct commission_credit *list;
	size_t n, room;
};
/* What one plan gives somebody. */
struct commission_probe {
	int64_t plan_id, credited, units;
};
typedef enum err (*commission_credit_fn)(struct commission_book *book, const struct commission_credit *credit);
/* All that a source gives, to those who have a share in it; plan and person not NULL: as if that one alone had all of it. */
enum err commission_allot(struct commission_book *book, struct commission_source *source, struct commission_plan *plan, struct commission_person *person,
                          commission_credit_fn fn) MUST_CHECK;
enum err commission_load_plans(struct commission_book *book) MUST_CHECK;
enum err commission_load_people(struct commission_book *book) MUST_CHECK;
struct commission_person *commission_person_of(const struct commission_book *book, int64_t id);
bool commission_is_for(const struct commission_plan *plan, const struct commission_person *person);

enum commission_line_part { COMMISSION_GOODS, COMMISSION_SHIPPING, COMMISSION_DISCOUNT };

struct commission_item_line {
	int64_t product_id, quantity, total, cost, tax_percent; /* total with 4 digits, cost in minor units, percent with 4 digits */
	const char *cost_currency;                              /* "" the firm's */
	struct commission_item_line *next;
	uint64_t taken; /* kinds of plans that have paid for it, of the person at hand */
	enum commission_line_part part;
	bool has_cost;
};

/* An order, or money received for one. */
struct commission_source {
	char kind; /* 'o' order, 'a' allocation, 'p' payment */
	int64_t id, day, money; /* money: received, in the order's currency */
	int64_t order_id, owner_id, customer_id, original_id, goods, tax, total, rate; /* minor units; rate of the order, 6 digits, 0 unknown */
	const char *number, *currency;
	bool split, returns, dead; /* dead: counts for nothing any more */
	struct commission_item_line *lines; /* in no order */
	uint64_t taken;                     /* as of a line, of an order without any */
};

enum commission_reach { COMMISSION_RANGE, COMMISSION_RANGE_OWN, COMMISSION_ONE };

struct commission_sources {
	struct commission_source *list;
	size_t n, room;
};

/* Sources of one kind: of the period, of the period and person, or the one of this id. */
enum err commission_sources_read(struct commission_book *book, char kind, enum commission_reach reach, int64_t id, struct commission_sources *ret) MUST_CHECK;

/* What is frozen of a source or against it, by plan, person and rate; the highest rate first. */
struct commission_frozen {
	int64_t plan_id, owner_id, rate, credited, units, result, share, order_id;
	bool per_unit;
	const char *plan, *bracket, *number;
};
enum err commission_frozen_read(struct commission_book *book, bool against, const char *source, struct commission_frozen **ret, size_t *ret_n) MUST_CHECK;
/* By what a rate is multiplied to be kept with COMMISSION_KEPT_RATE_SCALE digits. */
int64_t commission_rate_kept(const struct commission_book *book, bool per_unit);
enum err commission_rest_read(struct commission_book *book) MUST_CHECK;
enum err commission_adjustments_read(struct commission_book *book) MUST_CHECK;
enum err commission_closed_read(struct commission_book *book) MUST_CHECK;

/* Whether a day lies in a closed period of this kind (NULL: of any). */
enum err commission_day_closed(struct ctx *ctx, const char *period, int64_t day, bool *ret) MUST_CHECK;
void commission_day_text(int64_t day, char ret[RECEIVABLES_DAY_BYTES]);
/* Notes that something of a closed period has changed; the open period takes it up. */
enum err commission_changed(struct ctx *ctx, const char *source, int64_t day) MUST_CHECK;
enum err commission_order_frozen(struct ctx *ctx, int64_t order_id, bool *ret) MUST_CHECK;

/* --- routes ----------------------------------------------------------------------------------- */

enum err commission_close_post(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err commission_pay_post(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err commission_split_put(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err commission_export_get(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
extern const struct spec commission_close_specs[], commission_pay_specs[], commission_split_specs[];
/* The period a request asks for: period, on. */
enum err commission_asked(struct ctx *ctx, const struct http_request *req, struct commission_span *ret) MUST_CHECK;
/* Whether the actor may read this person's statement. */
bool commission_may_see(const struct ctx *ctx, const struct commission_person *person);
/* And take it along as a file. */
bool commission_may_take(const struct ctx *ctx, const struct commission_person *person);
/* Who adjusts, shares and marks as paid; who closes reads all of it besides. */
bool commission_may_manage(const struct ctx *ctx);
bool commission_may_close(const struct ctx *ctx);
/* Whether the actor may read this field of lines. */
bool commission_sees(const struct ctx *ctx, const char *field);

#endif
