/* What of the disk a person takes: files kept for good (attachments, files of imports) are counted for who brought them,
 * up to a setting of the firm, and what was brought and never used is cleared away.
 *
 * A file counts once for each person and kind of use, and as long as it is kept: an attachment that was deleted can be put
 * back, so its file stays and counts.  Invariant: the count is written in the transaction that makes the row that names the
 * file, so that uploads at the same time don't pass the limit together.  The program itself and the command line have none. */
#ifndef GUANXI_CORE_UPLOADS_UPLOADS_H
#define GUANXI_CORE_UPLOADS_UPLOADS_H

#include "core/jobs/jobs.h"
#include "core/settings/settings.h"
#include "core/timers/timers.h"

struct app;
/* What this folder asks of the program that holds it. */
struct blob_store *app_blobs(const struct app *app);

enum uploads_use { UPLOADS_ATTACHED, UPLOADS_IMPORT };

/* Is there room for `size` more bytes (0: for anything at all)?  ERR_LIMIT "upload_quota" with the limit in MB if not. */
enum err uploads_room(struct ctx *ctx, int64_t size) MUST_CHECK;
/* In the write job that makes the row: asks for room once more and counts the file (its SHA-256 in hexadecimal, its bytes)
 * for ctx's actor.  A file that counts already takes nothing more. */
enum err uploads_count(struct ctx *ctx, enum uploads_use use, const char *hash, int64_t size) MUST_CHECK;

/* What is cleared: imports that were never begun and not touched for the days the firm says, and files that nothing names
 * and that are older than a day. */
extern const struct job_kind uploads_job_kinds[];
/* Queues it each night. */
extern const struct schedule uploads_schedules[];

enum { UPLOADS_QUOTA_MB, UPLOADS_UNUSED_DAYS, UPLOADS_SETTING_COUNT };
extern const struct setting uploads_settings[UPLOADS_SETTING_COUNT + 1];

/* A schema step: the table, and what is kept so far. */
enum err uploads_schema(struct ctx *ctx, void *arg) MUST_CHECK;

#endif
