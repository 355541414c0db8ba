/* Inside core/exchange: an export taken apart, so that what is wrong is told before the
 * first byte goes out. */
#ifndef GUANXI_CORE_EXCHANGE_EXPORT_H
#define GUANXI_CORE_EXCHANGE_EXPORT_H

#include "core/exchange/exchange.h"
#include "core/rest/query.h"

struct export_column {
	const struct field *field;
	const char *label;
	enum field_right right;
	enum cell_kind kind;
	const char *const *options; /* of an enum: labels by position, NULL: values as they are */
	size_t at;                  /* in the query's columns */
	bool by_query;              /* the query makes the text (money, many-links) */
};

struct export {
	const struct export_request *request;
	struct query *query;
	struct export_column *columns;
	struct table_column *heads;
	struct cell *cells;
	struct buf *texts; /* of cells that are made, by column */
	size_t n;
	struct table_out_options options;
	struct export_zone *zone;
	char yearless[16]; /* of the row's vCard */
	const char *masked; /* "phone,email", NULL none */
	int64_t rows;
};

/* The folder for working files, made if it is missing. */
enum err export_temp_dir(struct ctx *ctx, const char **ret) MUST_CHECK;
/* Rights, query, columns, encoding. */
enum err export_prepare(struct ctx *ctx, const struct export_request *request, struct export *ret) MUST_CHECK;
/* Notes it, streams it, notes how many. */
enum err export_stream(struct ctx *ctx, struct export *export) MUST_CHECK;
void export_release(struct export *export);

/* export_zone.c: the zone that is asked for, else the firm's. */
enum err export_zone_open(struct ctx *ctx, struct export *x) MUST_CHECK;
void export_zone_release(struct export *x);
/* "Placed (Asia/Shanghai)". */
const char *export_zone_heading(struct ctx *ctx, const struct export *x, const char *label);
/* A moment as a cell of the format. */
enum cell_kind export_zone_put(struct export *x, int64_t ms, struct buf *out);

#endif
