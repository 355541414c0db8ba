/* Inside core/exchange: text as people and programs write it, to API text. All
 * results lie in ctx's arena or are the text itself. */
#ifndef GUANXI_CORE_EXCHANGE_CONVERT_H
#define GUANXI_CORE_EXCHANGE_CONVERT_H

#include "base/timeutil.h"
#include "core/exchange/plan.h"

/* "1,234.50", "¥1.234,5", "(12)", "1e3" to "1234.50" …; the text itself if it is no number. */
const char *convert_number(struct ctx *ctx, const char *text, enum number_mark mark);
/* What one text says of the decimal mark of its column: NUMBER_AUTO for 12 and 1,234; *ret_open that it can be read two ways. */
enum number_mark convert_number_mark(const char *text, bool *ret_open);
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
/* Why it is none: "date_ambiguous", "date_word", "zone_ambiguous" or "date_unread", with the word; NULL: it is one. */
const char *convert_date_fault(struct ctx *ctx, const char *text, enum date_order order, const char **ret_arg);
/* A day that lies behind us (a birthday): a year of two digits is never in the future of `today`. */
const char *convert_past_day(struct ctx *ctx, const char *text, enum date_order order, const char *today);
/* A birthday without a year ("--0506", "5月6日", 1604-05-06), or a month alone ("1985-04", *ret_day 0). */
bool convert_partial_day(const char *text, enum date_order order, int *ret_month, int *ret_day);
/* Adds the zone's offset to a time that has none. */
const char *convert_zone(struct ctx *ctx, const char *text, const struct plan_zone *zone);
/* The zone that stands in a heading's last bracket, "Placed (Europe/Paris)", "下单时间（北京时间）"; NULL: none. */
const char *convert_zone_heading(struct ctx *ctx, const char *heading);
/* YYYY-MM-DD with or without a time, and no offset. */
bool convert_is_local(const char *text, struct civil *ret);
/* Whether it reads as a date at all. */
bool convert_is_date(const char *text);

/* What the texts of a column say about the order of day and month. */
struct date_votes {
	int64_t day_first, month_first, year_first; /* can be read so only */
	int64_t either;                             /* can be read two ways */
	int64_t dotted;                             /* 03.04.1985: the day first, if nothing speaks against it */
	int64_t short_year;                         /* 24/06/03 */
};
void convert_date_votes(const char *text, struct date_votes *votes);
/* DATE_AUTO: they say nothing, or contradict each other. */
enum date_order convert_date_decide(const struct date_votes *votes);

/* A label as it stands in files of the Traditional Chinese page: other words (搜尋), not only other characters. */
const char *convert_traditional(struct ctx *ctx, const struct text2 *label);

/* "Yes", "是", "1" to "true". */
const char *convert_bool(const char *text);
/* Value of an option by its value or label in any language. */
enum err convert_option(struct ctx *ctx, const struct field *field, const char *text, const char **ret) MUST_CHECK;
/* ISO 3166 code of a country by name or code; the text itself if unknown; "" for "Unspecified" and its like. */
enum err convert_country(struct ctx *ctx, const char *text, const char **ret) MUST_CHECK;
/* "¥", "美元" to a code; the text itself if it is another. */
const char *convert_currency(const char *text);

/* Without what spreadsheets and shops put around a cell to keep it text: ="0123", '0123, `0123. */
const char *convert_unwrap(struct ctx *ctx, const char *text);
/* N/A, 无, - and other words for an empty cell. */
bool convert_is_nothing(const char *text);
/* The values of one cell, with any of the signs between that address books use; how many. */
enum { CONVERT_PARTS_MAX = 8 };
size_t convert_split(struct ctx *ctx, const char *text, bool phones, const char *parts[CONVERT_PARTS_MAX]);
/* The phone or address that is meant by a cell. */
struct contact {
	const char *text; /* "": none */
	const char *rest; /* a second one in the cell, NULL: none */
	bool valid;
	bool damaged;     /* a number format took its digits: 1.38E+10 */
	bool nothing;     /* a word for nothing stood there, or 000 */
};
enum err convert_phone(struct ctx *ctx, const char *text, const char *region, struct contact *ret) MUST_CHECK;
enum err convert_email(struct ctx *ctx, const char *text, struct contact *ret) MUST_CHECK;
/* Whether a phone in normal form tells its owner: no text, no 11111111 or 12345678. */
bool convert_phone_tells(const char *e164);
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
