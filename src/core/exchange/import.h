/* Inside core/exchange: rows on their way from the file into the store. */
#ifndef GUANXI_CORE_EXCHANGE_IMPORT_H
#define GUANXI_CORE_EXCHANGE_IMPORT_H

#include "base/jsonw.h"
#include "base/map.h"
#include "core/exchange/exchange.h"
#include "core/exchange/plan.h"
#include "core/store/store.h"

enum {
	IMPORT_BATCH_ROWS = 8000,         /* while nobody else writes */
	IMPORT_BATCH_SHARED = 500,        /* while others write too: they wait for a batch at most */
	IMPORT_FAULTS_MAX = 8,            /* kept of one row */
	IMPORT_KEYS_BYTES = 64 << 20,     /* of the key map, then it starts anew */
	IMPORT_BATCH_BYTES = 256 << 20,   /* arena of one batch */
	IMPORT_BATCH_TEXT = 8 << 20,      /* a batch of long rows ends sooner */
	IMPORT_FILE_MAX_MB = 4096,
};

/* What became of a row. */
enum import_outcome { ROW_CREATED, ROW_UPDATED, ROW_SKIPPED, ROW_DUPLICATE, ROW_FAILED, ROW_OUTCOMES };
const char *import_outcome_name(enum import_outcome outcome);

struct import_fault {
	enum err code;
	const char *entity, *field, *key, *arg;
	int column; /* -1: of no single column */
};

/* --- rows made ready, off the writer's thread ------------------------------ */

struct ready_record {
	bool active;
	struct value *values; /* by the plan's field; null: nothing given. Text of links is looked up later. */
	bool *left; /* by the plan's field: given and left out; NULL: none */
};

struct ready_row {
	int64_t number;
	struct ready_record *records;
	struct import_fault *faults;
	size_t n_faults;
	struct import_fault *left; /* values that can't be taken and, as the plan has it, don't cost the row */
	size_t n_left;
	bool wanted; /* at least one record */
};

struct prepare;
enum err prepare_new(struct ctx *ctx, const struct plan *plan, struct prepare **ret) MUST_CHECK;
void prepare_free(struct prepare *prepare);
/* All texts go into ctx's arena. */
enum err prepare_row(struct ctx *ctx, struct prepare *prepare, const struct table_row *row, struct ready_row *ret) MUST_CHECK;
/* A cell without blanks at its ends and wrappers; "" if the row has none. Borrowed from the row when nothing
 * had to be cut, else in the arena. */
const char *prepare_cell(struct ctx *ctx, const struct cell *cells, size_t n, int column);
/* The heading once more, as lists of several pages have it. */
bool prepare_is_heading(struct ctx *ctx, const struct plan_columns *columns, const struct cell *cells, size_t n);
/* Takes the faults out of ctx. */
void import_take_faults(struct ctx *ctx, const struct plan *plan, size_t record, struct ready_row *row);

/* A value that can't be taken: nothing in its place, and said so. False: out of memory. */
bool import_leave_value(struct arena *arena, const struct plan *plan, size_t record, size_t at, const struct fault *fault, struct ready_row *row);
/* What ctx holds against one field: left out where the plan lets it be, else it costs the row. */
enum err import_take_bad(struct ctx *ctx, const struct plan *plan, size_t record, size_t field, struct ready_row *row) MUST_CHECK;
/* Inside, after all of the row's fields were read: its phones. */
enum err prepare_phones(struct ctx *ctx, const struct plan *plan, size_t at, struct ready_row *row) MUST_CHECK;
/* The same for all faults in ctx, if the plan lets each of them be left out; then they are gone and the row can be tried again. */
bool import_leave_bad(struct ctx *ctx, struct arena *arena, const struct plan *plan, size_t record, struct ready_row *row);

/* --- keys: which record has these values ------------------------------------- */

/* The SQL that asks for one key. */
struct key_query {
	const struct entity_info *info;
	int fields[PLAN_KEYS_MAX];
	size_t n;
	unsigned nulls; /* which of them are null */
	char text[1024];
	size_t len;
	uint64_t hash;
};
enum { KEY_QUERIES = 8 };

/* Ids by key.  What a batch adds is pending until it is committed. */
struct import_keys {
	const struct plan *plan; /* where new records are gathered */
	struct map done, pending;
	struct map absent; /* import_keys_ahead: what the store had not when this batch began */
	struct buf key; /* the last one asked for */
	struct buf added; /* keys of the current row: length and bytes each */
	struct key_query queries[KEY_QUERIES];
	size_t n_queries;
};

void import_keys_init(struct ctx *ctx, struct import_keys *keys);
void import_keys_release(struct import_keys *keys);
void import_keys_row(struct import_keys *keys);    /* a row begins */
void import_keys_undo(struct import_keys *keys);   /* it was rolled back */
void import_keys_drop(struct import_keys *keys);   /* the batch was rolled back, or is run again */
enum err import_keys_keep(struct ctx *ctx, struct import_keys *keys) MUST_CHECK; /* it is on disk */
/* The record with these values, from memory or the store; *ret_id 0: there is none.
 * Several are ERR_CONFLICT "key_ambiguous". */
enum err import_key_find(struct ctx *ctx, struct import_keys *keys, const struct entity_info *info, const int *fields,
                         const struct value *values, size_t n, int64_t *ret_id) MUST_CHECK;
enum err import_key_put(struct ctx *ctx, struct import_keys *keys, const struct entity_info *info, const int *fields,
                        const struct value *values, size_t n, int64_t id) MUST_CHECK;
/* PostgreSQL, where each question is a journey: the keys of all these rows that are not known are looked up together. */
enum err import_keys_ahead(struct ctx *ctx, struct import_keys *keys, const struct ready_row *rows, size_t n) MUST_CHECK;
/* The key as it is compared: fields with a form by that. */
struct import_forms {
	int fields[PLAN_KEYS_MAX];
	struct value values[PLAN_KEYS_MAX];
};
enum err import_key_forms(struct ctx *ctx, const struct entity_info *info, const int *fields, const struct value *values, size_t n,
                          struct import_forms *ret) MUST_CHECK;
/* Inside: the key's bytes in keys->key (false: too long); whether it is known; whether the map knows all records of this job. */
bool import_key_make(struct import_keys *keys, const struct entity_info *info, const int *fields, const struct value *values, size_t n);
bool import_key_known(const struct import_keys *keys, int64_t *ret);
bool import_keys_whole(const struct plan *plan, const struct entity_info *info, const int *fields, size_t n);
/* Whether the record was there before `since`: rows that hang on it are then left alone. */
enum err import_key_old(struct ctx *ctx, struct import_keys *keys, const struct entity_info *info, int64_t id, int64_t since, bool *ret_old) MUST_CHECK;
enum err import_key_fresh(struct ctx *ctx, struct import_keys *keys, const struct entity_info *info, int64_t id) MUST_CHECK;
/* Next number of a counter over a record's rows. */
enum err import_count(struct ctx *ctx, struct import_keys *keys, const struct entity_info *child, int link, int64_t id, int64_t *ret) MUST_CHECK;

/* --- writing ------------------------------------------------------------------ */

struct import_counts {
	int64_t rows, by[ROW_OUTCOMES];
	int64_t left; /* values */
	struct {
		int64_t created, updated;
	} records[PLAN_RECORDS_MAX];
};

/* What became of one row: of the plan's last record that the row has. */
struct import_written {
	enum import_outcome outcome;
	int64_t duplicate_of; /* ROW_DUPLICATE, ROW_SKIPPED: the record that is there */
	size_t record;        /* where an error came from */
};

/* Writes one row's records; in a write job. An error leaves half a row behind: the
 * caller rolls back, counts too.  `started_at`: what was created before it is old. */
enum err import_write_row(struct ctx *ctx, const struct plan *plan, struct import_keys *keys, const struct ready_row *row,
                          int64_t started_at, struct import_counts *counts, struct import_written *ret) MUST_CHECK;
/* Whether an error is the row's own, so that the next row may go on. */
bool import_row_error(enum err err);

/* --- the run ------------------------------------------------------------------- */

struct import_run {
	int64_t id;
	const char *state, *name, *sha256, *plan; /* JSON */
	int64_t owner_id, token_id; /* whose: 0 the program's; uploaded by a token, 0: in person */
	int64_t job_id;
	int64_t position;  /* the last row that is done */
	int64_t started_at;
	struct import_counts counts;
};

/* What a run begins with. */
struct import_new {
	const char *name, *plan, *preset, *entity, *format; /* plan NULL: not yet planned */
	struct blob_info blob;
};
enum err import_run_create(struct ctx *ctx, const struct import_new *new_, int64_t *ret_id) MUST_CHECK; /* in a write job */
const char *import_plan_text(struct ctx *ctx, const json_t *plan);
const char *import_plan_hash(struct ctx *ctx, const char *plan);
const char *import_plan_entity(struct ctx *ctx, const json_t *plan);
enum err import_run_load(struct ctx *ctx, int64_t id, struct import_run *ret) MUST_CHECK;
/* In a write job: changes fields given as names and API texts, ended by NULL. */
enum err import_run_set(struct ctx *ctx, int64_t id, ...) MUST_CHECK __attribute__((sentinel));
/* The same in a write job of its own. */
enum err import_run_state(struct ctx *ctx, int64_t id, const char *state, const char *error) MUST_CHECK;
/* Whether a run that failed with this key was ended from outside: no fault of a row, nothing to try again. */
bool import_run_ends(const char *key);
/* What the run's record says of the fault that ended it. */
const char *import_run_why(struct ctx *ctx, const struct fault *fault);
/* Our own words in the context's language. */
const char *import_words(struct ctx *ctx, const struct text2 *text);
/* request_id of everything a run changes: "import-<id>". */
const char *import_request_id(struct ctx *ctx, int64_t run_id);

/* Runs it to its end on the calling thread.  `job` NULL: without a job (command line). */
enum err import_execute(struct ctx *ctx, int64_t run_id, const struct job *job, FILE *progress, struct import_counts *ret) MUST_CHECK;
/* Around a run over a file of so many bytes: indexes are set aside where that pays, and made. */
enum err import_bulk_begin(struct ctx *ctx, const struct plan *plan, int64_t bytes) MUST_CHECK;
enum err import_bulk_end(struct ctx *ctx, const struct job *job, const struct import_counts *counts) MUST_CHECK;
enum err import_undo(struct ctx *ctx, int64_t run_id, const struct job *job) MUST_CHECK;
/* Tries the first rows and rolls them back; the answer of POST …/check. */
enum err import_check(struct ctx *ctx, const struct import_run *run, struct buf *out) MUST_CHECK;
/* The failed and duplicate rows as a table. */
enum err import_result(struct ctx *ctx, const struct import_run *run, const struct table_out_options *options, table_sink sink, void *arg) MUST_CHECK;
/* A file to fill in for records of one kind. */
enum err import_template(struct ctx *ctx, const struct entity_info *info, const struct table_out_options *options, table_sink sink, void *arg) MUST_CHECK;
/* Opens the run's file as its plan says and compiles the plan. */
enum err import_open(struct ctx *ctx, const struct import_run *run, struct table **ret_table, struct plan **ret_plan) MUST_CHECK;

/* --- plans ---------------------------------------------------------------------- */

/* The firm's zone by its IANA name, of times that have none; "UTC" where it cannot be read. */
const char *import_firm_zone(struct ctx *ctx);

/* The next rows, copied. */
enum err import_sample(struct ctx *ctx, struct table *table, size_t most, struct table_row **ret, size_t *ret_n) MUST_CHECK;
/* Completes a whole plan by what all rows of a table just opened show: order of day and month, decimal
 * marks; and notes in it ("survey") what would be merged, lost or read two ways. */
enum err import_settle_plan(struct ctx *ctx, struct table *table, json_t *plan) MUST_CHECK;
/* The survey's warnings as an array of objects, in the context's language; of the plan's JSON. */
void import_write_warnings(struct ctx *ctx, const json_t *plan, struct jsonw *w);
/* By preset, by map file, or guessed. */
enum err import_make_plan(struct ctx *ctx, const char *path, const struct import_request *request, json_t **ret, const char **ret_preset) MUST_CHECK;

/* --- guesses -------------------------------------------------------------------- */

struct import_guess {
	const struct entity_info *info; /* NULL: none */
	int field;
};
/* What each column is, for one entity or (NULL) the one that fits best. Samples are `n_rows` rows of cells. */
enum err import_guess_columns(struct ctx *ctx, const struct plan_columns *columns, const struct table_row *rows, size_t n_rows,
                              const struct entity_info *wanted, struct import_guess *ret) MUST_CHECK;
/* Name of the preset whose columns this file has, or NULL; of a family ("odoo") or all (NULL). */
const char *preset_matching(const struct plan_columns *columns, const char *family);
/* {"mapping":…} from guesses, for the command line. */
enum err import_guess_plan(struct ctx *ctx, const struct plan_columns *columns, const struct import_guess *guesses, json_t **ret) MUST_CHECK;

#endif
