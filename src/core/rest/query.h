/* The query builder: PostgREST's query language to SQL, for one entity and what is
 * embedded with it.  Names come from descriptors only, values are bound only, and
 * the gate's predicates are added here and nowhere else.
 *
 * A hidden field does not exist here; a masked one can be read (masked) but not
 * filtered, sorted, grouped or searched by.  The text of the SQL depends on the
 * shape of the query and never on its values, so that the store's statement cache hits.
 *
 * Everything lives in ctx's arena.  ctx->db, ctx->registry and ctx->actor must be set;
 * rights are asked while parsing, so a query is used at once and by one request. */
#ifndef GUANXI_CORE_REST_QUERY_H
#define GUANXI_CORE_REST_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/jsonw.h"
#include "core/entity/entity.h"
#include "core/gate/gate.h"

enum {
	QUERY_TEXT_MAX = 64 * 1024,  /* raw query string */
	QUERY_LIMIT_DEFAULT = 100,   /* rows of a page */
	QUERY_LIMIT_MAX = 1000,
	QUERY_OFFSET_MAX = 100000,   /* go on with `cursor` beyond it */
	QUERY_DEPTH_MAX = 3,         /* levels of embedding */
	QUERY_NESTING_MAX = 16,      /* of and/or groups */
	QUERY_TERMS_MAX = 200,       /* conditions in one request */
	QUERY_PATTERNS_MAX = 20,     /* like, ilike, match and imatch: patterns in one request, */
	QUERY_PATTERN_BYTES_MAX = 1000, /* all together, each for every row */
	QUERY_LIST_MAX = 1000,       /* values of one in.(...) */
	QUERY_VALUES_MAX = 2000,     /* values of all conditions */
	QUERY_EMBEDS_MAX = 20,
	QUERY_EMBED_LIMIT = 100,     /* children of one parent, unless `children.limit=` (to QUERY_LIMIT_MAX) */
	QUERY_EMBED_ROWS_MAX = 20000, /* children in one answer, all together */
	QUERY_COUNT_CAP = 10000,     /* where count=estimated stops */
};

struct query;

/* How a caller wants the text read. */
struct query_options {
	enum action action;      /* whose scope limits the rows: ACTION_READ, or ACTION_EXPORT, ACTION_UPDATE … */
	bool all_rows;           /* no page: limit and offset only where given, no maximum (export, HEAVY lane) */
	bool no_children;        /* embedding of children is refused (flat answers: CSV, XLSX) */
	bool columns_only;       /* says that the default select, which embeds nothing, is what is meant */
	bool whole;              /* for query_json, query_csv, query_count and query_ids alone: no flat columns */
	int64_t range_first, range_last; /* from a Range header; first -1: none; last -1: open */
	const char *const *ignore; /* parameters that belong to the caller ("format"), ended by NULL; NULL: none */
};

/* Parses a raw query string ("select=…&city=eq.杭州&order=…"; no '?').  Faults carry
 * PostgREST's code as their key where PostgREST has one (query_keys.h). */
enum err query_parse(struct ctx *ctx, const struct entity_info *info, const char *raw, const struct query_options *options, struct query **ret) MUST_CHECK;

/* The same, and query_only_ids where `id` is given, for requests that come again and
 * again: the connection (ctx->db) keeps what was read and made of the text, for each
 * actor of its own.  The query is good until the next call on this connection. */
enum err query_parse_kept(struct ctx *ctx, const struct entity_info *info, const char *raw, const struct query_options *options, const int64_t *id,
                          struct query **ret) MUST_CHECK;

/* All rows for which a condition holds that was read for this actor (core/condition); whole, by id. */
struct condition;
enum err query_of_condition(struct ctx *ctx, const struct condition *condition, enum action action, struct query **ret) MUST_CHECK;

const struct entity_info *query_info(const struct query *query);
int64_t query_offset(const struct query *query);

/* --- flat rows: what is selected, and of to-one embeds, without children ------ */

struct query_column {
	const char *key;                /* its name in the answer: alias or field name */
	const char *path;               /* with its embeds: "customer.name" */
	const struct entity_info *info; /* of the entity it belongs to */
	int field;                      /* position in info; -1 for count() */
	enum field_right right;         /* RIGHT_MASKED: values are masked text already */
	bool aggregate;
};
/* Columns in the order asked for; none with options.whole. */
size_t query_columns(const struct query *query, const struct query_column **ret);

struct query_row {
	const struct query *query;
	/* One a column, borrowed until the row function returns.  FIELD_LINKS come as text,
	 * "id US title RS id US title": U+001F before a title, U+001E between records. */
	const struct value *values;
	int64_t id; /* of the record; 0 when rows are groups */
	void *inner;
};

typedef enum err (*query_row_fn)(struct ctx *ctx, const struct query_row *row, void *arg);
/* Runs on ctx->db and calls `fn` for every row; an error from fn stops it and is
 * returned. Streams: memory does not grow with the number of rows, so what fn takes of
 * ctx's arena is gone when it returns. */
enum err query_run(struct ctx *ctx, struct query *query, query_row_fn fn, void *arg) MUST_CHECK;
/* One cell in API text form ("12.50", "2026-11-22T03:04:05Z", "true"), "" for null; links as titles with ", ". */
enum err query_cell_text(struct ctx *ctx, const struct query_row *row, size_t column, struct buf *out) MUST_CHECK;
/* The row as the API writes it (without children). */
enum err query_row_json(struct ctx *ctx, const struct query_row *row, struct jsonw *w) MUST_CHECK;

/* Leaves members out whose value is null. */
void query_strip_nulls(struct query *query);

/* --- whole answers ------------------------------------------------------------ */

struct query_page {
	size_t rows;
	int64_t offset;
	bool more;               /* there may be rows after these */
	const char *next_cursor; /* NULL at the end, or when the order does not allow one */
	const char *masked;      /* "phone,email", NULL none */
	int64_t version;         /* of the record, after query_only_ids with one id */
	bool embeds;             /* other records are shown too */
	bool sensitive;          /* a sensitive value is shown in full */
};

/* Appends the JSON array of the page, children included, one query a level and
 * embed.  `single` writes the object alone when there is exactly one row and
 * nothing when there are none or several (see ret->rows). */
enum err query_json(struct ctx *ctx, struct query *query, bool single, struct buf *out, struct query_page *ret) MUST_CHECK;
/* The page as RFC 4180 CSV with a header line. */
enum err query_csv(struct ctx *ctx, struct query *query, struct buf *out, struct query_page *ret) MUST_CHECK;

/* Whether query_json takes several statements, and so wants one view of the data. */
bool query_has_children(const struct query *query);
/* How many rows match, not looking at limit and offset. `cap` > 0 stops there and sets *ret_capped. */
enum err query_count(struct ctx *ctx, struct query *query, int64_t cap, int64_t *ret, bool *ret_capped) MUST_CHECK;
/* Ids that match, in the query's order, at most `max`; for changes by filter. */
enum err query_ids(struct ctx *ctx, struct query *query, size_t max, int64_t **ret, size_t *ret_n) MUST_CHECK;
/* Conditions on the entity itself: none means "every row". */
bool query_has_filter(const struct query *query);
/* The answer for records that are known by id (after a write), in the order given;
 * conditions on the entity itself are forgotten, the gate's are not. */
enum err query_only_ids(struct ctx *ctx, struct query *query, const int64_t *ids, size_t n) MUST_CHECK;

/* The record whose fields have these values, 0 if there is none; not asked of the gate:
 * for keys of upserts, which are unique over all rows. */
enum err query_find_key(struct ctx *ctx, const struct entity_info *info, const int *fields, const struct value *values, size_t n, int64_t *ret_id) MUST_CHECK;

/* --- for tests and tools --------------------------------------------------------- */

/* The SQL of the rows, as it is prepared; for snapshot tests and EXPLAIN. */
enum err query_sql(struct ctx *ctx, struct query *query, const char **ret) MUST_CHECK;

#endif
