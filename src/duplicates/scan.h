/* The scan of all customers for duplicates. */
#ifndef GUANXI_DUPLICATES_SCAN_H
#define GUANXI_DUPLICATES_SCAN_H

#include "core/jobs/jobs.h"
#include "duplicates/duplicates.h"
#include "linkage/linkage.h"

enum { SCAN_COLUMNS = 10 };

/* What runs over all of them, one of each at a time: its row in duplicate_scan. */
enum scan_work { WORK_SCAN = 1, WORK_SWEEP = 2 };

struct scan_state {
	int64_t job, started, finished, by, customers, found;
	const char *state, *error;
	struct job_status status;
	bool runs;
};
enum err scan_state_read(struct ctx *ctx, enum scan_work work, struct scan_state *ret) MUST_CHECK;
void scan_state_answer(const struct scan_state *s, struct http_response *res);
/* In a write job: begins it, unless it runs (ERR_CONFLICT "scan_runs"). */
enum err scan_state_begin(struct ctx *ctx, enum scan_work work, const char *kind, const char *payload) MUST_CHECK;
enum err scan_state_end(struct ctx *ctx, enum scan_work work, const char *state, int64_t customers, int64_t found, const char *error) MUST_CHECK;

/* One kind of customers in memory: of each column a number a row, and each text once. */
struct scan_rows;

/* A column, which is a field of the customer (or of their first address), by name. */
const char *scan_column_name(size_t column);
/* Reads all of one kind, page by page; beats the job. ERR_LIMIT "memory". *ret is freed by scan_rows_free. */
enum err scan_rows_new(struct ctx *ctx, const struct job *job, const char *kind, struct scan_rows **ret) MUST_CHECK;
void scan_rows_free(struct scan_rows *rows); /* NULL: nothing */
size_t scan_rows_count(const struct scan_rows *rows);
int64_t scan_row_id(const struct scan_rows *rows, size_t row);
/* Columns for linkage_new; they live as long as the rows. */
const struct linkage_column *scan_rows_columns(struct scan_rows *rows);

/* sweep.c: merges of all pairs above a probability. */
enum err sweep_run(struct ctx *ctx, const struct job *job) MUST_CHECK;
enum err sweep_not_run(struct ctx *ctx, const struct job *job) MUST_CHECK;
enum err sweep_http(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
extern const struct spec sweep_specs[];

enum err scan_http_start(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err scan_http_state(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err scan_http_cancel(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;

#endif
