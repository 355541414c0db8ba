/* Opening and closing, the way in for writes, figures. */
#include "core/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/store/internal.h"

#include "base/str.h"

/* --- opening ------------------------------------------------------------------ */

static enum err check_config(struct ctx *ctx, const struct store_config *config)
{
	struct stat st;
	if (str_empty(config->data_dir))
		return fail(ctx, ERR_INVALID, "data_dir", "required");
	if (stat(config->data_dir, &st) != 0 || !S_ISDIR(st.st_mode))
		return fail_arg(ctx, ERR_INVALID, "data_dir", "not_a_folder", config->data_dir);
	if (strlen(config->data_dir) > 3000)
		return fail(ctx, ERR_INVALID, "data_dir", "too_long");
	if (config->pg_writers < 0 || config->pg_writers > 64)
		return fail(ctx, ERR_INVALID, "pg_writers", "out_of_range");
	const char *schema = config->pg_schema ? config->pg_schema : "guanxi";
	size_t n = strlen(schema);
	if (n == 0 || n > 63 || strspn(schema, "abcdefghijklmnopqrstuvwxyz0123456789_") != n || (*schema >= '0' && *schema <= '9'))
		return fail_arg(ctx, ERR_INVALID, "pg_schema", "bad_name", schema);
	return OK;
}

/* Only one process writes to a folder; the lock goes away with the process. */
static enum err take_lock(struct ctx *ctx, struct store *store)
{
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/guanxi.lock", store->data_dir);
	store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (store->lock_fd < 0)
		return fail_arg(ctx, ERR_UPSTREAM, "", "store_open", strerror(errno));
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return OK;
	if (errno == EWOULDBLOCK)
		return fail_arg(ctx, ERR_CONFLICT, "data_dir", "folder_in_use", store->data_dir);
	return fail_arg(ctx, ERR_UPSTREAM, "", "store_open", strerror(errno));
}

static enum err open_lite(struct ctx *ctx, struct store *store)
{
	struct stat st;
	if (store->read_only) {
		if (stat(store->path, &st) != 0)
			return fail_arg(ctx, ERR_UPSTREAM, "", "store_open", strerror(errno));
		return OK;
	}
	/* Personal data: nobody else on the machine reads it. */
	int fd = open(store->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail_arg(ctx, ERR_UPSTREAM, "", "store_open", strerror(errno));
	close(fd);
	return lite_writer_start(ctx, store);
}

static void store_release(struct store *store)
{
	queue_stop(&store->queue);
	if (store->engine == ENGINE_SQLITE)
		lite_writer_stop(store);
	else
		pg_pool_stop(store);
	void *attached = atomic_load(&store->attached);
	if (attached && store->attached_release)
		store->attached_release(attached);
	queue_destroy(&store->queue);
	if (store->lock_fd >= 0)
		close(store->lock_fd);
	free(store->data_dir);
	free(store->path);
	free(store->pg_url);
	free(store->pg_schema);
	free(store);
}

static struct store *copy_config_new(const struct store_config *config)
{
	struct store *store = calloc(1, sizeof *store);
	if (!store || !queue_init(&store->queue, QUEUE_MAX)) {
		free(store);
		return NULL;
	}
	store->lock_fd = -1;
	store->engine = config->pg_url ? ENGINE_POSTGRES : ENGINE_SQLITE;
	store->clock = config->clock ? config->clock : clock_system();
	store->read_only = config->read_only;
	store->pg_writers = config->pg_writers;
	store->data_dir = strdup(config->data_dir);
	store->pg_url = strdup(config->pg_url ? config->pg_url : "");
	store->pg_schema = strdup(config->pg_schema ? config->pg_schema : "guanxi");
	if (asprintf(&store->path, "%s/guanxi.db", config->data_dir) < 0)
		store->path = NULL;
	if (store->data_dir && store->path && store->pg_schema && store->pg_url)
		return store;
	store_free(store);
	return NULL;
}

enum err store_bare_new(struct ctx *ctx, const struct store_config *config, struct store **ret)
{
	enum err err = check_config(ctx, config);
	if (err)
		return err;
	struct store *store = copy_config_new(config);
	if (!store)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (store->engine == ENGINE_SQLITE && !store->read_only)
		err = take_lock(ctx, store);
	if (err) {
		store_free(store);
		return err;
	}
	*ret = store;
	return OK;
}

enum err store_open_new(struct ctx *ctx, const struct store_config *config, struct store **ret)
{
	struct store *store;
	enum err err = store_bare_new(ctx, config, &store);
	if (err)
		return err;
	err = store->engine == ENGINE_SQLITE ? open_lite(ctx, store) : pg_pool_start(ctx, store);
	if (err) {
		store_free(store);
		return err;
	}
	*ret = store;
	return OK;
}

void store_free(struct store *store)
{
	if (store)
		store_release(store);
}

enum engine store_engine(const struct store *store)
{
	return store->engine;
}

const char *store_data_dir(const struct store *store)
{
	return store->data_dir;
}

bool store_healthy(const struct store *store)
{
	return !atomic_load(&store->unhealthy);
}

void *store_attach(struct store *store, void *data, void (*release)(void *data))
{
	pthread_mutex_lock(&store->queue.lock);
	void *now = atomic_load(&store->attached);
	if (!now) {
		store->attached_release = release;
		atomic_store(&store->attached, data);
		now = data;
	}
	pthread_mutex_unlock(&store->queue.lock);
	return now;
}

void *store_attached(const struct store *store)
{
	return atomic_load(&store->attached);
}

/* --- writes ------------------------------------------------------------------- */

void store_submit(struct store *store, struct write_job *job)
{
	if (store->read_only)
		work_refuse(job, ERR_FORBIDDEN, "read_only");
	else if (!store_healthy(store))
		work_refuse(job, ERR_RETRY, "store_stopped");
	else if (!queue_put(&store->queue, job))
		work_refuse(job, ERR_RETRY, "store_busy");
}

struct waited_job {
	struct write_job job; /* first, so that one is found from the other */
	sem_t ready;
	enum err result;
};

static void wake_waiting(struct write_job *job, enum err result)
{
	struct waited_job *waited = (struct waited_job *)job;
	waited->result = result;
	sem_post(&waited->ready);
}

enum err store_write(struct ctx *ctx, struct store *store, write_fn run, void *arg)
{
	if (ctx->db && ctx->db->job.active)
		return fail(ctx, ERR_BUG, "", "write_nested"); /* it would wait for itself */
	struct waited_job waited = {.job = {.run = run, .done = wake_waiting, .ctx = ctx, .arg = arg}};
	if (sem_init(&waited.ready, 0, 0) != 0)
		return fail(ctx, ERR_LIMIT, "", "memory");
	store_submit(store, &waited.job);
	while (sem_wait(&waited.ready) != 0)
		continue; /* a signal */
	sem_destroy(&waited.ready);
	return waited.result;
}

/* --- figures ------------------------------------------------------------------ */

void store_stats(const struct store *store, struct store_stats *ret)
{
	*ret = (struct store_stats){
		.jobs = atomic_load_explicit(&store->jobs, memory_order_relaxed),
		.commits = atomic_load_explicit(&store->commits, memory_order_relaxed),
		.failed = atomic_load_explicit(&store->failed, memory_order_relaxed),
		.retried = atomic_load_explicit(&store->retried, memory_order_relaxed),
		.commit_us_total = atomic_load_explicit(&store->commit_us, memory_order_relaxed),
		.reconnects = atomic_load_explicit(&store->reconnects, memory_order_relaxed),
		.queued = queue_count(&store->queue),
		.queue_max = store->queue.max,
		.wal_bytes = store->engine == ENGINE_SQLITE ? lite_wal_bytes(store) : 0,
	};
}
