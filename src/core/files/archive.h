/* A backup's file: a ZIP whose first entry, "manifest", names every other entry
 * with its size and SHA-256.  Written and read in flat memory; large files allowed. */
#ifndef GUANXI_CORE_FILES_ARCHIVE_H
#define GUANXI_CORE_FILES_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct archive_part {
	const char *name; /* in the archive: "blobs/ab/cdef", no "..", not absolute */
	const char *path; /* on disk */
	bool stored;      /* not worth compressing */
};

/* Writes `path` (must not exist) durably and reads it back to compare every hash.
 * On an error nothing is left behind. */
enum err archive_write(struct ctx *ctx, const char *path, const struct archive_part *parts, size_t n) MUST_CHECK;

/* Takes everything out into `dir` (must exist and be empty), each file fsynced, and
 * compares size and hash.  Names that would leave `dir`, entries that the manifest
 * does not know, and missing ones are ERR_INVALID "backup_damaged". */
enum err archive_extract(struct ctx *ctx, const char *path, const char *dir, int64_t *ret_files) MUST_CHECK;

#endif
