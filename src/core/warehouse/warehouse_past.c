/* The past of fields, from the change log: what a customer's stage, class or owner was, and from when on.  A record's past is made
 * anew whenever the log speaks of it, so it is the same whether it was followed or read at once; who is gone has none. */
#include <jansson.h>
#include <string.h>

#include "base/str.h"
#include "core/warehouse/warehouse_internal.h"

enum { DAY_MS = 86400000, PAST_COLUMNS = 5 };

#define PAST "SELECT c.record_id, c.at, c.diff, c.seq FROM change c JOIN \"%s\" t ON t.\"id\" = c.record_id" \
	" WHERE c.record_id <> 0 AND c.entity = ?1 AND c.action IN (0, 1, 3) AND c.diff <> ''"

static const enum duck_type past_types[PAST_COLUMNS] = {DUCK_INT, DUCK_TEXT, DUCK_INT, DUCK_SMALL, DUCK_TEXT};

static enum err no_memory(struct ctx *ctx)
{
	return fail(ctx, ERR_LIMIT, "", "memory");
}

/* The names with commas, one by one; NULL at the end. */
static const char *next_name(const char **list, char *out, size_t cap)
{
	const char *comma = strchr(*list, ',');
	size_t n = comma != NULL ? (size_t)(comma - *list) : strlen(*list);
	if (n == 0 || n >= cap)
		return NULL;
	memcpy(out, *list, n);
	out[n] = '\0';
	*list += n + (comma != NULL);
	return out;
}

static enum err put_entry(struct ctx *ctx, struct duck_put *put, struct warehouse_plan *plan, const char *follows, const struct stmt *stmt)
{
	char name[64];
	const char *diff = stmt_text(stmt, 2);
	json_t *json = diff != NULL ? json_loadb(diff, stmt_bytes(stmt, 2), JSON_REJECT_DUPLICATES, NULL) : NULL;
	enum err err = OK;
	int64_t at = stmt_i64(stmt, 1), local = warehouse_local_ms(&plan->clock, at);
	for (const char *rest = follows; !err && next_name(&rest, name, sizeof(name)) != NULL;) {
		const json_t *value = json_object_get(json, name);
		if (json_is_array(value))
			value = json_array_get(value, 1);
		if (value == NULL)
			continue;
		duck_put_i64(put, 0, stmt_i64(stmt, 0));
		duck_put_text(put, 1, name, strlen(name));
		duck_put_i64(put, 2, at);
		duck_put_i64(put, 3, local / DAY_MS - (local % DAY_MS < 0));
		if (json_is_string(value))
			duck_put_text(put, 4, json_string_value(value), json_string_length(value));
		err = duck_put_row(ctx, put);
	}
	json_decref(json);
	return err;
}

static enum err put_past(struct ctx *ctx, struct duck_conn *conn, struct warehouse_plan *plan, const struct warehouse_copy *copy, const char *list)
{
	const char *entity = copy->info->entity->name;
	bool pg = db_engine(ctx->db) == ENGINE_POSTGRES, row = true;
	const char *some = list == NULL ? "" : pg ? " AND c.record_id = ANY(CAST(?2 AS bigint[]))" : " AND c.record_id IN (SELECT value FROM json_each(?2))";
	const char *sql = arena_printf(ctx->arena, PAST "%s ORDER BY c.seq", entity, some);
	const char *table = arena_printf(ctx->arena, "%s:past", entity);
	struct stmt *stmt;
	struct duck_put *put;
	enum err err = sql && table ? db_prepare_text(ctx, ctx->db, sql, &stmt) : no_memory(ctx);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, entity);
	if (list)
		stmt_bind_text(stmt, 2, list);
	err = duck_put_new(ctx, conn, table, past_types, PAST_COLUMNS, &put);
	if (!err) {
		while (!err && !(err = stmt_step(ctx, stmt, &row)) && row)
			err = put_entry(ctx, put, plan, copy->star->follows, stmt);
		err = duck_put_end(ctx, put, err);
	}
	stmt_done(stmt);
	return err;
}

enum err warehouse_past_load(struct ctx *ctx, struct duck_conn *conn, struct warehouse_plan *plan, const struct warehouse_copy *copy)
{
	if (copy->star->follows == NULL)
		return OK;
	const char *ddl = arena_printf(ctx->arena, "CREATE OR REPLACE TABLE \"%s:past\" (id BIGINT, field VARCHAR, since BIGINT, day INTEGER, value VARCHAR)",
	                               copy->info->entity->name);
	enum err err = ddl ? duck_exec(ctx, conn, ddl) : no_memory(ctx);
	return err ? err : put_past(ctx, conn, plan, copy, NULL);
}

enum err warehouse_past_renew(struct ctx *ctx, struct duck_conn *conn, struct warehouse_plan *plan, const struct warehouse_copy *copy, const int64_t *ids,
                              size_t n)
{
	struct duck_rows *rows;
	if (copy->star->follows == NULL || n == 0)
		return OK;
	const char *list, *theirs;
	enum err err = warehouse_ids(ctx, ids, n, false, &list);
	if (!err)
		err = warehouse_ids(ctx, ids, n, db_engine(ctx->db) == ENGINE_POSTGRES, &theirs);
	if (err)
		return err;
	const char *sql = arena_printf(ctx->arena, "DELETE FROM \"%s:past\" WHERE id IN (SELECT unnest(CAST(?1 AS BIGINT[])))", copy->info->entity->name);
	struct value value = value_text(list);
	err = !sql ? no_memory(ctx) : duck_ask(ctx, conn, sql, &value, 1, &rows);
	if (err)
		return err;
	duck_done(rows);
	return put_past(ctx, conn, plan, copy, theirs);
}
