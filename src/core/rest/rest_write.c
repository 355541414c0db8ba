/* POST: one row or many, created or merged by a key. */
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "core/rest/rest_internal.h"
#include "core/store/store.h"

enum { KEY_FIELDS_MAX = 8 };

struct post {
	struct ctx *ctx;
	const struct http_request *req;
	struct http_response *res;
	const struct entity_info *info;
	struct rest_prefer prefer;
	struct rest_accept accept;
	struct rest_body body;
	int key[KEY_FIELDS_MAX]; /* on_conflict */
	size_t n_key;
	int64_t *ids;            /* of rows created or merged */
	size_t n_ids, created, skipped;
};

/* --- the key of an upsert ------------------------------------------------------------ */

/* Whether the descriptor has a unique index over exactly these fields. */
static bool is_unique_index(const struct post *p, const char *index)
{
	size_t n = 0;
	if (!str_starts(index, "unique "))
		return false;
	for (const char *at = index + strlen("unique "); *at; n++) {
		size_t len = strcspn(at, ",");
		bool found = false;
		for (size_t i = 0; i < p->n_key; i++) {
			const char *name = p->info->fields[p->key[i]]->name;
			found |= strlen(name) == len && memcmp(name, at, len) == 0;
		}
		if (!found)
			return false;
		at += len;
		at += *at == ',';
	}
	return n == p->n_key;
}

static bool is_key(const struct post *p)
{
	if (p->n_key == 1 && (p->key[0] == SF_ID || (p->info->fields[p->key[0]]->flags & F_UNIQUE)))
		return true;
	for (const char *const *index = p->info->entity->indexes; index && *index; index++)
		if (is_unique_index(p, *index))
			return true;
	return false;
}

static enum err read_key(struct post *p)
{
	const char *text = http_query(p->ctx, p->req, "on_conflict", 0);
	if (p->prefer.resolution == RESOLVE_NONE)
		return OK;
	if (str_empty(text)) {
		p->key[p->n_key++] = SF_ID;
		return OK;
	}
	while (*text) {
		size_t len = strcspn(text, ","), kept;
		const char *start = str_trim(text, len, &kept);
		const char *name = arena_strndup(p->ctx->arena, start, kept);
		int at = name ? entity_field(p->info, name) : -1;
		if (at < 0 || entity_field_right(p->ctx->actor, p->info, at) == RIGHT_HIDDEN)
			return fail_arg(p->ctx, ERR_INVALID, "on_conflict", QK_COLUMN, name ? name : "");
		if (p->n_key >= KEY_FIELDS_MAX)
			return fail_arg(p->ctx, ERR_LIMIT, "on_conflict", QK_TOO_MANY, "8");
		p->key[p->n_key++] = at;
		text += len;
		text += *text == ',';
	}
	return is_key(p) ? OK : fail(p->ctx, ERR_INVALID, "on_conflict", "42P10");
}

/* What the sender may not read is to them as if it were not there: the row then meets what any new one would. */
static enum err forget_unseen(struct post *p, int64_t *id)
{
	struct record *seen;
	enum err err = record_get(p->ctx, p->info, *id, ACTION_READ, &seen);
	if (err != ERR_NOT_FOUND && err != ERR_FORBIDDEN)
		return err;
	faults_clear(p->ctx);
	*id = 0;
	return OK;
}

/* The record that a row would collide with; 0: none. */
static enum err find_existing(struct post *p, const struct record *record, int64_t *ret)
{
	struct value values[KEY_FIELDS_MAX];
	*ret = 0;
	for (size_t i = 0; i < p->n_key; i++) {
		values[i] = record->values[p->key[i]];
		if (!record->set[p->key[i]] || values[i].kind == VALUE_NULL)
			return OK;
	}
	enum err err = query_find_key(p->ctx, p->info, p->key, values, p->n_key, ret);
	return err || *ret == 0 ? err : forget_unseen(p, ret);
}

/* --- one row ---------------------------------------------------------------------------- */

static enum err write_new(struct post *p, struct record *record, const struct rest_nested_list *nested)
{
	if (p->n_key == 1 && p->key[0] == SF_ID && record->set[SF_ID] && record->values[SF_ID].kind != VALUE_NULL)
		return fail_arg(p->ctx, ERR_NOT_FOUND, "id", "not_found", p->info->entity->name); /* ids are ours to give */
	enum err err = rest_nested_create(p->ctx, record, nested);
	if (!err) {
		p->ids[p->n_ids++] = record_id(record);
		p->created++;
	}
	return err;
}

static enum err write_row(struct post *p, size_t row)
{
	struct record *record;
	struct rest_nested_list nested;
	int64_t existing = 0;
	enum err err = rest_nested_take(p->ctx, &p->body, row, p->info, &nested);
	if (!err)
		err = rest_body_record(p->ctx, &p->body, row, p->info, &record);
	if (!err && p->prefer.resolution != RESOLVE_NONE)
		err = find_existing(p, record, &existing);
	if (err)
		return err;
	if (!existing)
		return write_new(p, record, &nested);
	if (p->prefer.resolution == RESOLVE_IGNORE) {
		p->skipped++;
		return OK;
	}
	if (nested.n > 0)
		return fail(p->ctx, ERR_INVALID, nested.list[0].name, "nested_exists");
	err = record_update(p->ctx, existing, record, 0, 0, NULL);
	if (!err)
		p->ids[p->n_ids++] = existing;
	return err;
}

/* All or nothing: the first row that fails ends it, with all its faults. */
static enum err write_all(struct post *p)
{
	for (size_t row = 0; row < p->body.n; row++) {
		size_t before = p->ctx->faults.count;
		enum err err = write_row(p, row);
		if (err) {
			rest_body_name_row(p->ctx, &p->body, before, row);
			return err;
		}
	}
	return OK;
}

/* --- per-row results ---------------------------------------------------------------------- */

static void write_fault(struct post *p, const struct fault *fault, struct jsonw *w)
{
	const struct rest *rest = app_rest(p->ctx->app);
	const char *message = rest && rest->config.message ? rest->config.message(p->ctx, fault) : fault->key;
	jsonw_object(w);
	jsonw_kv_text(w, "field", fault->field);
	jsonw_kv_text(w, "key", fault->key);
	jsonw_kv_text(w, "message", message);
	jsonw_end_object(w);
}

/* Trouble that is not the row's own ends the request. */
static bool is_rows_own(enum err err)
{
	return err == ERR_INVALID || err == ERR_CONFLICT || err == ERR_FORBIDDEN || err == ERR_NOT_FOUND;
}

static enum err try_row(struct post *p, size_t row, struct jsonw *w, size_t *failed)
{
	size_t ids = p->n_ids, created = p->created;
	enum err err = db_savepoint(p->ctx);
	if (err)
		return err;
	err = write_row(p, row);
	if (!err) /* what was sent ahead may fail only now */
		err = db_release(p->ctx);
	if (err && !is_rows_own(err))
		return err;
	jsonw_object(w);
	jsonw_kv_int(w, "row", (int64_t)row);
	if (err) {
		db_rollback_to(p->ctx);
		p->n_ids = ids;
		p->created = created;
		(*failed)++;
		jsonw_key(w, "errors");
		jsonw_array(w);
		for (size_t i = 0; i < p->ctx->faults.count; i++)
			write_fault(p, &p->ctx->faults.list[i], w);
		jsonw_end_array(w);
		faults_clear(p->ctx);
	} else if (p->n_ids > ids) {
		jsonw_kv_id(w, "id", p->ids[ids]);
	}
	jsonw_end_object(w);
	return OK;
}

static enum err write_each(struct post *p)
{
	struct jsonw w;
	size_t failed = 0;
	enum err err = OK;
	jsonw_init(&w, http_body(p->res));
	jsonw_object(&w);
	jsonw_key(&w, "rows");
	jsonw_array(&w);
	for (size_t row = 0; !err && row < p->body.n; row++)
		err = try_row(p, row, &w, &failed);
	jsonw_end_array(&w);
	jsonw_kv_int(&w, "created", (int64_t)p->created);
	jsonw_kv_int(&w, "updated", (int64_t)(p->n_ids - p->created));
	jsonw_kv_int(&w, "skipped", (int64_t)p->skipped);
	jsonw_kv_int(&w, "failed", (int64_t)failed);
	jsonw_end_object(&w);
	return err;
}

/* --- the answer ------------------------------------------------------------------------------ */

static void set_location(struct post *p)
{
	if (p->n_ids != 1 || p->created != 1)
		return;
	const char *at = arena_printf(p->ctx->arena, "/api/v1/%s/%lld", p->info->entity->name, (long long)p->ids[0]);
	if (at)
		http_set_header(p->res, "Location", at);
}

static enum err tell_made(struct post *p)
{
	const struct rest *rest = app_rest(p->ctx->app);
	if (!rest || !rest->config.made || p->n_ids != 1 || p->created != 1)
		return OK;
	return rest->config.made(rest->config.arg, p->ctx, p->info, p->ids[0], p->req, p->res);
}

static enum err answer(struct post *p)
{
	int64_t total = p->prefer.count == COUNT_NONE ? -1 : (int64_t)p->n_ids;
	if (p->accept.media == MEDIA_SINGLE && p->body.n != 1) {
		const char *n = arena_printf(p->ctx->arena, "%zu", p->body.n);
		return fail_arg(p->ctx, ERR_INVALID, "", QK_SINGLE, n);
	}
	http_status(p->res, p->created > 0 || p->prefer.resolution == RESOLVE_NONE ? 201 : 200);
	rest_content_range(p->res, 0, 0, total);
	set_location(p);
	enum err err = tell_made(p);
	if (err)
		return err;
	if (p->prefer.ret != RETURN_ROWS)
		return OK;
	struct query_page page;
	return rest_write_ids(p->ctx, p->req, p->info, p->ids, p->n_ids, &p->accept, p->res, &page);
}

static enum err write_and_answer(struct post *p)
{
	enum err err = OK;
	p->ids = arena_array(p->ctx->arena, p->body.n + 1, sizeof(*p->ids));
	if (!p->ids)
		return fail(p->ctx, ERR_LIMIT, "", "memory");
	if (p->prefer.rollback)
		err = db_savepoint(p->ctx);
	if (err)
		return err;
	if (p->prefer.per_row)
		err = write_each(p);
	else
		err = write_all(p);
	if (!err && !p->prefer.per_row)
		err = answer(p);
	if (!err && p->prefer.rollback)
		db_rollback_to(p->ctx);
	return err;
}

/* The entity, and whether they may make any of it. */
static enum err may_post(struct ctx *ctx, const struct http_request *req, const struct entity_info **ret)
{
	enum err err = rest_entity(ctx, req->params[0], ret);
	if (!err && entity_scope(ctx->actor, *ret, ACTION_CREATE) == SCOPE_NONE)
		err = fail_arg(ctx, ERR_FORBIDDEN, "", QK_FORBIDDEN, (*ret)->entity->name);
	return err;
}

enum err rest_may_post(struct ctx *ctx, const struct http_request *req)
{
	const struct entity_info *info;
	return may_post(ctx, req, &info);
}

enum err rest_post_rows(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct post p = {.ctx = ctx, .req = req, .res = res};
	enum err err = may_post(ctx, req, &p.info);
	if (!err)
		err = rest_prefer(ctx, req, res, &p.prefer);
	if (!err)
		err = rest_accept(ctx, req, &p.accept);
	if (!err)
		err = rest_body_read(ctx, req, p.info, &p.body);
	if (!err)
		err = read_key(&p);
	if (!err)
		err = write_and_answer(&p);
	rest_body_release(&p.body);
	return err;
}
