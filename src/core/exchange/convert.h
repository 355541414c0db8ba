/* Inside core/exchange: text as people and programs write it, to API text. All
 * results lie in ctx's arena or are the text itself. */
#ifndef GUANXI_CORE_EXCHANGE_CONVERT_H
#define GUANXI_CORE_EXCHANGE_CONVERT_H

#include "core/exchange/plan.h"

/* "1,234.50", "¥1.234,5", "(12)", "1e3" to "1234.50" …; the text itself if it is no number. */
const char *convert_number(struct ctx *ctx, const char *text, enum number_mark mark);
/* "17850.0" to "17850". */
const char *convert_integer(struct ctx *ctx, const char *text);
/* a * b and a / b as decimals with up to nine places; NULL if they are none. */
const char *convert_times(struct ctx *ctx, const char *a, const char *b);
const char *convert_divide(struct ctx *ctx, const char *a, const char *b);
/* Rounds to so many places; the text itself if it has no more. */
const char *convert_round(struct ctx *ctx, const char *text, int scale);

/* "5/21/2010 8:26 PM", "2010年5月21日", "20100521" to "2010-05-21" or "2010-05-21 20:26:00";
 * the text itself if it is none. */
const char *convert_date(struct ctx *ctx, const char *text, enum date_order order);
/* Only the day of it. */
const char *convert_day(struct ctx *ctx, const char *text, enum date_order order);
/* Adds an offset to a time that has none. */
const char *convert_zone(struct ctx *ctx, const char *text, int offset_min);
/* What these texts say about the order of day and month: DATE_AUTO if nothing. */
enum date_order convert_date_order(const char *const *texts, size_t n);
/* Whether it reads as a date at all. */
bool convert_is_date(const char *text);

/* A label as it stands in files of the Traditional Chinese page: other words (搜尋), not only other characters. */
const char *convert_traditional(struct ctx *ctx, const struct text2 *label);

/* "Yes", "是", "1" to "true". */
const char *convert_bool(const char *text);
/* Value of an option by its value or label in any language. */
enum err convert_option(struct ctx *ctx, const struct field *field, const char *text, const char **ret) MUST_CHECK;
/* ISO 3166 code of a country by name or code; the text itself if unknown; "" for "Unspecified" and its like. */
enum err convert_country(struct ctx *ctx, const char *text, const char **ret) MUST_CHECK;
/* Text of simple HTML. */
const char *convert_html(struct ctx *ctx, const char *text);
const char *convert_cut(struct ctx *ctx, const char *text, int chars);
const char *convert_case(struct ctx *ctx, const char *text, bool upper);
/* "example.org" to "https://example.org". */
const char *convert_url(struct ctx *ctx, const char *text);

struct country_name {
	const char *name; /* folded */
	char code[3];
};
extern const struct country_name country_names[];
extern const size_t country_names_count;

#endif
