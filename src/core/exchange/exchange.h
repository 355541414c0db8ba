/* Files in and out: import by a plan that says where each column goes, and export
 * of any list.  README.md in this folder describes plans and presets.
 *
 * An import is a record (import_run) and a durable job.  The rows of a batch, the
 * position and the counters are written in one transaction, so that after a crash
 * every row is there exactly once.  Each row is all or nothing.  Everything is
 * written through record_create and record_update with the importing person's
 * rights; what fails is kept with row, field and reason (import_problem). */
#ifndef GUANXI_CORE_EXCHANGE_EXCHANGE_H
#define GUANXI_CORE_EXCHANGE_EXCHANGE_H

#include <stdio.h>

#include "base/ctx.h"
#include "core/entity/entity.h"
#include "core/files/blob.h"
#include "core/files/files.h"
#include "core/http/http.h"
#include "core/jobs/jobs.h"

extern const struct entity import_run_entity, import_problem_entity;

/* Upload, preview, plan, check, start, cancel, resume, undo, result; export of lists.
 * Stand before rest_routes. */
extern const struct route exchange_routes[];

/* "import" and "import_undo"; ended by kind NULL. */
extern const struct job_kind exchange_job_kinds[];

/* Supplied by the program (src/app): where uploaded files are kept, and the message
 * for a fault in the context's language. */
struct blob_store *app_blobs(const struct app *app);
const char *app_message(const struct ctx *ctx, const struct fault *fault);
/* A built-in label in the context's language; column heads of exports. */
const char *app_label(struct ctx *ctx, const struct text2 *text);

/* --- import without HTTP ------------------------------------------------- */

struct import_request {
	const char *path;     /* the file */
	const char *name;     /* as people know it; NULL: the last part of path */
	const char *preset;   /* name of a preset, or NULL */
	const char *map_path; /* a plan in a JSON file, or NULL; with neither the columns are guessed */
	const char *entity;   /* for guessing; NULL: guessed too */
	const char *bad;      /* "empty" or "refuse": of values that can't be taken; NULL: as the plan says */
	const char *rate;     /* to the base currency, of orders whose plan gives none; NULL: they have none */
	const char *zone;     /* of times without one: "Europe/Paris"; these four NULL: as the plan and the file say */
	const char *dates;    /* "YMD", "DMY", "MDY" */
	const char *number;   /* "point", "comma": the decimal sign */
	const char *country;  /* of phones without one: "CN" */
	bool again;           /* also rows that an earlier run of this file has done */
	bool check;           /* only says what the whole file shows; nothing is written */
	FILE *progress;       /* a line now and then, or NULL */
};

struct import_result {
	int64_t run_id;
	int64_t rows, created, updated, skipped, failed;
	int64_t values_left; /* left out, as the plan has it, without costing the row */
	double seconds;
	const char *preset;   /* that the plan is or was found to be; NULL: none */
	const char *warnings; /* JSON array: what would be merged, lost or read two ways, known before the first row was written */
};

/* Imports a file on the calling thread with ctx's actor (store, registry, app and a
 * read connection in ctx->db set).  An interrupted run of the same file with the same
 * plan goes on where it stopped.  OK even when rows failed: see ret->failed. */
enum err import_file(struct ctx *ctx, const struct import_request *request, struct import_result *ret) MUST_CHECK;
/* {"rows":…,"created":…,"updated":…,"skipped":…,"failed":…,"values_left":…,"seconds":…,"warnings":[…]} on one line; "preset" where there is one. */
void import_print_result(const struct import_result *result, FILE *out);

/* Presets, NULL past the end. */
const char *preset_name(size_t i);
const char *preset_text(const char *name); /* its JSON; NULL if there is none */

/* --- export without HTTP ------------------------------------------------- */

struct export_request {
	const struct entity_info *info;
	const char *query;    /* as in the address of the list; "" for all */
	enum file_format format;
	const char *encoding; /* "utf-8-bom" (CSV's default), "utf-8", "gb18030" … */
	char delimiter;       /* 0: ',' */
	bool links_as_ids;    /* ids instead of names; JSON Lines always has ids */
	const char *zone;     /* of times in CSV and XLSX: "UTC", "Europe/Paris"; NULL: the firm's. Other formats have UTC */
	bool names;           /* head columns with field names instead of labels */
	table_sink sink;
	void *arg;
};

/* Streams with ctx's actor: ACTION_EXPORT scope, hidden fields absent, masked ones
 * masked.  Kept in the change log as CHANGE_EXPORT before the first row, and with the
 * count after the last. */
enum err export_table(struct ctx *ctx, const struct export_request *request, int64_t *ret_rows) MUST_CHECK;

#endif
