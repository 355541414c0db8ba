/* One write job: its hooks, savepoints and marks.  Alike on both engines. */
#include <stdlib.h>
#include <string.h>

#include "core/store/internal.h"

void work_state_release(struct work_state *state)
{
	free(state->commits);
	free(state->befores);
	free(state->index);
	*state = (struct work_state){0};
}

/* Room for one more element, or false. */
static bool grow(void **array, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return true;
	size_t wider = *cap ? *cap * 2 : 16;
	void *bigger = reallocarray(*array, wider, size);
	if (!bigger)
		return false;
	*array = bigger;
	*cap = wider;
	return true;
}

/* --- db_before_commit: a list with an index, so that thousands stay cheap -- */

static size_t index_slot(const struct work_state *state, write_fn fn, const void *arg)
{
	uint64_t h = ((uint64_t)(uintptr_t)fn * 0x9E3779B97F4A7C15u) ^ ((uint64_t)(uintptr_t)arg * 0xC2B2AE3D27D4EB4Fu);
	h ^= h >> 29;
	size_t at = (size_t)h & (state->index_cap - 1);
	while (state->index[at]) {
		const struct pending *p = &state->befores[state->index[at] - 1];
		if (p->fn == fn && p->arg == arg)
			break;
		at = (at + 1) & (state->index_cap - 1);
	}
	return at;
}

/* Only those that still wait count as duplicates. */
static bool index_rebuild(struct work_state *state)
{
	size_t cap = 64;
	while (cap < (state->befores_n + 1) * 2)
		cap *= 2;
	if (cap > state->index_cap) {
		uint32_t *bigger = calloc(cap, sizeof *bigger);
		if (!bigger)
			return false;
		free(state->index);
		state->index = bigger;
		state->index_cap = cap;
	} else {
		memset(state->index, 0, state->index_cap * sizeof *state->index);
	}
	for (size_t i = state->befores_ran; i < state->befores_n; i++)
		state->index[index_slot(state, state->befores[i].fn, state->befores[i].arg)] = (uint32_t)i + 1;
	return true;
}

static bool before_waits(const struct work_state *state, write_fn fn, const void *arg)
{
	if (!state->index_cap)
		return false;
	uint32_t found = state->index[index_slot(state, fn, arg)];
	return found && found > state->befores_ran;
}

enum err db_before_commit(struct ctx *ctx, write_fn fn, void *arg)
{
	struct db *db = ctx->db;
	if (!db || !db->job.active)
		return fail(ctx, ERR_BUG, "", "not_in_job");
	struct work_state *state = &db->job;
	if (before_waits(state, fn, arg))
		return OK;
	void *array = state->befores;
	if (state->befores_n >= UINT32_MAX - 1 || !grow(&array, state->befores_n, &state->befores_cap, sizeof *state->befores))
		return fail(ctx, ERR_LIMIT, "", "memory");
	state->befores = array;
	state->befores[state->befores_n++] = (struct pending){fn, arg};
	if ((state->befores_n + 1) * 2 > state->index_cap) {
		if (!index_rebuild(state)) {
			state->befores_n--;
			return fail(ctx, ERR_LIMIT, "", "memory");
		}
	} else {
		/* An entry that already ran may hold the slot: the newer one takes it. */
		state->index[index_slot(state, fn, arg)] = (uint32_t)state->befores_n;
	}
	return OK;
}

static enum err run_befores(struct ctx *ctx, struct work_state *state)
{
	for (size_t rounds = 0; state->befores_ran < state->befores_n; rounds++) {
		if (rounds >= BEFORE_ROUNDS_MAX)
			return fail(ctx, ERR_BUG, "", "before_commit_loop");
		struct pending next = state->befores[state->befores_ran++];
		enum err err = next.fn(ctx, next.arg);
		if (err)
			return err;
	}
	return OK;
}

enum err db_on_commit(struct ctx *ctx, commit_fn fn, void *arg)
{
	struct db *db = ctx->db;
	if (!db || !db->job.active)
		return fail(ctx, ERR_BUG, "", "not_in_job");
	struct work_state *state = &db->job;
	void *array = state->commits;
	if (!grow(&array, state->commits_n, &state->commits_cap, sizeof *state->commits))
		return fail(ctx, ERR_LIMIT, "", "memory");
	state->commits = array;
	state->commits[state->commits_n++] = (struct hook){fn, arg};
	return OK;
}

void *db_scratch(struct db *db)
{
	return db->job.scratch;
}

int64_t db_job_number(const struct db *db)
{
	return db->job.number;
}

/* --- marks and savepoints --------------------------------------------------- */

struct mark work_mark(const struct db *db)
{
	struct mark mark = {.commits = db->job.commits_n, .befores = db->job.befores_n};
	memcpy(mark.scratch, db->job.scratch, DB_SCRATCH);
	return mark;
}

void work_rewind(struct db *db, const struct mark *mark)
{
	struct work_state *state = &db->job;
	state->commits_n = mark->commits;
	if (state->befores_n > mark->befores) {
		state->befores_n = mark->befores;
		if (state->befores_ran > state->befores_n)
			state->befores_ran = state->befores_n;
		/* The table is large enough already, so this cannot fail. */
		if (!index_rebuild(state))
			state->index_cap = 0;
	}
	memcpy(state->scratch, mark->scratch, DB_SCRATCH);
}

enum err db_savepoint(struct ctx *ctx)
{
	struct db *db = ctx->db;
	if (!db || !db->job.active)
		return fail(ctx, ERR_BUG, "", "not_in_job");
	if (db->job.depth >= DEPTH_MAX)
		return fail(ctx, ERR_BUG, "", "savepoints_nested");
	enum err err = db_command(ctx, db, COMMAND_SAVEPOINT);
	if (!err)
		db->job.marks[db->job.depth++] = work_mark(db);
	return err;
}

enum err db_release(struct ctx *ctx)
{
	struct db *db = ctx->db;
	if (!db || !db->job.depth)
		return fail(ctx, ERR_BUG, "", "no_savepoint");
	enum err err = db_command(ctx, db, COMMAND_RELEASE);
	if (!err)
		db->job.depth--;
	return err;
}

void db_rollback_to(struct ctx *ctx)
{
	struct db *db = ctx->db;
	if (!db || !db->job.depth)
		return;
	/* When this fails the transaction is lost; work_run sees it and fails the job. */
	db->job.depth--;
	if (db_command(ctx, db, COMMAND_ROLLBACK_TO) != OK || db_command(ctx, db, COMMAND_RELEASE) != OK)
		db->job.broken = true;
	work_rewind(db, &db->job.marks[db->job.depth]);
}

/* --- running ---------------------------------------------------------------- */

void store_set_guard(struct store *store, write_fn guard, void *arg)
{
	store->guard_arg = arg;
	atomic_store_explicit(&store->guard, guard, memory_order_release);
}

enum err work_run(struct db *db, struct write_job *job)
{
	struct ctx *ctx = job->ctx;
	struct work_state *state = &db->job;
	struct db *previous_db = ctx->db;
	struct store *previous_store = ctx->store;
	ctx->db = db;
	ctx->store = db->store;
	state->active = true;
	state->broken = state->schema_changed = false;
	state->depth = 0;
	state->befores_n = state->befores_ran = 0;
	if (state->index_cap)
		memset(state->index, 0, state->index_cap * sizeof *state->index);
	state->number = (int64_t)atomic_fetch_add_explicit(&db->store->job_number, 1, memory_order_relaxed) + 1;
	const struct actor *actor = ctx->actor;
	write_fn guard = atomic_load_explicit(&db->store->guard, memory_order_acquire);
	enum err err = guard ? guard(ctx, db->store->guard_arg) : OK;
	if (!err)
		err = job->run(ctx, job->arg);
	if (!err)
		err = run_befores(ctx, state);
	if (!err && state->depth)
		err = fail(ctx, ERR_BUG, "", "savepoint_open");
	if (!err && state->broken)
		err = fail(ctx, ERR_RETRY, "", "transaction_lost");
	db_release_all(db);
	state->active = false;
	ctx->actor = actor; /* what the guard made of it may lie where the caller rewinds to */
	ctx->db = previous_db;
	ctx->store = previous_store;
	return err;
}

void work_committed(struct db *db)
{
	struct work_state *state = &db->job;
	for (size_t i = 0; i < state->commits_n; i++)
		state->commits[i].fn(db->store, state->commits[i].arg);
	state->commits_n = 0;
}

void work_refuse(struct write_job *job, enum err code, const char *key)
{
	fault_add(job->ctx, code, "", key, NULL);
	job->done(job, code);
}

void work_start_note(struct work_start *start, struct write_job *job)
{
	const struct faults *faults = &job->ctx->faults;
	*start = (struct work_start){.job = job, .arena = arena_mark(job->ctx->arena), .faults = faults->count,
	                            .faults_code = faults->code, .faults_more = faults->more};
}

void work_start_restore(const struct work_start *start)
{
	struct ctx *ctx = start->job->ctx;
	arena_rewind(ctx->arena, start->arena);
	ctx->faults.count = start->faults;
	ctx->faults.code = start->faults_code;
	ctx->faults.more = start->faults_more;
}
