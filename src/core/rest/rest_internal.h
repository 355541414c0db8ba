/* What the files of the generic API share.  Not for others. */
#ifndef GUANXI_CORE_REST_REST_INTERNAL_H
#define GUANXI_CORE_REST_REST_INTERNAL_H

#include <jansson.h>

#include "core/rest/query.h"
#include "core/rest/query_keys.h"
#include "core/rest/rest.h"

enum {
	REST_ROWS_MAX = 10000,   /* rows of one bulk insert */
	REST_CHANGE_MAX = 5000,  /* rows of one change or deletion by filter */
	REST_BODY_MAX = 16 << 20,
	REST_COLUMNS_MAX = 200,  /* of a CSV body */
};

struct rest_events;

struct rest {
	struct store *store;
	struct registry *registry;
	struct rest_config config;
	struct rest_events *events;
};

/* --- what the client prefers (rest_prefer.c) ------------------------------------- */

enum rest_count { COUNT_NONE, COUNT_EXACT, COUNT_PLANNED, COUNT_ESTIMATED };
enum rest_return { RETURN_DEFAULT, RETURN_MINIMAL, RETURN_HEADERS, RETURN_ROWS };
enum rest_resolution { RESOLVE_NONE, RESOLVE_MERGE, RESOLVE_IGNORE };

struct rest_prefer {
	enum rest_count count;
	enum rest_return ret;
	enum rest_resolution resolution;
	bool missing_default, rollback, strict;
	bool per_row;         /* results=per-row: what fails does not stop the others */
	int64_t max_affected; /* -1: not limited */
};
/* Sets Preference-Applied too. */
enum err rest_prefer(struct ctx *ctx, const struct http_request *req, struct http_response *res, struct rest_prefer *ret) MUST_CHECK;

/* --- what is asked for (rest_answer.c) ------------------------------------------------ */

enum rest_media { MEDIA_JSON, MEDIA_SINGLE, MEDIA_CSV };
struct rest_accept {
	enum rest_media media;
	bool strip_nulls;
};
enum err rest_accept(struct ctx *ctx, const struct http_request *req, struct rest_accept *ret) MUST_CHECK;
/* The entity of a path segment; ERR_NOT_FOUND for those that are not of this API. */
enum err rest_entity(struct ctx *ctx, const char *name, const struct entity_info **ret) MUST_CHECK;
/* A record id of a path segment. */
enum err rest_id(struct ctx *ctx, const struct entity_info *info, const char *text, int64_t *ret) MUST_CHECK;
/* Writes the rows into the answer, with type, X-Masked and cursor; fails when there is not exactly one and one was asked for. */
enum err rest_write_rows(struct ctx *ctx, struct query *query, const struct rest_accept *accept, struct http_response *res, struct query_page *ret) MUST_CHECK;
/* GET of many rows with "buckets=FIELD.UNIT.FROM.TO": aggregates by stretches of time (rest_buckets.c). */
enum err rest_get_buckets(struct ctx *ctx, const struct http_request *req, struct http_response *res, const struct entity_info *info, const char *text) MUST_CHECK;
/* Content-Range: "0-19/57"; total -1: unknown. */
void rest_content_range(struct http_response *res, int64_t offset, size_t rows, int64_t total);
/* Rows that were written, as the actor may read them. */
enum err rest_write_ids(struct ctx *ctx, const struct http_request *req, const struct entity_info *info, const int64_t *ids, size_t n,
                        const struct rest_accept *accept, struct http_response *res, struct query_page *ret) MUST_CHECK;
void rest_set_etag(struct http_response *res, int64_t version);

/* --- bodies (rest_body.c, rest_csv.c) ---------------------------------------------------- */

/* Rows of a request body, JSON or CSV. */
struct rest_body {
	json_t *json;          /* freed by rest_body_release */
	bool array;            /* faults then name the row */
	size_t n;
	const char **names;    /* CSV: the header */
	const char ***cells;   /* CSV: rows of texts, NULL for null */
	size_t n_names;
	const char *const *columns; /* columns=: other members are passed over; ended by NULL; NULL: all */
	json_t *nested;        /* keeps what rest_nested_take took out; freed by rest_body_release */
};
enum err rest_body_read(struct ctx *ctx, const struct http_request *req, const struct entity_info *info, struct rest_body *ret) MUST_CHECK;
/* One object. */
enum err rest_body_object(struct ctx *ctx, const struct http_request *req, const struct entity_info *info, struct rest_body *ret) MUST_CHECK;
void rest_body_release(struct rest_body *body);
enum err rest_body_record(struct ctx *ctx, const struct rest_body *body, size_t row, const struct entity_info *info, struct record **ret) MUST_CHECK;
/* Faults from `first` on belong to this row. */
void rest_body_name_row(struct ctx *ctx, const struct rest_body *body, size_t first, size_t row);
/* In `text`, changed; header and rows point into it. */
enum err rest_csv_read(struct ctx *ctx, char *text, size_t n, struct rest_body *ret) MUST_CHECK;

/* --- rows within a row (rest_nested.c) ---------------------------------------------------- */

/* Rows of what belongs to a new record, given with it: {"number":"A1","order_lines":[{…},{…}]}. */
struct rest_nested {
	const struct entity_info *info;
	int parent;        /* the field that names the record */
	const char *name;  /* as given: the plural */
	json_t *rows;
};
enum { REST_NESTED_MAX = 16 };
struct rest_nested_list {
	struct rest_nested list[REST_NESTED_MAX];
	size_t n;
};
/* The kind of record that belongs to `info` and is called so in the plural; NULL if there is none. */
const struct entity_info *rest_nested_kind(struct ctx *ctx, const struct entity_info *info, const char *name);
/* Takes the rows of children out of row `row` of a JSON body. */
enum err rest_nested_take(struct ctx *ctx, struct rest_body *body, size_t row, const struct entity_info *info, struct rest_nested_list *ret) MUST_CHECK;
/* Creates the record and its children together; faults of a child name it: "order_lines[2].quantity". */
enum err rest_nested_create(struct ctx *ctx, struct record *record, const struct rest_nested_list *nested) MUST_CHECK;

/* --- handlers --------------------------------------------------------------------------------- */

enum err rest_get_list(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err rest_post_rows(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
/* Before the body is taken. */
enum err rest_may_post(struct ctx *ctx, const struct http_request *req) MUST_CHECK;
enum err rest_patch_rows(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err rest_delete_rows(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err rest_get_record(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err rest_patch_record(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err rest_delete_record(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err rest_restore_record(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err rest_get_changes(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
extern const struct spec rest_condition_specs[];
enum err rest_check_condition(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err rest_count_condition(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
extern const struct spec rest_why_specs[];
enum err rest_why_condition(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err rest_get_meta(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err rest_get_titles(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err rest_get_search(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
/* rest_feed.c */
enum err rest_get_feed(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err rest_get_events(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err rest_get_openapi(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;

/* --- the steps a state may take (rest_transitions.c) ------------------------------------------- */

enum err rest_get_transitions(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
enum err rest_post_transition(struct ctx *ctx, const struct http_request *req, struct http_response *res) MUST_CHECK;
/* "transitions": [...] of a field that has them, nothing of others; of a record only those that lead on from where it stands. */
void rest_put_transitions(struct ctx *ctx, const struct rest *rest, const struct entity_info *info, int field, const struct record *record,
                          struct jsonw *w);
/* The list alone. */
void rest_put_steps(struct ctx *ctx, const struct rest *rest, const struct entity_info *info, int field, const struct record *record,
                    struct jsonw *w);
/* "v12" of If-Match, or "*"; 0: any. */
enum err rest_match(struct ctx *ctx, const struct http_request *req, const struct entity_info *info, int64_t id, int64_t *ret) MUST_CHECK;

/* rest_events.c */
enum err rest_events_new(struct ctx *ctx, struct rest *rest, struct rest_events **ret) MUST_CHECK;
void rest_events_free(struct rest_events *events);
size_t rest_events_streams(struct rest_events *events);

const char *rest_label(struct ctx *ctx, const struct rest *rest, const struct text2 *text);

#endif
