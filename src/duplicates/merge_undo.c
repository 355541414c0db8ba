/* A merge taken apart: who went comes back under the old id with what belonged to them. What others changed since stays as it is, and is
 * told. */
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/entity/field_type.h"
#include "core/store/store.h"
#include "duplicates/merge.h"
#include "duplicates/pair.h"
#include "duplicates_sql.h"

enum { UNDO_PAGE = 500, KEPT_MAX = 200 };

struct undoing {
	struct ctx *ctx;
	const struct entity_info *info;
	int64_t from, into, merge; /* as of the merge; `into` is who has the alias now */
	int64_t n_back, n_changed, n_gone;
	const char *kept[KEPT_MAX]; /* fields that were changed since */
	size_t n_kept;
};

typedef enum err (*entry_fn)(struct undoing *u, const struct journal_entry *entry);

static enum err each(struct undoing *u, const char *what, entry_fn fn)
{
	struct journal_entry *list = arena_array(u->ctx->arena, UNDO_PAGE, sizeof(*list));
	size_t n = UNDO_PAGE;
	int64_t after = 0;
	enum err err = list != NULL ? OK : fail(u->ctx, ERR_LIMIT, "", "memory");
	while (err == OK && n == UNDO_PAGE) {
		err = merge_notes(u->ctx, u->merge, what, after, list, UNDO_PAGE, &n, &after);
		for (size_t i = 0; err == OK && i < n; i++)
			err = fn(u, &list[i]);
	}
	return err;
}

/* --- fields of the one who stayed --------------------------------------------------------------------- */

static enum err read_text(struct ctx *ctx, const struct entity_info *info, int at, const char *text, struct value *ret)
{
	json_error_t error;
	json_t *json = json_loads(text != NULL ? text : "null", JSON_DECODE_ANY, &error);
	*ret = value_null();
	if (json == NULL)
		return fail(ctx, ERR_BUG, "", "merge_journal");
	enum err err = json_is_null(json) ? OK : field_ops(info->fields[at]->type)->parse_json(ctx, info, at, json, ret);
	json_decref(json);
	return err;
}

static bool same(const struct value *a, const struct value *b)
{
	return value_equal(a, b) || (merge_is_empty(a) && merge_is_empty(b));
}

/* What it had before may be gone since: then it keeps what it has. */
static enum err put_back(struct undoing *u, int at, const struct value *before, bool *ret)
{
	struct ctx *ctx = u->ctx;
	const struct faults faults = ctx->faults;
	struct record *patch;
	enum err err = record_new(ctx, u->info, &patch);
	if (err == OK)
		err = db_savepoint(ctx);
	if (err != OK)
		return err;
	patch->values[at] = *before;
	patch->set[at] = true;
	err = record_update(ctx, u->into, patch, 0, W_TRUSTED, NULL);
	*ret = err == OK;
	if (err == OK)
		return db_release(ctx);
	if (err != ERR_INVALID)
		return err;
	db_rollback_to(ctx);
	ctx->faults = faults;
	return OK;
}

static void keep(struct undoing *u, const char *field)
{
	if (u->n_kept < KEPT_MAX)
		u->kept[u->n_kept++] = field;
}

static enum err field_back(struct undoing *u, const struct journal_entry *entry)
{
	struct ctx *ctx = u->ctx;
	struct record *now;
	bool put = false;
	struct value before = value_null(), after = value_null();
	const struct faults faults = ctx->faults;
	int at = entity_field(u->info, entry->field);
	enum err err = record_load(ctx, u->info, u->into, &now);
	if (err == OK && at >= 0)
		err = read_text(ctx, u->info, at, entry->before, &before);
	if (err == OK && at >= 0)
		err = read_text(ctx, u->info, at, entry->after, &after);
	if (err != OK && err != ERR_INVALID)
		return err;
	/* changed since, of another one by now, or of a field that is no more */
	if (err == ERR_INVALID || at < 0 || entry->record_id != u->into || !same(&now->values[at], &after)) {
		ctx->faults = faults;
		keep(u, entry->field);
		return OK;
	}
	err = put_back(u, at, &before, &put);
	if (err == OK && !put)
		keep(u, entry->field);
	return err;
}

/* An identifier that the merge made goes, unless somebody worked on it. */
static enum err made_back(struct undoing *u, const struct journal_entry *entry)
{
	struct record *there;
	const struct faults before = u->ctx->faults;
	const struct entity_info *info = registry_find(u->ctx->registry, entry->entity);
	enum err err = info != NULL ? record_load(u->ctx, info, entry->record_id, &there) : ERR_NOT_FOUND;
	if (err == ERR_NOT_FOUND) {
		u->ctx->faults = before;
		return OK;
	}
	bool untouched = err == OK && record_i64(there, "version") == 1 && record_i64(there, "customer_id") == u->into;
	return untouched ? record_delete(u->ctx, info, entry->record_id, 0, W_TRUSTED) : err;
}

/* --- what points there ------------------------------------------------------------------------------------ */

static enum err list_back(struct undoing *u, const struct value *now, struct value *ret, bool *ret_there)
{
	int64_t *ids = arena_array(u->ctx->arena, now->l.n + 1, sizeof(*ids));
	if (ids == NULL)
		return fail(u->ctx, ERR_LIMIT, "", "memory");
	*ret_there = false;
	for (size_t i = 0; i < now->l.n; i++) {
		ids[i] = now->l.ids[i] == u->into ? u->from : now->l.ids[i];
		*ret_there = *ret_there || now->l.ids[i] == u->into;
	}
	*ret = (struct value){.kind = VALUE_LIST, .l = {ids, now->l.n}};
	return OK;
}

/* The link as it was; *ret_there false: it does not point at who stayed any more. */
static enum err old_link(struct undoing *u, const struct field *field, const struct value *now, struct value *ret, bool *ret_there)
{
	if (field->type == FIELD_LINKS)
		return list_back(u, now, ret, ret_there);
	if (!(field->flags & F_ANY)) {
		*ret_there = now->kind == VALUE_INT && now->i == u->into;
		*ret = value_int(u->from);
		return OK;
	}
	const char *is = arena_printf(u->ctx->arena, "%s/%lld", u->info->entity->name, (long long)u->into);
	const char *was = arena_printf(u->ctx->arena, "%s/%lld", u->info->entity->name, (long long)u->from);
	*ret_there = now->kind == VALUE_TEXT && str_equal(now->t.p, is);
	*ret = value_text(was);
	return is != NULL && was != NULL ? OK : fail(u->ctx, ERR_LIMIT, "", "memory");
}

static enum err link_back(struct undoing *u, const struct journal_entry *entry)
{
	struct ctx *ctx = u->ctx;
	struct record *holder, *patch;
	struct value link;
	bool there = false;
	const struct faults before = ctx->faults;
	const struct entity_info *info = registry_find(ctx->registry, entry->entity);
	int at = info != NULL ? entity_field(info, entry->field) : -1;
	enum err err = at >= 0 ? record_load(ctx, info, entry->record_id, &holder) : ERR_NOT_FOUND;
	if (err == ERR_NOT_FOUND) {
		ctx->faults = before;
		u->n_gone++;
		return OK;
	}
	if (err == OK)
		err = old_link(u, info->fields[at], &holder->values[at], &link, &there);
	if (err == OK && !there)
		u->n_changed++;
	if (err != OK || !there)
		return err;
	err = record_new(ctx, info, &patch);
	if (err != OK)
		return err;
	patch->values[at] = link;
	patch->set[at] = true;
	u->n_back++;
	return record_update(ctx, entry->record_id, patch, 0, W_TRUSTED | W_FOLLOWS | (info->entity->search_rank == 0 ? W_NO_SEARCH : 0), NULL);
}

/* --- the request ----------------------------------------------------------------------------------------------- */

static enum err find_merge(struct undoing *u, const char *text)
{
	struct ctx *ctx = u->ctx;
	struct record *survivor, *alias;
	struct stmt *stmt;
	bool row = false;
	if (!id_parse(text, &u->from))
		return fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "customer");
	enum err err = db_prepare(ctx, ctx->db, &sql_merge_alias, &stmt);
	if (err != OK)
		return err;
	const char *former = arena_printf(ctx->arena, "%lld", (long long)u->from);
	stmt_bind_text(stmt, 1, former);
	err = stmt_step(ctx, stmt, &row);
	u->merge = err == OK && row ? stmt_i64(stmt, 0) : 0;
	u->into = err == OK && row ? stmt_i64(stmt, 1) : 0;
	stmt_done(stmt);
	if (err == OK && !row) /* there, but nothing to take apart; or nobody's */
		err = record_get(ctx, u->info, u->from, ACTION_UPDATE, &survivor);
	if (err == OK && u->merge == 0)
		return fail(ctx, ERR_CONFLICT, "", "merge_none");
	if (err == OK)
		err = merge_lock(ctx, &u->into, 1);
	if (err == OK)
		err = record_get(ctx, u->info, u->into, ACTION_UPDATE, &survivor);
	/* of two at once the other may have done it while this one waited */
	return err == OK ? record_load(ctx, registry_find(ctx->registry, "customer_alias"), u->merge, &alias) : err;
}

static enum err forget(struct undoing *u)
{
	struct stmt *stmt;
	enum err err = db_prepare(u->ctx, u->ctx->db, &sql_merge_forget, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, u->merge);
	err = stmt_run(u->ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err answer(struct undoing *u, struct http_response *res)
{
	struct jsonw w;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", u->from);
	jsonw_kv_id(&w, "from", u->into);
	jsonw_kv_int(&w, "changed", u->n_changed);
	jsonw_kv_int(&w, "gone", u->n_gone);
	jsonw_key(&w, "kept");
	jsonw_array(&w);
	for (size_t i = 0; i < u->n_kept; i++) {
		int at = entity_field(u->info, u->kept[i]);
		if (at >= 0 && entity_field_right(u->ctx->actor, u->info, at) != RIGHT_HIDDEN)
			jsonw_text(&w, u->kept[i]);
	}
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return OK;
}

enum err merge_undo(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct undoing u = {.ctx = ctx, .info = registry_find(ctx->registry, "customer")};
	char nothing;
	enum err err = http_read_body(ctx, req, &nothing);
	if (err == OK)
		err = merge_allowed(ctx);
	if (err == OK)
		err = find_merge(&u, req->params[0]);
	if (err == OK)
		err = each(&u, JOURNAL_FIELD, field_back);
	if (err == OK)
		err = each(&u, JOURNAL_MADE, made_back);
	/* the alias first: a record under its own id has no other */
	if (err == OK)
		err = record_delete(ctx, registry_find(ctx->registry, "customer_alias"), u.merge, 0, W_TRUSTED);
	if (err == OK)
		err = record_bring_back(ctx, u.info, u.from);
	if (err == OK)
		err = each(&u, JOURNAL_MOVED, link_back);
	if (err == OK)
		err = record_merged(ctx, u.info, u.from, u.into, true);
	if (err == OK)
		err = forget(&u);
	if (err == OK) /* who takes them apart says that they are two */
		err = pair_decide(ctx, u.from, u.into, PAIR_APART);
	if (err == OK)
		err = record_reindex(ctx, u.info, u.into);
	if (err == OK)
		err = record_reindex(ctx, u.info, u.from);
	return err == OK ? answer(&u, res) : err;
}
