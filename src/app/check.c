#include "app/check.h"

#include <string.h>

#include "base/str.h"
#include "core/files/blob.h"
#include "core/search/search.h"

enum { BATCH = 1000, STREAMS_MAX = 64 };

static void line(struct buf *report, bool good, const char *part, const char *text)
{
	buf_printf(report, "%s %-12s %s\n", good ? "ok    " : "WRONG ", part, text);
}

static enum err check_store(struct ctx *ctx, struct app *app, struct buf *report, bool *ret_good)
{
	struct buf problems;
	buf_init(&problems, 1u << 20);
	enum err err = store_check(ctx, app->store, &problems);
	if (err == OK) {
		*ret_good = problems.len == 0;
		line(report, *ret_good, "store", *ret_good ? "pages, indexes and references agree" : buf_text(&problems));
	}
	buf_release(&problems);
	const char *missing = NULL;
	if (err == OK)
		err = entity_index_missing(ctx, &missing);
	if (err == OK && missing != NULL) {
		*ret_good = false;
		line(report, false, "store", arena_printf(ctx->arena, "the index %s is not there; the next start makes it", missing));
	}
	return err;
}

static enum err check_chain(struct ctx *ctx, struct buf *report, bool *ret_good)
{
	int64_t checked, bad;
	char head[65];
	enum err err = change_verify(ctx, 0, &checked, &bad, head);
	if (err != OK)
		return err;
	*ret_good = bad == 0;
	line(report, *ret_good, "change log",
	     bad == 0 ? arena_printf(ctx->arena, "%lld entries, head %s", (long long)checked, head)
	              : arena_printf(ctx->arena, "the chain breaks at entry %lld", (long long)bad));
	return OK;
}

/* --- search: the index holds exactly the ids of the records that are searched --- */

struct id_stream {
	struct stmt *stmt;
	int64_t id; /* next; 0 at the end */
};

static enum err stream_step(struct ctx *ctx, struct id_stream *s)
{
	bool row;
	enum err err = stmt_step(ctx, s->stmt, &row);
	s->id = err == OK && row ? stmt_i64(s->stmt, 0) : 0;
	return err;
}

static enum err open_streams(struct ctx *ctx, struct id_stream *streams, size_t *ret_n)
{
	*ret_n = 0;
	for (size_t i = 0; i < registry_count(ctx->registry) && *ret_n < STREAMS_MAX; i++) {
		const struct entity *e = registry_at(ctx->registry, i)->entity;
		if (e->search_rank == 0)
			continue;
		/* the name is a descriptor's, never input */
		const char *text = arena_printf(ctx->arena, "SELECT id FROM \"%s\" ORDER BY id", e->name);
		if (text == NULL)
			return fail(ctx, ERR_LIMIT, "", "memory");
		struct id_stream *s = &streams[*ret_n];
		enum err err = db_prepare_text(ctx, ctx->db, text, &s->stmt);
		if (err == OK) {
			++*ret_n;
			err = stream_step(ctx, s);
		}
		if (err != OK)
			return err;
	}
	return OK;
}

static enum err next_record(struct ctx *ctx, struct id_stream *streams, size_t n, int64_t *ret)
{
	struct id_stream *least = NULL;
	for (size_t i = 0; i < n; i++) {
		if (streams[i].id != 0 && (least == NULL || streams[i].id < least->id))
			least = &streams[i];
	}
	*ret = least != NULL ? least->id : 0;
	return least != NULL ? stream_step(ctx, least) : OK;
}

struct index_ids {
	int64_t ids[BATCH];
	size_t n, at;
	int64_t last;
};

static enum err next_indexed(struct ctx *ctx, struct index_ids *in, int64_t *ret)
{
	if (in->at == in->n) {
		enum err err = search_ids(ctx, in->last, BATCH, in->ids, &in->n);
		if (err != OK)
			return err;
		in->at = 0;
	}
	*ret = in->at < in->n ? in->ids[in->at++] : 0;
	in->last = *ret != 0 ? *ret : in->last;
	return OK;
}

static enum err compare(struct ctx *ctx, struct id_stream *streams, size_t n, int64_t *ret_missing, int64_t *ret_extra, int64_t *ret_same)
{
	struct index_ids *in = arena_alloc(ctx->arena, sizeof(*in));
	int64_t record, indexed;
	if (in == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = next_record(ctx, streams, n, &record);
	if (err == OK)
		err = next_indexed(ctx, in, &indexed);
	while (err == OK && (record != 0 || indexed != 0)) {
		bool same = record == indexed, missing = !same && (indexed == 0 || (record != 0 && record < indexed));
		*ret_same += same;
		*ret_missing += missing;
		*ret_extra += !same && !missing;
		if (same || missing)
			err = next_record(ctx, streams, n, &record);
		if (err == OK && (same || !missing))
			err = next_indexed(ctx, in, &indexed);
	}
	return err;
}

static enum err check_search(struct ctx *ctx, struct buf *report, bool *ret_good)
{
	struct id_stream streams[STREAMS_MAX];
	size_t n;
	int64_t missing = 0, extra = 0, same = 0;
	*ret_good = false;
	if (search_integrity(ctx) != OK) {
		faults_clear(ctx);
		line(report, false, "search", "the index structures are damaged; run with --rebuild-search");
		return OK;
	}
	enum err err = open_streams(ctx, streams, &n);
	if (err == OK)
		err = compare(ctx, streams, n, &missing, &extra, &same);
	for (size_t i = 0; i < n; i++)
		stmt_done(streams[i].stmt);
	if (err != OK)
		return err;
	*ret_good = missing == 0 && extra == 0;
	line(report, *ret_good, "search",
	     *ret_good ? arena_printf(ctx->arena, "%lld records indexed", (long long)same)
	               : arena_printf(ctx->arena, "%lld records are missing in the index, %lld are there too many; run with --rebuild-search",
	                              (long long)missing, (long long)extra));
	return OK;
}

struct rebuild {
	const struct entity_info *info;
	int64_t ids[BATCH];
	size_t n;
};

static enum err reindex_batch(struct ctx *ctx, void *arg)
{
	struct rebuild *r = arg;
	enum err err = OK;
	for (size_t i = 0; i < r->n && err == OK; i++)
		err = record_reindex(ctx, r->info, r->ids[i]);
	return err;
}

static enum err flush_batch(struct ctx *ctx, struct rebuild *r)
{
	struct arena_mark mark = arena_mark(ctx->arena);
	enum err err = r->n > 0 ? store_write(ctx, ctx->store, reindex_batch, r) : OK;
	arena_rewind(ctx->arena, mark);
	r->n = 0;
	return err;
}

static enum err reindex_entity(struct ctx *ctx, const struct entity_info *info, struct rebuild *r)
{
	bool row = true;
	int64_t last = 0;
	const char *text = arena_printf(ctx->arena, "SELECT id FROM \"%s\" WHERE id > ?1 ORDER BY id LIMIT 1000", info->entity->name);
	if (text == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	r->info = info;
	enum err err = OK;
	while (err == OK && row) {
		struct stmt *stmt;
		err = db_prepare_text(ctx, ctx->db, text, &stmt);
		if (err != OK)
			return err;
		stmt_bind_i64(stmt, 1, last);
		for (err = stmt_step(ctx, stmt, &row); err == OK && row; err = stmt_step(ctx, stmt, &row))
			last = r->ids[r->n++] = stmt_i64(stmt, 0);
		stmt_done(stmt);
		row = r->n > 0;
		if (err == OK)
			err = flush_batch(ctx, r);
	}
	return err;
}

static enum err clear_step(struct ctx *ctx, void *arg)
{
	(void)arg;
	return search_clear(ctx);
}

/* First everything out, then every record in again, a batch at a time beside other work. */
static enum err rebuild_search(struct ctx *ctx, struct buf *report)
{
	struct rebuild *r = arena_alloc(ctx->arena, sizeof(*r));
	if (r == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = store_write(ctx, ctx->store, clear_step, NULL);
	for (size_t i = 0; err == OK && i < registry_count(ctx->registry); i++) {
		if (registry_at(ctx->registry, i)->entity->search_rank != 0)
			err = reindex_entity(ctx, registry_at(ctx->registry, i), r);
	}
	if (err == OK)
		line(report, true, "search", "the index was made anew");
	return err;
}

enum err check_rebuild_search(struct ctx *ctx, struct app *app, struct buf *report)
{
	struct db *outer = ctx->db;
	const struct actor *actor = ctx->actor;
	ctx->actor = gate_system();
	enum err err = db_open_new(ctx, app->store, &ctx->db);
	if (err == OK) {
		err = rebuild_search(ctx, report);
		db_free(ctx->db);
	}
	ctx->db = outer;
	ctx->actor = actor;
	return err;
}

struct merging {
	bool whole, more;
};

static enum err merge_step(struct ctx *ctx, void *arg)
{
	struct merging *m = arg;
	/* small steps: each holds the writer while it lasts */
	return search_optimize(ctx, 100, m->whole, &m->more);
}

enum err check_merge_search(struct ctx *ctx, struct app *app, bool whole)
{
	enum { STEPS = 5000 }; /* while others write there is always more */
	struct merging m = {.whole = whole, .more = true};
	enum err err = OK;
	for (int i = 0; i < STEPS && m.more && err == OK; i++) {
		err = store_write(ctx, app->store, merge_step, &m);
		m.whole = false;
	}
	return err;
}

/* --- attachments ---------------------------------------------------------------- */

struct file_check {
	int64_t files, wrong;
	bool deep;
};

static enum err check_file(struct ctx *ctx, struct app *app, const char *hash, struct file_check *check)
{
	const char *path;
	int64_t size;
	struct arena_mark mark = arena_mark(ctx->arena);
	enum err err = check->deep ? blob_verify(ctx, app->blobs, hash) : blob_path(ctx, app->blobs, hash, &path, &size);
	check->files++;
	if (err == ERR_NOT_FOUND || err == ERR_CONFLICT) {
		faults_clear(ctx);
		check->wrong++;
		err = OK;
	}
	arena_rewind(ctx->arena, mark);
	return err;
}

static enum err check_files(struct ctx *ctx, struct app *app, bool deep, struct buf *report, bool *ret_good)
{
	struct file_check check = {.deep = deep};
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, ctx->db, "SELECT DISTINCT sha256 FROM \"attachment\" WHERE sha256 IS NOT NULL", &stmt);
	if (err != OK)
		return err;
	for (err = stmt_step(ctx, stmt, &row); err == OK && row; err = stmt_step(ctx, stmt, &row)) {
		err = check_file(ctx, app, stmt_text(stmt, 0), &check);
		if (err != OK)
			break;
	}
	stmt_done(stmt);
	*ret_good = check.wrong == 0;
	if (err == OK)
		line(report, *ret_good, "attachments",
		     arena_printf(ctx->arena, "%lld files %s, %lld missing or changed", (long long)check.files, deep ? "read" : "found",
		                  (long long)check.wrong));
	return err;
}

enum err check_all(struct ctx *ctx, struct app *app, const struct check_options *options, struct buf *report, bool *ret_good)
{
	bool store_good = false, chain_good = false, search_good = false, files_good = false;
	struct db *outer = ctx->db;
	enum err err = db_open_new(ctx, app->store, &ctx->db);
	if (err == OK && options->repair)
		err = rebuild_search(ctx, report);
	if (err == OK)
		err = check_store(ctx, app, report, &store_good);
	if (err == OK)
		err = check_chain(ctx, report, &chain_good);
	if (err == OK)
		err = check_search(ctx, report, &search_good);
	if (err == OK)
		err = check_files(ctx, app, options->deep, report, &files_good);
	if (ctx->db != NULL && ctx->db != outer)
		db_free(ctx->db);
	ctx->db = outer;
	*ret_good = store_good && chain_good && search_good && files_good;
	return err;
}
