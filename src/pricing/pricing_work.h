/* What the parts of pricing_work_out share. */
#ifndef GUANXI_PRICING_PRICING_WORK_H
#define GUANXI_PRICING_PRICING_WORK_H

#include "base/buf.h"
#include "core/store/store.h"
#include "pricing/pricing_store.h"

enum { WORK_BOOKS_MAX = 1000, WORK_RULES_MAX = 500000, WORK_DEPTH_MAX = 16 };

struct pricing_work_product {
	int64_t id, category_id, tax_id;
	const char *sku, *name, *unit, *currency;
	struct fraction price, cost;
	bool has_price, has_cost;
};

struct pricing_work_unit {
	int64_t product_id;
	const char *name;
	struct fraction factor;
};

struct pricing_work_book {
	int64_t id;
	const char *name, *contract_no, *currency;
	int64_t priority;
	int nearness; /* 0 customer … 6 everybody */
	bool alone, applies;
};

struct pricing_work_rule {
	int64_t id, book_id, position, product_id, category_id, base_book_id;
	const char *unit, *kind;
	struct fraction from, amount, round_to;
};

struct pricing_work_category {
	int64_t id, parent_id;
};

struct pricing_work_tax {
	int64_t id;
	const char *name;
	struct fraction percent;
	bool is_default;
};

struct pricing_work {
	struct ctx *ctx;
	const struct pricing_request *request;
	struct pricing_result *result;
	char date[16];          /* of the firm's zone */
	const char *level, *country;
	int64_t region_id;
	enum pricing_strategy strategy;
	struct pricing_work_product *products; /* by id */
	size_t n_products;
	struct pricing_work_unit *units;
	size_t n_units;
	struct pricing_work_book *books; /* those that apply come first, in their order */
	size_t n_books, n_applying;
	bool *alone;             /* by place of those that apply */
	struct pricing_work_rule *rules; /* by book, product (those of all last), position */
	size_t n_rules;
	struct pricing_work_category *categories; /* by id; loaded when somebody asks */
	size_t n_categories;
	bool categories_loaded;
	struct pricing_work_tax *taxes;
	size_t n_taxes;
	const struct pricing_rates *rates;
	bool sees_cost;
};

/* The field of a line: "lines[2].product_id". */
const char *pricing_work_field(struct pricing_work *w, size_t line, const char *field);
/* "… IN (?1, …)" with the ids bound; the number of places is a power of two, so that few statements are kept. */
enum err pricing_work_query(struct pricing_work *w, const char *before, const int64_t *ids, size_t n, const char *after, struct stmt **ret) MUST_CHECK;
const char *pricing_work_copy(struct pricing_work *w, struct stmt *stmt, int at);
/* Room for one more; false: no memory. */
bool pricing_work_grow(struct ctx *ctx, void *list, size_t n, size_t *cap, size_t size);
enum err pricing_work_no_memory(struct pricing_work *w) MUST_CHECK;
/* Text with a Chinese and an English form, as printf has it; lives in the arena. */
const char *pricing_work_say(struct pricing_work *w, const struct text2 *form, ...);

enum err pricing_work_load(struct pricing_work *w) MUST_CHECK;
const struct pricing_work_product *pricing_work_product(const struct pricing_work *w, int64_t id);
enum err pricing_work_categories(struct pricing_work *w) MUST_CHECK;
/* How many steps up the product's category this one is; -1: not above it. */
int pricing_work_category_distance(const struct pricing_work *w, int64_t category, int64_t above);

/* How many of the product's own unit one of `unit` is; false: it has no such unit. */
bool pricing_work_factor(const struct pricing_work *w, const struct pricing_work_product *p, const char *unit, struct fraction *ret);
/* The price of a line, and why. */
enum err pricing_work_price(struct pricing_work *w, size_t line, const struct pricing_work_product *p) MUST_CHECK;

enum err pricing_work_promotions(struct pricing_work *w) MUST_CHECK;
enum err pricing_work_sums(struct pricing_work *w) MUST_CHECK;

#endif
