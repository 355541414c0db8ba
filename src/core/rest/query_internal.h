/* What the files of the query builder share.  Not for others.
 *
 * A query is a tree of nodes: the entity itself, and one node for each embed.  A
 * statement reads one node and the to-one embeds joined to it; each embed of
 * children is a statement of its own, for all parents of the page at once. */
#ifndef GUANXI_CORE_REST_QUERY_INTERNAL_H
#define GUANXI_CORE_REST_QUERY_INTERNAL_H

#include "core/condition/condition.h"
#include "core/entity/field_type.h"
#include "core/rest/query.h"
#include "core/rest/query_keys.h"
#include "core/store/store.h"

enum query_rel {
	REL_ROOT,
	REL_ONE,        /* a LINK field of the parent node: joined */
	REL_MANY,       /* a LINK field of this node's entity that points to the parent */
	REL_LINKS,      /* a LINKS field of the parent */
	REL_LINKS_BACK, /* a LINKS field of this node's entity */
};

enum query_op {
	OP_EQ, OP_NEQ, OP_GT, OP_GTE, OP_LT, OP_LTE, OP_LIKE, OP_ILIKE, OP_MATCH, OP_IMATCH,
	OP_IN, OP_IS, OP_DISTINCT, OP_SEARCH, OP_CONTAINS, OP_WITHIN, OP_OVERLAP, OP_COUNT
};

enum query_quant { QUANT_ONE, QUANT_ANY, QUANT_ALL };
enum query_is { IS_NULL, IS_NOT_NULL, IS_TRUE, IS_FALSE };
enum cond_kind { COND_AND, COND_OR, COND_TERM, COND_EMBED, COND_QUERY, COND_IMPORT, COND_RELATED, COND_MEMBER, COND_SHARE };

#define QUERY_IMPORT "import_run"
#define QUERY_CONDITION "condition"

/* One condition, or a group of them. */
struct query_cond {
	enum cond_kind kind;
	bool negate;
	struct query_cond *first, *last, *next; /* members of a group; next in the own group */
	int field;
	enum query_op op;
	enum query_quant quant;
	enum query_is is;
	bool never;                /* can't be true: eq of an empty text */
	struct value *values;      /* COND_IMPORT: the run's id and how many rows it did */
	size_t n;
	struct query_node *embed;  /* COND_EMBED: has none (is.null), negated: has some; COND_RELATED: the rows that are measured */
	const char *text;          /* COND_QUERY, OP_SEARCH: what was typed; COND_SHARE: the seed */
	bool untrue;               /* holds where the rest is false or unknown */
	const struct condition_node *asked; /* COND_RELATED, COND_MEMBER, COND_SHARE: the condition's own node */
};

enum query_agg { AGG_NONE, AGG_COUNT, AGG_SUM, AGG_AVG, AGG_MIN, AGG_MAX };
enum query_nulls { NULLS_DEFAULT, NULLS_FIRST, NULLS_LAST };

struct query_item {
	struct query_item *next;
	const char *key;
	int field;                /* -1: count() */
	enum query_agg agg;
	bool as_text;             /* ::text */
	enum field_right right;   /* of the field */
	struct query_node *embed; /* or NULL */
	size_t at;                /* its number in the query */
	const char *name;         /* ,"key": as it stands in the answer */
	size_t name_len;
};

struct query_order {
	struct query_order *next;
	const struct query_node *node; /* the statement's node, or a to-one embed of it */
	int field;                /* -1: by `item` */
	const struct query_item *item; /* an aggregate, by its position */
	bool desc;
	enum query_nulls nulls;
	bool nullable;
};

/* Not written to once the query is parsed: what a statement makes of a node stands in the statement (query_place). */
struct query_node {
	const struct entity_info *info;
	size_t at;             /* its number in the query: 0 is the root */
	struct query_node *parent;
	struct query_node *first, *last, *next; /* embeds; siblings */
	enum query_rel rel;
	int link;              /* the field of the relation */
	const char *name;      /* as typed, to address filters */
	const char *key;       /* in the answer */
	bool inner, spread;
	bool title_only;       /* the name of a colleague or team that one may not read as such */
	bool grouped;          /* has aggregates */
	int depth;
	struct query_item *items, *last_item;
	struct query_cond where; /* an AND group */
	struct query_order *order, *last_order;
	bool ordered;          /* by the client's wish */
	int64_t limit, offset; /* limit -1: not given */
};

#define NO_COL SIZE_MAX

/* What a result column holds. */
struct query_col {
	const struct query_node *node;
	int field;             /* -1: count() */
	enum query_agg agg;
	size_t currency;       /* column with the currency's code, NO_COL: base */
	size_t count;          /* AGG_AVG: column with the count */
	enum field_right right;
	bool hidden;           /* read for the program's own use */
	enum value_kind kind;  /* as the engine gives it */
	bool text;             /* shown as it stands: a JSON string */
	bool sensitive;        /* a sensitive value in full */
};

enum query_phase { PHASE_ALL, PHASE_VALUES, PHASE_NULLS }; /* of the first order term */

enum { QUERY_KEY_MAX = 8 }; /* fields of on_conflict */
enum { QUERY_ORDER_MAX = 9 }; /* the client's eight terms, and the id */

/* A node in a statement. */
struct query_place {
	int alias;
	bool joined;             /* by an inner JOIN, so no EXISTS is needed */
	size_t id_col;           /* of the node's id; NO_COL if not read */
};

/* A statement in the making, or made.  One that is made is not written to: a kept one is copied, with the request's
 * own ctx, query and limit, and what the copy points to is const. */
struct query_sql {
	struct ctx *ctx;
	const struct query *query;
	const struct query_node *top; /* what it reads */
	enum engine engine;
	bool duck;               /* for the warehouse: PostgreSQL's words, but for a few */
	int carried;             /* alias of the node whose columns stand in the root's own rows, as "link.column"; 0: none */
	const char *carried_link;
	enum query_phase phase;
	struct buf text;
	const struct query_col *cols;
	const struct value *params;
	const size_t *item_cols; /* by the item's number: its column */
	struct query_col *new_cols;  /* the same three, while they are made */
	struct value *new_params;
	size_t *new_item_cols;
	size_t n_cols, cap_cols, n_params, cap_params;
	struct query_place places[QUERY_EMBEDS_MAX + 1]; /* by the node's number */
	size_t order_cols[QUERY_ORDER_MAX];
	size_t version_col;      /* NO_COL */
	int aliases;
	size_t key_col;          /* parent's position, for children; NO_COL */
	size_t id_param, limit_param; /* numbers of the parameters with the one id and the limit; 0: none */
	int64_t limit;           /* what limit_param is bound to; id_param: the query's first id */
	bool saw_sensitive;      /* in a row that was read through it */
	uint64_t hash;           /* of a text that is kept; 0: it is not */
	/* query_route.c: only `lead`, or the gate's predicate, is a key to the engine; neither: the order is */
	bool steer, lead_scope;
	const struct query_cond *lead;
	enum err err;
};

struct query_cursor {
	struct value *values; /* one an order term, id last */
	size_t n;
};

/* A kept query is copied for each request (query_parse_kept); what the copy points to belongs to the plan and is const. */
struct query {
	const struct entity_info *info;
	const struct query_node *root;
	struct query_node *draft;    /* the same, while it is parsed; NULL afterwards */
	size_t n_items;
	enum action action;
	bool all_rows, no_children, strip_nulls;
	size_t n_terms, n_values, n_embeds, n_patterns, pattern_bytes;
	const char *typed;           /* q= */
	const char *cursor_text;
	struct query_cursor cursor;
	const int64_t *ids;          /* only these */
	size_t n_ids;
	bool only_ids;
	const struct query_column *columns; /* flat; NULL until they are needed */
	size_t n_columns;
	const struct query_item *const *column_items;
	const char *masked;
	const struct query_plan *plan; /* that keeps its statements; NULL: they are made for the request */
};

/* --- reading text (query_scan.c) -------------------------------------------------- */

struct scan {
	const char *p, *end;
	const char *param; /* whose value it is, for faults */
};

struct query_param {
	const char *name, *value;
	size_t value_len;
};

/* Splits and decodes a raw query string; order is kept. */
enum err query_split(struct ctx *ctx, const char *raw, struct query_param **ret, size_t *ret_n) MUST_CHECK;
enum err scan_fail(struct ctx *ctx, const struct scan *s) MUST_CHECK;
bool scan_char(struct scan *s, char c);
bool scan_word(struct scan *s, const char *word);
/* A name: letters, digits, underscore and non-ASCII, or "quoted". */
enum err scan_name(struct ctx *ctx, struct scan *s, const char **ret) MUST_CHECK;
/* A value inside a list or a group: "quoted" or up to one of `stop`. */
enum err scan_value(struct ctx *ctx, struct scan *s, const char *stop, const char **ret, bool *ret_quoted) MUST_CHECK;
/* A list up to `close`, after the opening bracket. */
enum err scan_list(struct ctx *ctx, struct scan *s, char close, const char ***ret, size_t *ret_n) MUST_CHECK;

/* --- the parts of the language -------------------------------------------------------- */

/* A readable field by name; -1 and PostgREST's fault otherwise. */
enum err query_field(struct ctx *ctx, const struct query_node *node, const char *name, int *ret) MUST_CHECK;
/* The same, for conditions, order and groups: not masked either. */
enum err query_open_field(struct ctx *ctx, const struct query_node *node, const char *name, int *ret) MUST_CHECK;
/* query_select.c */
enum err query_parse_select(struct ctx *ctx, struct query *q, const char *text) MUST_CHECK;
/* query_rel.c: the relation that `name` (with an optional hint) means for a node. */
enum err query_relation(struct ctx *ctx, struct query_node *node, const char *name, const char *hint, struct query_node *ret) MUST_CHECK;
struct query_node *query_embed(struct query_node *node, const char *name);
/* query_name.c: members' names as they stand in the answer. */
enum err query_name_items(struct ctx *ctx, struct query_node *node) MUST_CHECK;
/* query_filter.c */
enum err query_parse_filter(struct ctx *ctx, struct query *q, struct query_node *node, const char *name, const char *text) MUST_CHECK;
/* query_import.c: whether the parameter means the records of an import; its condition on the root. */
bool query_is_import(const struct ctx *ctx, const struct query_node *node, const char *name);
enum err query_parse_import(struct ctx *ctx, struct query_node *node, const char *text) MUST_CHECK;
void sqlb_import(struct query_sql *b, const struct entity_info *info, const struct query_cond *cond, char prefix, int alias);
/* query_condition.c: whether the parameter is a whole condition (core/condition), on the root; its conditions. */
bool query_is_condition(const struct query_node *node, const char *name);
enum err query_parse_condition(struct ctx *ctx, struct query_node *node, const char *text) MUST_CHECK;
enum err query_add_condition(struct ctx *ctx, struct query_node *node, const struct condition *condition) MUST_CHECK;
void sqlb_related(struct query_sql *b, const struct query_cond *cond, char prefix, int alias);
void sqlb_member(struct query_sql *b, const struct query_cond *cond, char prefix, int alias);
void sqlb_share(struct query_sql *b, const struct query_cond *cond, char prefix, int alias);
enum err query_parse_logic(struct ctx *ctx, struct query *q, struct query_node *node, bool negate, bool any, const char *text) MUST_CHECK;
/* query_value.c: the term's operands from text. */
enum err query_operands(struct ctx *ctx, struct query *q, struct query_node *node, struct query_cond *term, const char *const *texts, size_t n) MUST_CHECK;
/* Reads amounts once the conditions on their currency are known. */
enum err query_finish_money(struct ctx *ctx, struct query_node *node) MUST_CHECK;
/* query_flat.c: makes the flat columns, once. */
enum err query_flat(struct ctx *ctx, struct query *q) MUST_CHECK;
/* query_order.c */
enum err query_parse_order(struct ctx *ctx, struct query *q, struct query_node *node, const char *text) MUST_CHECK;
enum err query_finish_order(struct ctx *ctx, struct query *q) MUST_CHECK;
enum err query_parse_cursor(struct ctx *ctx, struct query *q) MUST_CHECK;
enum err query_make_cursor(struct ctx *ctx, const struct query *q, const struct query_sql *sql, const struct value *values, const char **ret) MUST_CHECK;

/* --- SQL -------------------------------------------------------------------------------- */

void sqlb_begin(struct query_sql *b, struct ctx *ctx, const struct query *q, const struct query_node *top);
void sqlb_puts(struct query_sql *b, const char *text);
/* "alias"."name" */
void sqlb_column(struct query_sql *b, char prefix, int alias, const char *name);
void sqlb_name(struct query_sql *b, const char *name);
/* Adds a parameter and its placeholder. */
void sqlb_param(struct query_sql *b, struct value value);
/* A parameter whose placeholder stands in the text already. */
void sqlb_bound(struct query_sql *b, struct value value);
void sqlb_param_ids(struct query_sql *b, const int64_t *ids, size_t n);
/* query_cond.c: a node's conditions on the row `prefix alias`, each with " AND " before it. */
void sqlb_where(struct query_sql *b, const struct query_node *node, char prefix, int alias);
void sqlb_exists(struct query_sql *b, const struct query_node *node, char prefix, int parent_alias);
/* FROM and WHERE of an embed's rows "x alias", tied to SQL texts for the parent's id or link. */
void sqlb_embed_from(struct query_sql *b, const struct query_node *node, int alias, const char *parent_id, const char *parent_link);
void sqlb_node_scope(struct query_sql *b, const struct query_node *node, char prefix, int alias);
/* query_scope.c: the gate's predicate, with " AND " before it; nothing for all rows. */
void sqlb_scope(struct query_sql *b, const struct entity_info *info, enum action action, char prefix, int alias);
/* query_term.c */
void sqlb_term(struct query_sql *b, const struct entity_info *info, const struct query_cond *term, char prefix, int alias);
/* The pattern that an expression, which stands there already, is compared with. */
void sqlb_pattern(struct query_sql *b, const struct query_cond *cond);
/* query_col.c: plans the columns of the statement and writes them. */
void sqlb_plan(struct query_sql *b);
void sqlb_columns(struct query_sql *b);
void sqlb_group_by(struct query_sql *b);
/* query_sql.c; max -1: all rows */
enum err sqlb_rows(struct query_sql *b, enum query_phase phase, int64_t max) MUST_CHECK;
/* Rows of an embed for parents at positions 0 … n - 1; the first column is that position. */
enum err sqlb_children(struct query_sql *b, const int64_t *ids, size_t n) MUST_CHECK;
enum err sqlb_count(struct query_sql *b, int64_t cap) MUST_CHECK;
/* How many rows meet one condition of the root alone (NULL: the gate's), at most `max`. */
enum err sqlb_count_some(struct query_sql *b, const struct query_cond *cond, int64_t max) MUST_CHECK;
enum err sqlb_id_list(struct query_sql *b, int64_t max) MUST_CHECK;
enum err sqlb_find_key(struct query_sql *b, const int *fields, const struct value *values, size_t n) MUST_CHECK;
/* Frees the text; columns and parameters live in the arena. */
void sqlb_release(struct query_sql *b);
/* query_cursor.c */
void sqlb_after_cursor(struct query_sql *b);
bool query_splits(const struct query *q);

/* --- running (query_run.c) ---------------------------------------------------------------- */

enum err sqlb_open(struct query_sql *b, struct stmt **ret) MUST_CHECK;
/* The first column of the first row, 0 if there is none, of a statement that was `made` or has failed to be; releases it. */
enum err sqlb_number(struct query_sql *b, enum err made, int64_t *ret) MUST_CHECK;
void sqlb_read_row(const struct query_sql *b, const struct stmt *stmt, struct value *values);
/* Fills in masks and averages. */
enum err sqlb_finish_row(struct query_sql *b, struct value *values) MUST_CHECK;

typedef enum err (*sqlb_row_fn)(struct query_sql *b, const struct value *values, void *arg);
/* Runs the page's statements (one, or two where the order has nulls); at most `max` rows (0: all). */
/* *ret_sensitive: a sensitive value was among them. */
enum err query_each(struct ctx *ctx, const struct query *q, int64_t max, sqlb_row_fn fn, void *arg, size_t *ret_rows, bool *ret_sensitive) MUST_CHECK;

/* query_route.c: whether the way to the rows depends on the values, and so is to be found each time; finds it, for a
 * statement that was begun. */
bool query_asks_way(struct ctx *ctx, const struct query *q);
enum err query_choose_way(struct query_sql *b, enum query_phase phase, int64_t max) MUST_CHECK;

/* How many rows a page asks of its statements: one more than it shows. */
int64_t query_page_max(const struct query *q);

/* The statement of a kept query's phase, for one request; not to be released. */
void query_plan_sql(struct ctx *ctx, const struct query *q, enum query_phase phase, int64_t max, struct query_sql *ret);

/* --- writing (query_write.c) ---------------------------------------------------------------- */

/* Called where the children of a row belong: `node` is the embed, `id` the parent (0: none). */
typedef void (*write_hole_fn)(void *arg, const struct query_node *node, int64_t id);
void query_write_object(const struct query_sql *b, const struct value *values, struct jsonw *w, write_hole_fn hole, void *arg);
void query_write_cell(const struct query_sql *b, const struct query_item *item, const struct value *values, struct jsonw *w);
void query_text_cell(const struct query_sql *b, const struct query_item *item, const struct value *values, struct buf *out);

/* What a query_row is read through. */
struct flat_inner {
	const struct query_sql *b;
	const struct value *values;
};

static inline const struct field *node_field(const struct query_node *node, int at)
{
	return node->info->fields[at];
}

static inline struct query_place *node_place(struct query_sql *b, const struct query_node *node)
{
	return &b->places[node->at];
}

static inline bool field_nullable(const struct entity_info *info, int at)
{
	return at != SF_ID && !(info->fields[at]->flags & F_REQUIRED);
}

#endif
