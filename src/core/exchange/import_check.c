/* A dry run: the first rows are really written, and then rolled back. */
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "core/exchange/import.h"

enum { CHECK_ROWS = 200 };

struct checked {
	struct ready_row row;
	struct table_row cells;
	enum import_outcome outcome;
	struct import_fault *faults, *left;
	size_t n_faults, n_left;
};

struct checking {
	struct plan *plan;
	json_t *json; /* of the plan, with what the whole file showed */
	struct arena *arena; /* the caller's: outlives the write job */
	struct checked *rows;
	size_t n;
	int64_t now;
	bool finished; /* all rows were tried; the job is then failed on purpose */
};

/* Faults live in the job's memory or the caller's; they are kept. */
static bool copy_faults(struct checking *c, const struct import_fault *faults, size_t n, struct import_fault **ret, size_t *ret_n)
{
	*ret = arena_array(c->arena, n + 1, sizeof(**ret));
	*ret_n = 0;
	for (size_t i = 0; *ret != NULL && i < n; i++) {
		struct import_fault *f = &(*ret)[i];
		*f = faults[i];
		f->field = arena_strdup(c->arena, f->field);
		f->key = arena_strdup(c->arena, f->key);
		f->arg = f->arg != NULL ? arena_strdup(c->arena, f->arg) : NULL;
		if (f->field == NULL || f->key == NULL)
			return false;
		*ret_n = i + 1;
	}
	return *ret != NULL;
}

static bool keep_faults(struct checking *c, struct checked *to, const struct import_fault *faults, size_t n)
{
	return copy_faults(c, faults, n, &to->faults, &to->n_faults);
}

static enum err check_row(struct ctx *ctx, struct checking *c, struct import_keys *keys, struct checked *row)
{
	struct import_counts counts = {0};
	struct import_written done;
	row->n_faults = row->n_left = 0;
	row->outcome = row->row.n_faults > 0 ? ROW_FAILED : ROW_SKIPPED;
	if (row->row.n_faults > 0)
		return keep_faults(c, row, row->row.faults, row->row.n_faults) ? OK : fail(ctx, ERR_LIMIT, "", "memory");
	if (!row->row.wanted)
		return OK;
	bool again = false;
	do {
		enum err err = db_savepoint(ctx);
		if (err != OK)
			return err;
		err = import_write_row(ctx, c->plan, keys, &row->row, c->now, &counts, &done);
		if (err == OK) {
			row->outcome = done.outcome;
			row->left = row->row.left;
			row->n_left = row->row.n_left;
			return db_release(ctx);
		}
		if (!import_row_error(err))
			return err;
		db_rollback_to(ctx);
		import_keys_undo(keys);
		again = import_leave_bad(ctx, c->arena, c->plan, done.record, &row->row);
	} while (again);
	struct ready_row failed = {.number = row->row.number};
	import_take_faults(ctx, c->plan, done.record, &failed);
	row->outcome = ROW_FAILED;
	return keep_faults(c, row, failed.faults, failed.n_faults) ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

/* The write job; always ends in an error, so that nothing of it stays. */
static enum err try_rows(struct ctx *ctx, void *arg)
{
	struct checking *c = arg;
	struct import_keys keys;
	import_keys_init(ctx, &keys);
	c->finished = false;
	enum err err = OK;
	for (size_t i = 0; err == OK && i < c->n; i++)
		err = check_row(ctx, c, &keys, &c->rows[i]);
	import_keys_release(&keys);
	if (err != OK)
		return err;
	c->finished = true;
	return fail(ctx, ERR_CONFLICT, "", "dry_run");
}

static void write_fault(struct ctx *ctx, struct jsonw *w, const struct import_fault *f)
{
	const struct fault fault = {f->field, f->key, f->arg};
	jsonw_object(w);
	jsonw_key(w, "column");
	if (f->column >= 0)
		jsonw_int(w, f->column);
	else
		jsonw_null(w);
	jsonw_kv_text(w, "entity", f->entity);
	jsonw_kv_text(w, "field", f->field);
	jsonw_kv_text(w, "key", f->key);
	jsonw_kv_text(w, "message", app_message(ctx, &fault));
	jsonw_end_object(w);
}

static void write_faults(struct ctx *ctx, struct jsonw *w, const char *name, const struct import_fault *faults, size_t n)
{
	jsonw_key(w, name);
	jsonw_array(w);
	for (size_t i = 0; i < n; i++)
		write_fault(ctx, w, &faults[i]);
	jsonw_end_array(w);
}

static const char *action_name(enum import_outcome outcome)
{
	static const char *const names[ROW_OUTCOMES] = {"create", "update", "skip", "skip", "fail"};
	return names[outcome];
}

static void write_rows(struct ctx *ctx, struct jsonw *w, const struct checking *c)
{
	jsonw_key(w, "rows");
	jsonw_array(w);
	for (size_t i = 0; i < c->n; i++) {
		const struct checked *row = &c->rows[i];
		jsonw_object(w);
		jsonw_kv_int(w, "row", row->row.number);
		jsonw_kv_text(w, "action", action_name(row->outcome));
		jsonw_kv_bool(w, "duplicate", row->outcome == ROW_DUPLICATE);
		jsonw_key(w, "cells");
		jsonw_array(w);
		for (size_t k = 0; k < row->cells.n && k < 200; k++)
			jsonw_textn(w, row->cells.cells[k].text, row->cells.cells[k].len > 500 ? 500 : row->cells.cells[k].len);
		jsonw_end_array(w);
		write_faults(ctx, w, "errors", row->faults, row->n_faults);
		write_faults(ctx, w, "left", row->left, row->n_left);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

static void write_answer(struct ctx *ctx, const struct checking *c, struct buf *out)
{
	struct jsonw w;
	int64_t by[ROW_OUTCOMES] = {0}, left = 0;
	for (size_t i = 0; i < c->n; i++) {
		by[c->rows[i].outcome]++;
		left += (int64_t)c->rows[i].n_left;
	}
	jsonw_init(&w, out);
	jsonw_object(&w);
	const char *preset = json_string_value(json_object_get(c->json, "name"));
	jsonw_kv_int(&w, "checked", (int64_t)c->n);
	jsonw_kv_text(&w, "preset", preset_text(preset != NULL ? preset : "") != NULL ? preset : NULL);
	jsonw_kv_int(&w, "created", by[ROW_CREATED]);
	jsonw_kv_int(&w, "updated", by[ROW_UPDATED]);
	jsonw_kv_int(&w, "skipped", by[ROW_SKIPPED] + by[ROW_DUPLICATE]);
	jsonw_kv_int(&w, "failed", by[ROW_FAILED]);
	jsonw_kv_int(&w, "values_left", left);
	jsonw_key(&w, "warnings");
	import_write_warnings(ctx, c->json, &w);
	write_rows(ctx, &w, c);
	jsonw_end_object(&w);
}

static enum err prepare_rows(struct ctx *ctx, struct table *table, struct checking *c)
{
	struct table_row *sample = NULL;
	struct prepare *prepare = NULL;
	enum err err = import_sample(ctx, table, CHECK_ROWS, &sample, &c->n);
	if (err == OK)
		err = prepare_new(ctx, c->plan, &prepare);
	c->rows = err == OK ? arena_array(ctx->arena, c->n + 1, sizeof(*c->rows)) : NULL;
	if (err == OK && c->rows == NULL)
		err = fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; err == OK && i < c->n; i++) {
		err = plan_fix_row(ctx, c->plan, &sample[i], &c->rows[i].cells);
		if (err == OK)
			err = prepare_row(ctx, prepare, &sample[i], &c->rows[i].row);
	}
	/* Constants live in `prepare`; they are needed until the rows are written. */
	if (err == OK) {
		struct db *db = ctx->db;
		err = store_write(ctx, ctx->store, try_rows, c);
		ctx->db = db;
	}
	prepare_free(prepare);
	return err;
}

enum err import_check(struct ctx *ctx, const struct import_run *run, struct buf *out)
{
	struct checking c = {.arena = ctx->arena, .now = ctx_now(ctx)};
	struct table *table = NULL;
	enum err err = import_open(ctx, run, &table, &c.plan);
	if (err == OK)
		err = plan_parse(ctx, run->plan, &c.json);
	if (err == OK)
		err = prepare_rows(ctx, table, &c);
	table_free(table);
	if (c.finished) {
		faults_clear(ctx);
		write_answer(ctx, &c, out);
		err = OK;
	} else if (err == OK) {
		err = fail(ctx, ERR_BUG, "", "bug");
	}
	json_decref(c.json);
	return err;
}
