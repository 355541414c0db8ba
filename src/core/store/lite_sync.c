/* The thread that waits for the disk, so that the writer need not.
 *
 * A commit is in the log's file when the writer hands it over here; it is on disk, and its
 * jobs are told so, after an fdatasync that began later.  All that were handed over by
 * then share it.  Order does not matter to the disk: a frame that is whole counts only if
 * all before it are (their checks are chained), and the checkpointer syncs the log before
 * it copies a page back.  A sync that failed says that some commit, nobody knows which, is
 * lost: nothing after it is told to be kept, and nothing more is written. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/store/internal.h"

static void tell(struct syncer *s, struct write_job *job)
{
	/* also when it was an earlier sync, or the checkpointer's, that failed */
	bool kept = !atomic_load(&s->store->unhealthy);
	while (job) {
		struct write_job *next = job->next; /* the job is gone when it was told */
		if (kept) {
			job->done(job, OK);
		} else {
			atomic_fetch_add_explicit(&s->store->failed, 1, memory_order_relaxed);
			work_refuse(job, ERR_RETRY, "store_stopped");
		}
		job = next;
	}
}

static void *sync_loop(void *arg)
{
	struct syncer *s = arg;
	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (!s->head && !s->stopping)
			pthread_cond_wait(&s->wake, &s->lock);
		if (!s->head)
			break;
		struct write_job *jobs = s->head;
		int64_t upto = s->handed;
		s->head = s->tail = NULL;
		pthread_mutex_unlock(&s->lock);
		if (fdatasync(s->fd) != 0)
			lite_stop_writing(s->store, "the disk", strerror(errno), 0, errno);
		atomic_store(&s->synced, upto);
		tell(s, jobs);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

bool lite_sync_start(struct syncer *s, struct store *store)
{
	char path[4096];
	int n = snprintf(path, sizeof path, "%s-wal", store->path);
	*s = (struct syncer){.store = store, .fd = -1};
	if (n < 0 || (size_t)n >= sizeof path)
		return false;
	s->fd = open(path, O_RDWR | O_CLOEXEC);
	if (s->fd < 0)
		return false;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->wake, NULL);
	s->runs = pthread_create(&s->thread, NULL, sync_loop, s) == 0;
	return s->runs;
}

bool lite_sync_busy(const struct syncer *s)
{
	return s->handed != atomic_load(&s->synced);
}

void lite_sync_put(struct syncer *s, struct write_job *first, struct write_job *last)
{
	last->next = NULL;
	pthread_mutex_lock(&s->lock);
	if (s->tail)
		s->tail->next = first;
	else
		s->head = first;
	s->tail = last;
	s->handed++;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

void lite_sync_stop(struct syncer *s)
{
	if (s->fd < 0)
		return;
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	if (s->runs)
		pthread_join(s->thread, NULL);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	(void)close(s->fd);
	s->fd = -1;
}
