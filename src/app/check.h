/* Care of a data folder: backup, restore, and checks of everything that must agree. */
#ifndef GUANXI_APP_CHECK_H
#define GUANXI_APP_CHECK_H

#include "app/app.h"
#include "core/files/archive.h"

/* One file with database, settings, server key and attachments, each with its
 * hash, signed; made while serving, then read back and compared. `path` must not exist. */
enum err check_backup(struct ctx *ctx, struct app *app, const char *path) MUST_CHECK;
/* Notes in the folder that a backup was made now; when that was last, 0: never. */
enum err check_backup_note(struct ctx *ctx, const struct app *app) MUST_CHECK;
int64_t check_backup_last(struct ctx *ctx, const struct app *app);
/* The key that proves this folder's backups, as hex; made if there is none. It is no secret. */
enum err check_backup_key(struct ctx *ctx, const struct app *app, const char **ret) MUST_CHECK;
/* The same, read; false: it is none. */
bool check_read_key(const char *text, unsigned char ret[ARCHIVE_PUBLIC]);

struct restore_options {
	const unsigned char *key; /* that must have signed it; NULL: nothing is proved, and settings of the machine stay behind */
	const char *pg_url, *pg_schema; /* where its database is to be; NULL: SQLite */
};
/* Makes `data_dir` (which must not exist, or be empty) from such a file, beside it under a name of its own, and checks all
 * of it before the folder is put in place. */
enum err check_restore(struct ctx *ctx, const char *data_dir, const char *path, const struct restore_options *options) MUST_CHECK;

/* Empties the search index and puts every record again, in batches beside other work. */
enum err check_rebuild_search(struct ctx *ctx, struct app *app, struct buf *report) MUST_CHECK;
/* Merges the search index after bulk work, in small steps beside other work. */
enum err check_merge_search(struct ctx *ctx, struct app *app, bool whole) MUST_CHECK;

struct check_options {
	bool deep;   /* read every attachment */
	bool repair; /* rebuild the search index */
};
/* Store, change log chain, search index, attachments; a line for each part in `report`. */
enum err check_all(struct ctx *ctx, struct app *app, const struct check_options *options, struct buf *report, bool *ret_good) MUST_CHECK;

#endif
