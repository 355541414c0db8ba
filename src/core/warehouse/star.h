/* What a folder gives to the warehouse: the kinds of records that are copied there, and what is counted of them. A table without
 * measures is a dimension; one with measures is a fact as well. */
#ifndef GUANXI_CORE_WAREHOUSE_STAR_H
#define GUANXI_CORE_WAREHOUSE_STAR_H

#include "core/entity/entity.h"

enum star_measure_kind {
	STAR_COUNT,    /* rows */
	STAR_SUM,      /* of `of` */
	STAR_MEAN,
	STAR_LEAST,
	STAR_MOST,
	STAR_DIFFERENT, /* different values of `of` */
};

struct star_measure {
	const char *name; /* in requests; never changed */
	struct text2 label;
	enum star_measure_kind kind;
	const char *of;    /* a field of the rows, carried ones as "order_id.total", or an extra column; NULL of STAR_COUNT */
	const char *needs; /* of an extra column: fields with commas that one must be allowed to see in full; NULL none */
	int scale;         /* of an extra column: its decimals */
	bool money;        /* of an extra column: an amount in base currency */
};

/* A column that is worked out while it is copied: SQL of both engines over the row "t" and what it carries, "p". */
struct star_extra {
	const char *name, *sql;
};

struct star_table {
	const char *entity;
	const char *carried;   /* its required parent link, of whose record all columns are copied into the rows; NULL none */
	const char *kept;      /* read-only fields that are copied, with commas: those whose every change is in the change log */
	const char *texts;     /* text fields with commas that are copied; other texts are not */
	const char *moment;    /* path of the time or day that says when it was; NULL of dimensions */
	const char *uncounted; /* rows that no measure counts: "order_id.state=draft,cancelled"; several with spaces between; NULL none */
	const struct star_extra *extras;     /* ended by name NULL; NULL none */
	const struct star_measure *measures; /* ended by name NULL; NULL: a dimension alone */
	const char *follows;   /* fields with commas of which a history is kept, by the change log; NULL none */
};

#endif
