/* Care of a data folder: backup, restore, and checks of everything that must agree. */
#ifndef GUANXI_APP_CHECK_H
#define GUANXI_APP_CHECK_H

#include "app/app.h"

/* One file with database, settings, server key and attachments, each with its
 * hash; made while serving, then read back and compared. `path` must not exist. */
enum err check_backup(struct ctx *ctx, struct app *app, const char *path) MUST_CHECK;
/* Makes `data_dir` (which must not exist, or be empty) from such a file; every hash
 * is compared before the folder is put in place. */
enum err check_restore(struct ctx *ctx, const char *data_dir, const char *path, const char *pg_url, const char *pg_schema) MUST_CHECK;

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
