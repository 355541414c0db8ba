/* What only SQLite has: one file, one writer, one disk.  fdatasync, fsync and pwrite are
 * replaced here, so that the disk fails when a test says so. */
#include "core/store/internal.h"
#include "core/store/test/world.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

static atomic_int sync_error, write_error, syncs;

int fdatasync(int fd)
{
	atomic_fetch_add(&syncs, 1);
	if (atomic_load(&sync_error)) {
		errno = atomic_load(&sync_error);
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

static _Atomic int slow_pages; /* this many pages of the database, not of its log, take their time */

static void take_time(int fd, size_t n)
{
	char name[32], path[200];
	if (n != 4096 || atomic_load(&slow_pages) <= 0)
		return;
	(void)snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	ssize_t got = readlink(name, path, sizeof path - 1);
	if (got < 3 || memcmp(path + got - 3, ".db", 3) != 0)
		return;
	atomic_fetch_sub(&slow_pages, 1);
	const struct timespec pause = {.tv_nsec = 100000};
	(void)nanosleep(&pause, NULL);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	take_time(fd, n);
	if (atomic_load(&write_error)) {
		errno = atomic_load(&write_error);
		return -1;
	}
	return syscall(SYS_pwrite64, fd, data, n, at);
}

static const struct migration steps[] = {
	{1, "t",
	 "CREATE TABLE t (id INTEGER PRIMARY KEY, thread INTEGER, twin INTEGER, text TEXT);"
	 "CREATE TABLE late (id INTEGER PRIMARY KEY, t_id INTEGER REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED)",
	 NULL, NULL},
};

static const struct store_takeover takeover = {.steps = steps, .n = 1};

static struct world w;

static const struct sql insert_t = {"insert_t", "INSERT INTO t (id, thread, twin, text) VALUES (?1, ?2, ?3, ?4)", NULL};

struct row {
	int64_t id, thread;
};

/* Two rows or none. */
static enum err add_pair(struct ctx *ctx, void *arg)
{
	const struct row *r = arg;
	for (int64_t i = 0; i < 2; i++) {
		struct stmt *stmt;
		enum err err = db_prepare(ctx, ctx->db, &insert_t, &stmt);
		if (err)
			return err;
		stmt_bind_i64(stmt, 1, r->id + i);
		stmt_bind_i64(stmt, 2, r->thread);
		stmt_bind_i64(stmt, 3, r->id + 1 - i);
		stmt_bind_text(stmt, 4, "some text that fills a row a little, as a customer does");
		err = stmt_run(ctx, stmt, NULL);
		stmt_done(stmt);
		if (err)
			return err;
	}
	return OK;
}

static enum err add(int64_t id)
{
	struct row r = {id, 0};
	faults_clear(&w.ctx);
	return store_write(&w.ctx, w.store, add_pair, &r);
}

/* --- kill -9 ------------------------------------------------------------------------ */

enum { WRITERS = 4, ROUNDS = 12 };

struct child_writer {
	pthread_t thread;
	int pipe;
	int64_t number, from;
};

static void *write_and_report(void *arg)
{
	struct child_writer *c = arg;
	struct arena arena;
	struct ctx ctx;
	world_ctx(&ctx, &arena);
	for (int64_t i = c->from;; i++) {
		struct row r = {(i * WRITERS + c->number) * 2, c->number};
		arena_reset(&arena);
		if (store_write(&ctx, w.store, add_pair, &r) != OK || write(c->pipe, &r.id, sizeof r.id) != sizeof r.id)
			return NULL;
	}
}

/* Never returns; the parent kills it. */
static void child(int out, int64_t from)
{
	struct child_writer writers[WRITERS];
	if (store_open_new(&w.ctx, &w.config, &w.store) != OK)
		_exit(1);
	for (int i = 0; i < WRITERS; i++) {
		writers[i] = (struct child_writer){.pipe = out, .number = i, .from = from};
		if (pthread_create(&writers[i].thread, NULL, write_and_report, &writers[i]) != 0)
			_exit(1);
	}
	for (;;)
		(void)pause();
}

static void what_was_acknowledged_survives_a_kill(void **state)
{
	(void)state;
	int64_t acknowledged = 0, total = 0;
	world_prepare(&w, ENGINE_SQLITE);
	world_open_store(&w);
	assert_int_equal(store_migrate(&w.ctx, w.store, steps, 1), OK);
	world_close_store(&w);
	for (int round = 0; round < ROUNDS; round++) {
		int ends[2];
		assert_int_equal(pipe(ends), 0);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			close(ends[0]);
			child(ends[1], round * 1000000);
		}
		close(ends[1]);
		int64_t *seen = calloc(100000, sizeof *seen);
		assert_non_null(seen);
		size_t n = 0;
		/* the first answer, then a while longer by chance of the machine */
		assert_int_equal(read(ends[0], &seen[n++], sizeof *seen), sizeof *seen);
		(void)usleep((useconds_t)(5000 + round * 7919 % 60000));
		assert_int_equal(kill(pid, SIGKILL), 0);
		while (n < 100000 && read(ends[0], &seen[n], sizeof *seen) == sizeof *seen)
			n++;
		close(ends[0]);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		acknowledged += (int64_t)n;

		world_open_store(&w);
		world_open_db(&w);
		for (size_t i = 0; i < n; i++) {
			char text[64];
			(void)snprintf(text, sizeof text, "SELECT count(*) FROM t WHERE id = %lld", (long long)seen[i]);
			assert_int_equal(world_number(&w, text), 1);
		}
		/* nothing half done */
		assert_int_equal(world_number(&w, "SELECT count(*) FROM t a WHERE NOT EXISTS (SELECT 1 FROM t b WHERE b.id = a.twin)"), 0);
		struct buf report;
		buf_init(&report, 1000);
		assert_int_equal(store_check(&w.ctx, w.store, &report), OK);
		assert_string_equal(buf_text(&report), "");
		buf_release(&report);
		total = world_number(&w, "SELECT count(*) FROM t");
		world_close_store(&w);
		free(seen);
	}
	assert_true(total >= acknowledged * 2);
	assert_true(total <= (acknowledged + ROUNDS * WRITERS) * 2);
	print_message("%d kills, %lld acknowledged writes, all there\n", ROUNDS, (long long)acknowledged);
	world_close(&w);
}

/* --- one writer ------------------------------------------------------------------------- */

static void a_folder_has_one_writer(void **state)
{
	(void)state;
	struct store *second;
	world_open(&w, ENGINE_SQLITE, steps, 1);
	assert_int_equal(store_open_new(&w.ctx, &w.config, &second), ERR_CONFLICT);
	assert_string_equal(world_key(&w), "folder_in_use");
	assert_int_equal(store_restore(&w.ctx, &w.config, "/dev/null", &takeover), ERR_CONFLICT);
	faults_clear(&w.ctx);
	struct stat st;
	char path[80];
	(void)snprintf(path, sizeof path, "%s/guanxi.db", w.dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 077, 0); /* personal data */
	world_close_store(&w);
	world_open_store(&w);
	world_close(&w);
}

/* --- the disk ----------------------------------------------------------------------------- */

static void a_failed_sync_stops_the_store(void **state)
{
	(void)state;
	world_open(&w, ENGINE_SQLITE, steps, 1);
	assert_int_equal(add(10), OK);
	atomic_store(&sync_error, EIO);
	assert_int_equal(add(20), ERR_RETRY);
	assert_string_equal(world_key(&w), "store_stopped");
	atomic_store(&sync_error, 0);
	assert_false(store_healthy(w.store));
	/* The disk may say it is well again; what it lost it does not tell. */
	assert_int_equal(add(30), ERR_RETRY);
	assert_string_equal(world_key(&w), "store_stopped");
	assert_int_equal(world_number(&w, "SELECT count(*) FROM t WHERE id IN (10, 11)"), 2); /* reads go on */
	assert_int_equal(world_number(&w, "SELECT count(*) FROM t WHERE id = 20"), 0);
	world_close_store(&w);
	world_open_store(&w);
	world_open_db(&w);
	assert_true(store_healthy(w.store));
	assert_int_equal(world_number(&w, "SELECT count(*) FROM t WHERE id IN (10, 11)"), 2);
	assert_int_equal(add(40), OK);
	world_close(&w);
}

static void a_full_disk_is_said_and_passes(void **state)
{
	(void)state;
	world_open(&w, ENGINE_SQLITE, steps, 1);
	assert_int_equal(add(10), OK);
	atomic_store(&write_error, ENOSPC);
	assert_int_equal(add(20), ERR_LIMIT);
	assert_string_equal(world_key(&w), "disk_full");
	assert_true(store_healthy(w.store));
	assert_int_equal(world_number(&w, "SELECT count(*) FROM t"), 2);
	atomic_store(&write_error, 0);
	assert_int_equal(add(30), OK);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM t"), 4);
	world_close(&w);
}

/* A real one, where we may mount: 12 MB, filled by one large job after another. */
static void a_small_disk_fills_up(void **state)
{
	(void)state;
	char command[100];
	world_prepare(&w, ENGINE_SQLITE);
	if (geteuid() != 0 || mount("tmpfs", w.dir, "tmpfs", 0, "size=12m") != 0) {
		print_message("skipped: mounting a small disk needs root\n");
		world_close(&w);
		skip();
	}
	world_open_store(&w);
	assert_int_equal(store_migrate(&w.ctx, w.store, steps, 1), OK);
	world_open_db(&w);
	int64_t good = 0;
	enum err err = OK;
	for (int i = 0; i < 200 && !err; i++) {
		(void)snprintf(command, sizeof command, "INSERT INTO t (id, text) VALUES (%d, hex(randomblob(100000)))", i);
		err = world_exec(&w, command);
		good += err == OK;
	}
	assert_int_equal(err, ERR_LIMIT);
	assert_string_equal(world_key(&w), "disk_full");
	assert_true(good > 5);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM t WHERE length(text) = 200000"), good);
	assert_true(store_healthy(w.store));
	/* space returns */
	(void)snprintf(command, sizeof command, "mount -o remount,size=60m %s", w.dir);
	assert_int_equal(system(command), 0);
	faults_clear(&w.ctx);
	assert_int_equal(world_exec(&w, "INSERT INTO t (id, text) VALUES (1000, hex(randomblob(100000)))"), OK);
	struct buf report;
	buf_init(&report, 1000);
	assert_int_equal(store_check(&w.ctx, w.store, &report), OK);
	assert_string_equal(buf_text(&report), "");
	buf_release(&report);
	world_close_store(&w);
	assert_int_equal(umount(w.dir), 0);
	world_close(&w);
}

/* --- batches ----------------------------------------------------------------------------------- */

struct batched {
	struct write_job job;
	struct arena arena;
	struct ctx ctx;
	const char *text;
	enum err result;
	int runs;
	sem_t *done;
};

static sem_t gate;

static enum err hold(struct ctx *ctx, void *arg)
{
	(void)ctx;
	(void)arg;
	while (sem_wait(&gate) != 0)
		continue;
	sem_post(&gate); /* open from now on: the job may be run again */
	return OK;
}

static enum err run_batched(struct ctx *ctx, void *arg)
{
	struct batched *b = arg;
	b->runs++;
	return db_exec(ctx, ctx->db, b->text);
}

static void batched_done(struct write_job *job, enum err result)
{
	struct batched *b = (struct batched *)job;
	b->result = result;
	sem_post(b->done);
}

static void run_batch(struct batched *list, size_t n)
{
	sem_t done;
	sem_init(&done, 0, 0);
	sem_init(&gate, 0, 0);
	for (size_t i = 0; i < n; i++) {
		list[i].done = &done;
		world_ctx(&list[i].ctx, &list[i].arena);
		list[i].job = (struct write_job){.run = i ? run_batched : hold, .done = batched_done, .ctx = &list[i].ctx, .arg = &list[i]};
		store_submit(w.store, &list[i].job);
	}
	sem_post(&gate);
	for (size_t i = 0; i < n; i++)
		while (sem_wait(&done) != 0)
			continue;
	sem_destroy(&gate);
	sem_destroy(&done);
}

static void release_batch(struct batched *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		arena_release(&list[i].arena);
}

/* A constraint that is only looked at by COMMIT would take the whole batch along. */
static void a_late_constraint_fails_its_own_job(void **state)
{
	(void)state;
	world_open(&w, ENGINE_SQLITE, steps, 1);
	struct batched list[] = {{.text = ""}, {.text = "INSERT INTO t (id) VALUES (1)"}, {.text = "INSERT INTO late VALUES (1, 99)"},
	                         {.text = "INSERT INTO late VALUES (2, 1)"}};
	run_batch(list, 4);
	assert_int_equal(list[0].result, OK);
	assert_int_equal(list[1].result, OK);
	assert_int_equal(list[2].result, ERR_CONFLICT);
	assert_string_equal(list[2].ctx.faults.list[0].key, "reference");
	assert_int_equal(list[3].result, OK);
	assert_int_equal(list[1].ctx.faults.count, 0);
	release_batch(list, 4);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM late"), 1);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM t"), 1);
	world_close(&w);
}

/* When SQLite drops the whole transaction, the innocent run again. */
static void a_lost_transaction_is_done_again(void **state)
{
	(void)state;
	world_open(&w, ENGINE_SQLITE, steps, 1);
	struct batched list[] = {{.text = ""}, {.text = "INSERT INTO t (id) VALUES (1)"},
	                         {.text = "INSERT INTO t (id) VALUES (2); INSERT OR ROLLBACK INTO t (id) VALUES (1)"},
	                         {.text = "INSERT INTO t (id) VALUES (3)"}};
	run_batch(list, 4);
	assert_int_equal(list[1].result, OK);
	assert_int_equal(list[1].runs, 2);
	assert_int_equal(list[2].result, ERR_CONFLICT);
	assert_int_equal(list[3].result, OK);
	assert_int_equal(list[3].runs, 1);
	release_batch(list, 4);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM t"), 2);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM t WHERE id = 2"), 0);
	struct store_stats stats;
	store_stats(w.store, &stats);
	assert_true(stats.retried >= 1);
	world_close(&w);
}

static void a_failed_commit_fails_all_its_jobs(void **state)
{
	(void)state;
	world_open(&w, ENGINE_SQLITE, steps, 1);
	struct batched list[] = {{.text = ""}, {.text = "INSERT INTO t (id) VALUES (1)"}, {.text = "INSERT INTO t (id) VALUES (2)"}};
	atomic_store(&sync_error, EIO);
	run_batch(list, 3);
	atomic_store(&sync_error, 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(list[i].result, ERR_RETRY);
		assert_string_equal(list[i].ctx.faults.list[0].key, "store_stopped");
	}
	release_batch(list, 3);
	/* whether they are there after all, the next start finds out; until then nothing is written on top of them */
	struct batched later[] = {{.text = ""}, {.text = "INSERT INTO t (id) VALUES (3)"}};
	run_batch(later, 2);
	assert_int_equal(later[1].result, ERR_RETRY);
	release_batch(later, 2);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM t WHERE id = 3"), 0);
	world_close(&w);
}

static int syncs_of(sqlite3 *lite, const char *text)
{
	int before = atomic_load(&syncs);
	assert_int_equal(sqlite3_exec(lite, text, NULL, NULL, NULL), SQLITE_OK);
	return atomic_load(&syncs) - before;
}

/* The sync that ends a commit can be left to another thread; the one after the log's head never: frames of an older log
 * would be taken for the newest. */
static void only_the_last_sync_of_a_commit_is_left(void **state)
{
	(void)state;
	world_open(&w, ENGINE_SQLITE, steps, 1); /* registers the file layer */
	char path[100];
	(void)snprintf(path, sizeof path, "%s/other.db", w.dir);
	sqlite3 *lite = NULL;
	assert_int_equal(sqlite3_open_v2(path, &lite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "guanxi"), SQLITE_OK);
	assert_int_equal(sqlite3_exec(lite, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (id)", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(syncs_of(lite, "INSERT INTO t VALUES (1)"), 1);
	assert_int_equal(sqlite3_wal_checkpoint_v2(lite, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL), SQLITE_OK);
	lite_log_leave_sync(lite, true);
	assert_false(lite_log_left_sync(lite));
	assert_int_equal(syncs_of(lite, "INSERT INTO t VALUES (2)"), 1); /* the log starts over: its head */
	assert_true(lite_log_left_sync(lite));
	assert_int_equal(syncs_of(lite, "INSERT INTO t VALUES (3)"), 0);
	lite_log_leave_sync(lite, false);
	assert_int_equal(syncs_of(lite, "INSERT INTO t VALUES (4)"), 1);
	assert_false(lite_log_left_sync(lite)); /* of an earlier commit: nobody syncs twice for it */
	sqlite3_close(lite);
	world_close(&w);
}

/* More to undo than memory is given for it goes to a file, and comes back from there. */
static void undo_outgrows_memory(void **state)
{
	(void)state;
	world_open(&w, ENGINE_SQLITE, steps, 1);
	assert_int_equal(world_exec(&w, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
	                                " INSERT INTO t (id, text) SELECT i, hex(randomblob(2000)) FROM n"), OK);
	struct batched list[] = {{.text = ""}, {.text = "INSERT INTO t (id) VALUES (3001)"},
	                         {.text = "UPDATE t SET text = 'kept' WHERE id <= 1500"},
	                         {.text = "UPDATE t SET text = 'gone' WHERE id > 0; INSERT INTO t (id) VALUES (1)"}};
	run_batch(list, 4);
	assert_int_equal(list[2].result, OK);
	assert_int_equal(list[3].result, ERR_CONFLICT);
	release_batch(list, 4);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM t WHERE text = 'kept'"), 1500);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM t WHERE length(text) = 4000"), 500);
	world_close(&w);
}

/* --- the log -------------------------------------------------------------------------------------- */

static void the_log_does_not_grow_for_ever(void **state)
{
	(void)state;
	world_open(&w, ENGINE_SQLITE, steps, 1);
	atomic_store(&slow_pages, 12000); /* who copies the log back is much slower than who writes it */
	for (int i = 0; i < 300; i++) {
		char text[160];
		(void)snprintf(text, sizeof text, "INSERT INTO t (id, text) VALUES (%d, hex(randomblob(400000)))", i);
		assert_int_equal(world_exec(&w, text), OK);
	}
	struct store_stats stats;
	store_stats(w.store, &stats);
	atomic_store(&slow_pages, 0);
	assert_true(stats.wal_bytes < (112 << 20)); /* 240 MB went through it */
	world_close(&w);
}

static void damage_is_found(void **state)
{
	(void)state;
	char path[80];
	struct buf report;
	world_open(&w, ENGINE_SQLITE, steps, 1);
	assert_int_equal(world_exec(&w, "CREATE INDEX t_text ON t (text)"), OK);
	for (int64_t i = 0; i < 600; i += 2)
		assert_int_equal(add(i), OK);
	world_close_store(&w);
	(void)snprintf(path, sizeof path, "%s/guanxi.db", w.dir);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	static const char junk[700] = "junk";
	for (off_t at = 4096 * 6 + 2000; at + 4096 < st.st_size; at += 4096)
		assert_int_equal(pwrite(fd, junk, sizeof junk, at), sizeof junk);
	close(fd);
	world_open_store(&w);
	buf_init(&report, 1 << 16);
	enum err err = store_check(&w.ctx, w.store, &report);
	assert_true(err == ERR_UPSTREAM || report.len > 0);
	/* a damaged database is not copied as if it were good */
	char copy[100];
	(void)snprintf(copy, sizeof copy, "%s/copy", w.dir);
	faults_clear(&w.ctx);
	assert_int_not_equal(store_backup(&w.ctx, w.store, copy), OK);
	assert_int_equal(access(copy, F_OK), -1);
	buf_release(&report);
	world_close(&w);
}

static void what_was_there_is_kept_by_a_restore(void **state)
{
	(void)state;
	char path[80];
	world_open(&w, ENGINE_SQLITE, steps, 1);
	assert_int_equal(add(10), OK);
	(void)snprintf(path, sizeof path, "%s/copy", w.dir);
	assert_int_equal(store_backup(&w.ctx, w.store, path), OK);
	assert_int_equal(add(20), OK);
	world_close_store(&w);
	assert_int_equal(store_restore(&w.ctx, &w.config, path, &takeover), ERR_CONFLICT);
	world_open_store(&w);
	world_open_db(&w);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM t"), 4);
	world_close(&w);
}

/* Copies made by hand: what is no row of ours is refused, and nothing is left. */
static void a_hostile_copy_brings_nothing_but_rows(void **state)
{
	(void)state;
	static const struct {
		const char *sql;
		bool taken;
	} cases[] = {
		{"SELECT 1", true},
		{"INSERT INTO t (id, text) VALUES (7, 'plain')", true},
		{"CREATE INDEX more ON t (text)", true}, /* indexes are not taken */
		{"CREATE TRIGGER bad AFTER INSERT ON t BEGIN DELETE FROM t; END", false},
		{"CREATE VIEW bad AS SELECT * FROM t", false},
		{"CREATE TABLE bad (x)", false},
		{"CREATE VIRTUAL TABLE bad USING fts5(x)", false},
		{"ALTER TABLE t ADD COLUMN bad TEXT", false},
		{"ALTER TABLE t ADD COLUMN bad TEXT GENERATED ALWAYS AS (hex(id)) VIRTUAL", false},
		{"ALTER TABLE t DROP COLUMN twin", false},
		{"DROP TABLE late", false},
		{"INSERT INTO t (id, text) VALUES (7, x'00ff')", false},
		{"INSERT INTO t (id, text) VALUES (7, CAST(x'ff41' AS TEXT))", false},
		{"INSERT INTO t (id, text) VALUES (7, 'a' || char(0) || 'b')", false},
		{"INSERT INTO t (id, thread) VALUES (7, 'text')", false},
		{"INSERT INTO t (id, thread) VALUES (7, 1.5)", false},
		{"INSERT INTO late VALUES (1, 4711)", false}, /* refers to nothing */
		{"DELETE FROM schema_version", false},
		{"UPDATE schema_version SET version = 99", false},
		{"PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE t (id INTEGER PRIMARY KEY, thread INTEGER, twin INTEGER,"
		 " text TEXT AS (printf(''%.*c'', 2000000000, ''x'')))' WHERE name = 't'", false},
		{"PRAGMA writable_schema=ON; UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'late') WHERE name = 't'", false},
		{"PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = 'CREATE VIEW t AS SELECT 1 AS id', type = 'view', rootpage = 0 WHERE name = 't'", false},
		{"PRAGMA writable_schema=ON; INSERT INTO sqlite_schema VALUES ('trigger', 'bad', 't', 0, 'CREATE TRIGGER bad AFTER INSERT ON t BEGIN SELECT 1; END')", false},
	};
	char path[80], bad[90], made[90];
	world_open(&w, ENGINE_SQLITE, steps, 1);
	assert_int_equal(add(10), OK);
	(void)snprintf(path, sizeof path, "%s/copy", w.dir);
	assert_int_equal(store_backup(&w.ctx, w.store, path), OK);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char command[300];
		struct world other;
		sqlite3 *lite;
		(void)snprintf(bad, sizeof bad, "%s/copy-%zu", w.dir, i);
		(void)snprintf(command, sizeof command, "cp %s %s", path, bad);
		assert_int_equal(system(command), 0);
		assert_int_equal(sqlite3_open(bad, &lite), SQLITE_OK);
		if (sqlite3_exec(lite, cases[i].sql, NULL, NULL, NULL) != SQLITE_OK)
			print_error("%s: %s\n", cases[i].sql, sqlite3_errmsg(lite));
		sqlite3_close(lite);
		world_prepare(&other, ENGINE_SQLITE);
		other.ctx.arena = &other.arena;
		enum err err = store_restore(&other.ctx, &other.config, bad, &takeover);
		(void)snprintf(made, sizeof made, "%s/guanxi.db", other.dir);
		if ((err == OK) != cases[i].taken)
			print_error("%s: %d\n", cases[i].sql, (int)err);
		assert_int_equal(err == OK, cases[i].taken);
		assert_int_equal(access(made, F_OK) == 0, cases[i].taken);
		if (err == OK) {
			sqlite3_stmt *stmt;
			assert_int_equal(sqlite3_open(made, &lite), SQLITE_OK);
			assert_int_equal(sqlite3_prepare_v2(lite, "SELECT count(*), (SELECT count(*) FROM sqlite_schema WHERE name = 'more') FROM t", -1, &stmt, NULL), SQLITE_OK);
			assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
			assert_int_equal(sqlite3_column_int(stmt, 0), i == 1 ? 3 : 2);
			assert_int_equal(sqlite3_column_int(stmt, 1), 0);
			sqlite3_finalize(stmt);
			sqlite3_close(lite);
		}
		(void)snprintf(command, sizeof command, "rm -rf %s", other.dir);
		assert_int_equal(system(command), 0);
		arena_release(&other.arena);
	}
	world_close(&w);
}

static enum err many_tables(struct ctx *ctx, void *arg)
{
	enum err err = OK;
	(void)arg;
	for (int i = 0; i < 1500 && err == OK; i++) {
		char text[64];
		(void)snprintf(text, sizeof(text), "CREATE TABLE more_%d (a INTEGER)", i);
		err = db_exec(ctx, ctx->db, text);
	}
	return err;
}

/* What reading the schema anew costs is not the question's. */
static void a_new_schema_is_no_question(void **state)
{
	(void)state;
	world_open(&w, ENGINE_SQLITE, steps, 1);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM t"), 0);
	assert_int_equal(store_write(&w.ctx, w.store, many_tables, NULL), OK);
	db_set_budget(w.db, 3000, 0);
	assert_int_equal(world_number(&w, "SELECT count(*) FROM t"), 0);
	db_set_budget(w.db, 0, 0);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_acknowledged_survives_a_kill),
		cmocka_unit_test(a_folder_has_one_writer),
		cmocka_unit_test(a_failed_sync_stops_the_store),
		cmocka_unit_test(a_full_disk_is_said_and_passes),
		cmocka_unit_test(a_small_disk_fills_up),
		cmocka_unit_test(a_late_constraint_fails_its_own_job),
		cmocka_unit_test(a_lost_transaction_is_done_again),
		cmocka_unit_test(a_failed_commit_fails_all_its_jobs),
		cmocka_unit_test(only_the_last_sync_of_a_commit_is_left),
		cmocka_unit_test(a_new_schema_is_no_question),
		cmocka_unit_test(undo_outgrows_memory),
		cmocka_unit_test(the_log_does_not_grow_for_ever),
		cmocka_unit_test(damage_is_found),
		cmocka_unit_test(what_was_there_is_kept_by_a_restore),
		cmocka_unit_test(a_hostile_copy_brings_nothing_but_rows),
	};
	return cmocka_run_group_tests_name("store on SQLite alone", tests, NULL, NULL);
}
