/* Brings records of before to the forms in which values are kept now. */
#include "customers/customers.h"

#include "base/str.h"
#include "customers/customers_sql.h"

enum err customer_forms_upgrade(struct ctx *ctx)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_customer_birth_days, &stmt);
	if (err != OK)
		return err;
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* --- names ---------------------------------------------------------------------- */

enum { PAGE = 1000 };

struct stale {
	int64_t id;
	const char *sorts;
};

/* Customers after *last whose name sorts otherwise now. */
static enum err find_stale(struct ctx *ctx, int64_t *last, struct stale *list, size_t *ret_n, bool *ret_more)
{
	struct stmt *stmt;
	size_t read = 0;
	bool row = false;
	*ret_n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_customer_sort_names, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, *last);
	stmt_bind_i64(stmt, 2, PAGE);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		struct stale *s = &list[*ret_n];
		const char *name = stmt_text(stmt, 1);
		s->id = *last = stmt_i64(stmt, 0);
		read++;
		if (str_empty(name))
			continue;
		err = customer_sort_name(ctx, name, stmt_bytes(stmt, 1), &s->sorts);
		if (err != OK)
			break;
		*ret_n += !str_equal(s->sorts, stmt_text(stmt, 2));
	}
	stmt_done(stmt);
	*ret_more = read == PAGE;
	return err;
}

static enum err write_stale(struct ctx *ctx, const struct stale *list, size_t n)
{
	enum err err = OK;
	for (size_t i = 0; i < n && err == OK; i++) {
		struct stmt *stmt;
		err = db_prepare(ctx, ctx->db, &sql_customer_set_sort_name, &stmt);
		if (err != OK)
			return err;
		stmt_bind_i64(stmt, 1, list[i].id);
		stmt_bind_text(stmt, 2, list[i].sorts);
		err = stmt_run(ctx, stmt, NULL);
		stmt_done(stmt);
	}
	return err;
}

enum err customer_sort_names_upgrade(struct ctx *ctx)
{
	int64_t last = 0;
	enum err err = OK;
	for (bool more = true; more && err == OK;) {
		struct arena_mark mark = arena_mark(ctx->arena);
		struct stale *list = arena_array(ctx->arena, PAGE, sizeof(*list));
		size_t n;
		if (list == NULL)
			return fail(ctx, ERR_LIMIT, "", "memory");
		err = find_stale(ctx, &last, list, &n, &more);
		if (err == OK)
			err = write_stale(ctx, list, n);
		if (err == OK)
			arena_rewind(ctx->arena, mark);
	}
	return err;
}

/* --- identifiers ------------------------------------------------------------------ */

struct identifier {
	int64_t id, customer;
	const char *kind, *value;
};

static enum err list_identifiers(struct ctx *ctx, int64_t *last, struct identifier *list, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = false;
	*ret_n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_identifiers_to_form, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, *last);
	stmt_bind_i64(stmt, 2, PAGE);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		struct identifier *i = &list[(*ret_n)++];
		*i = (struct identifier){stmt_i64(stmt, 0), stmt_i64(stmt, 3), arena_strdup(ctx->arena, stmt_text(stmt, 1)), arena_strdup(ctx->arena, stmt_text(stmt, 2))};
		*last = i->id;
		if (i->kind == NULL || i->value == NULL) {
			err = fail(ctx, ERR_LIMIT, "", "memory");
			break;
		}
	}
	stmt_done(stmt);
	return err;
}

static enum err form_identifier(struct ctx *ctx, const struct identifier *i)
{
	const char *form;
	struct stmt *stmt;
	enum err err = identifier_form(ctx, i->kind, i->value, i->customer, &form);
	if (err != OK || str_equal(form, i->value))
		return err;
	err = db_prepare(ctx, ctx->db, &sql_identifier_set_form, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, i->id);
	stmt_bind_text(stmt, 2, form);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err == OK ? record_reindex(ctx, registry_find(ctx->registry, "identifier"), i->id) : err;
}

enum err identifier_forms_upgrade(struct ctx *ctx)
{
	int64_t last = 0;
	size_t n = PAGE;
	enum err err = OK;
	while (err == OK && n == PAGE) {
		struct arena_mark mark = arena_mark(ctx->arena);
		struct identifier *list = arena_array(ctx->arena, PAGE, sizeof(*list));
		err = list != NULL ? list_identifiers(ctx, &last, list, &n) : fail(ctx, ERR_LIMIT, "", "memory");
		for (size_t i = 0; i < n && err == OK; i++)
			err = form_identifier(ctx, &list[i]);
		if (err == OK)
			arena_rewind(ctx->arena, mark);
	}
	return err;
}
