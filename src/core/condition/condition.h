/* One language for every "if": saved views, segments, automations, rules.
 *
 * A condition is a JSON tree over the records of one entity:
 *
 *   {"all": […]}  {"any": […]}  {"not": {…}}
 *   {"field": "city", "op": "eq", "value": "杭州"}      the operators of lists (README.md of core/rest), relative dates included
 *   {"related": "orders", "where": {…}, "measure": "count", "op": "gte", "value": 3}
 *        measure: exists (none of op, value), count, sum, min, max, latest; "of": the field summed up or looked at; "by": the time
 *        that says which is the latest; "via": the field that ties them, where there are several
 *   {"segment": "123"}                                  is a member of that segment
 *   {"text": "茶叶"}                                     found by the search of lists
 *   {"share": 10, "seed": "spring"}                     ten of a hundred, always the same ones for the same seed
 *
 * It is true or false, nothing between: a comparison with an empty field is false, and so its "not" is true.
 *
 * One parse serves five uses: set (core/rest makes its SQL of it), one, why, reads, next.  A tree belongs to the actor it was
 * parsed for: hidden and masked fields do not exist in it, and of related records those count that this actor may see. */
#ifndef GUANXI_CORE_CONDITION_CONDITION_H
#define GUANXI_CORE_CONDITION_CONDITION_H

#include <jansson.h>

#include "base/jsonw.h"
#include "core/entity/entity.h"

enum {
	CONDITION_TEXT_MAX = 64 * 1024, /* bytes of JSON */
	CONDITION_DEPTH_MAX = 10,       /* groups within groups, related ones included */
	CONDITION_RELATED_MAX = 3,      /* related within related */
	CONDITION_NODES_MAX = 200,
	CONDITION_VALUES_MAX = 2000,    /* of all leaves together */
	CONDITION_PATTERNS_MAX = 20,
	CONDITION_SHARE_WHOLE = 10000,  /* shares are counted in hundredths of a percent */
};

#define CONDITION_NEVER INT64_MAX

enum condition_kind { CONDITION_ALL, CONDITION_ANY, CONDITION_NOT, CONDITION_FIELD, CONDITION_RELATED, CONDITION_MEMBER, CONDITION_TEXT, CONDITION_SHARE };

enum condition_op {
	CONDITION_EQ, CONDITION_NEQ, CONDITION_GT, CONDITION_GTE, CONDITION_LT, CONDITION_LTE, CONDITION_IN, CONDITION_IS_NULL, CONDITION_IS_NOT_NULL,
	CONDITION_IS_TRUE, CONDITION_IS_FALSE, CONDITION_DISTINCT, CONDITION_LIKE, CONDITION_ILIKE, CONDITION_HAS_ALL, CONDITION_HAS_ONLY, CONDITION_HAS_ONE
};

enum condition_measure { MEASURE_EXISTS, MEASURE_COUNT, MEASURE_SUM, MEASURE_MIN, MEASURE_MAX, MEASURE_LATEST };

/* A moment that moves with the clock: "now-90d", "today", "month-1m". */
struct condition_word {
	char base;              /* 'n' now, 'd' day, 'w' week, 'm' month, 'q' quarter, 'y' year: its beginning */
	int months, days;       /* added, by the calendar of the firm's time zone */
	int64_t ms;             /* added */
};

/* What a node compares with; `field` -1: a plain number (a count). */
struct condition_compare {
	const struct entity_info *info;
	int field;              /* the one that is compared: the form of the one named, where there is one */
	int named;              /* the one named */
	enum condition_op op;
	struct value *values;
	size_t n;
	const char *const *texts;            /* as they were given */
	const struct condition_word *words;  /* n of them; NULL: nothing moves */
};

/* The columns of one entity that a tree looks at, and the statement that reads them. */
struct condition_columns {
	const int *fields; /* id first */
	size_t n;
	const char *sql;   /* ?1: the id, or what ties related rows */
	size_t sql_n;
	uint64_t hash;
};

struct condition_node {
	enum condition_kind kind;
	const struct entity_info *info; /* of whose records it is asked */
	struct condition_node *first, *next; /* members of a group, the one that is not; related: what must hold of them, or NULL */
	size_t n;                       /* members */
	const char *place;              /* "2.1": the second condition's first; "" the tree itself */
	struct condition_compare compare; /* FIELD and RELATED */
	/* RELATED */
	const struct entity_info *other;
	int link;                       /* `up`: a link of info; else a link of `other` */
	bool up;
	enum condition_measure measure;
	int of, by;                     /* -1: none */
	struct condition_columns columns; /* of `other` */
	int64_t segment_id;             /* MEMBER */
	const char *segment_name;
	const char *text;               /* TEXT: what was typed; SHARE: the seed */
	int share;                      /* of CONDITION_SHARE_WHOLE */
};

struct condition {
	const struct entity_info *info;
	const struct condition_node *root;
	const struct actor *actor;
	struct condition_columns columns;
	bool moves; /* the mere passing of time can turn it */
};

/* Reads a tree; all of it lives in ctx's arena.  Faults are ERR_INVALID or ERR_LIMIT; their field is the place in the tree
 * ("condition.2.1"; the tree itself: "condition"), their words say what is wrong there. */
enum err condition_parse(struct ctx *ctx, const struct entity_info *info, const char *json, struct condition **ret) MUST_CHECK;
enum err condition_parse_json(struct ctx *ctx, const struct entity_info *info, const json_t *json, struct condition **ret) MUST_CHECK;

/* The values of a comparison as of now: those that move are worked out.  In ctx's arena. */
enum err condition_values(struct ctx *ctx, const struct condition_compare *compare, struct value **ret, size_t *ret_n) MUST_CHECK;
/* The factors of a share's seed, for the arithmetic of condition_share. */
struct condition_seed {
	int64_t a, b, c, d, e; /* below CONDITION_SHARE_PRIME */
};
enum { CONDITION_SHARE_PRIME = 1000037 };
void condition_seed(const char *seed, struct condition_seed *ret);
/* Where an id falls, 0 to CONDITION_SHARE_PRIME - 1: ((id / P) % P * a + id % P * b + c) % P, cubed, times d plus e. */
int64_t condition_share(const struct condition_seed *seed, int64_t id);

/* Whether a comparison holds of "nothing": a count or sum of 0, no value at all. */
bool condition_none_holds(const struct condition_node *related);

/* --- one record ----------------------------------------------------------------------- */

/* Asking many records in a row costs less through one of these. */
struct condition_run {
	struct ctx *ctx;
	int64_t now_ms;
	struct text_zone *zone; /* the firm's, opened when first needed */
	bool zone_open;
	int week_start;
};
void condition_run_begin(struct ctx *ctx, struct condition_run *ret);
void condition_run_end(struct condition_run *run);

/* Whether it holds of the record: false where there is no such record or the condition's actor may not see it.  ret_next (may be
 * NULL): the earliest moment at which the passing of time alone can turn it (never later than it does; CONDITION_NEVER: never). */
enum err condition_one(struct condition_run *run, const struct condition *condition, int64_t id, bool *ret, int64_t *ret_next) MUST_CHECK;

/* The tree with what it saw in the record: {"holds", "next_at", "words", "kind", "parts": […], "saw"}.  ERR_NOT_FOUND. */
enum err condition_why(struct ctx *ctx, const struct condition *condition, int64_t id, struct jsonw *w) MUST_CHECK;

/* The same without what it saw and when it turns: to be kept where others read it, who may not see what the actor sees. */
enum err condition_why_told(struct ctx *ctx, const struct condition *condition, int64_t id, struct jsonw *w) MUST_CHECK;

/* --- what it says, what it reads ---------------------------------------------------------- */

/* One sentence in the context's language. */
enum err condition_say(struct ctx *ctx, const struct condition *condition, const char **ret) MUST_CHECK;
/* The tree, each part with its words. */
enum err condition_say_json(struct ctx *ctx, const struct condition *condition, struct jsonw *w) MUST_CHECK;

/* An entity and a field of it that the tree looks at; field -1: whether there are records at all. */
struct condition_read {
	const struct entity_info *info;
	int field;
};
enum err condition_reads(struct ctx *ctx, const struct condition *condition, struct condition_read **ret, size_t *ret_n) MUST_CHECK;
/* Segments it asks for; -1 in ret_n never: an empty list is n 0. */
enum err condition_segments(struct ctx *ctx, const struct condition *condition, int64_t **ret, size_t *ret_n) MUST_CHECK;

/* --- moments and patterns, for lists too ------------------------------------------------------ */

/* "now-90d", "today+1w", "month-1m", "year": hours h, days d, weeks w, months m, quarters q, years y.  False: no such word. */
bool condition_word_read(const char *text, struct condition_word *ret) MUST_CHECK;
/* The moment of a word; of a date field the local day, as "2026-11-30" in ctx's arena. */
enum err condition_word_value(struct ctx *ctx, const struct condition_word *word, bool day, struct value *ret) MUST_CHECK;

enum condition_pattern_fault { PATTERN_FINE, PATTERN_LONG, PATTERN_WILD, PATTERN_REFUSED };
/* "张*", "a_c", "50\%" with * for %; a regular expression as far as LIKE can say it.  *ret (arena) has \ before what is meant literally. */
enum condition_pattern_fault condition_pattern(struct ctx *ctx, bool regex, const char *text, const char **ret) MUST_CHECK;

#endif
