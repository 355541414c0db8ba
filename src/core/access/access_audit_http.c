/* The audit trail: who did what and when, and the proof that nobody has changed it. */
#include <string.h>

#include "access_sql.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/access/access_internal.h"

enum { AUDIT_LIMIT = 50, AUDIT_LIMIT_MAX = 500, AUDIT_HOPS_MAX = 300 };

/* Entries are read whole before names are looked up: a connection runs one statement at a time. */
struct list {
	struct change rows[AUDIT_LIMIT_MAX];
	size_t n, seen;
	bool bulk;      /* also what a bulk act did to each record */
	int64_t before; /* where to go on */
	struct jsonw w;
	struct map names; /* of actors already looked up: id -> pointer */
};

/* --- what may be shown --------------------------------------------------------------- */

/* Whoever may not read a record may still see that it was changed, when and by
 * whom, and which fields; the values only who may read every such record. */
static bool shows_values(const struct ctx *ctx, const struct entity_info *info, const char *field)
{
	if (!info)
		return true; /* events of access, about no record's content */
	int at = entity_field(info, field);
	if (entity_scope(ctx->actor, info, ACTION_READ) != SCOPE_ALL)
		return false;
	return at < 0 || entity_field_right(ctx->actor, info, at) >= RIGHT_READ;
}

/* Whether the actor reads every record of the entity and every field of it. */
static bool reads_all(const struct ctx *ctx, const struct entity_info *info)
{
	bool all = entity_scope(ctx->actor, info, ACTION_READ) == SCOPE_ALL;
	for (size_t f = 0; all && f < info->n_fields; f++)
		all = (info->fields[f]->flags & F_SECRET) || entity_field_right(ctx->actor, info, (int)f) >= RIGHT_READ;
	return all;
}

/* "city=eq.Suzhou" as "city=eq.***"; "or=(…)" and what is no condition on a field as "or=***". */
static void put_shape(struct buf *out, const char *name, size_t name_n, const char *value, size_t n)
{
	size_t op = 0, at = 0;
	for (; at < n && ((value[at] >= 'a' && value[at] <= 'z') || value[at] == '.' || value[at] == '(' || value[at] == ')'); at++) {
		if (value[at] != '.')
			continue;
		op = at + 1;
		if (op != 4 || strncmp(value, "not.", 4) != 0) /* of "eq.a.b" the second part is a value */
			break;
	}
	buf_add(out, name, name_n);
	buf_putc(out, '=');
	buf_add(out, value, op);
	buf_puts(out, "***");
}

/* What says which columns, in which order and how many; never a value of a record. */
static bool is_shape(const char *name, size_t n)
{
	static const char *const names[] = {"select", "order", "limit", "offset", "columns", "format", "count"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == n && strncmp(names[i], name, n) == 0)
			return true;
	return false;
}

/* The filter of an export holds values of records: shown to whoever may read such a field of every record, to others its
 * shape.  In ctx's arena; NULL without memory. */
static const char *shown_query(struct ctx *ctx, const struct entity_info *info, const char *query, bool *withheld)
{
	struct buf out;
	if (!info || reads_all(ctx, info))
		return query;
	buf_init(&out, 256 * 1024);
	for (const char *at = query; *at;) {
		size_t n = strcspn(at, "&"), name_n = strcspn(at, "=&");
		const char *value = at + name_n + (name_n < n), *name = arena_strndup(ctx->arena, at, name_n);
		bool known = name && entity_field(info, name) >= 0 && shows_values(ctx, info, name);
		if (at != query)
			buf_putc(&out, '&');
		if (known || is_shape(at, name_n)) {
			buf_add(&out, at, n);
		} else {
			put_shape(&out, at, name_n, value, n - (size_t)(value - at));
			*withheld = true;
		}
		at += n + (at[n] == '&');
	}
	const char *text = buf_failed(&out) ? NULL : arena_strndup(ctx->arena, buf_text(&out), out.len);
	buf_release(&out);
	return text;
}

static bool is_event(enum change_action action)
{
	return action == CHANGE_LOGIN || action == CHANGE_DENIED || action == CHANGE_READ || action == CHANGE_EXPORT;
}

static void put_diff(struct ctx *ctx, struct jsonw *w, const struct change *change)
{
	json_error_t error;
	const struct entity_info *info = is_event(change->action) ? NULL : registry_find(ctx->registry, change->entity);
	json_t *diff = str_empty(change->diff) ? NULL : json_loads(change->diff, 0, &error);
	const char *field;
	json_t *value;
	jsonw_key(w, "diff");
	if (!json_is_object(diff)) {
		jsonw_null(w); /* erased */
		json_decref(diff);
		return;
	}
	bool withheld = false;
	jsonw_object(w);
	json_object_foreach(diff, field, value) {
		jsonw_key(w, field);
		if (change->action == CHANGE_EXPORT && str_equal(field, "query") && json_is_string(value)) {
			jsonw_text(w, shown_query(ctx, registry_find(ctx->registry, change->entity), json_string_value(value), &withheld));
			continue;
		}
		char *text = shows_values(ctx, info, field) ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
		if (text) {
			jsonw_raw(w, text, strlen(text));
		} else {
			jsonw_null(w);
			withheld = true;
		}
		free(text);
	}
	jsonw_end_object(w);
	if (withheld)
		jsonw_kv_bool(w, "withheld", true);
	json_decref(diff);
}

/* --- the list --------------------------------------------------------------------------- */

static const char *const kinds[] = {"user", "token", "system", "import", "portal"};

static const char *actor_name(struct ctx *ctx, struct list *list, int64_t id)
{
	int64_t kept;
	struct access_user user;
	if (id == 0)
		return NULL;
	if (map_get(&list->names, &id, sizeof(id), &kept))
		return (const char *)(uintptr_t)kept;
	const char *name = NULL;
	size_t before = ctx->faults.count;
	if (access_user_load(ctx, id, &user) == OK)
		name = user.name;
	else if (before == 0)
		faults_clear(ctx); /* gone since */
	bool put = map_put(&list->names, &id, sizeof(id), (int64_t)(uintptr_t)name);
	(void)put;
	return name;
}

/* A bulk act is one line, its own; what it did to each record lies together in the log, batch by batch. */
static bool is_bulk(const struct change *change)
{
	return change->request_id && strncmp(change->request_id, "bulk-", 5) == 0;
}

static enum err keep_row(struct ctx *ctx, const struct change *change, void *arg)
{
	struct list *list = arg;
	list->seen++;
	bool hidden = !list->bulk && is_bulk(change);
	/* past the batch: its first entry may be the act's own */
	int64_t past = hidden && change->seq > change->group ? change->group + 1 : change->seq;
	if (list->before == 0 || past < list->before)
		list->before = past;
	if (hidden)
		return OK;
	struct change *row = &list->rows[list->n];
	*row = *change;
	row->entity = access_keep(ctx, change->entity);
	row->diff = access_keep(ctx, change->diff);
	row->request_id = access_keep(ctx, change->request_id);
	if (ctx->arena->failed)
		return access_no_memory(ctx);
	list->n++;
	return OK;
}

static void put_id(struct jsonw *w, const char *key, int64_t id)
{
	if (id)
		jsonw_kv_id(w, key, id);
	else
		jsonw_kv_text(w, key, NULL);
}

static void put_row(struct ctx *ctx, struct list *list, const struct change *change)
{
	struct jsonw *w = &list->w;
	size_t kind = (size_t)change->actor_kind;
	jsonw_object(w);
	jsonw_kv_int(w, "seq", change->seq);
	jsonw_key(w, "at");
	jsonw_time(w, change->at_ms);
	jsonw_key(w, "actor");
	jsonw_object(w);
	put_id(w, "id", change->actor_id);
	jsonw_kv_text(w, "name", actor_name(ctx, list, change->actor_id));
	jsonw_kv_text(w, "kind", kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[kind] : "");
	jsonw_end_object(w);
	jsonw_kv_text(w, "entity", change->entity);
	put_id(w, "record_id", change->record_id);
	jsonw_kv_text(w, "action", change_action_name(change->action));
	put_diff(ctx, w, change);
	jsonw_kv_text(w, "request_id", change->request_id);
	jsonw_end_object(w);
}

static void wrong(struct ctx *ctx, const char *name)
{
	fault_add(ctx, ERR_INVALID, name, "audit_parameter", name);
}

static void read_number(struct ctx *ctx, const struct http_request *req, const char *name, int64_t max, int64_t *ret)
{
	const char *text = http_query(ctx, req, name, 0);
	if (!str_empty(text) && (!str_to_i64(text, ret) || *ret < 1 || *ret > max))
		wrong(ctx, name);
}

static void read_time(struct ctx *ctx, const struct http_request *req, const char *name, int64_t *ret)
{
	const char *text = http_query(ctx, req, name, 0);
	if (!str_empty(text) && !time_parse(text, ret))
		wrong(ctx, name);
}

static void read_action(struct ctx *ctx, const struct http_request *req, struct change_filter *filter)
{
	const char *text = http_query(ctx, req, "action", 0);
	if (str_empty(text))
		return;
	for (int i = 0; i < CHANGE_ACTION_COUNT; i++)
		if (str_equal(change_action_name((enum change_action)i), text)) {
			filter->by_action = true;
			filter->action = (enum change_action)i;
			return;
		}
	wrong(ctx, "action");
}

static enum err read_filter(struct ctx *ctx, const struct http_request *req, struct change_filter *filter)
{
	int64_t limit = AUDIT_LIMIT;
	const char *to = http_query(ctx, req, "to", 0);
	filter->entity = http_query(ctx, req, "entity", 0);
	if (str_empty(filter->entity))
		filter->entity = NULL;
	else if (!registry_find(ctx->registry, filter->entity))
		wrong(ctx, "entity");
	else
		filter->entity = registry_find(ctx->registry, filter->entity)->entity->name;
	read_number(ctx, req, "record_id", INT64_MAX, &filter->record_id);
	read_number(ctx, req, "actor_id", INT64_MAX, &filter->actor_id);
	read_number(ctx, req, "before", INT64_MAX, &filter->before_seq);
	read_number(ctx, req, "limit", AUDIT_LIMIT_MAX, &limit);
	read_time(ctx, req, "from", &filter->from_ms);
	read_time(ctx, req, "to", &filter->to_ms);
	/* a day is meant whole */
	if (filter->to_ms && to && date_valid(to))
		filter->to_ms += DAY_MS;
	read_action(ctx, req, filter);
	filter->max = (size_t)limit;
	return faults_code(ctx);
}

/* Batches that are not shown are jumped over, so many at most in one answer. */
static enum err read_rows(struct ctx *ctx, struct list *list, struct change_filter *filter)
{
	size_t wanted = filter->max;
	for (int hop = 0; hop < AUDIT_HOPS_MAX; hop++) {
		filter->max = wanted - list->n;
		list->seen = 0;
		list->before = 0;
		enum err err = change_find(ctx, filter, keep_row, list);
		if (err)
			return err;
		bool end = list->seen < filter->max;
		if (end)
			list->before = 0;
		if (end || list->n == wanted)
			return OK;
		filter->before_seq = list->before;
	}
	return OK;
}

static void put_list(struct ctx *ctx, struct list *list)
{
	uint64_t keys[2];
	ctx_random(ctx, keys, sizeof(keys));
	map_init(&list->names, keys[0], keys[1]);
	jsonw_object(&list->w);
	jsonw_key(&list->w, "rows");
	jsonw_array(&list->w);
	for (size_t i = 0; i < list->n; i++)
		put_row(ctx, list, &list->rows[i]);
	jsonw_end_array(&list->w);
	jsonw_key(&list->w, "next");
	if (list->before)
		jsonw_int(&list->w, list->before);
	else
		jsonw_null(&list->w);
	jsonw_end_object(&list->w);
	map_release(&list->names);
}

enum err access_http_audit(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct change_filter filter = {0};
	struct list *list = arena_alloc(ctx->arena, sizeof(*list));
	if (!list)
		return access_no_memory(ctx);
	enum err err = read_filter(ctx, req, &filter);
	list->bulk = filter.record_id != 0 || str_equal(http_query(ctx, req, "bulk", 0), "1");
	if (!err)
		err = read_rows(ctx, list, &filter);
	if (err)
		return err;
	jsonw_init(&list->w, http_body(res));
	put_list(ctx, list);
	return access_answer(ctx, res);
}

/* --- the proof ------------------------------------------------------------------------------ */

static enum err stored_hash(struct ctx *ctx, int64_t seq, char hex[65])
{
	struct stmt *stmt;
	bool row = false;
	hex[0] = '\0';
	enum err err = db_prepare(ctx, ctx->db, &sql_access_change_hash, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, seq);
	err = stmt_step(ctx, stmt, &row);
	if (!err && row && stmt_bytes(stmt, 0) == 32)
		access_hex(stmt_blob(stmt, 0), 32, hex);
	stmt_done(stmt);
	return err;
}

struct proof {
	int64_t entries, bad;
	char head[65];
};

/* From where the last proof ended, if what it saw there still stands; else from the start. */
static enum err prove(struct ctx *ctx, struct access *access, bool full, struct proof *proof)
{
	char hex[65];
	int64_t from = 1, before = 0, checked;
	*proof = (struct proof){0};
	if (!full && access->proof_seq > 0) {
		enum err err = stored_hash(ctx, access->proof_seq, hex);
		if (err)
			return err;
		if (!str_equal(hex, access->proof_head)) {
			proof->bad = access->proof_seq; /* gone, or another one */
			memcpy(proof->head, hex, sizeof(hex));
			return OK;
		}
		from = access->proof_seq + 1;
		before = access->proof_entries;
	}
	enum err err = change_verify(ctx, from, &checked, &proof->bad, proof->head);
	if (err)
		return err;
	proof->entries = before + checked;
	if (proof->bad || proof->entries == 0)
		return OK;
	access->proof_seq = from + checked - 1;
	access->proof_entries = proof->entries;
	memcpy(access->proof_head, proof->head, sizeof(proof->head));
	return OK;
}

enum err access_http_audit_proof(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct access *access = app_access(ctx->app);
	struct proof proof;
	struct jsonw w;
	bool full = str_equal(http_query(ctx, req, "full", 0), "1");
	pthread_mutex_lock(&access->proof_lock);
	enum err err = prove(ctx, access, full, &proof);
	pthread_mutex_unlock(&access->proof_lock);
	if (err)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_int(&w, "entries", proof.entries);
	jsonw_kv_text(&w, "head", proof.head);
	jsonw_kv_bool(&w, "ok", proof.bad == 0);
	jsonw_key(&w, "bad_seq");
	if (proof.bad)
		jsonw_int(&w, proof.bad);
	else
		jsonw_null(&w);
	jsonw_key(&w, "checked_at");
	jsonw_time(&w, ctx_now(ctx));
	jsonw_end_object(&w);
	return access_answer(ctx, res);
}
