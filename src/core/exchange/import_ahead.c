/* The keys of a whole batch, looked up together before its rows are written.
 *
 * To PostgreSQL every question is a journey there and back; a batch has thousands of
 * customers and orders to ask for. Asked together they cost as many journeys as the plan
 * has records. What is not there is remembered for the batch only, and only where every
 * record that the batch makes is put into the map under these very keys. */
#include <string.h>

#include "core/entity/field_type.h"
#include "core/exchange/import.h"

enum {
	AHEAD_MAX = 2000,        /* keys of one question */
	AHEAD_BYTES = 16 << 20,  /* of their texts */
};

struct question {
	const struct plan_record *record;
	int fields[PLAN_KEYS_MAX];
	struct map asked;                /* number in this question by key */
	struct buf lists[PLAN_KEYS_MAX]; /* array literals, one a field */
	size_t n;
	uint8_t found[AHEAD_MAX]; /* how many records have the key */
	int64_t ids[AHEAD_MAX];
};

/* Whether other means than this record of the plan may make records of its kind. */
static bool made_otherwise(const struct plan *plan, const struct entity_info *info)
{
	for (size_t i = 0; i < plan->n_records; i++) {
		const struct plan_record *r = &plan->records[i];
		for (size_t f = 0; f < r->n_fields; f++)
			if (r->fields[f].value.create && entity_link(r->info, r->fields[f].at) == info)
				return true;
	}
	return false;
}

static bool row_id(struct ctx *ctx, struct import_keys *keys, const struct ready_row *row, size_t record, int64_t *ret);

/* The record's key as it is compared, as far as it is known before anything is written; false: it is not. */
static bool row_key(struct ctx *ctx, struct import_keys *keys, const struct ready_row *row, size_t at, struct value *values)
{
	const struct plan_record *r = &keys->plan->records[at];
	const struct ready_record *ready = &row->records[at];
	if (!ready->active || r->n_keys == 0)
		return false;
	for (size_t i = 0; i < r->n_keys; i++) {
		const struct plan_field *f = &r->fields[r->keys[i]];
		int64_t id;
		values[i] = ready->values[r->keys[i]];
		if (f->value.source == PLAN_RECORD) {
			if (!row_id(ctx, keys, row, (size_t)f->value.record, &id))
				return false;
			values[i] = value_int(id);
		}
		if (values[i].kind != field_ops(r->info->fields[f->at]->type)->kind)
			return false; /* none, or a name to be looked up */
		if (values[i].kind == VALUE_TEXT && memchr(values[i].t.p, '\0', values[i].t.n) != NULL)
			return false; /* no text of an array */
		if (entity_compared_value(ctx, r->info, f->at, &values[i], &values[i]) != OK)
			return false;
	}
	return true;
}

/* The record that another one's key links to: only one that is there. */
static bool row_id(struct ctx *ctx, struct import_keys *keys, const struct ready_row *row, size_t record, int64_t *ret)
{
	struct value values[PLAN_KEYS_MAX];
	int fields[PLAN_KEYS_MAX];
	const struct plan_record *r = &keys->plan->records[record];
	*ret = 0;
	for (size_t i = 0; i < r->n_keys; i++)
		fields[i] = entity_compared(r->info, r->fields[r->keys[i]].at);
	return row_key(ctx, keys, row, record, values) && import_key_make(keys, r->info, fields, values, r->n_keys) &&
	       import_key_known(keys, ret) && *ret > 0;
}

/* --- the question -------------------------------------------------------------------- */

/* Links and numbers are bigint to the server, all else text. */
static const char *array_type(const struct question *q, size_t i)
{
	return field_ops(q->record->info->fields[q->fields[i]]->type)->kind == VALUE_INT ? "bigint" : "text";
}

static const char *question_text(struct ctx *ctx, const struct question *q)
{
	struct buf sql;
	buf_init(&sql, 4096);
	buf_puts(&sql, "SELECT k.n, t.id FROM unnest(");
	for (size_t i = 0; i < q->record->n_keys; i++)
		buf_printf(&sql, "%s?%zu::%s[]", i > 0 ? ", " : "", i + 1, array_type(q, i));
	buf_puts(&sql, ") WITH ORDINALITY AS k (");
	for (size_t i = 0; i < q->record->n_keys; i++)
		buf_printf(&sql, "c%zu, ", i);
	/* LIMIT: key by key, through the index, however large the table has become since this was planned. */
	buf_printf(&sql, "n) CROSS JOIN LATERAL (SELECT \"id\" FROM \"%s\" WHERE ", q->record->info->entity->name);
	for (size_t i = 0; i < q->record->n_keys; i++)
		buf_printf(&sql, "%s\"%s\" = k.c%zu", i > 0 ? " AND " : "", field_column(q->record->info->fields[q->fields[i]]), i);
	buf_puts(&sql, " LIMIT 2) t");
	const char *text = buf_failed(&sql) ? NULL : arena_strdup(ctx->arena, buf_text(&sql));
	buf_release(&sql);
	return text;
}

static void add_value(struct buf *list, const struct value *v)
{
	buf_putc(list, list->len == 0 ? '{' : ',');
	if (v->kind == VALUE_INT) {
		buf_put_i64(list, v->i);
		return;
	}
	buf_putc(list, '"');
	for (size_t i = 0; i < v->t.n; i++) {
		if (v->t.p[i] == '"' || v->t.p[i] == '\\')
			buf_putc(list, '\\');
		buf_putc(list, v->t.p[i]);
	}
	buf_putc(list, '"');
}

static enum err ask(struct ctx *ctx, struct question *q)
{
	struct stmt *stmt;
	bool row = true;
	const char *text = question_text(ctx, q);
	enum err err = text != NULL ? db_prepare_text(ctx, ctx->db, text, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	memset(q->found, 0, sizeof(q->found));
	for (size_t i = 0; i < q->record->n_keys; i++) {
		buf_putc(&q->lists[i], '}');
		if (buf_failed(&q->lists[i]))
			err = fail(ctx, ERR_LIMIT, "", "memory");
		stmt_bind_text(stmt, (int)i + 1, buf_text(&q->lists[i]));
	}
	while (err == OK && (err = stmt_step(ctx, stmt, &row)) == OK && row) {
		int64_t at = stmt_i64(stmt, 0) - 1;
		if (at >= 0 && at < AHEAD_MAX && q->found[at] < 2) {
			q->found[at]++;
			q->ids[at] = stmt_i64(stmt, 1);
		}
	}
	stmt_done(stmt);
	return err;
}

/* What the answer says into the maps. A key of several records, or one of records that the actor may not all
 * see, is left to who looks for it. */
static enum err take_answer(struct ctx *ctx, struct import_keys *keys, struct question *q)
{
	const void *key;
	size_t n, at = 0;
	int64_t number;
	bool all = entity_scope(ctx->actor, q->record->info, ACTION_READ) == SCOPE_ALL, fits = true;
	while (fits && map_next(&q->asked, &at, &key, &n, &number)) {
		if (q->found[number] == 0)
			fits = map_put(&keys->absent, key, n, 1);
		else if (q->found[number] == 1 && all)
			fits = map_put(&keys->pending, key, n, q->ids[number]);
	}
	map_clear(&q->asked);
	for (size_t i = 0; i < PLAN_KEYS_MAX; i++)
		buf_reset(&q->lists[i]);
	q->n = 0;
	return fits ? OK : fail(ctx, ERR_LIMIT, "", "memory");
}

/* The row's key, made in keys->key; false: it has none, or it need not be asked for. */
static bool is_unknown(struct ctx *ctx, struct import_keys *keys, const struct question *q, const struct ready_row *row, struct value *values)
{
	size_t at = (size_t)(q->record - keys->plan->records);
	const struct buf *key = &keys->key;
	int64_t known;
	if (row->n_faults > 0 || !row->wanted || !row_key(ctx, keys, row, at, values) ||
	    !import_key_make(keys, q->record->info, q->fields, values, q->record->n_keys))
		return false;
	return !import_key_known(keys, &known) && !map_get(&q->asked, key->data, key->len, &known) &&
	       !map_get(&keys->absent, key->data, key->len, &known);
}

static enum err ask_and_take(struct ctx *ctx, struct import_keys *keys, struct question *q)
{
	enum err err = ask(ctx, q);
	return err == OK ? take_answer(ctx, keys, q) : err;
}

static enum err ask_all(struct ctx *ctx, struct import_keys *keys, struct question *q, const struct ready_row *rows, size_t n)
{
	enum err err = OK;
	for (size_t i = 0; err == OK && i < n; i++) {
		struct value values[PLAN_KEYS_MAX];
		if (!is_unknown(ctx, keys, q, &rows[i], values))
			continue;
		if (!map_put(&q->asked, keys->key.data, keys->key.len, (int64_t)q->n++))
			return fail(ctx, ERR_LIMIT, "", "memory");
		for (size_t k = 0; k < q->record->n_keys; k++)
			add_value(&q->lists[k], &values[k]);
		if (q->n == AHEAD_MAX)
			err = ask_and_take(ctx, keys, q);
	}
	return err == OK && q->n > 0 ? ask_and_take(ctx, keys, q) : err;
}

static enum err ask_record(struct ctx *ctx, struct import_keys *keys, const struct plan_record *r, const struct ready_row *rows, size_t n)
{
	struct question *q = arena_alloc(ctx->arena, sizeof(*q));
	uint64_t seed[2];
	if (q == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	q->record = r;
	q->n = 0;
	ctx_random(ctx, seed, sizeof(seed));
	map_init(&q->asked, seed[0], seed[1]);
	int given[PLAN_KEYS_MAX];
	for (size_t i = 0; i < r->n_keys; i++) {
		given[i] = r->fields[r->keys[i]].at;
		q->fields[i] = entity_compared(r->info, given[i]);
	}
	for (size_t i = 0; i < PLAN_KEYS_MAX; i++)
		buf_init(&q->lists[i], AHEAD_BYTES);
	enum err err = OK;
	if (import_keys_whole(keys->plan, r->info, given, r->n_keys) && !made_otherwise(keys->plan, r->info))
		err = ask_all(ctx, keys, q, rows, n);
	map_release(&q->asked);
	for (size_t i = 0; i < PLAN_KEYS_MAX; i++)
		buf_release(&q->lists[i]);
	return err;
}

enum err import_keys_ahead(struct ctx *ctx, struct import_keys *keys, const struct ready_row *rows, size_t n)
{
	enum err err = OK;
	if (db_engine(ctx->db) == ENGINE_SQLITE)
		return OK;
	for (size_t i = 0; err == OK && i < keys->plan->n_records; i++)
		if (keys->plan->records[i].n_keys > 0)
			err = ask_record(ctx, keys, &keys->plan->records[i], rows, n);
	return err;
}
