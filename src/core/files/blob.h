/* Attachments and imported files: kept under the hash of their content, in
 * <data>/blobs/ab/cdef…, never in a database row.  The same content is kept once.
 *
 * Durable: blob_finish returns after the file and its folder are on disk, so a
 * row that names the hash may be committed afterwards.  A crash leaves at most
 * files under blobs/new, which blob_store_open removes. */
#ifndef GUANXI_CORE_FILES_BLOB_H
#define GUANXI_CORE_FILES_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

enum { BLOB_HASH_MAX = 65 }; /* SHA-256 in lower-case hexadecimal, with NUL */

struct blob_info {
	char hash[BLOB_HASH_MAX];
	char type[128]; /* by content (libmagic), such as "image/png" */
	int64_t size;
};

struct blob_store; /* thread-safe */
/* Makes the folders that are missing and clears what a crash left. */
enum err blob_store_new(struct ctx *ctx, const char *data_dir, struct blob_store **ret) MUST_CHECK;
void blob_store_free(struct blob_store *store);

/* Streaming in. Disk full is ERR_LIMIT "disk_full"; over `max` bytes ERR_LIMIT "file_too_large". */
struct blob_in;
enum err blob_begin_new(struct ctx *ctx, struct blob_store *store, int64_t max, struct blob_in **ret) MUST_CHECK;
enum err blob_write(struct ctx *ctx, struct blob_in *in, const void *data, size_t n) MUST_CHECK;
/* Puts it in place. Frees `in` in every case. */
enum err blob_finish(struct ctx *ctx, struct blob_in *in, struct blob_info *ret) MUST_CHECK;
void blob_abort(struct blob_in *in);
/* The three in one, for a file that is already on disk (an upload). */
enum err blob_put_file(struct ctx *ctx, struct blob_store *store, const char *path, int64_t max, struct blob_info *ret) MUST_CHECK;
enum err blob_put(struct ctx *ctx, struct blob_store *store, const void *data, size_t n, struct blob_info *ret) MUST_CHECK;

bool blob_hash_valid(const char *hash);
/* Path of a blob, in ctx's arena; ERR_NOT_FOUND if there is no such blob. */
enum err blob_path(struct ctx *ctx, struct blob_store *store, const char *hash, const char **ret, int64_t *ret_size) MUST_CHECK;
/* Reads it all and compares the hash: ERR_CONFLICT "blob_damaged", ERR_NOT_FOUND "blob_missing". */
enum err blob_verify(struct ctx *ctx, struct blob_store *store, const char *hash) MUST_CHECK;
/* For the last reference only: the caller knows that nobody names it any more. */
enum err blob_remove(struct ctx *ctx, struct blob_store *store, const char *hash) MUST_CHECK;
/* The same for one that was put in place before that time, and not once more since. */
enum err blob_remove_old(struct ctx *ctx, struct blob_store *store, const char *hash, int64_t before_ms, bool *ret_gone) MUST_CHECK;
/* Every blob there is, for checks and backup; stops at the first error of fn. */
typedef enum err (*blob_fn)(struct ctx *ctx, void *arg, const char *hash, int64_t size);
enum err blob_walk(struct ctx *ctx, struct blob_store *store, blob_fn fn, void *arg) MUST_CHECK;

#endif
