/* The orders that reports count: found by the pivot's own statement, with its rights, filters and rules. */
#include <string.h>

#include "analysis/report.h"
#include "base/str.h"

enum err report_ask(struct report_run *r, const char *sql, struct duck_rows **ret)
{
	*ret = NULL;
	return sql ? duck_ask(r->ctx, r->conn, sql, NULL, 0, ret) : report_no_memory(r);
}

enum err report_do(struct report_run *r, const char *sql)
{
	struct duck_rows *rows;
	enum err err = report_ask(r, sql, &rows);
	if (!err)
		duck_done(rows);
	return err;
}

enum err report_members_of(struct report_run *r, const char *sql)
{
	struct duck_rows *rows;
	enum err err = report_ask(r, sql, &rows);
	if (err)
		return err;
	while (!err && duck_next(rows))
		err = report_member(r, duck_i64(rows, 0));
	duck_done(rows);
	return err;
}

/* The pivot's question without dimensions: what counts, and of whom. */
static enum err parse(struct report_run *r, const char *of, const char *measure, struct pivot **ret)
{
	json_t *json = json_pack("{s:s, s:[s]}", "of", of, "measures", measure);
	static const char *const given[] = {"condition", "filters"};
	bool asked = !str_equal(of, "order_line"); /* lines follow their orders */
	enum err err = json ? OK : report_no_memory(r);
	for (size_t i = 0; !err && asked && i < 2; i++) {
		json_t *value = json_object_get(r->json, given[i]);
		if (value && json_object_set(json, given[i], value))
			err = report_no_memory(r);
	}
	if (!err)
		err = pivot_parse(r->ctx, app_warehouse(r->ctx->app), json, r->action, ret);
	/* conditions are borrowed of the request, which stays */
	json_decref(json);
	return err;
}

static enum err column(struct report_run *r, struct pivot *p, const char *path, const char **ret)
{
	struct query_star_field field;
	enum err err = query_star_field(r->ctx, p->star, path, path, &field);
	*ret = err ? NULL : field.column;
	return err;
}

static enum err keep(struct report_run *r, struct pivot *p, const char *table, const char *columns, const char *tail)
{
	const char *select, *sql;
	struct duck_rows *rows;
	enum err err = columns ? pivot_sql_plain(r->ctx, p, columns, &select) : report_no_memory(r);
	if (err)
		return err;
	size_t n;
	const struct value *params = query_star_params(p->star, &n);
	sql = arena_printf(r->ctx->arena, "CREATE OR REPLACE TEMP TABLE %s AS SELECT * FROM (%s) AS q%s", table, select, tail);
	err = sql ? duck_ask(r->ctx, r->conn, sql, params, n, &rows) : report_no_memory(r);
	if (!err)
		duck_done(rows);
	return err;
}

static enum err orders(struct report_run *r, bool customers, const char *path)
{
	struct pivot *p;
	const char *id, *customer, *amount, *kind, *moment, *what = "NULL";
	enum err err = parse(r, "order", "orders", &p);
	if (!err)
		err = column(r, p, "id", &id);
	if (!err)
		err = column(r, p, customers ? "customer_id.id" : "customer_id", &customer);
	if (!err)
		err = column(r, p, "total_base", &amount);
	if (!err)
		err = column(r, p, "kind", &kind);
	if (!err)
		err = column(r, p, "placed_at", &moment);
	if (!err && path)
		err = column(r, p, path, &what);
	if (err)
		return err;
	const char *columns = arena_printf(r->ctx->arena, "%s AS id, %s AS customer, \"t0\".\"placed_at:day\" AS day, %s AS amount, coalesce(%s = 'return', false) AS back,"
	                                   " %s AS what", id, customer, amount, kind, what);
	return keep(r, p, "o", columns, customers ? " WHERE customer IS NOT NULL AND day IS NOT NULL" : " WHERE day IS NOT NULL");
}

enum err report_orders(struct report_run *r, bool customers)
{
	return orders(r, customers, NULL);
}

enum err report_orders_by(struct report_run *r, const char *path)
{
	return orders(r, false, path);
}

bool report_may(const struct report_run *r, const char *entity)
{
	const struct entity_info *info = registry_find(r->ctx->registry, entity);
	return info && entity_scope(r->ctx->actor, info, ACTION_READ) != SCOPE_NONE && entity_scope(r->ctx->actor, info, r->action) != SCOPE_NONE;
}

enum err report_rows(struct report_run *r, const char *of, const char *measure, const char *table, const char *const *paths, size_t n)
{
	struct pivot *p;
	struct query_star_field field;
	const char *columns = "";
	enum err err = parse(r, of, measure, &p);
	for (size_t i = 0; !err && columns && i < n; i++) {
		err = query_star_field(r->ctx, p->star, paths[i], paths[i], &field);
		if (err)
			return err;
		bool time = pivot_is_time(field.info->fields[field.field]);
		columns = time ? arena_printf(r->ctx->arena, "%s%s%s.\"%s:day\" AS c%zu", columns, i ? ", " : "", field.table, field.name, i)
		               : arena_printf(r->ctx->arena, "%s%s%s AS c%zu", columns, i ? ", " : "", field.column, i);
	}
	return err ? err : keep(r, p, table, columns, "");
}

enum err report_lines(struct report_run *r, const char *path)
{
	struct pivot *p;
	const char *order, *product, *total;
	enum err err = parse(r, "order_line", "sales", &p);
	if (!err)
		err = column(r, p, "order_id", &order);
	if (!err)
		err = column(r, p, path, &product);
	if (!err)
		err = column(r, p, "total", &total);
	if (err)
		return err;
	const char *columns = arena_printf(r->ctx->arena, "%s AS order_id, %s AS product, \"t0\".\"amount_base\" AS amount, \"t0\".\"order_id.placed_at:day\" AS day", order,
	                                   product);
	return keep(r, p, "l", columns, " WHERE product IS NOT NULL AND day IS NOT NULL");
}
