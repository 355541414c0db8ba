/* Inside core/exchange: what all rows of a file together say, before the first is written. */
#ifndef GUANXI_CORE_EXCHANGE_SURVEY_H
#define GUANXI_CORE_EXCHANGE_SURVEY_H

#include "core/exchange/convert.h"
#include "core/exchange/import.h"

enum { SURVEY_EXAMPLES = 5, SURVEY_EXAMPLE_BYTES = 80, SURVEY_WATCHES_MAX = 200, SURVEY_WORDS_MAX = 50 };

/* Rows that show something, the first few by number and value. */
struct survey_note {
	int64_t count;
	size_t n;
	int64_t rows[SURVEY_EXAMPLES];
	char values[SURVEY_EXAMPLES][SURVEY_EXAMPLE_BYTES];
};

/* Different texts that are none of a field's choices, as they stand, with the first row of each. */
struct survey_words {
	int64_t count; /* of all cells */
	size_t n;
	int64_t rows[SURVEY_WORDS_MAX];
	char texts[SURVEY_WORDS_MAX][SURVEY_EXAMPLE_BYTES];
};

enum survey_kind { SURVEY_NONE, SURVEY_NUMBER, SURVEY_DATE, SURVEY_TIME, SURVEY_PAST, SURVEY_PHONE, SURVEY_EMAIL, SURVEY_CURRENCY, SURVEY_CHOICE };

/* One column of one field. */
struct survey_watch {
	enum survey_kind kind;
	size_t record, field; /* of the plan */
	int column;
	bool fixed; /* the plan says how it is written */
	int64_t points, commas, looked;
	struct date_votes votes;
	struct survey_note open, damaged, second, nothing, partial, foreign, local, unrated;
	struct survey_words *unknown; /* SURVEY_CHOICE, once there is one */
};

enum survey_about { ABOUT_MERGED, ABOUT_REPEATED, ABOUT_SHARED, ABOUT_NAMESAKES, ABOUT_BEYOND, ABOUT_HEADING, ABOUT_UNDECODED, ABOUT_COUNT };

struct survey {
	struct ctx *ctx;
	struct arena *arena; /* outlives the rows */
	const struct plan *plan;
	struct survey_watch *watches;
	size_t n;
	int64_t rows;
	struct survey_note about[ABOUT_COUNT];
	bool dates_fixed, numbers_fixed, zone_said;
};

/* Takes what the survey found into the plan: decisions, and warnings in "survey". */
enum err import_survey_conclude(struct survey *s, json_t *plan) MUST_CHECK;

#endif
