/* Questions to copies of the tables that stand elsewhere, under the same names (core/warehouse): rows of one entity, with the
 * records that its links lead to, of which columns are asked by path.
 *
 * Names come from descriptors, values are bound, and the gate's predicates are those of every list: rows that the actor may not
 * see are not there, of a record beyond a link that the actor may not see every column is null, hidden and masked fields do not
 * exist.  What the copies lack (searches, segments, many-links) is refused, ERR_INVALID "warehouse_lacks". */
#ifndef GUANXI_CORE_REST_QUERY_STAR_H
#define GUANXI_CORE_REST_QUERY_STAR_H

#include <jansson.h>

#include "core/rest/query.h"

enum { QUERY_STAR_NODES_MAX = 16, QUERY_STAR_STEPS_MAX = 4 };

struct query_star;

/* `carried`: a required link, the entity's parent, whose record's columns stand in the rows too, as "link.column"; NULL none. */
enum err query_star_new(struct ctx *ctx, const struct entity_info *info, enum action action, const char *carried, struct query_star **ret) MUST_CHECK;

/* What a path names. */
struct query_star_field {
	const struct entity_info *info; /* of the last record */
	int field;
	const char *column;             /* as it stands in SQL: "t2"."city" */
	const char *table;              /* the row it stands in: "t2" */
	const char *name;               /* of the column in that row */
};
/* "total", "customer_id", "order_id.customer_id.city": faults have `at` as their field, ERR_INVALID "pivot_field". */
enum err query_star_field(struct ctx *ctx, struct query_star *star, const char *at, const char *path, struct query_star_field *ret) MUST_CHECK;
/* Only rows for which this condition (core/condition) holds of the record that the path of links leads to, "" the row itself. */
enum err query_star_filter(struct ctx *ctx, struct query_star *star, const char *at, const char *path, const json_t *condition) MUST_CHECK;
/* A value more; *ret is its placeholder. */
enum err query_star_value(struct ctx *ctx, struct query_star *star, struct value value, const char **ret) MUST_CHECK;
/* " FROM … WHERE …" with all of that; the parameters, in order. Everything in ctx's arena. */
enum err query_star_from(struct ctx *ctx, struct query_star *star, const char **ret) MUST_CHECK;
const struct value *query_star_params(const struct query_star *star, size_t *ret_n);

#endif
