/* Inside core/exchange: a day and time taken apart, for convert_date.c and convert_zone.c. */
#ifndef GUANXI_CORE_EXCHANGE_CONVERT_DATE_H
#define GUANXI_CORE_EXCHANGE_CONVERT_DATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"
#include "base/timeutil.h"

enum { PIECES_MAX = 8 };
enum half { HALF_NONE, HALF_MORNING, HALF_NOON, HALF_AFTERNOON };

struct pieces {
	int numbers[PIECES_MAX];
	int digits[PIECES_MAX];   /* how many each had */
	char before[PIECES_MAX];  /* the mark in front of it */
	size_t n;
	size_t month_at; /* the number that is a month's name; PIECES_MAX none */
	enum half half;
	bool hour_said;
	bool zoned; /* zone: minutes east of UTC */
	int zone;
	const char *zone_name; /* Asia/Shanghai, in the text */
	size_t zone_name_len;
	const char *fault; /* key of a message */
	const char *word;  /* that nobody knows, in the text */
	size_t word_len;
};

struct pieces convert_take_apart(const char *text);

enum zone_word { ZONE_NONE, ZONE_KNOWN, ZONE_NAMED, ZONE_AMBIGUOUS };
/* CET, UTC+8, Asia/Shanghai at `p`, after `numbers` numbers of a time: minutes, and the bytes it takes. */
enum zone_word convert_zone_word(const char *p, size_t numbers, int *ret_minutes, size_t *ret_len);
/* +08:00, -0500, +8: the bytes it takes; 0: it is none. */
size_t convert_zone_offset(const char *p, size_t numbers, int *ret_minutes);
/* Minutes of a zone by its name at a local time; false: there is no such zone. */
bool convert_zone_named(struct ctx *ctx, const char *name, size_t len, const struct civil *local, int *ret_minutes);

#endif
