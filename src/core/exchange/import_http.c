/* Imports over HTTP: /api/v1/import… */
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/exchange/export.h"
#include "core/exchange/import.h"
#include "core/uploads/uploads.h"

enum { PREVIEW_ROWS = 30, PREVIEW_SAMPLES = 5, PREVIEW_CELL = 300 };

/* --- whose run ------------------------------------------------------------------- */

/* Whoever may import into anything may begin. */
static enum err may_import(struct ctx *ctx)
{
	for (size_t i = 0; i < registry_count(ctx->registry); i++) {
		const struct entity_info *info = registry_at(ctx->registry, i);
		if (!(info->entity->flags & (E_INTERNAL | E_NO_API_WRITE)) && entity_scope(ctx->actor, info, ACTION_IMPORT) != SCOPE_NONE)
			return OK;
	}
	return fail(ctx, ctx->actor == NULL ? ERR_DENIED : ERR_FORBIDDEN, "", "import_forbidden");
}

/* What an administrator may do with somebody else's run, too: end it, take it back (with rights of their own). */
enum whose { OWN_RUN, ANY_RUN };

/* A file may hold what only its owner may see, so that a run is its owner's; one that was made by the command line
 * is an administrator's.  A token that has less than its user sees the files that came by itself. */
static bool is_own(const struct actor *actor, const struct import_run *run)
{
	if (actor->narrowed && run->token_id != actor->token_id)
		return false;
	if (run->owner_id == 0)
		return gate_cap(actor, CAP_ADMIN);
	return run->owner_id == actor->user_id;
}

/* The run of the address. */
static enum err find_run(struct ctx *ctx, const struct http_request *req, enum whose whose, struct import_run *ret)
{
	int64_t id;
	enum err err = may_import(ctx);
	if (err != OK)
		return err;
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	err = import_run_load(ctx, id, ret);
	if (err != OK || is_own(ctx->actor, ret))
		return err;
	if (!gate_cap(ctx->actor, CAP_ADMIN))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	return whose == ANY_RUN ? OK : fail(ctx, ERR_FORBIDDEN, "", "import_not_yours");
}

static enum err in_state(struct ctx *ctx, const struct import_run *run, const char *const *states)
{
	for (; *states != NULL; states++)
		if (str_equal(run->state, *states))
			return OK;
	return fail_arg(ctx, ERR_CONFLICT, "state", "import_state", run->state);
}

static enum err answer_run(struct ctx *ctx, int64_t id, struct http_response *res, int status)
{
	struct jsonw w;
	struct record *r;
	enum err err = record_load(ctx, registry_find(ctx->registry, "import_run"), id, &r);
	if (err != OK)
		return err;
	http_status(res, status);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", id);
	jsonw_kv_text(&w, "name", record_text(r, "name"));
	jsonw_kv_text(&w, "state", record_text(r, "state"));
	jsonw_kv_text(&w, "entity", record_text(r, "entity"));
	jsonw_kv_text(&w, "preset", record_text(r, "preset"));
	jsonw_kv_text(&w, "format", record_text(r, "format"));
	jsonw_kv_int(&w, "size", record_i64(r, "size"));
	jsonw_kv_text(&w, "sha256", record_text(r, "sha256"));
	jsonw_end_object(&w);
	return OK;
}

/* --- upload ------------------------------------------------------------------------ */

struct creating {
	struct import_new new_;
	int64_t id;
};

static enum err create_run(struct ctx *ctx, void *arg)
{
	struct creating *c = arg;
	return import_run_create(ctx, &c->new_, &c->id);
}

/* Refuses at once what can't be read, with words that say what it is. */
static enum err look_into(struct ctx *ctx, const char *path, const char **ret_format)
{
	struct table_options options = {.header_row = HEADER_DETECT};
	struct table *table = NULL;
	enum err err = table_open_new(ctx, path, &options, &table);
	if (err == OK)
		*ret_format = file_format_name(table_info(table)->format);
	table_free(table);
	return err;
}

static enum err may_upload(struct ctx *ctx, const struct http_request *req)
{
	enum err err = may_import(ctx);
	return err == OK ? uploads_room(ctx, req->declared) : err;
}

static enum err upload(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct creating c = {.id = 0};
	struct db *db = ctx->db;
	enum err err = may_import(ctx);
	if (err == OK && req->body_path == NULL)
		err = fail(ctx, ERR_INVALID, "file", "file_empty");
	if (err == OK)
		err = file_safe_name(ctx, http_query(ctx, req, "name", 0), "file", &c.new_.name);
	if (err == OK)
		err = uploads_room(ctx, (int64_t)req->body_len);
	if (err == OK)
		err = look_into(ctx, req->body_path, &c.new_.format);
	if (err == OK)
		err = blob_put_file(ctx, app_blobs(ctx->app), req->body_path, (int64_t)IMPORT_FILE_MAX_MB << 20, &c.new_.blob);
	if (err == OK)
		err = store_write(ctx, ctx->store, create_run, &c);
	ctx->db = db;
	return err == OK ? answer_run(ctx, c.id, res, 201) : err;
}

/* --- preview ----------------------------------------------------------------------- */

/* What the address asks for, else what the plan says. */
static enum err preview_options(struct ctx *ctx, const struct http_request *req, const struct import_run *run, struct table_options *ret)
{
	json_t *json = NULL;
	*ret = (struct table_options){.header_row = HEADER_DETECT};
	enum err err = str_empty(run->plan) ? OK : plan_parse(ctx, run->plan, &json);
	if (err == OK && json != NULL)
		err = plan_file_options(ctx, json, ret);
	json_decref(json);
	const char *encoding = http_query(ctx, req, "encoding", 0), *delimiter = http_query(ctx, req, "delimiter", 0);
	const char *header = http_query(ctx, req, "header_row", 0), *sheet = http_query(ctx, req, "sheet", 0);
	int64_t row;
	if (!str_empty(encoding))
		ret->encoding = encoding;
	if (!str_empty(delimiter))
		ret->delimiter = delimiter[0];
	if (!str_empty(sheet))
		ret->sheet = sheet;
	if (str_equal(header, "false"))
		ret->header_row = 0;
	else if (str_equal(header, "true"))
		ret->header_row = HEADER_DETECT;
	else if (header != NULL && str_to_i64(header, &row) && row >= 0 && row <= 1000)
		ret->header_row = (int)row;
	return err;
}

static void write_text_or_null(struct jsonw *w, const char *key, const char *text)
{
	jsonw_key(w, key);
	if (str_empty(text))
		jsonw_null(w);
	else
		jsonw_text(w, text);
}

static void write_cell(struct jsonw *w, const struct cell *cell)
{
	size_t n = cell->len;
	if (n > PREVIEW_CELL) {
		n = PREVIEW_CELL;
		while (n > 0 && ((unsigned char)cell->text[n] & 0xc0) == 0x80)
			n--;
	}
	jsonw_textn(w, cell->text, n);
}

static void write_columns(struct jsonw *w, const struct table_info *info, const struct import_guess *guesses,
                          const struct table_row *rows, size_t n_rows)
{
	jsonw_key(w, "columns");
	jsonw_array(w);
	for (size_t i = 0; i < info->n_columns; i++) {
		size_t given = 0;
		jsonw_object(w);
		jsonw_kv_int(w, "index", (int64_t)i);
		jsonw_kv_text(w, "name", info->columns[i]);
		jsonw_key(w, "samples");
		jsonw_array(w);
		for (size_t k = 0; k < n_rows && given < PREVIEW_SAMPLES; k++)
			if (i < rows[k].n && rows[k].cells[i].len > 0) {
				write_cell(w, &rows[k].cells[i]);
				given++;
			}
		jsonw_end_array(w);
		jsonw_key(w, "guess");
		if (guesses[i].info != NULL) {
			jsonw_object(w);
			jsonw_kv_text(w, "entity", guesses[i].info->entity->name);
			jsonw_kv_text(w, "field", guesses[i].info->fields[guesses[i].field]->name);
			jsonw_end_object(w);
		} else {
			jsonw_null(w);
		}
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}

/* Label and text of a preset in the reader's language. */
static const char *preset_words(struct ctx *ctx, const json_t *json, const char *what)
{
	const json_t *words = json_object_get(json, what);
	const char *en = json_string_value(json_object_get(words, "en")), *zh = json_string_value(json_object_get(words, "zh"));
	const struct text2 text = {en != NULL ? arena_strdup(ctx->arena, en) : NULL, zh != NULL ? arena_strdup(ctx->arena, zh) : NULL};
	return text.en != NULL && text.zh != NULL ? import_words(ctx, &text) : NULL;
}

static void write_presets(struct ctx *ctx, struct jsonw *w, const char *fitting)
{
	jsonw_key(w, "presets");
	jsonw_array(w);
	for (size_t i = 0; preset_name(i) != NULL; i++) {
		json_t *json = json_loads(preset_text(preset_name(i)), 0, NULL);
		jsonw_object(w);
		jsonw_kv_text(w, "name", preset_name(i));
		jsonw_kv_text(w, "label", preset_words(ctx, json, "label"));
		jsonw_kv_text(w, "text", preset_words(ctx, json, "text"));
		jsonw_kv_bool(w, "match", str_equal(preset_name(i), fitting));
		jsonw_end_object(w);
		json_decref(json);
	}
	jsonw_end_array(w);
}

static void write_warnings(struct ctx *ctx, struct jsonw *w, const struct table_info *info, const struct table_row *rows, size_t n)
{
	jsonw_key(w, "warnings");
	jsonw_array(w);
	if (info->decode_errors > 0) {
		const struct fault fault = {"file", "file_decode_errors", arena_printf(ctx->arena, "%lld", (long long)info->decode_errors)};
		jsonw_text(w, app_message(ctx, &fault));
	}
	for (size_t i = 0; i < n; i++)
		if (rows[i].problem != NULL) {
			const struct fault fault = {"file", rows[i].problem, arena_printf(ctx->arena, "%lld", (long long)rows[i].number)};
			jsonw_text(w, app_message(ctx, &fault));
		}
	jsonw_end_array(w);
}

static void write_file(struct jsonw *w, const struct table_info *info)
{
	const char delimiter[2] = {info->delimiter, '\0'};
	jsonw_kv_text(w, "format", file_format_name(info->format));
	write_text_or_null(w, "encoding", info->encoding);
	write_text_or_null(w, "delimiter", delimiter);
	jsonw_kv_bool(w, "header_row", info->header_row != 0);
	jsonw_kv_int(w, "header", info->header_row);
	write_text_or_null(w, "sheet", info->sheet);
	jsonw_key(w, "sheets");
	jsonw_array(w);
	for (size_t i = 0; i < info->n_sheets; i++)
		jsonw_text(w, info->sheets[i]);
	jsonw_end_array(w);
}

static enum err write_preview(struct ctx *ctx, struct table *table, const char *entity, struct buf *out)
{
	struct table_row *rows = NULL;
	size_t n = 0;
	struct jsonw w;
	enum err err = import_sample(ctx, table, PREVIEW_ROWS, &rows, &n);
	const struct table_info *info = table_info(table);
	const struct plan_columns columns = {info->columns, info->n_columns};
	const struct entity_info *wanted = entity != NULL ? registry_find(ctx->registry, entity) : NULL;
	struct import_guess *guesses = arena_array(ctx->arena, columns.n + 1, sizeof(*guesses));
	if (err == OK && guesses == NULL)
		err = fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = import_guess_columns(ctx, &columns, rows, n, wanted, guesses);
	if (err != OK)
		return err;
	jsonw_init(&w, out);
	jsonw_object(&w);
	write_file(&w, info);
	write_columns(&w, info, guesses, rows, n);
	jsonw_key(&w, "rows");
	jsonw_array(&w);
	for (size_t i = 0; i < n; i++) {
		jsonw_array(&w);
		for (size_t k = 0; k < info->n_columns; k++)
			write_cell(&w, k < rows[i].n ? &rows[i].cells[k] : &(struct cell){"", 0, CELL_EMPTY});
		jsonw_end_array(&w);
	}
	jsonw_end_array(&w);
	write_presets(ctx, &w, preset_matching(&columns, NULL));
	write_warnings(ctx, &w, info, rows, n);
	jsonw_end_object(&w);
	return OK;
}

static enum err preview(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct import_run run;
	struct table_options options;
	struct table *table = NULL;
	const char *path = NULL;
	enum err err = find_run(ctx, req, OWN_RUN, &run);
	if (err == OK)
		err = preview_options(ctx, req, &run, &options);
	if (err == OK)
		err = blob_path(ctx, app_blobs(ctx->app), run.sha256, &path, NULL);
	if (err == OK)
		err = table_open_new(ctx, path, &options, &table);
	if (err == OK)
		err = write_preview(ctx, table, http_query(ctx, req, "entity", 0), http_body(res));
	table_free(table);
	return err;
}

/* --- plan --------------------------------------------------------------------------- */

/* The members of a plan; each goes into the plan's JSON as it is. */
struct plan_body {
	json_t *preset, *mapping, *records, *columns, *encoding, *delimiter, *header_row, *sheet, *format, *mode, *key, *defaults, *entity,
		*main, *name, *fill_down, *optional_columns, *keep_dates, *blank_clears, *again, *utc_offset, *time_zone, *country, *date_order, *number,
		*values, *on_bad_value, *cells;
};
static const struct spec plan_specs[] = {
	{"preset", SPEC_JSON, offsetof(struct plan_body, preset), false, 0, "Name of a preset; with it nothing else is needed."},
	{"mapping", SPEC_JSON, offsetof(struct plan_body, mapping), false, 0, "[{\"column\":0,\"entity\":\"customer\",\"field\":\"name\"}]"},
	{"records", SPEC_JSON, offsetof(struct plan_body, records), false, 0, "The full form of a plan: what each row becomes."},
	{"columns", SPEC_JSON, offsetof(struct plan_body, columns), false, 0, "Names for the columns of a file without a header."},
	{"encoding", SPEC_JSON, offsetof(struct plan_body, encoding), false, 0, "Encoding of the file, such as \"GB18030\"."},
	{"delimiter", SPEC_JSON, offsetof(struct plan_body, delimiter), false, 0, "One character."},
	{"header_row", SPEC_JSON, offsetof(struct plan_body, header_row), false, 0, "The header's row, or whether there is one."},
	{"sheet", SPEC_JSON, offsetof(struct plan_body, sheet), false, 0, "Name of the sheet."},
	{"format", SPEC_JSON, offsetof(struct plan_body, format), false, 0, "csv, tsv, xlsx, jsonl or vcard."},
	{"mode", SPEC_JSON, offsetof(struct plan_body, mode), false, 0, "create, update or upsert."},
	{"key", SPEC_JSON, offsetof(struct plan_body, key), false, 0, "Fields by which a record is known."},
	{"defaults", SPEC_JSON, offsetof(struct plan_body, defaults), false, 0, "{\"customer.source\":\"import\"}: values that no column gives."},
	{"entity", SPEC_JSON, offsetof(struct plan_body, entity), false, 0, "The entity that is meant, for the wizard."},
	{"main", SPEC_JSON, offsetof(struct plan_body, main), false, 0, "The record whose outcome is the row's."},
	{"name", SPEC_JSON, offsetof(struct plan_body, name), false, 0, "A name for the plan."},
	{"fill_down", SPEC_JSON, offsetof(struct plan_body, fill_down), false, 0, "Columns whose empty cells take the value above."},
	{"optional_columns", SPEC_JSON, offsetof(struct plan_body, optional_columns), false, 0, "Columns that the file does not have are left out."},
	{"keep_dates", SPEC_JSON, offsetof(struct plan_body, keep_dates), false, 0, "created_at and created_by come from the file; needs the capability admin."},
	{"blank_clears", SPEC_JSON, offsetof(struct plan_body, blank_clears), false, 0, "Empty cells clear the field."},
	{"again", SPEC_JSON, offsetof(struct plan_body, again), false, 0, "Also rows that an earlier import of this file has done."},
	{"utc_offset", SPEC_JSON, offsetof(struct plan_body, utc_offset), false, 0, "Of times without one, such as \"+08:00\"."},
	{"time_zone", SPEC_JSON, offsetof(struct plan_body, time_zone), false, 0, "Of times without one, by name: \"Europe/Paris\". The firm's, if nothing is said."},
	{"country", SPEC_JSON, offsetof(struct plan_body, country), false, 0, "Of phones where the row has none: \"US\". The firm's, if nothing is said."},
	{"date_order", SPEC_JSON, offsetof(struct plan_body, date_order), false, 0, "YMD, DMY or MDY."},
	{"number", SPEC_JSON, offsetof(struct plan_body, number), false, 0, "point or comma: the decimal mark."},
	{"values", SPEC_JSON, offsetof(struct plan_body, values), false, 0, "{\"customer.gender\":{\"M\":\"male\"}}: what words of the file mean."},
	{"on_bad_value", SPEC_JSON, offsetof(struct plan_body, on_bad_value), false, 0,
	 "refuse (the row fails) or empty (the value is left out); for all or {\"customer.birthday\":\"empty\",\"*\":\"refuse\"}."},
	{"cells", SPEC_JSON, offsetof(struct plan_body, cells), false, 0,
	 "[{\"row\":3,\"column\":0,\"value\":\"…\"}]: cells put right before the import."},
	{.name = NULL},
};

static json_t *body_json(const struct plan_body *body)
{
	json_t *json = json_object();
	for (const struct spec *s = plan_specs; json != NULL && s->name != NULL; s++) {
		json_t *value = *(json_t *const *)(const void *)((const char *)body + s->offset);
		if (value != NULL && !json_is_null(value) && json_object_set(json, s->name, value) != 0) {
			json_decref(json);
			return NULL;
		}
	}
	return json;
}

/* A preset takes the file's options from the request, the rest from itself. */
static enum err preset_with(struct ctx *ctx, const json_t *body, json_t **ret)
{
	static const char *const options[] = {"encoding", "delimiter", "header_row", "sheet", "again", "utc_offset", "time_zone", "country", "date_order", "number",
	                                      "values", "on_bad_value", "cells"};
	enum { OF_FILE = 4 }; /* the others are the plan's own, and what is said now counts */
	const char *name = json_string_value(json_object_get(body, "preset"));
	const char *text = preset_text(name);
	if (text == NULL)
		return fail_arg(ctx, ERR_INVALID, "preset", "preset_unknown", name);
	enum err err = plan_parse(ctx, text, ret);
	if (err != OK)
		return err;
	json_t *file = json_object_get(*ret, "file");
	if (file == NULL) {
		file = json_object();
		(void)json_object_set_new(*ret, "file", file);
	}
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		json_t *value = json_object_get(body, options[i]);
		json_t *to = i >= OF_FILE ? *ret : file;
		if (value != NULL && (i >= OF_FILE || json_object_get(to, options[i]) == NULL))
			(void)json_object_set(to, options[i], value);
	}
	return OK;
}

struct planning {
	int64_t id;
	const char *plan, *hash, *preset, *entity;
};

static enum err keep_plan(struct ctx *ctx, void *arg)
{
	const struct planning *p = arg;
	return import_run_set(ctx, p->id, "state", "planned", "plan", p->plan, "plan_hash", p->hash, "preset", p->preset, "entity", p->entity,
	                      "error", NULL, NULL);
}

/* From the request to a whole plan that fits the file. */
static enum err complete_plan(struct ctx *ctx, struct table *table, json_t **json)
{
	const struct table_info *info = table_info(table);
	struct plan_columns columns = {info->columns, info->n_columns};
	struct plan *plan = NULL;
	enum err err = OK;
	if (json_object_get(*json, "records") == NULL) {
		json_t *whole = NULL;
		err = plan_expand(ctx, *json, &columns, &whole);
		if (err != OK)
			return err;
		json_decref(*json);
		*json = whole;
	}
	err = import_settle_plan(ctx, table, *json);
	if (err == OK)
		err = plan_compile(ctx, *json, &columns, &plan);
	return err == OK ? plan_check_rights(ctx, plan) : err;
}

static enum err make_plan(struct ctx *ctx, const struct import_run *run, json_t **json, struct planning *p)
{
	struct table_options options;
	struct table *table = NULL;
	const char *path = NULL;
	enum err err = OK;
	if (json_object_get(*json, "preset") != NULL) {
		json_t *whole = NULL;
		p->preset = arena_strdup(ctx->arena, json_string_value(json_object_get(*json, "preset")) != NULL ? json_string_value(json_object_get(*json, "preset")) : "");
		err = preset_with(ctx, *json, &whole);
		json_decref(*json);
		*json = whole;
	}
	if (err == OK)
		err = plan_file_options(ctx, *json, &options);
	if (err == OK)
		err = blob_path(ctx, app_blobs(ctx->app), run->sha256, &path, NULL);
	if (err == OK)
		err = table_open_new(ctx, path, &options, &table);
	if (err == OK)
		err = complete_plan(ctx, table, json);
	table_free(table);
	if (err != OK)
		return err;
	p->plan = import_plan_text(ctx, *json);
	p->hash = p->plan != NULL ? import_plan_hash(ctx, p->plan) : NULL;
	p->entity = import_plan_entity(ctx, *json);
	return p->hash != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err put_plan(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	static const char *const states[] = {"new", "planned", NULL};
	struct import_run run;
	struct plan_body body = {NULL};
	struct db *db = ctx->db;
	enum err err = find_run(ctx, req, OWN_RUN, &run);
	if (err == OK)
		err = in_state(ctx, &run, states);
	if (err == OK)
		err = http_read_body(ctx, req, &body);
	if (err != OK)
		return err;
	struct planning p = {.id = run.id};
	json_t *json = body_json(&body);
	err = json == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : make_plan(ctx, &run, &json, &p);
	json_decref(json);
	if (err == OK)
		err = store_write(ctx, ctx->store, keep_plan, &p);
	ctx->db = db;
	return err == OK ? answer_run(ctx, run.id, res, 200) : err;
}

/* --- check, start, cancel, resume, undo ------------------------------------------------ */

static enum err check(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	static const char *const states[] = {"planned", NULL};
	struct import_run run;
	enum err err = find_run(ctx, req, OWN_RUN, &run);
	if (err == OK)
		err = in_state(ctx, &run, states);
	return err == OK ? import_check(ctx, &run, http_body(res)) : err;
}

/* Queues a job for the run and notes it. */
static enum err queue(struct ctx *ctx, int64_t id, const char *kind, const char *state)
{
	int64_t job = 0;
	const char *payload = arena_printf(ctx->arena, "\"%lld %d\"", (long long)id, (int)ctx->locale), *number;
	if (payload == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = job_enqueue(ctx, kind, payload, 0, &job);
	if (err != OK)
		return err;
	number = arena_printf(ctx->arena, "%lld", (long long)job);
	return number != NULL ? import_run_set(ctx, id, "state", state, "job_id", number, "error", NULL, NULL) : fail(ctx, ERR_LIMIT, "", "memory");
}

/* These run in the WRITE lane: the state is looked at and changed in one transaction. */
static enum err start(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	static const char *const states[] = {"planned", NULL};
	struct import_run run;
	enum err err = find_run(ctx, req, OWN_RUN, &run);
	if (err == OK)
		err = in_state(ctx, &run, states);
	if (err == OK)
		err = queue(ctx, run.id, "import", "queued");
	return err == OK ? answer_run(ctx, run.id, res, 202) : err;
}

static enum err resume(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	static const char *const states[] = {"cancelled", "failed", NULL};
	struct import_run run;
	enum err err = find_run(ctx, req, OWN_RUN, &run);
	if (err == OK)
		err = in_state(ctx, &run, states);
	if (err == OK)
		err = queue(ctx, run.id, "import", "queued");
	return err == OK ? answer_run(ctx, run.id, res, 202) : err;
}

static enum err cancel(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	static const char *const states[] = {"queued", "running", NULL};
	struct import_run run;
	enum err err = find_run(ctx, req, ANY_RUN, &run);
	if (err == OK)
		err = in_state(ctx, &run, states);
	/* The next batch sees it and stops; one that waits sees it when it begins. */
	if (err == OK)
		err = import_run_set(ctx, run.id, "state", "cancelling", NULL);
	return err == OK ? answer_run(ctx, run.id, res, 202) : err;
}

/* Whoever may not import such records any more takes none of them back. */
static enum err may_undo(struct ctx *ctx, const struct import_run *run)
{
	json_t *plan = NULL, *record;
	size_t i;
	enum err err = plan_parse(ctx, run->plan, &plan);
	json_array_foreach(json_object_get(plan, "records"), i, record) {
		const char *name = json_string_value(json_object_get(record, "entity"));
		const struct entity_info *info = name != NULL ? registry_find(ctx->registry, name) : NULL;
		if (err == OK && info != NULL && entity_scope(ctx->actor, info, ACTION_IMPORT) == SCOPE_NONE)
			err = fail_arg(ctx, ERR_FORBIDDEN, "", "import_forbidden", info->entity->name);
	}
	json_decref(plan);
	return err;
}

static enum err undo(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	static const char *const states[] = {"done", "cancelled", "failed", "undone", "undo_stopped", NULL}; /* what it left may go by now */
	struct import_run run;
	enum err err = find_run(ctx, req, ANY_RUN, &run);
	if (err == OK)
		err = in_state(ctx, &run, states);
	if (err == OK)
		err = may_undo(ctx, &run);
	if (err == OK)
		err = queue(ctx, run.id, "import_undo", "undoing");
	return err == OK ? answer_run(ctx, run.id, res, 202) : err;
}

/* --- result ---------------------------------------------------------------------------- */

struct sending {
	struct http_response *res;
};

static enum err send(struct ctx *ctx, void *arg, const void *data, size_t n)
{
	const struct sending *s = arg;
	return http_write(ctx, s->res, data, n);
}

static enum err result(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct import_run run;
	struct sending s = {res};
	const char *format = http_query(ctx, req, "format", 0), *name = NULL, *disposition = NULL;
	struct table_out_options options = {.format = FILE_CSV, .bom = true};
	enum err err = find_run(ctx, req, OWN_RUN, &run);
	if (err == OK && format != NULL)
		options.format = file_format_named(format);
	if (err == OK && (!file_format_writes(options.format) || options.format == FILE_VCARD))
		err = fail_arg(ctx, ERR_INVALID, "format", "not_allowed", format);
	if (err == OK && str_empty(run.plan))
		err = fail(ctx, ERR_INVALID, "plan", "import_not_planned");
	if (err != OK)
		return err;
	name = arena_printf(ctx->arena, "%s - result%s", run.name, file_format_suffix(options.format));
	err = name == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : file_disposition(ctx, name, &disposition);
	if (err == OK)
		err = export_temp_dir(ctx, &options.temp_dir);
	if (err != OK)
		return err;
	http_content_type(res, file_format_type(options.format));
	http_set_header(res, "Content-Disposition", disposition);
	http_set_header(res, "Cache-Control", "no-store");
	err = http_stream_begin(ctx, res);
	return err == OK ? import_result(ctx, &run, &options, send, &s) : err;
}

static enum err template_format(struct ctx *ctx, const char *format, struct table_out_options *ret)
{
	*ret = (struct table_out_options){.format = format == NULL ? FILE_CSV : file_format_named(format), .bom = true};
	bool table = ret->format == FILE_CSV || ret->format == FILE_XLSX;
	return table ? export_temp_dir(ctx, &ret->temp_dir) : fail_arg(ctx, ERR_INVALID, "format", "not_allowed", format);
}

static enum err template(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	const char *entity = http_query(ctx, req, "entity", 0), *name = NULL, *disposition = NULL;
	const struct entity_info *info = entity != NULL ? registry_find(ctx->registry, entity) : NULL;
	struct table_out_options options;
	struct sending s = {res};
	if (info == NULL || (info->entity->flags & (E_INTERNAL | E_NO_API_WRITE)))
		return fail_arg(ctx, ERR_INVALID, "entity", "plan_entity", entity);
	if (entity_scope(ctx->actor, info, ACTION_IMPORT) == SCOPE_NONE)
		return fail_arg(ctx, ERR_FORBIDDEN, "", "import_forbidden", entity);
	enum err err = template_format(ctx, http_query(ctx, req, "format", 0), &options);
	if (err == OK)
		name = arena_printf(ctx->arena, "%s%s", app_label(ctx, &info->entity->label_many), file_format_suffix(options.format));
	if (err == OK)
		err = name == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : file_disposition(ctx, name, &disposition);
	if (err != OK)
		return err;
	http_content_type(res, file_format_type(options.format));
	http_set_header(res, "Content-Disposition", disposition);
	http_set_header(res, "Cache-Control", "no-store");
	err = http_stream_begin(ctx, res);
	return err == OK ? import_template(ctx, info, &options, send, &s) : err;
}

static enum err presets(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct jsonw w;
	(void)req;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	write_presets(ctx, &w, NULL);
	jsonw_end_object(&w);
	return OK;
}

const struct route exchange_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/import", .lane = LANE_HEAVY, .door = DOOR_SIGNED_IN, .handle = upload, .may = may_upload, .upload = true,
	 .body_max = (size_t)IMPORT_FILE_MAX_MB << 20, .doc = "Uploads a file to import (?name=); the answer is an import run."},
	{.method = METHOD_GET, .pattern = "/api/v1/import/presets", .lane = LANE_READ, .door = DOOR_SIGNED_IN, .handle = presets,
	 .doc = "Built-in plans for files of known programs."},
	{.method = METHOD_GET, .pattern = "/api/v1/import/template", .lane = LANE_HEAVY, .door = DOOR_SIGNED_IN, .handle = template,
	 .doc = "A file to fill in for one kind of record: headings in the reader's language and an example row (?entity=&format=csv|xlsx)."},
	{.method = METHOD_GET, .pattern = "/api/v1/import/*/preview", .lane = LANE_HEAVY, .door = DOOR_SIGNED_IN, .handle = preview,
	 .doc = "What is in the file: encoding, columns with guesses, first rows, fitting presets."},
	{.method = METHOD_PUT, .pattern = "/api/v1/import/*/plan", .lane = LANE_HEAVY, .door = DOOR_SIGNED_IN, .handle = put_plan,
	 .specs = plan_specs, .doc = "Says where each column goes: a preset, a mapping, or a whole plan."},
	{.method = METHOD_POST, .pattern = "/api/v1/import/*/check", .lane = LANE_HEAVY, .door = DOOR_SIGNED_IN, .handle = check,
	 .doc = "Tries the first rows and takes them back: what would happen, and what is wrong in which cell."},
	{.method = METHOD_POST, .pattern = "/api/v1/import/*/start", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = start,
	 .doc = "Runs the import in the background."},
	{.method = METHOD_POST, .pattern = "/api/v1/import/*/resume", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = resume,
	 .doc = "Goes on after the last row that is done."},
	{.method = METHOD_POST, .pattern = "/api/v1/import/*/cancel", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = cancel,
	 .doc = "Stops after the batch that is being written."},
	{.method = METHOD_POST, .pattern = "/api/v1/import/*/undo", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = undo,
	 .doc = "Deletes what the import created and restores what it changed, where nobody has touched it since."},
	{.method = METHOD_GET, .pattern = "/api/v1/import/*/result", .lane = LANE_HEAVY, .work = WORK_EXPORT, .door = DOOR_SIGNED_IN, .handle = result,
	 .doc = "The rows that failed or were duplicates, with the reason and their cells (?format=csv|xlsx|jsonl)."},
	{.pattern = NULL},
};
