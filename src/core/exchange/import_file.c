/* Imports without HTTP: from a file on disk to its result, on the calling thread. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/exchange/exchange_sql.h"
#include "core/exchange/import.h"
#include "core/uploads/uploads.h"

enum { FILE_NAME_MAX = 240 };

const char *import_plan_hash(struct ctx *ctx, const char *plan)
{
	return arena_printf(ctx->arena, "%016llx", (unsigned long long)str_hash(plan, strlen(plan)));
}

const char *import_plan_text(struct ctx *ctx, const json_t *plan)
{
	char *text = json_dumps(plan, JSON_COMPACT | JSON_SORT_KEYS);
	const char *copy = text != NULL ? arena_strdup(ctx->arena, text) : NULL;
	free(text);
	return copy;
}

/* Name of the plan's main entity, for lists. */
const char *import_plan_entity(struct ctx *ctx, const json_t *plan)
{
	const json_t *records = json_object_get(plan, "records"), *record;
	const char *main = json_string_value(json_object_get(plan, "main"));
	const char *entity = json_string_value(json_object_get(json_array_get(records, json_array_size(records) - 1), "entity"));
	size_t i;
	json_array_foreach(records, i, record) {
		const char *as = json_string_value(json_object_get(record, "as"));
		if (main != NULL && as != NULL && strcmp(as, main) == 0)
			entity = json_string_value(json_object_get(record, "entity"));
	}
	return entity != NULL ? arena_strdup(ctx->arena, entity) : NULL;
}

static enum err set_text(struct ctx *ctx, struct record *r, const char *field, const char *text)
{
	return text != NULL ? record_set(ctx, r, field, value_text(text)) : OK;
}

enum err import_run_create(struct ctx *ctx, const struct import_new *new_, int64_t *ret_id)
{
	int64_t token = ctx->actor != NULL ? ctx->actor->token_id : 0;
	const struct {
		const char *field, *text;
	} texts[] = {
		{"name", new_->name},
		{"state", new_->plan != NULL ? "queued" : "new"},
		{"sha256", new_->blob.hash},
		{"plan", new_->plan},
		{"plan_hash", new_->plan != NULL ? import_plan_hash(ctx, new_->plan) : NULL},
		{"preset", new_->preset},
		{"entity", new_->entity},
		{"format", new_->format},
		{"token", token != 0 ? arena_printf(ctx->arena, "%lld", (long long)token) : NULL},
	};
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, "import_run"), &r);
	for (size_t i = 0; err == OK && i < sizeof(texts) / sizeof(texts[0]); i++)
		err = set_text(ctx, r, texts[i].field, texts[i].text);
	if (err == OK)
		err = record_set(ctx, r, "size", value_int(new_->blob.size));
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED);
	if (err == OK)
		err = uploads_count(ctx, UPLOADS_IMPORT, new_->blob.hash, new_->blob.size);
	if (err == OK)
		*ret_id = record_id(r);
	return err;
}

struct beginning {
	const struct import_new *new_;
	int64_t id;
};

static enum err find_unfinished(struct ctx *ctx, const struct import_new *new_, int64_t *ret_id)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_import_unfinished, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, new_->blob.hash);
	stmt_bind_text(stmt, 2, import_plan_hash(ctx, new_->plan));
	stmt_bind_i64(stmt, 3, ctx->actor != NULL ? ctx->actor->user_id : 0);
	err = stmt_step(ctx, stmt, &row);
	*ret_id = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

/* A run that was killed goes on; otherwise a new one. */
static enum err begin(struct ctx *ctx, void *arg)
{
	struct beginning *b = arg;
	enum err err = find_unfinished(ctx, b->new_, &b->id);
	if (err != OK)
		return err;
	if (b->id == 0)
		return import_run_create(ctx, b->new_, &b->id);
	return import_run_set(ctx, b->id, "state", "queued", NULL);
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

static const char *warnings_of(struct ctx *ctx, const json_t *plan)
{
	struct buf out;
	struct jsonw w;
	buf_init(&out, 1u << 20);
	jsonw_init(&w, &out);
	import_write_warnings(ctx, plan, &w);
	const char *text = buf_failed(&out) ? NULL : arena_strdup(ctx->arena, buf_text(&out));
	buf_release(&out);
	return text;
}

/* What the file shows, and nothing kept of it. */
static enum err only_check(struct ctx *ctx, const struct import_request *request, struct import_result *ret)
{
	json_t *plan = NULL;
	const char *preset = NULL;
	enum err err = import_make_plan(ctx, request->path, request, &plan, &preset);
	if (err != OK)
		return err;
	ret->warnings = warnings_of(ctx, plan);
	ret->preset = preset;
	ret->rows = json_integer_value(json_object_get(json_object_get(plan, "survey"), "rows"));
	json_decref(plan);
	return OK;
}

static enum err make_run(struct ctx *ctx, const struct import_request *request, struct import_result *ret)
{
	struct import_new new_ = {.format = NULL};
	json_t *plan = NULL;
	const char *path = NULL;
	enum err err = blob_put_file(ctx, app_blobs(ctx->app), request->path, (int64_t)IMPORT_FILE_MAX_MB << 20, &new_.blob);
	if (err == OK)
		err = blob_path(ctx, app_blobs(ctx->app), new_.blob.hash, &path, NULL);
	if (err == OK)
		err = file_safe_name(ctx, request->name != NULL ? request->name : last_part(request->path), "file", &new_.name);
	if (err == OK)
		err = import_make_plan(ctx, path, request, &plan, &new_.preset);
	if (err != OK)
		return err;
	new_.plan = import_plan_text(ctx, plan);
	new_.entity = import_plan_entity(ctx, plan);
	ret->warnings = warnings_of(ctx, plan);
	ret->preset = new_.preset;
	json_decref(plan);
	if (new_.plan == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	struct beginning b = {&new_, 0};
	err = store_write(ctx, ctx->store, begin, &b);
	ret->run_id = b.id;
	return err;
}

enum err import_file(struct ctx *ctx, const struct import_request *request, struct import_result *ret)
{
	int64_t started = time_monotonic_us();
	struct import_counts counts = {0};
	struct db *db = ctx->db;
	*ret = (struct import_result){0};
	if (request->check)
		return only_check(ctx, request, ret);
	enum err err = make_run(ctx, request, ret);
	ctx->db = db;
	if (err == OK)
		err = import_execute(ctx, ret->run_id, NULL, request->progress, &counts);
	ret->rows = counts.rows;
	ret->created = counts.by[ROW_CREATED];
	ret->updated = counts.by[ROW_UPDATED];
	ret->skipped = counts.by[ROW_SKIPPED] + counts.by[ROW_DUPLICATE];
	ret->failed = counts.by[ROW_FAILED];
	ret->values_left = counts.left;
	ret->seconds = (double)(time_monotonic_us() - started) / 1e6;
	return err;
}

void import_print_result(const struct import_result *r, FILE *out)
{
	(void)fprintf(out, "{\"rows\":%lld,\"created\":%lld,\"updated\":%lld,\"skipped\":%lld,\"failed\":%lld,\"values_left\":%lld,\"seconds\":%.3f%s%s%s,\"warnings\":%s}\n",
	              (long long)r->rows, (long long)r->created, (long long)r->updated, (long long)r->skipped, (long long)r->failed,
	              (long long)r->values_left, r->seconds, r->preset != NULL ? ",\"preset\":\"" : "", r->preset != NULL ? r->preset : "", r->preset != NULL ? "\"" : "", r->warnings != NULL ? r->warnings : "[]");
	(void)fflush(out);
}
