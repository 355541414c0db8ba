/* Keys of records in bounded memory, with the store behind it.  What a batch adds
 * stays pending until the batch is committed, because the store may run it again. */
#include <string.h>

#include "base/str.h"
#include "core/entity/field_type.h"
#include "core/exchange/import.h"

enum { KEY_BYTES_MAX = 4096, ROW_KEYS_MAX = 1 << 20, KEY_PAGE = 16 };

void import_keys_init(struct ctx *ctx, struct import_keys *keys)
{
	uint64_t seed[4];
	ctx_random(ctx, seed, sizeof(seed));
	map_init(&keys->done, seed[0], seed[1]);
	map_init(&keys->pending, seed[2], seed[3]);
	map_init(&keys->absent, seed[1], seed[2]);
	buf_init(&keys->key, KEY_BYTES_MAX);
	keys->n_queries = 0;
	buf_init(&keys->added, ROW_KEYS_MAX);
}

void import_keys_release(struct import_keys *keys)
{
	map_release(&keys->done);
	map_release(&keys->pending);
	map_release(&keys->absent);
	buf_release(&keys->key);
	buf_release(&keys->added);
}

void import_keys_row(struct import_keys *keys)
{
	buf_reset(&keys->added);
}

void import_keys_undo(struct import_keys *keys)
{
	for (size_t at = 0; at < keys->added.len;) {
		size_t n;
		memcpy(&n, keys->added.data + at, sizeof(n));
		(void)map_remove(&keys->pending, keys->added.data + at + sizeof(n), n);
		at += sizeof(n) + n;
	}
	buf_reset(&keys->added);
}

void import_keys_drop(struct import_keys *keys)
{
	map_clear(&keys->pending);
	map_clear(&keys->absent);
	buf_reset(&keys->added);
}

enum err import_keys_keep(struct ctx *ctx, struct import_keys *keys)
{
	const void *key;
	size_t n, at = 0;
	int64_t id;
	/* Bounded: when it is full it starts anew, and the store answers meanwhile. */
	if (keys->done.bytes > IMPORT_KEYS_BYTES)
		map_clear(&keys->done);
	while (map_next(&keys->pending, &at, &key, &n, &id))
		if (!map_put(&keys->done, key, n, id))
			return fail(ctx, ERR_LIMIT, "", "memory");
	map_clear(&keys->pending);
	return OK;
}

/* --- the key's bytes ---------------------------------------------------------- */

static void add_value(struct buf *key, const struct value *v)
{
	buf_putc(key, (char)v->kind);
	if (v->kind == VALUE_INT) {
		buf_add(key, &v->i, sizeof(v->i));
	} else if (v->kind == VALUE_TEXT) {
		buf_add(key, &v->t.n, sizeof(v->t.n));
		buf_add(key, v->t.p, v->t.n);
	}
}

bool import_key_make(struct import_keys *keys, const struct entity_info *info, const int *fields, const struct value *values, size_t n)
{
	struct buf *key = &keys->key;
	buf_reset(key);
	buf_add(key, &info->number, sizeof(info->number));
	for (size_t i = 0; i < n; i++) {
		buf_add(key, &fields[i], sizeof(fields[i]));
		add_value(key, &values[i]);
	}
	return !buf_failed(key);
}

enum err import_key_forms(struct ctx *ctx, const struct entity_info *info, const int *fields, const struct value *values, size_t n,
                          struct import_forms *ret)
{
	if (n > PLAN_KEYS_MAX)
		return fail(ctx, ERR_BUG, "plan", "key");
	for (size_t i = 0; i < n; i++) {
		ret->fields[i] = entity_compared(info, fields[i]);
		enum err err = entity_compared_value(ctx, info, fields[i], &values[i], &ret->values[i]);
		if (err != OK)
			return err;
	}
	return OK;
}

static enum err make_key(struct ctx *ctx, struct import_keys *keys, const struct entity_info *info, const int *fields,
                         const struct value *values, size_t n)
{
	return import_key_make(keys, info, fields, values, n) ? OK : fail(ctx, ERR_LIMIT, info->fields[fields[0]]->name, "too_long");
}

bool import_key_known(const struct import_keys *keys, int64_t *ret)
{
	return map_get(&keys->pending, keys->key.data, keys->key.len, ret) || map_get(&keys->done, keys->key.data, keys->key.len, ret);
}

static enum err put_made(struct ctx *ctx, struct import_keys *keys, int64_t id)
{
	size_t n = keys->key.len;
	buf_add(&keys->added, &n, sizeof(n));
	buf_add(&keys->added, keys->key.data, n);
	if (buf_failed(&keys->added) || !map_put(&keys->pending, keys->key.data, n, id))
		return fail(ctx, ERR_LIMIT, "", "memory");
	return OK;
}

enum err import_key_put(struct ctx *ctx, struct import_keys *keys, const struct entity_info *info, const int *fields,
                        const struct value *values, size_t n, int64_t id)
{
	struct import_forms forms;
	enum err err = import_key_forms(ctx, info, fields, values, n, &forms);
	if (err == OK)
		err = make_key(ctx, keys, info, forms.fields, forms.values, n);
	return err != OK ? err : put_made(ctx, keys, id);
}

/* --- the store ------------------------------------------------------------------ */

static void write_query(struct key_query *q)
{
	struct buf sql;
	int param = 0;
	buf_init(&sql, sizeof(q->text));
	buf_printf(&sql, "SELECT \"id\" FROM \"%s\" WHERE", q->info->entity->name);
	for (size_t i = 0; i < q->n; i++) {
		const char *column = field_column(q->info->fields[q->fields[i]]);
		if (q->nulls & 1u << i)
			buf_printf(&sql, " \"%s\" IS NULL AND", column);
		else
			buf_printf(&sql, " \"%s\" = ?%d AND", column, ++param);
	}
	buf_printf(&sql, " \"id\" > ?%d ORDER BY \"id\" LIMIT %d", param + 1, KEY_PAGE);
	q->len = buf_failed(&sql) ? 0 : sql.len;
	memcpy(q->text, buf_text(&sql), q->len + 1);
	q->hash = str_hash(q->text, q->len);
	buf_release(&sql);
}

/* A run asks a few questions over and over: their texts are made once. */
static const struct key_query *query_of(struct import_keys *keys, const struct entity_info *info, const int *fields,
                                        const struct value *values, size_t n)
{
	unsigned nulls = 0;
	for (size_t i = 0; i < n; i++)
		nulls |= values[i].kind == VALUE_NULL ? 1u << i : 0;
	for (size_t i = 0; i < keys->n_queries; i++) {
		const struct key_query *q = &keys->queries[i];
		if (q->info == info && q->n == n && q->nulls == nulls && memcmp(q->fields, fields, n * sizeof(*fields)) == 0)
			return q;
	}
	if (keys->n_queries == KEY_QUERIES)
		keys->n_queries = 0;
	struct key_query *q = &keys->queries[keys->n_queries];
	*q = (struct key_query){.info = info, .n = n, .nulls = nulls};
	if (n > PLAN_KEYS_MAX)
		return NULL;
	memcpy(q->fields, fields, n * sizeof(*fields));
	write_query(q);
	if (q->len == 0)
		return NULL;
	keys->n_queries++;
	return q;
}

/* Records with this key after `after`, as many as fit. */
static enum err list_stored(struct ctx *ctx, struct import_keys *keys, const struct entity_info *info, const int *fields, const struct value *values,
                            size_t n, int64_t after, int64_t found[KEY_PAGE], size_t *ret_found)
{
	struct stmt *stmt;
	bool row = true;
	const struct key_query *query = query_of(keys, info, fields, values, n);
	*ret_found = 0;
	enum err err = query == NULL ? fail(ctx, ERR_LIMIT, "", "memory")
	                             : db_prepare_kept(ctx, ctx->db, query->text, query->len, query->hash, &stmt);
	if (err != OK)
		return err;
	int param = 0;
	for (size_t i = 0; i < n; i++)
		if (values[i].kind != VALUE_NULL)
			field_bind(stmt, ++param, &values[i]);
	stmt_bind_i64(stmt, param + 1, after);
	while (*ret_found < KEY_PAGE && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		found[(*ret_found)++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

static bool has_key(const struct plan_record *r, const int *fields, size_t n)
{
	bool same = r->n_keys == n;
	for (size_t i = 0; same && i < n; i++)
		same = r->fields[r->keys[i]].at == fields[i];
	return same;
}

/* Whether the map knows all that this job made: one record of the plan makes them, and they are put there under its key and
 * under those by which others of the plan look for them. */
bool import_keys_whole(const struct plan *plan, const struct entity_info *info, const int *fields, size_t n)
{
	size_t makers = 0;
	bool same = false;
	for (size_t i = 0; i < plan->n_records; i++) {
		if (plan->records[i].info != info)
			continue;
		makers += plan->records[i].mode != PLAN_FIND;
		same |= has_key(&plan->records[i], fields, n);
	}
	return makers <= 1 && same;
}

/* A record that the actor may not see is not there: its key must not tell that it is. */
static enum err visible(struct ctx *ctx, const struct entity_info *info, int64_t id, bool *ret)
{
	struct record *record;
	struct faults before = ctx->faults;
	enum err err = record_get(ctx, info, id, ACTION_READ, &record);
	*ret = err == OK;
	if (err != ERR_NOT_FOUND && err != ERR_FORBIDDEN)
		return err;
	ctx->faults = before;
	return OK;
}

static const char *shown_name(const struct entity_info *info, int field)
{
	const struct field *f = info->fields[field];
	return f->form_of != NULL ? f->form_of : f->name;
}

static enum err find_stored(struct ctx *ctx, struct import_keys *keys, const struct entity_info *info, const int *fields, const struct value *values,
                            size_t n, int64_t *ret_id)
{
	int64_t found[KEY_PAGE];
	size_t n_found = KEY_PAGE;
	bool all = entity_scope(ctx->actor, info, ACTION_READ) == SCOPE_ALL;
	*ret_id = 0;
	for (int64_t after = 0; n_found == KEY_PAGE; after = found[KEY_PAGE - 1]) {
		enum err err = list_stored(ctx, keys, info, fields, values, n, after, found, &n_found);
		for (size_t i = 0; err == OK && i < n_found; i++) {
			bool sees = true;
			if (!all)
				err = visible(ctx, info, found[i], &sees);
			if (err == OK && sees && *ret_id != 0)
				err = fail(ctx, ERR_CONFLICT, shown_name(info, fields[0]), "key_ambiguous");
			if (err == OK && sees)
				*ret_id = found[i];
		}
		if (err != OK)
			return err;
	}
	return OK;
}

/* Known not to be in the store: asked ahead, or linked to a record that itself is not there yet. */
static bool is_absent(const struct ctx *ctx, const struct import_keys *keys, const struct entity_info *info, const int *fields,
                      const struct value *values, size_t n)
{
	int64_t one;
	if (store_engine(ctx->store) == ENGINE_SQLITE)
		return false; /* which answers at once */
	if (map_get(&keys->absent, keys->key.data, keys->key.len, &one))
		return true;
	for (size_t i = 0; i < n; i++)
		if (entity_link(info, fields[i]) != NULL && values[i].kind == VALUE_INT && record_gathered(ctx, values[i].i) != NULL)
			return import_keys_whole(keys->plan, info, fields, n);
	return false;
}

enum err import_key_find(struct ctx *ctx, struct import_keys *keys, const struct entity_info *info, const int *fields,
                         const struct value *values, size_t n, int64_t *ret_id)
{
	struct import_forms forms;
	*ret_id = 0;
	enum err err = import_key_forms(ctx, info, fields, values, n, &forms);
	if (err == OK)
		err = make_key(ctx, keys, info, forms.fields, forms.values, n);
	if (err != OK || import_key_known(keys, ret_id) || is_absent(ctx, keys, info, fields, values, n))
		return err;
	if (record_gathered_any(ctx, info) && !import_keys_whole(keys->plan, info, fields, n))
		err = record_gather_flush(ctx);
	if (err == OK)
		err = find_stored(ctx, keys, info, forms.fields, forms.values, n, ret_id);
	/* What is not there is not remembered: the next row may create it. */
	return err == OK && *ret_id != 0 ? put_made(ctx, keys, *ret_id) : err;
}

/* --- old or new ------------------------------------------------------------------- */

enum { MARK_FRESH = -1000, MARK_COUNT = -2000 }; /* no field has such numbers: not mixed up with keys */

static void make_mark(struct import_keys *keys, const struct entity_info *info, int mark, int64_t id)
{
	const struct value value = value_int(id);
	buf_reset(&keys->key);
	buf_add(&keys->key, &info->number, sizeof(info->number));
	buf_add(&keys->key, &mark, sizeof(mark));
	add_value(&keys->key, &value);
}

enum err import_key_fresh(struct ctx *ctx, struct import_keys *keys, const struct entity_info *info, int64_t id)
{
	make_mark(keys, info, MARK_FRESH, id);
	return put_made(ctx, keys, 0);
}

enum err import_key_old(struct ctx *ctx, struct import_keys *keys, const struct entity_info *info, int64_t id, int64_t since, bool *ret_old)
{
	struct record *record;
	int64_t old = 0;
	make_mark(keys, info, MARK_FRESH, id);
	if (import_key_known(keys, &old)) {
		*ret_old = old != 0;
		return OK;
	}
	enum err err = record_load(ctx, info, id, &record);
	if (err != OK)
		return err;
	*ret_old = record_i64(record, "created_at") < since;
	make_mark(keys, info, MARK_FRESH, id);
	return put_made(ctx, keys, *ret_old);
}

/* --- counters --------------------------------------------------------------------- */

static enum err count_stored(struct ctx *ctx, const struct entity_info *child, int link, int64_t id, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	const char *sql = arena_printf(ctx->arena, "SELECT count(*) FROM \"%s\" WHERE \"%s\" = ?1", child->entity->name,
	                               field_column(child->fields[link]));
	if (sql == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = db_prepare_text(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_step(ctx, stmt, &row);
	*ret = row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

enum err import_count(struct ctx *ctx, struct import_keys *keys, const struct entity_info *child, int link, int64_t id, int64_t *ret)
{
	make_mark(keys, child, MARK_COUNT - link, id);
	*ret = 0;
	if (!import_key_known(keys, ret)) {
		enum err err = count_stored(ctx, child, link, id, ret);
		if (err != OK)
			return err;
	}
	make_mark(keys, child, MARK_COUNT - link, id);
	++*ret;
	return put_made(ctx, keys, *ret);
}
