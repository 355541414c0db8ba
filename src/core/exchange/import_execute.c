/* The run itself: this thread reads and prepares the next batch while the store's
 * writer writes the one before.
 *
 * A batch is one write job: its rows, the rows that failed, the counters and the
 * position all commit together.  It is tried fast, without savepoints.  When a row
 * fails the batch is rolled back and tried carefully, with a savepoint around each
 * row; when it still fails (at the end of the job, where sums are made), row by row. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/exchange/exchange_sql.h"
#include "core/exchange/import.h"

enum { CAREFUL_BATCHES = 20, EARLIER_MAX = 100, FAILED_ROWS_MAX = 2 << 20 };

enum care { CARE_FAST, CARE_ROWS };

struct run;

struct batch {
	struct run *run;
	struct arena arena; /* the ready rows */
	struct arena work;  /* what writing them needs */
	struct ctx ctx;
	struct ready_row *rows;
	size_t n, first, end; /* rows first to end - 1 are written */
	enum care care;
	int64_t covered;      /* rows before them that an earlier run of the same file did */
	int64_t last;         /* number of the last row read, written or covered */
	int64_t position;     /* the last row's number that is written */
	int64_t total;        /* rows in the file, as far as one can tell */
	/* set by the writer */
	struct import_counts counts; /* after the batch */
	struct ready_row *failing;
	enum err result;
	/* hand-over between the threads */
	struct write_job job;
	bool finished;
};

struct run {
	struct ctx *ctx; /* the caller's */
	const struct job *job;
	struct import_run record;
	struct table *table;
	struct plan *plan;
	struct prepare *prepare;
	struct import_keys keys;
	struct actor actor;
	const char *request_id;
	struct import_counts counts; /* on disk */
	int64_t covered;   /* up to this row an earlier run of the same file did them */
	struct map failed; /* all but these */
	uint64_t reach;    /* what the actor may read, as of the last batch */
	bool at_end;
	enum err broken; /* the file could not be read further; its faults are in ctx */
	int64_t read_to; /* rows up to here were done before this start */
	int64_t read;    /* rows read, those done before too */
	size_t batch_rows;
	int64_t others; /* write jobs of everybody up to the last batch */
	int careful; /* batches still to be tried carefully at once */
	FILE *progress;
	int64_t told_us;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct batch batches[2];
};

/* --- on the writer's thread ---------------------------------------------------- */

static enum err problem_text(struct record *r, struct ctx *ctx, const char *field, const char *text, int most)
{
	struct value value = value_null();
	if (str_empty(text))
		return OK;
	size_t n = strlen(text), at = 0;
	for (int chars = 0; at < n && chars < most; chars++)
		(void)utf8_next(text, n, &at);
	const char *copy = arena_strndup(ctx->arena, text, at);
	if (copy == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	value = value_text(copy);
	return record_set(ctx, r, field, value);
}

static enum err note_fault(struct ctx *ctx, const struct run *run, int64_t row, const char *outcome, const struct import_fault *f)
{
	const struct entity_info *info = registry_find(ctx->registry, "import_problem");
	const struct fault fault = {f->field, f->key, f->arg};
	struct record *r;
	enum err err = record_new(ctx, info, &r);
	if (err == OK)
		err = record_set(ctx, r, "run_id", value_int(run->record.id));
	if (err == OK)
		err = record_set(ctx, r, "row", value_int(row));
	if (err == OK)
		err = problem_text(r, ctx, "outcome", outcome, 20);
	if (err == OK)
		err = problem_text(r, ctx, "entity", f->entity, 60);
	if (err == OK)
		err = problem_text(r, ctx, "field", f->field, 120);
	if (err == OK && f->column >= 0)
		err = record_set(ctx, r, "column", value_int(f->column + 1));
	if (err == OK)
		err = problem_text(r, ctx, "key", f->key, 80);
	if (err == OK)
		err = problem_text(r, ctx, "argument", f->arg, 300);
	if (err == OK)
		err = problem_text(r, ctx, "message", app_message(ctx, &fault), 500);
	return err == OK ? record_create(ctx, r, W_TRUSTED) : err;
}

static enum err note_row(struct ctx *ctx, struct batch *b, const struct ready_row *row, enum import_outcome outcome)
{
	b->counts.by[outcome]++;
	for (size_t i = 0; i < row->n_faults; i++) {
		enum err err = note_fault(ctx, b->run, row->number, import_outcome_name(outcome), &row->faults[i]);
		if (err != OK)
			return err;
	}
	return OK;
}

static enum err note_duplicate(struct ctx *ctx, struct batch *b, const struct ready_row *row, const struct import_written *done)
{
	char id[32];
	const struct plan_record *r = &b->run->plan->records[done->record];
	(void)snprintf(id, sizeof(id), "%lld", (long long)done->duplicate_of);
	const char *field = r->n_keys > 0 ? r->info->fields[r->fields[r->keys[0]].at]->name : "";
	const struct import_fault fault = {ERR_CONFLICT, r->info->entity->name, field, "duplicate", id, -1};
	b->counts.by[ROW_DUPLICATE]++;
	return note_fault(ctx, b->run, row->number, import_outcome_name(ROW_DUPLICATE), &fault);
}

/* A row that needs nothing written, or can't be. */
static bool is_settled(const struct ready_row *row)
{
	return row->n_faults > 0 || !row->wanted;
}

/* The row is in, with or without values that could not be taken. */
static enum err note_written(struct ctx *ctx, struct batch *b, const struct ready_row *row, const struct import_written *done)
{
	if (done->outcome == ROW_DUPLICATE)
		return note_duplicate(ctx, b, row, done);
	b->counts.by[done->outcome]++;
	b->counts.left += (int64_t)row->n_left;
	for (size_t i = 0; i < row->n_left; i++) {
		enum err err = note_fault(ctx, b->run, row->number, "left", &row->left[i]);
		if (err != OK)
			return err;
	}
	return OK;
}

static enum err write_ready(struct ctx *ctx, struct batch *b, struct ready_row *row)
{
	struct run *run = b->run;
	struct import_written done;
	struct import_counts before = b->counts;
	bool guarded = b->care != CARE_FAST, again = false;
	do { /* each time with a value less that can't be taken */
		enum err err = guarded ? db_savepoint(ctx) : OK;
		if (err != OK)
			return err;
		err = import_write_row(ctx, run->plan, &run->keys, row, run->record.started_at, &b->counts, &done);
		if (err == OK && guarded)
			err = db_release(ctx);
		if (err == OK)
			return note_written(ctx, b, row, &done);
		b->failing = row;
		if (!guarded || !import_row_error(err))
			return err;
		b->failing = NULL;
		db_rollback_to(ctx);
		import_keys_undo(&run->keys);
		b->counts = before;
		again = import_leave_bad(ctx, &b->arena, run->plan, done.record, row);
	} while (again);
	struct ready_row failed = {.number = row->number};
	import_take_faults(ctx, run->plan, done.record, &failed);
	/* What is there already, by a unique field: a duplicate, not a mistake. */
	bool twice = failed.n_faults == 1 && str_equal(failed.faults[0].key, "unique") && run->plan->records[done.record].mode == PLAN_CREATE;
	return note_row(ctx, b, &failed, twice ? ROW_DUPLICATE : ROW_FAILED);
}

static uint64_t mix(uint64_t hash, const void *data, size_t n)
{
	return (hash ^ str_hash((const char *)data, n)) * 0x9e3779b97f4a7c15u;
}

/* What the actor may read, as one number. */
static uint64_t reach_of(const struct actor *actor)
{
	uint64_t hash = 1;
	if (actor == NULL)
		return 0;
	for (size_t i = 0; i < actor->n_rights; i++)
		hash = mix(hash, &actor->rights[i].scope[ACTION_READ], 1);
	hash = mix(hash, &actor->team_id, sizeof(actor->team_id));
	hash = mix(hash, &actor->branch_id, sizeof(actor->branch_id));
	return actor->n_teams > 0 ? mix(hash, actor->teams, actor->n_teams * sizeof(*actor->teams)) : hash;
}

/* Whose import it is may have lost the right since the batch before: job_hold has asked who they are now.  Records
 * that were found for who could read more are looked for anew. */
static enum err still_allowed(struct ctx *ctx, struct run *run)
{
	uint64_t reach = reach_of(ctx->actor);
	if (run->reach != reach)
		map_clear(&run->keys.done);
	run->reach = reach;
	enum err err = plan_check_rights(ctx, run->plan);
	if (err != ERR_FORBIDDEN)
		return err;
	const char *entity = ctx->faults.list[0].arg;
	faults_clear(ctx);
	return fail_arg(ctx, ERR_CONFLICT, "", "import_right_ended", entity);
}

static enum err still_wanted(struct ctx *ctx, struct batch *b)
{
	struct stmt *stmt;
	bool row = false;
	struct run *run = b->run;
	enum err err = OK;
	if (run->job != NULL)
		err = job_hold(ctx, run->job, b->counts.rows, b->total, NULL);
	if (err == OK)
		err = still_allowed(ctx, run);
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_import_look, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, run->record.id);
	err = stmt_step(ctx, stmt, &row);
	const char *state = row ? stmt_text(stmt, 0) : NULL;
	bool stopped = err == OK && !str_equal(state, "running");
	bool moved = err == OK && row && stmt_i64(stmt, 1) != run->record.position;
	stmt_done(stmt);
	if (stopped)
		err = fail(ctx, ERR_CONFLICT, "", "job_cancelled");
	else if (moved) /* somebody else runs it too */
		err = fail(ctx, ERR_CONFLICT, "", "job_lost");
	return err;
}

static enum err keep_progress(struct ctx *ctx, const struct batch *b)
{
	struct stmt *stmt;
	const struct import_counts *c = &b->counts;
	enum err err = db_prepare(ctx, ctx->db, &sql_import_progress, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, b->run->record.id);
	stmt_bind_i64(stmt, 2, b->position);
	stmt_bind_i64(stmt, 3, c->rows);
	stmt_bind_i64(stmt, 4, b->total);
	stmt_bind_i64(stmt, 5, c->by[ROW_CREATED]);
	stmt_bind_i64(stmt, 6, c->by[ROW_UPDATED]);
	stmt_bind_i64(stmt, 7, c->by[ROW_SKIPPED] + c->by[ROW_DUPLICATE]);
	stmt_bind_i64(stmt, 8, c->by[ROW_FAILED]);
	stmt_bind_i64(stmt, 9, c->left);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* The write job. Repeatable: everything starts from what is on disk. */
static enum err write_batch(struct ctx *ctx, void *arg)
{
	struct batch *b = arg;
	struct run *run = b->run;
	b->counts = run->counts;
	b->failing = NULL;
	import_keys_drop(&run->keys);
	int64_t covered = b->first == 0 ? b->covered : 0;
	b->counts.rows += (int64_t)(b->end - b->first) + covered;
	b->counts.by[ROW_SKIPPED] += covered;
	enum err err = still_wanted(ctx, b);
	ctx->gathering = NULL;
	if (err == OK)
		err = import_keys_ahead(ctx, &run->keys, b->rows + b->first, b->end - b->first);
	if (err == OK && b->care == CARE_FAST)
		err = record_gather(ctx);
	for (size_t i = b->first; err == OK && i < b->end; i++) {
		struct ready_row *row = &b->rows[i];
		if (row->n_faults > 0)
			err = note_row(ctx, b, row, ROW_FAILED);
		else if (is_settled(row))
			b->counts.by[ROW_SKIPPED]++;
		else
			err = write_ready(ctx, b, row);
	}
	b->position = b->end == b->n ? b->last : b->rows[b->end - 1].number;
	return err == OK ? keep_progress(ctx, b) : err;
}

static void batch_done(struct write_job *job, enum err result)
{
	struct batch *b = job->arg;
	struct run *run = b->run;
	pthread_mutex_lock(&run->lock);
	b->result = result;
	b->finished = true;
	pthread_cond_signal(&run->wake);
	pthread_mutex_unlock(&run->lock);
}

/* --- on the reader's thread ------------------------------------------------------ */

static void submit(struct batch *b)
{
	struct run *run = b->run;
	b->finished = false;
	/* Not in the job: the store goes back to where the arena stood before it when it runs it again. */
	arena_reset(&b->work);
	b->ctx.arena = &b->work;
	b->ctx.actor = run->ctx->actor != NULL ? &run->actor : NULL;
	faults_clear(&b->ctx);
	b->job = (struct write_job){.run = write_batch, .done = batch_done, .ctx = &b->ctx, .arg = b};
	store_submit(run->ctx->store, &b->job);
}

static void await(struct batch *b)
{
	struct run *run = b->run;
	pthread_mutex_lock(&run->lock);
	while (!b->finished)
		pthread_cond_wait(&run->wake, &run->lock);
	pthread_mutex_unlock(&run->lock);
}

/* The batch is on disk: memory follows. */
static enum err settle(struct batch *b)
{
	struct run *run = b->run;
	run->counts = b->counts;
	run->record.position = b->position;
	return import_keys_keep(run->ctx, &run->keys);
}

/* Faults of a batch that failed for good, as the caller's. */
static enum err pass_on(struct batch *b, enum err err)
{
	for (size_t i = 0; i < b->ctx.faults.count; i++) {
		const struct fault *f = &b->ctx.faults.list[i];
		fault_add(b->run->ctx, err, f->field, f->key, f->arg);
	}
	if (b->ctx.faults.count == 0)
		fault_add(b->run->ctx, err, "", "bug", NULL);
	return err;
}

/* Writes rows first to end - 1 of the batch and waits. */
static enum err write_part(struct batch *b, size_t first, size_t end, enum care care)
{
	b->first = first;
	b->end = end;
	b->care = care;
	submit(b);
	await(b);
	return b->result == OK ? settle(b) : b->result;
}

static bool ours_to_repeat(const struct batch *b, enum err err)
{
	const char *key = b->ctx.faults.count > 0 ? b->ctx.faults.list[0].key : "";
	return import_row_error(err) && !import_run_ends(key);
}

/* One row that fails even alone: at the end of the job, where sums and totals are made.
 * It is noted as failed, with the faults it gave. */
static enum err write_alone(struct batch *b, size_t i)
{
	enum err err = write_part(b, i, i + 1, CARE_ROWS);
	if (err == OK || !ours_to_repeat(b, err))
		return err;
	struct ctx keep = b->ctx;
	keep.arena = &b->arena; /* the faults outlive the job's memory */
	faults_keep(&keep);
	import_take_faults(&keep, b->run->plan, b->run->plan->n_records - 1, &b->rows[i]);
	return write_part(b, i, i + 1, CARE_ROWS);
}

/* After the first try of a batch: what is left to do. */
static enum err finish_batch(struct batch *b)
{
	struct run *run = b->run;
	await(b);
	enum err err = b->result;
	if (err == OK)
		return settle(b);
	if (!ours_to_repeat(b, err))
		return err;
	run->careful = CAREFUL_BATCHES;
	if (b->care == CARE_FAST)
		err = write_part(b, 0, b->n, CARE_ROWS);
	if (err == OK || !ours_to_repeat(b, err))
		return err;
	err = OK;
	for (size_t i = 0; err == OK && i < b->n; i++)
		err = write_alone(b, i);
	return err;
}

static int64_t estimate_total(const struct run *run, int64_t rows)
{
	const struct table_info *info = table_info(run->table);
	if (run->at_end || info->bytes_done <= 0 || info->bytes_total <= 0)
		return rows;
	double guess = (double)rows * (double)info->bytes_total / (double)info->bytes_done;
	return guess > (double)rows && guess < 1e15 ? (int64_t)guess : rows;
}

/* Whether the row is behind us: done before a crash, or by an earlier run of the file. */
static bool behind(const struct run *run, struct batch *b, int64_t number)
{
	int64_t ignored;
	bool covered = number <= run->covered && !map_get(&run->failed, &number, sizeof(number), &ignored);
	if (number > run->read_to)
		b->covered += covered;
	return covered || number <= run->read_to;
}

/* Reads and prepares the next rows.  What can't be read ends the file: the rows before it are written. */
static void read_batch(struct run *run, struct batch *b)
{
	enum err err = OK;
	size_t text = 0;
	arena_reset(&b->arena);
	b->ctx.arena = &b->arena;
	b->ctx.actor = run->ctx->actor;
	faults_clear(&b->ctx);
	b->n = 0;
	b->covered = 0;
	b->rows = arena_array(&b->arena, IMPORT_BATCH_ROWS, sizeof(*b->rows));
	if (b->rows == NULL)
		err = fail(&b->ctx, ERR_LIMIT, "", "memory");
	while (err == OK && b->n < run->batch_rows && text < IMPORT_BATCH_TEXT) {
		struct table_row row;
		bool more = false;
		err = table_next(&b->ctx, run->table, &row, &more);
		run->at_end = err == OK && !more;
		if (err != OK || !more)
			break;
		bool done = behind(run, b, row.number);
		b->last = row.number;
		if (done && run->plan->n_fill_down == 0)
			continue;
		for (size_t i = 0; i < row.n; i++)
			text += row.cells[i].len;
		err = prepare_row(&b->ctx, run->prepare, &row, &b->rows[b->n]);
		b->n += err == OK && !done;
	}
	run->read += (int64_t)b->n + b->covered;
	b->total = estimate_total(run, run->read);
	if (err != OK) {
		run->broken = pass_on(b, err);
		run->at_end = true;
	}
}

static void tell(struct run *run)
{
	int64_t now = time_monotonic_us();
	if (run->progress == NULL || now - run->told_us < 1000000)
		return;
	run->told_us = now;
	(void)fprintf(run->progress, "%lld rows\n", (long long)run->counts.rows);
	(void)fflush(run->progress);
}

/* Large batches cost less; while others write, small ones let them through. */
static void choose_rows(struct run *run)
{
	struct store_stats stats;
	store_stats(run->ctx->store, &stats);
	bool shared = run->others != 0 && stats.jobs - run->others > 2; /* ours is among them */
	run->others = stats.jobs;
	run->batch_rows = shared ? IMPORT_BATCH_SHARED : run->batch_rows * 2;
	if (run->batch_rows > IMPORT_BATCH_ROWS)
		run->batch_rows = IMPORT_BATCH_ROWS;
}

static void start_batch(struct run *run, struct batch *b)
{
	b->first = 0;
	b->end = b->n;
	b->care = run->careful > 0 ? CARE_ROWS : CARE_FAST;
	run->careful -= run->careful > 0;
	submit(b);
}

/* Reads batch after batch; each is written while the next is read. */
static enum err pump(struct run *run)
{
	struct batch *reading = &run->batches[0], *writing = NULL;
	while (!run->at_end || writing != NULL) {
		bool any = !run->at_end;
		if (any)
			read_batch(run, reading);
		choose_rows(run);
		if (writing != NULL) {
			enum err err = finish_batch(writing);
			if (err != OK)
				return run->broken != OK ? run->broken : pass_on(writing, err);
			tell(run);
		}
		writing = NULL;
		if (!any || (reading->n == 0 && reading->covered == 0))
			continue;
		start_batch(run, reading);
		writing = reading;
		reading = reading == &run->batches[0] ? &run->batches[1] : &run->batches[0];
	}
	return run->broken;
}

/* --- beginning and end ------------------------------------------------------------- */

/* Rows that failed then are tried again. */
static enum err add_failed(struct ctx *ctx, struct run *run, int64_t earlier, int64_t from, int64_t to)
{
	struct stmt *stmt;
	bool row = true;
	enum err err = db_prepare(ctx, ctx->db, &sql_import_failed_rows, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, earlier);
	stmt_bind_i64(stmt, 2, from);
	stmt_bind_i64(stmt, 3, to);
	while (err == OK && (err = stmt_step(ctx, stmt, &row)) == OK && row) {
		int64_t number = stmt_i64(stmt, 0);
		if (run->failed.count >= FAILED_ROWS_MAX || !map_put(&run->failed, &number, sizeof(number), 1))
			err = fail(ctx, ERR_LIMIT, "", "memory");
	}
	stmt_done(stmt);
	return err;
}

struct earlier {
	int64_t id, position;
};

static enum err list_earlier(struct ctx *ctx, const struct run *run, struct earlier *list, size_t *ret_n)
{
	struct stmt *stmt;
	struct record *r;
	bool row = true;
	*ret_n = 0;
	enum err err = record_load(ctx, registry_find(ctx->registry, "import_run"), run->record.id, &r);
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_import_earlier, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, run->record.sha256);
	stmt_bind_text(stmt, 2, record_text(r, "plan_hash"));
	stmt_bind_i64(stmt, 3, run->record.id);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && *ret_n < EARLIER_MAX)
		list[(*ret_n)++] = (struct earlier){stmt_i64(stmt, 0), stmt_i64(stmt, 1)};
	stmt_done(stmt);
	return err;
}

/* What the newest run that came to a row says of it holds: done, or failed. */
static enum err find_covered(struct ctx *ctx, struct run *run)
{
	struct earlier list[EARLIER_MAX];
	size_t n = 0;
	if (run->plan->again)
		return OK;
	enum err err = list_earlier(ctx, run, list, &n);
	for (size_t i = 0; err == OK && i < n; i++) {
		if (list[i].position <= run->covered)
			continue;
		err = add_failed(ctx, run, list[i].id, run->covered, list[i].position);
		run->covered = list[i].position;
	}
	return err;
}

static enum err mark_running(struct ctx *ctx, void *arg)
{
	const struct run *run = arg;
	struct import_run now_is;
	char now[TIME_TEXT_MAX];
	enum err err = import_run_load(ctx, run->record.id, &now_is);
	if (err != OK)
		return err;
	if (str_equal(now_is.state, "cancelling") || str_equal(now_is.state, "cancelled"))
		return fail(ctx, ERR_CONFLICT, "", "job_cancelled");
	(void)time_format(ctx_now(ctx), now);
	if (run->record.started_at != 0)
		return import_run_set(ctx, run->record.id, "state", "running", "error", NULL, "finished_at", NULL, NULL);
	return import_run_set(ctx, run->record.id, "state", "running", "error", NULL, "started_at", now, NULL);
}

static enum err prepare_batches(struct ctx *ctx, struct run *run)
{
	for (size_t i = 0; i < 2; i++) {
		struct batch *b = &run->batches[i];
		arena_init(&b->arena, IMPORT_BATCH_BYTES);
		arena_init(&b->work, IMPORT_BATCH_BYTES);
		b->run = run;
		b->ctx = *ctx;
		b->ctx.deadline_ms = 0;
		b->ctx.request_id = run->request_id;
		faults_clear(&b->ctx);
	}
	if (ctx->actor != NULL) {
		run->actor = *ctx->actor;
		/* The log says that a file brought it. The system stays the system. */
		if (run->actor.kind != ACTOR_SYSTEM)
			run->actor.kind = ACTOR_IMPORT;
	}
	return prepare_new(ctx, run->plan, &run->prepare);
}

static void release(struct run *run)
{
	for (size_t i = 0; i < 2; i++) {
		arena_release(&run->batches[i].arena);
		arena_release(&run->batches[i].work);
	}
	prepare_free(run->prepare);
	table_free(run->table);
	import_keys_release(&run->keys);
	map_release(&run->failed);
	pthread_mutex_destroy(&run->lock);
	pthread_cond_destroy(&run->wake);
	free(run);
}

struct ending {
	const struct run *run;
	const char *records;
};

static enum err mark_done(struct ctx *ctx, void *arg)
{
	const struct ending *e = arg;
	char now[TIME_TEXT_MAX], rows[32];
	(void)time_format(ctx_now(ctx), now);
	(void)snprintf(rows, sizeof(rows), "%lld", (long long)e->run->counts.rows);
	return import_run_set(ctx, e->run->record.id, "state", "done", "rows_total", rows, "records", e->records, "finished_at", now, NULL);
}

/* {"customer":{"created":2767,"updated":0},…} of this part of the run. */
static const char *records_json(struct ctx *ctx, const struct run *run)
{
	struct buf out;
	buf_init(&out, 16 * 1024);
	for (size_t i = 0; i < run->plan->n_records; i++)
		buf_printf(&out, "%s\"%s\":{\"created\":%lld,\"updated\":%lld}", i == 0 ? "{" : ",", run->plan->records[i].as,
		           (long long)run->counts.records[i].created, (long long)run->counts.records[i].updated);
	buf_putc(&out, '}');
	const char *text = buf_failed(&out) ? NULL : arena_strdup(ctx->arena, buf_text(&out));
	buf_release(&out);
	return text;
}

/* What the run's record says after it ended like this. */
static enum err conclude(struct ctx *ctx, struct run *run, enum err err)
{
	const char *key = ctx->faults.count > 0 ? ctx->faults.list[0].key : "";
	if (err == OK) {
		struct ending e = {run, records_json(ctx, run)};
		return store_write(ctx, ctx->store, mark_done, &e);
	}
	/* Goes on after the next start, or with whoever took it. */
	if (str_equal(key, "job_stopping") || str_equal(key, "job_lost"))
		return err;
	struct faults faults = ctx->faults;
	bool cancelled = str_equal(key, "job_cancelled");
	const char *why = cancelled ? NULL : import_run_why(ctx, &faults.list[0]);
	faults_clear(ctx);
	ctx->actor = gate_system(); /* who ran it may be no more */
	enum err kept = import_run_state(ctx, run->record.id, cancelled ? "cancelled" : "failed", why);
	if (kept != OK)
		return kept;
	ctx->faults = faults;
	return err;
}

static enum err open_run(struct ctx *ctx, struct run *run)
{
	enum err err = import_open(ctx, &run->record, &run->table, &run->plan);
	run->keys.plan = run->plan;
	if (err == OK)
		err = find_covered(ctx, run);
	if (err == OK)
		err = store_write(ctx, ctx->store, mark_running, run);
	if (err == OK && run->record.started_at == 0)
		run->record.started_at = ctx_now(ctx);
	if (err == OK)
		err = import_bulk_begin(ctx, run->plan, table_info(run->table)->bytes_total);
	return err == OK ? prepare_batches(ctx, run) : err;
}

/* However the run ended: the indexes are made again, and what it ended with stays said. */
static enum err mend_after(struct ctx *ctx, struct run *run, enum err ended)
{
	struct faults faults = ctx->faults;
	const char *key = ended != OK && faults.count > 0 ? faults.list[0].key : "";
	if (str_equal(key, "job_stopping") || str_equal(key, "job_lost"))
		return ended; /* it goes on later, or the next start does it */
	faults_clear(ctx);
	const struct actor *actor = ctx->actor;
	ctx->actor = gate_system();
	enum err err = import_bulk_end(ctx, ended == OK ? run->job : NULL, &run->counts);
	ctx->actor = actor;
	if (ended == OK)
		return err;
	ctx->faults = faults;
	return ended;
}

enum err import_execute(struct ctx *ctx, int64_t run_id, const struct job *job, FILE *progress, struct import_counts *ret)
{
	struct run *run = calloc(1, sizeof(*run));
	struct db *db = ctx->db;
	const char *request_id = ctx->request_id;
	const struct actor *actor = ctx->actor;
	if (run == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	pthread_mutex_init(&run->lock, NULL);
	pthread_cond_init(&run->wake, NULL);
	run->ctx = ctx;
	run->job = job;
	run->progress = progress;
	run->told_us = time_monotonic_us();
	run->batch_rows = IMPORT_BATCH_SHARED;
	import_keys_init(ctx, &run->keys);
	map_init(&run->failed, (uint64_t)run->told_us, (uint64_t)run_id);
	ctx->request_id = run->request_id = import_request_id(ctx, run_id);
	enum err err = import_run_load(ctx, run_id, &run->record);
	run->record.id = run_id;
	run->counts = run->record.counts;
	run->read_to = run->record.position;
	run->read = run->counts.rows;
	bool loaded = err == OK;
	if (err == OK)
		err = open_run(ctx, run);
	ctx->db = db;
	if (err == OK)
		err = mend_after(ctx, run, pump(run));
	ctx->db = db;
	if (loaded)
		err = conclude(ctx, run, err);
	ctx->db = db;
	ctx->actor = actor;
	ctx->request_id = request_id;
	*ret = run->counts;
	release(run);
	return err;
}
