/* Deleted records: what is gone and can be put back, newest first, as far as the reader might see it were it there. */
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "core/bulk/bulk_internal.h"
#include "core/events/events.h"
#include "core/text/text.h"

enum { PAGE = 50, CHUNK = 100, SCAN_MAX = 2000 };

struct entry {
	int64_t seq, at_ms, actor_id, record_id;
	const struct entity_info *info;
	const char *diff, *request_id;
};

struct deleted {
	struct ctx *ctx;
	struct entry entries[CHUNK];
	size_t n, seen, scanned, rows;
	int64_t before;
	const char *q; /* folded, NULL: all */
	struct jsonw w;
};

static enum err collect(struct ctx *ctx, const struct change *change, void *arg)
{
	struct deleted *d = arg;
	const struct entity_info *info = registry_find(ctx->registry, change->entity);
	d->seen++;
	d->before = change->seq;
	if (info == NULL || str_empty(change->diff) || (info->entity->flags & (E_INTERNAL | E_NO_API_WRITE)))
		return OK;
	d->entries[d->n++] = (struct entry){change->seq, change->at_ms, change->actor_id, change->record_id, info,
	                                    arena_strdup(ctx->arena, change->diff), arena_strdup(ctx->arena, change->request_id)};
	return ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : OK;
}

/* Deleted again later, it is listed there. */
static enum err find_newest(struct ctx *ctx, const struct change *change, void *arg)
{
	int64_t *newest = arg;
	(void)ctx;
	if (*newest == 0 && change->action == CHANGE_DELETE)
		*newest = change->seq;
	return OK;
}

static enum err still_gone(struct ctx *ctx, const struct entry *e, const struct record *record, bool *ret)
{
	bool there = false, above = true;
	int64_t newest = 0;
	enum err err = record_there(ctx, e->info, e->record_id, &there);
	if (err == OK && !there)
		err = change_history_content(ctx, e->info->entity->name, e->record_id, 1, find_newest, &newest);
	/* What went with its parent comes back with it. */
	if (err == OK && e->info->parent_info != NULL && record->values[e->info->parent].kind == VALUE_INT)
		err = record_there(ctx, e->info->parent_info, record->values[e->info->parent].i, &above);
	*ret = err == OK && !there && newest == e->seq && above;
	return err;
}

/* OK with *ret false where the gate says no. */
static enum err may(struct ctx *ctx, const struct record *record, enum action action, bool *ret)
{
	enum err err = record_gone_reach(ctx, record, action);
	*ret = err == OK;
	if (err != ERR_NOT_FOUND && err != ERR_FORBIDDEN)
		return err;
	faults_clear(ctx);
	return OK;
}

static const char *title_of(const struct record *record)
{
	return record->info->title >= 0 ? record_text(record, record->info->fields[record->info->title]->name) : NULL;
}

static enum err matches(struct ctx *ctx, const struct deleted *d, const char *title, bool *ret)
{
	const char *folded;
	size_t n;
	*ret = d->q == NULL;
	if (*ret || str_empty(title))
		return OK;
	enum err err = text_fold(ctx, title, strlen(title), &folded, &n);
	*ret = err == OK && strstr(folded, d->q) != NULL;
	return err;
}

static enum err actor_name(struct ctx *ctx, int64_t id, const char **ret)
{
	struct record *user;
	*ret = NULL;
	if (id == 0)
		return OK;
	enum err err = record_load(ctx, registry_find(ctx->registry, "user"), id, &user);
	if (err == OK)
		*ret = record_text(user, "name");
	if (err != ERR_NOT_FOUND)
		return err;
	faults_clear(ctx);
	return OK;
}

static enum err put_row(struct deleted *d, const struct entry *e, const char *title, bool back)
{
	const char *who;
	enum err err = actor_name(d->ctx, e->actor_id, &who);
	jsonw_object(&d->w);
	jsonw_kv_id(&d->w, "id", e->record_id);
	jsonw_kv_text(&d->w, "entity", e->info->entity->name);
	jsonw_kv_text(&d->w, "title", title);
	jsonw_key(&d->w, "at");
	jsonw_time(&d->w, e->at_ms);
	jsonw_kv_text(&d->w, "by", who);
	jsonw_kv_bool(&d->w, "may_restore", back);
	jsonw_kv_text(&d->w, "request_id", e->request_id);
	jsonw_end_object(&d->w);
	d->rows++;
	return err;
}

static enum err look_at(struct deleted *d, const struct entry *e)
{
	struct ctx *ctx = d->ctx;
	struct record *record;
	bool yes = false, back = false;
	enum err err = entity_scope(ctx->actor, e->info, ACTION_READ) == SCOPE_NONE ? ERR_FORBIDDEN : record_gone(ctx, e->info, e->record_id, e->diff, &record);
	if (err != OK) { /* erased, or its content no longer fits: nothing to put back */
		faults_clear(ctx);
		return bulk_own_error(err) ? OK : err;
	}
	err = may(ctx, record, ACTION_READ, &yes);
	if (err == OK && yes)
		err = may(ctx, record, ACTION_DELETE, &back);
	if (err == OK && yes)
		err = still_gone(ctx, e, record, &yes);
	if (err == OK && yes)
		err = record_redact(ctx, record);
	const char *title = title_of(record);
	if (err == OK && yes)
		err = matches(ctx, d, title, &yes);
	return err == OK && yes ? put_row(d, e, title, back) : err;
}

static enum err read_chunks(struct deleted *d, struct change_filter *filter, bool *ret_more)
{
	enum err err = OK;
	*ret_more = true;
	while (err == OK && *ret_more && d->rows < PAGE && d->scanned < SCAN_MAX) {
		d->n = d->seen = 0;
		err = change_find(d->ctx, filter, collect, d);
		size_t i = 0;
		for (; err == OK && i < d->n && d->rows < PAGE; i++)
			err = look_at(d, &d->entries[i]);
		*ret_more = i < d->n || d->seen == CHUNK;
		if (i < d->n)
			d->before = d->entries[i - 1].seq;
		d->scanned += d->seen;
		filter->before_seq = d->before;
	}
	return err;
}

/* Of what can be deleted at all; names of colleagues, which everybody reads, are for those who keep them. */
static bool reads_anything(const struct ctx *ctx)
{
	for (size_t e = 0; e < registry_count(ctx->registry); e++) {
		const struct entity_info *info = registry_at(ctx->registry, e);
		bool foreign = (info->entity->flags & E_SYSTEM) && !gate_cap(ctx->actor, (enum capability)info->cap);
		if (!(info->entity->flags & (E_INTERNAL | E_NO_API_WRITE)) && !foreign && entity_scope(ctx->actor, info, ACTION_READ) != SCOPE_NONE)
			return true;
	}
	return false;
}

enum err bulk_http_deleted(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct change_filter filter = {.by_action = true, .action = CHANGE_DELETE, .max = CHUNK};
	struct deleted *d = arena_alloc(ctx->arena, sizeof(*d));
	const char *entity = http_query(ctx, req, "entity", 0), *q = http_query(ctx, req, "q", 0), *before = http_query(ctx, req, "before", 0);
	bool more = false;
	size_t n;
	enum err err = d != NULL ? OK : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	d->ctx = ctx;
	if (!reads_anything(ctx))
		return fail(ctx, ERR_FORBIDDEN, "", "forbidden");
	if (!str_empty(entity)) {
		const struct entity_info *info = registry_find(ctx->registry, entity);
		if (info == NULL || entity_scope(ctx->actor, info, ACTION_READ) == SCOPE_NONE)
			return fail_arg(ctx, ERR_NOT_FOUND, "entity", "not_found", entity);
		filter.entity = info->entity->name;
	}
	if (!str_empty(before) && (!str_to_i64(before, &filter.before_seq) || filter.before_seq < 1))
		return fail_arg(ctx, ERR_INVALID, "before", "bulk_before", before);
	if (!str_empty(q))
		err = text_fold(ctx, q, strlen(q), &d->q, &n);
	jsonw_init(&d->w, http_body(res));
	jsonw_object(&d->w);
	jsonw_key(&d->w, "rows");
	jsonw_array(&d->w);
	if (err == OK)
		err = read_chunks(d, &filter, &more);
	jsonw_end_array(&d->w);
	jsonw_key(&d->w, "next");
	if (more)
		jsonw_int(&d->w, d->before);
	else
		jsonw_null(&d->w);
	jsonw_end_object(&d->w);
	return err;
}
