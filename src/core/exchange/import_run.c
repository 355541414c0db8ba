/* The import_run record: loading, changing, opening its file. */
#include <stdarg.h>
#include <string.h>

#include "base/id.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/exchange/exchange_sql.h"
#include "core/exchange/import.h"
#include "core/settings/settings.h"
#include "core/text/text.h"

static const struct entity_info *run_info(const struct ctx *ctx)
{
	return registry_find(ctx->registry, "import_run");
}

const char *import_request_id(struct ctx *ctx, int64_t run_id)
{
	const char *id = arena_printf(ctx->arena, "import-%lld", (long long)run_id);
	return id != NULL ? id : "import";
}

/* The token it was uploaded with; 0: in person. */
static int64_t token_of(const struct record *r)
{
	const char *text = record_text(r, "token");
	int64_t id = 0;
	return text != NULL && id_parse(text, &id) ? id : 0;
}

bool import_run_ends(const char *key)
{
	static const char *const keys[] = {"job_cancelled", "job_lost", "job_stopping", "job_actor_ended", "not_signed_in", "import_right_ended"};
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (str_equal(key, keys[i]))
			return true;
	return false;
}

const char *import_run_why(struct ctx *ctx, const struct fault *fault)
{
	static const struct fault ended = {"job", "job_actor_ended", NULL};
	return app_message(ctx, str_equal(fault->key, "not_signed_in") ? &ended : fault);
}

enum err import_run_load(struct ctx *ctx, int64_t id, struct import_run *ret)
{
	struct record *r;
	enum err err = record_load(ctx, run_info(ctx), id, &r);
	if (err != OK)
		return err;
	*ret = (struct import_run){
		.id = id,
		.state = record_text(r, "state"),
		.name = record_text(r, "name"),
		.sha256 = record_text(r, "sha256"),
		.plan = record_text(r, "plan"),
		.owner_id = record_i64(r, "owner_id"),
		.token_id = token_of(r),
		.job_id = record_i64(r, "job_id"),
		.position = record_i64(r, "position"),
		.started_at = record_i64(r, "started_at"),
		.counts.rows = record_i64(r, "rows_done"),
	};
	ret->counts.by[ROW_CREATED] = record_i64(r, "created");
	ret->counts.by[ROW_UPDATED] = record_i64(r, "updated");
	ret->counts.by[ROW_SKIPPED] = record_i64(r, "skipped");
	ret->counts.by[ROW_FAILED] = record_i64(r, "failed");
	ret->counts.left = record_i64(r, "values_left");
	return OK;
}

enum err import_run_set(struct ctx *ctx, int64_t id, ...)
{
	struct record *patch, *after;
	va_list args;
	const char *name;
	enum err err = record_new(ctx, run_info(ctx), &patch);
	va_start(args, id);
	while (err == OK && (name = va_arg(args, const char *)) != NULL) {
		const char *text = va_arg(args, const char *);
		struct value value = value_null();
		if (text != NULL)
			err = field_parse(ctx, patch->info, entity_field(patch->info, name), text, &value);
		if (err == OK)
			err = record_set(ctx, patch, name, value);
	}
	va_end(args);
	return err == OK ? record_update(ctx, id, patch, 0, W_TRUSTED, &after) : err;
}

struct run_setting {
	int64_t id;
	const char *state, *error, *finished;
};

static enum err set_state(struct ctx *ctx, void *arg)
{
	const struct run_setting *s = arg;
	return import_run_set(ctx, s->id, "state", s->state, "error", s->error, "finished_at", s->finished, NULL);
}

enum err import_run_state(struct ctx *ctx, int64_t id, const char *state, const char *error)
{
	static const char *const resting[] = {"cancelled", "failed", "done", "undone", "undo_stopped"};
	struct run_setting s = {.id = id, .state = state, .error = error};
	char now[TIME_TEXT_MAX];
	(void)time_format(ctx_now(ctx), now);
	for (size_t i = 0; i < sizeof(resting) / sizeof(resting[0]); i++)
		if (str_equal(state, resting[i]))
			s.finished = now;
	return store_write(ctx, ctx->store, set_state, &s);
}

const char *import_words(struct ctx *ctx, const struct text2 *text)
{
	const char *hant = NULL;
	if (ctx->locale != LOCALE_ZH_HANT)
		return ctx->locale == LOCALE_EN ? text->en : text->zh;
	return text_to_hant(ctx, text->zh, &hant) == OK ? hant : text->zh;
}

const char *import_firm_zone(struct ctx *ctx)
{
	const char *zone = NULL;
	if (setting_text(ctx, &firm_settings[FIRM_TIME_ZONE], &zone) != OK || zone == NULL || !text_zone_known(zone))
		return "UTC";
	return zone;
}

/* --- the file and the plan -------------------------------------------------- */

static enum err compile(struct ctx *ctx, const json_t *json, struct table *table, struct plan **ret)
{
	const struct table_info *info = table_info(table);
	struct plan_columns columns = {info->columns, info->n_columns};
	return plan_compile(ctx, json, &columns, ret);
}

enum err import_open(struct ctx *ctx, const struct import_run *run, struct table **ret_table, struct plan **ret_plan)
{
	const char *path = NULL;
	json_t *json = NULL;
	struct table_options options;
	*ret_table = NULL;
	if (str_empty(run->plan))
		return fail(ctx, ERR_INVALID, "plan", "import_not_planned");
	enum err err = blob_path(ctx, app_blobs(ctx->app), run->sha256, &path, NULL);
	if (err == OK)
		err = plan_parse(ctx, run->plan, &json);
	if (err == OK)
		err = plan_file_options(ctx, json, &options);
	if (err == OK)
		err = table_open_new(ctx, path, &options, ret_table);
	if (err == OK)
		err = compile(ctx, json, *ret_table, ret_plan);
	if (err == OK)
		err = plan_check_rights(ctx, *ret_plan);
	json_decref(json);
	if (err != OK) {
		table_free(*ret_table);
		*ret_table = NULL;
	}
	return err;
}
