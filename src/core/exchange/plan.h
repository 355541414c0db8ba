/* Inside core/exchange: a plan, compiled.  It says which records a row becomes and
 * where each field's value comes from.  The JSON form is described in README.md. */
#ifndef GUANXI_CORE_EXCHANGE_PLAN_H
#define GUANXI_CORE_EXCHANGE_PLAN_H

#include <jansson.h>

#include "base/map.h"
#include "core/entity/entity.h"
#include "core/files/files.h"

enum {
	PLAN_RECORDS_MAX = 20,
	PLAN_SAME_MAX = 4,
	PLAN_FIELDS_MAX = 200, /* of one record */
	PLAN_KEYS_MAX = 4,
	PLAN_ZONES_MAX = 8,
	PLAN_PIECES_MAX = 16,
	PLAN_FIXES_MAX = 2000, /* cells put right by hand */
	PLAN_TEXT_MAX = 256 * 1024, /* of the JSON */
};

/* --- values ------------------------------------------------------------ */

enum plan_source { PLAN_COLUMN, PLAN_CONSTANT, PLAN_TEMPLATE, PLAN_RULES, PLAN_RECORD, PLAN_COUNTER, PLAN_ROW,
	PLAN_PERSON, /* a name of its parts, in the order of its script */
	PLAN_SUM, /* columns added and taken away */
	PLAN_MONTH, PLAN_DAY /* of a birthday without a year, which another field's column has */ };
enum date_order { DATE_AUTO, DATE_YMD, DATE_DMY, DATE_MDY };
enum number_mark { NUMBER_AUTO, NUMBER_POINT, NUMBER_COMMA };

enum plan_test { TEST_FILLED, TEST_EMPTY, TEST_PLAIN, TEST_EQUALS, TEST_IN, TEST_STARTS, TEST_NEGATIVE, TEST_POSITIVE, TEST_ZERO };

struct plan_condition {
	int column; /* -1: the file has no such column, as if it were empty */
	enum plan_test test;
	bool not;
	const char *const *texts; /* ended by NULL */
	struct plan_condition *any; /* one of these, in place of all above */
	size_t n_any;
};

/* A list of pairs; "*" is any other text. */
struct plan_words {
	const char *const *from, *const *to;
	size_t n;
	const char *other; /* NULL: others stay as they are */
};

struct plan_rule;

struct plan_value {
	enum plan_source source;
	int column;
	const char *text;         /* constant */
	struct plan_piece *pieces; /* template: texts and columns in turn; sum: columns */
	int given, middle, family; /* columns of a name's parts, -1 none */
	size_t n_pieces;
	struct plan_rule *rules; /* the first that holds; `otherwise` if none does */
	size_t n_rules;
	struct plan_value *otherwise; /* also the default of an empty value */
	int record;               /* of the plan */
	/* what is done with the text, in this order */
	bool html, integer, upper, lower, countries, round;
	const struct plan_words *words;
	const struct plan_words *values; /* what a person said that words of the file mean, after `words` */
	enum number_mark mark;
	enum date_order dates;
	const char *times;  /* multiplied by this decimal */
	int divide_by;      /* column, -1 none */
	int cut;            /* to so many characters, 0 not */
	const char *split;  /* many-links: separators */
	int part;           /* which of several values in the cell, from 1; 0: the first that is one */
	int zone;           /* of times whose heading names one, in the plan's `zones` from 1; 0: the plan's own */
	bool marked;        /* the plan itself says how numbers or dates are written */
	int find_by;        /* link: field of the target, -1: its title */
	bool create;        /* link: create what is not found */
};

struct plan_piece {
	const char *text;
	int column; /* -1: only text; -2: the row's number */
	bool integer;
	bool less; /* sum: taken away */
};

struct plan_rule {
	struct plan_condition *when; /* all hold */
	size_t n_when;
	struct plan_value value;
};

/* --- records ----------------------------------------------------------- */

struct plan_columns {
	const char *const *names;
	size_t n;
};

/* PLAN_FIND only looks: what is not there, or there several times, is no fault. */
enum plan_mode { PLAN_CREATE, PLAN_UPDATE, PLAN_UPSERT, PLAN_KEEP, PLAN_FIND };

struct plan_field {
	int at; /* position in the entity */
	struct plan_value value;
	bool leave_bad; /* what can't be taken is left out, and costs nobody the row */
};

struct plan_record {
	const char *as;
	const struct entity_info *info;
	enum plan_mode mode;
	int keys[PLAN_KEYS_MAX]; /* positions in `fields` */
	size_t n_keys;
	bool phones; /* some of its fields are phones, which wait for the row's country */
	bool whole_key; /* a record without one of them has no key: nobody is known by a name alone */
	struct plan_condition *when;
	size_t n_when;
	struct plan_field *fields;
	size_t n_fields;
	int counted;  /* the record of the plan whose rows this one counts, -1 */
	int only_new; /* written only if that record is new in this import, -1 */
	bool absent;  /* the file has no columns for it */
	bool watched; /* another one's only_new */
	int same_as[PLAN_SAME_MAX]; /* the first of these that was found is this record, or links to it */
	size_t n_same_as;
};

/* The zone of times that have none: by name with its summer time, or minutes east of UTC. */
struct text_zone;
struct plan_zone {
	struct text_zone *zone;
	int minutes;
};

/* A cell as a person put it right. */
struct plan_fix {
	int64_t row;
	int column;
	const char *text;
};

struct plan {
	const char *name;
	struct table_options file; /* how the file is read */
	struct plan_record *records;
	size_t n_records;
	size_t main; /* the record whose outcome is the row's */
	int *fill_down; /* columns whose empty cells take the value above */
	size_t n_fill_down;
	struct plan_fix *fixes; /* by row and column */
	size_t n_fixes;
	bool keep_dates, blank_clears, optional_columns, again;
	const char *zone_name; /* of times without one; NULL: utc_offset_min */
	int utc_offset_min;
	const char *zones[PLAN_ZONES_MAX]; /* that headings name: "Placed (Europe/Paris)" */
	size_t n_zones;
	const char *country; /* of phones where the row has none; NULL: the firm's */
	enum date_order dates;
	enum number_mark mark;
	const struct plan_columns *columns; /* as the file heads them: a heading that comes again is no record */
};

/* --- making ------------------------------------------------------------ */

/* The JSON text of a plan; several faults are reported together, with the path as field. */
enum err plan_parse(struct ctx *ctx, const char *text, json_t **ret) MUST_CHECK;
/* How the file is to be read; columns need not be known yet. */
enum err plan_file_options(struct ctx *ctx, const json_t *json, struct table_options *ret) MUST_CHECK;
enum err plan_compile(struct ctx *ctx, const json_t *json, const struct plan_columns *columns, struct plan **ret) MUST_CHECK;
/* Position of a column by name (any case) or by number from 1 ("#3"); -1. */
int plan_find_column(const struct plan_columns *columns, const char *name);
/* That the actor may import into every entity of the plan. */
enum err plan_check_rights(struct ctx *ctx, const struct plan *plan) MUST_CHECK;

/* The field by which records of one kind link to another; -1: none. */
int plan_link_to(const struct entity_info *from, const struct entity_info *to);
/* Members of a plan that nobody knows are mistakes; with their path. */
enum err plan_check_members(struct ctx *ctx, const json_t *json) MUST_CHECK;

/* "values", "on_bad_value" and "cells", once the records stand. */
enum err plan_choices_compile(struct ctx *ctx, const json_t *json, struct plan *plan) MUST_CHECK;
/* The row with its cells as they were put right; texts are the row's or the plan's. */
enum err plan_fix_row(struct ctx *ctx, const struct plan *plan, const struct table_row *row, struct table_row *ret) MUST_CHECK;
/* What the word becomes; the text itself if the list has it not. */
const char *plan_word(const struct plan_words *words, const char *text);

/* Inside: one value of the JSON. */
struct plan_making {
	struct ctx *ctx;
	const struct plan_columns *columns;
	struct plan *plan;
	const char *const *as; /* names of the records, for references */
	size_t n_as;
	const char *path;
};
enum err plan_value_compile(struct plan_making *m, const json_t *json, const struct entity_info *info, int at, struct plan_value *ret) MUST_CHECK;
enum err plan_conditions_compile(struct plan_making *m, const json_t *json, struct plan_condition **ret, size_t *ret_n) MUST_CHECK;
enum err plan_column(struct plan_making *m, const json_t *json, int *ret) MUST_CHECK;

/* The wizard's short form ({"mapping":[{column,entity,field}],"mode","key","defaults"})
 * as a whole plan. */
enum err plan_expand(struct ctx *ctx, const json_t *simple, const struct plan_columns *columns, json_t **ret) MUST_CHECK;

#endif
