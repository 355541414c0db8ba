/* A backup's file: a ZIP whose first entry, "manifest", names every other entry
 * with its size and SHA-256; the second, "signature", signs the manifest (Ed25519)
 * with a key that is not in the file.  Written and read in flat memory; large files allowed. */
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

enum { ARCHIVE_SECRET = 64, ARCHIVE_PUBLIC = 32 };

/* Writes `path` (must not exist) durably, signed with `secret` (NULL: not), and reads it back to compare every hash.
 * On an error nothing is left behind. */
enum err archive_write(struct ctx *ctx, const char *path, const struct archive_part *parts, size_t n, const unsigned char *secret) MUST_CHECK;

struct archive_wanted {
	const unsigned char *key; /* whose signature it must have; NULL: nothing is proved */
	/* Asked of each entry in turn before anything is taken out; `hash` is SHA-256 in hex. NULL: all are taken. */
	enum err (*look)(struct ctx *ctx, void *arg, const char *name, int64_t size, const char *hash);
	void *arg;
};

/* Takes everything out into the folder `dir` (open, ours alone, empty), each file fsynced, and compares size and hash;
 * links are never followed, nothing is replaced.  Names that would leave it, entries that the manifest does not know, and
 * missing ones are ERR_INVALID "backup_damaged"; without the signature asked for ERR_DENIED "backup_unsigned",
 * "backup_key"; with more than the disk has room for ERR_LIMIT "disk_full". */
enum err archive_extract(struct ctx *ctx, const char *path, int dir, const struct archive_wanted *wanted, int64_t *ret_files) MUST_CHECK;

#endif
