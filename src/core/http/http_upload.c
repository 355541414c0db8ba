/* Large bodies go to a file in the data folder, so that a handler may take it over by renaming. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "core/http/http_internal.h"

#define PREFIX "upload-"
enum { LOOK_EVERY = 8 * 1024 * 1024 };

/* What a crash has left behind. */
static void remove_old(const char *dir_path)
{
	DIR *dir = opendir(dir_path);
	if (dir == NULL)
		return;
	const struct dirent *entry;
	while ((entry = readdir(dir)) != NULL)
		if (str_starts(entry->d_name, PREFIX))
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	(void)closedir(dir);
}

enum err http_upload_prepare(struct ctx *ctx, struct http *http)
{
	if (http->store == NULL)
		return OK;
	if (asprintf(&http->upload_dir, "%s/tmp", store_data_dir(http->store)) < 0) {
		http->upload_dir = NULL;
		return fail(ctx, ERR_LIMIT, "", "memory");
	}
	if (mkdir(http->upload_dir, 0700) != 0 && errno != EEXIST)
		return fail(ctx, ERR_INVALID, "data_dir", "not_writable");
	remove_old(http->upload_dir);
	return OK;
}

static bool refuse_io(struct http_call *call)
{
	int error = errno;
	bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
	bool busy = error == EMFILE || error == ENFILE || error == ENOMEM;
	log_event(LOG_WARN, "upload failed", "request", call->request_id, "error", strerrorname_np(error), NULL);
	if (full)
		http_refuse(call, ERR_LIMIT, "disk_full", 507);
	else if (busy)
		http_refuse(call, ERR_RETRY, "memory", 503);
	else
		http_refuse(call, ERR_BUG, "upload_failed", 500);
	return false;
}

/* --- what is under way -------------------------------------------------------------- */

static void take_in(struct http_call *call)
{
	struct http *http = call->http;
	call->upload_who = http_who(call);
	call->promised = 2 * (uint64_t)call->head.length; /* it is kept twice for a moment */
	pthread_mutex_lock(&http->uploads_lock);
	call->upload_prev = NULL;
	call->upload_next = http->uploads;
	if (http->uploads != NULL)
		http->uploads->upload_prev = call;
	http->uploads = call;
	http->promised += call->promised;
	pthread_mutex_unlock(&http->uploads_lock);
}

void http_upload_over(struct http_call *call)
{
	struct http *http = call->http;
	if (call->upload_path == NULL)
		return;
	pthread_mutex_lock(&http->uploads_lock);
	*(call->upload_prev != NULL ? &call->upload_prev->upload_next : &http->uploads) = call->upload_next;
	if (call->upload_next != NULL)
		call->upload_next->upload_prev = call->upload_prev;
	http->promised -= call->promised;
	call->promised = 0;
	pthread_mutex_unlock(&http->uploads_lock);
}

static void keep_promise(struct http_call *call, uint64_t n)
{
	pthread_mutex_lock(&call->http->uploads_lock);
	uint64_t kept = n < call->promised ? n : call->promised;
	call->promised -= kept;
	call->http->promised -= kept;
	pthread_mutex_unlock(&call->http->uploads_lock);
}

static bool too_many_of(struct http_call *call)
{
	uint64_t who = http_who(call);
	int n = 0;
	pthread_mutex_lock(&call->http->uploads_lock);
	for (const struct http_call *other = call->http->uploads; other != NULL; other = other->upload_next)
		n += other->upload_who == who;
	pthread_mutex_unlock(&call->http->uploads_lock);
	return n >= HTTP_UPLOADS_EACH;
}

/* Uploads never take what the database needs to go on, all that are under way together. */
static bool has_room(const struct http_call *call, uint64_t wanted)
{
	struct statvfs disk;
	if (statvfs(call->http->upload_dir, &disk) != 0)
		return true; /* opening the file says what is wrong */
	pthread_mutex_lock(&call->http->uploads_lock);
	wanted += call->http->promised;
	pthread_mutex_unlock(&call->http->uploads_lock);
	uint64_t left = (uint64_t)disk.f_bavail * disk.f_frsize, reserve = call->http->config.disk_reserve;
	if (reserve == 0) { /* a small disk is not kept for the database alone */
		uint64_t share = (uint64_t)disk.f_blocks * disk.f_frsize / HTTP_DISK_SHARE;
		reserve = share < HTTP_DISK_RESERVE ? share : HTTP_DISK_RESERVE;
	}
	return left >= reserve + wanted;
}

bool http_upload_open(struct http_call *call)
{
	if (call->http->upload_dir == NULL) {
		http_refuse(call, ERR_BUG, "upload_failed", 500);
		return false;
	}
	if (too_many_of(call)) {
		http_refuse(call, ERR_RETRY, "uploads_at_once", 429);
		return false;
	}
	if (!has_room(call, 2 * (uint64_t)call->head.length)) {
		http_refuse(call, ERR_LIMIT, "disk_full", 507);
		return false;
	}
	if (asprintf(&call->upload_path, "%s/" PREFIX "XXXXXX", call->http->upload_dir) < 0)
		call->upload_path = NULL;
	call->upload_fd = call->upload_path != NULL ? mkostemp(call->upload_path, O_CLOEXEC) : -1;
	if (call->upload_fd >= 0) {
		take_in(call);
		return true;
	}
	bool ok = refuse_io(call);
	free(call->upload_path); /* there is no such file to remove */
	call->upload_path = NULL;
	return ok;
}

/* Of a body in chunks nobody knows how long it will be. */
static bool outgrows(struct http_call *call, size_t n)
{
	uint64_t before = call->received - n;
	if (!call->head.chunked || before / LOOK_EVERY == call->received / LOOK_EVERY || has_room(call, LOOK_EVERY))
		return false;
	http_refuse(call, ERR_LIMIT, "disk_full", 507);
	return true;
}

bool http_upload_write(struct http_call *call, const char *data, size_t n)
{
	if (outgrows(call, n))
		return false;
	keep_promise(call, n);
	while (n > 0) {
		ssize_t done = write(call->upload_fd, data, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return refuse_io(call);
		data += done;
		n -= (size_t)done;
	}
	return true;
}

void http_upload_finish(struct http_call *call)
{
	int fd = call->upload_fd;
	call->upload_fd = -1;
	if (close(fd) != 0 && errno != EINTR) {
		(void)refuse_io(call);
		return;
	}
	call->req.body_path = call->upload_path;
	call->req.body_len = (size_t)call->received;
}
