/* A schema step: what is written gets the form in which it is compared. */
#include "base/log.h"
#include "base/str.h"
#include "core/entity/record_internal.h"
#include "core/text/text.h"

enum { PAGE = 1000 };

struct forming {
	const struct entity_info *info;
	int source, form;
};

struct row {
	int64_t id;
	struct value value;
};

static const char *column(const struct forming *f, int at)
{
	return f->info->fields[at]->name;
}

static enum err prepare(struct ctx *ctx, const char *sql, struct stmt **ret)
{
	return sql != NULL ? db_prepare_text(ctx, ctx->db, sql, ret) : record_no_memory(ctx);
}

/* Rows of (id, text) after *last. */
static enum err read_page(struct ctx *ctx, const char *sql, int64_t *last, struct row *rows, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = false;
	*ret_n = 0;
	enum err err = prepare(ctx, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, *last);
	stmt_bind_i64(stmt, 2, PAGE);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		const char *text = arena_strdup(ctx->arena, stmt_text(stmt, 1));
		if (text == NULL) {
			err = record_no_memory(ctx);
			break;
		}
		rows[(*ret_n)++] = (struct row){stmt_i64(stmt, 0), value_text(text)};
		*last = stmt_i64(stmt, 0);
	}
	stmt_done(stmt);
	return err;
}

static enum err write_one(struct ctx *ctx, const struct forming *f, int at, int64_t id, const struct value *value)
{
	struct stmt *stmt;
	enum err err = prepare(ctx, arena_printf(ctx->arena, "UPDATE \"%s\" SET \"%s\" = ?2 WHERE id = ?1", entity_name(f->info), column(f, at)), &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, id);
	field_bind(stmt, 2, value);
	err = stmt_run_later(ctx, stmt);
	stmt_done(stmt);
	return err;
}

/* --- forms --------------------------------------------------------------------------------- */

static enum err form_page(struct ctx *ctx, const struct forming *f, const char *sql, int64_t *last, bool *ret_more)
{
	struct row *rows = arena_array(ctx->arena, PAGE, sizeof(*rows));
	size_t n = 0;
	enum err err = rows != NULL ? read_page(ctx, sql, last, rows, &n) : record_no_memory(ctx);
	for (size_t i = 0; !err && i < n; i++) {
		struct value form;
		err = entity_compared_value(ctx, f->info, f->source, &rows[i].value, &form);
		if (!err)
			err = write_one(ctx, f, f->form, rows[i].id, &form);
	}
	*ret_more = n == PAGE;
	return err;
}

static enum err form_all(struct ctx *ctx, const struct forming *f)
{
	char sql[512];
	int64_t last = 0;
	enum err err = OK;
	int n = snprintf(sql, sizeof(sql), "SELECT id, \"%s\" FROM \"%s\" WHERE id > ?1 AND \"%s\" IS NOT NULL AND \"%s\" IS NULL ORDER BY id LIMIT ?2",
	                 column(f, f->source), entity_name(f->info), column(f, f->source), column(f, f->form));
	if (n < 0 || (size_t)n >= sizeof(sql))
		return fail(ctx, ERR_BUG, entity_name(f->info), "sql");
	for (bool more = true; !err && more;) {
		struct arena_mark mark = arena_mark(ctx->arena);
		err = form_page(ctx, f, sql, &last, &more);
		if (!err)
			arena_rewind(ctx->arena, mark);
	}
	return err;
}

/* --- what must be unique and no longer is --------------------------------------------------- */

static bool names_column(const char *columns, const char *name)
{
	char one[64];
	for (size_t i = 0; registry_list_item(columns, i, one, sizeof(one), NULL); i++)
		if (str_equal(one, name))
			return true;
	return false;
}

/* The columns of the n-th unique index that the form is part of; false: there are no more. */
static bool unique_columns(const struct forming *f, size_t n, const char **ret)
{
	if (f->info->fields[f->form]->flags & F_UNIQUE) {
		*ret = column(f, f->form);
		if (n-- == 0)
			return true;
	}
	for (const char *const *index = f->info->entity->indexes; index && *index; index++)
		if (registry_unique_index(*index, ret) && names_column(*ret, column(f, f->form)) && n-- == 0)
			return true;
	return false;
}

static enum err drop_unique(struct ctx *ctx, const struct forming *f)
{
	const char *columns;
	enum err err = OK;
	for (size_t i = 0; !err && unique_columns(f, i, &columns); i++) {
		char name[INDEX_NAME_MAX + 1];
		registry_index_name(name, entity_name(f->info), columns, "key");
		const char *sql = arena_printf(ctx->arena, "DROP INDEX IF EXISTS \"%s\"", name);
		err = sql != NULL ? db_exec(ctx, ctx->db, sql) : record_no_memory(ctx);
	}
	return err;
}

/* Of the records that share these columns all but one: who is written as the form is, or else the first, keeps it. */
static const char *sharing_sql(struct ctx *ctx, const struct forming *f, const char *columns)
{
	struct buf sql;
	char one[64];
	const char *source = column(f, f->source);
	buf_init(&sql, 8192);
	buf_printf(&sql, "SELECT id, \"%s\" FROM (SELECT id, \"%s\", row_number() OVER (PARTITION BY ", source, source);
	for (size_t i = 0; registry_list_item(columns, i, one, sizeof(one), NULL); i++)
		buf_printf(&sql, "%s\"%s\"", i > 0 ? ", " : "", one);
	buf_printf(&sql, " ORDER BY CASE WHEN \"%s\" = \"%s\" THEN 0 ELSE 1 END, id) AS nth FROM \"%s\"", source, column(f, f->form), entity_name(f->info));
	for (size_t i = 0; registry_list_item(columns, i, one, sizeof(one), NULL); i++)
		buf_printf(&sql, "%s\"%s\" IS NOT NULL", i > 0 ? " AND " : " WHERE ", one);
	buf_puts(&sql, ") AS shared WHERE nth > 1 ORDER BY id");
	const char *text = buf_failed(&sql) ? NULL : arena_strdup(ctx->arena, buf_text(&sql));
	buf_release(&sql);
	return text;
}

static enum err keep_apart(struct ctx *ctx, const struct forming *f, const char *columns)
{
	struct stmt *stmt;
	bool row = false;
	struct row *rows = NULL;
	size_t n = 0, cap = 0;
	enum err err = prepare(ctx, sharing_sql(ctx, f, columns), &stmt);
	if (err)
		return err;
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		if (n == cap) {
			struct row *more = arena_array(ctx->arena, cap ? cap * 2 : 64, sizeof(*more));
			for (size_t i = 0; more != NULL && i < n; i++)
				more[i] = rows[i];
			rows = more;
			cap = cap ? cap * 2 : 64;
		}
		const char *text = rows != NULL ? arena_strdup(ctx->arena, stmt_text(stmt, 1)) : NULL;
		if (text == NULL) {
			err = record_no_memory(ctx);
			break;
		}
		rows[n++] = (struct row){stmt_i64(stmt, 0), value_text(text)};
	}
	stmt_done(stmt);
	for (size_t i = 0; !err && i < n; i++) {
		char id[ID_TEXT_MAX];
		snprintf(id, sizeof(id), "%lld", (long long)rows[i].id);
		log_event(LOG_WARN, "a record has the same identifier as another one, written otherwise: it is compared as written", "entity",
		          entity_name(f->info), "field", column(f, f->source), "id", id, NULL);
		err = write_one(ctx, f, f->form, rows[i].id, &rows[i].value);
	}
	return err;
}

static enum err form_field(struct ctx *ctx, const struct forming *f)
{
	const char *columns;
	enum err err = drop_unique(ctx, f);
	if (!err)
		err = form_all(ctx, f);
	for (size_t i = 0; !err && unique_columns(f, i, &columns); i++)
		err = keep_apart(ctx, f, columns);
	return err;
}

/* --- e-mail addresses ------------------------------------------------------------------------- */

static enum err read_host(struct ctx *ctx, const struct forming *f, const struct row *row)
{
	const char *text;
	bool valid = false;
	enum err err = email_normalise(ctx, row->value.t.p, &text, &valid);
	if (err || !valid || str_equal(text, row->value.t.p))
		return err;
	const struct value readable = value_text(text);
	err = write_one(ctx, f, f->source, row->id, &readable);
	return err ? err : record_reindex(ctx, f->info, row->id);
}

static enum err read_hosts(struct ctx *ctx, const struct forming *f)
{
	char sql[512];
	int64_t last = 0;
	size_t n = PAGE;
	enum err err = OK;
	int len = snprintf(sql, sizeof(sql), "SELECT id, \"%s\" FROM \"%s\" WHERE id > ?1 AND \"%s\" LIKE '%%@%%xn--%%' ORDER BY id LIMIT ?2",
	                   column(f, f->source), entity_name(f->info), column(f, f->source));
	if (len < 0 || (size_t)len >= sizeof(sql))
		return fail(ctx, ERR_BUG, entity_name(f->info), "sql");
	while (!err && n == PAGE) {
		struct row *rows = arena_array(ctx->arena, PAGE, sizeof(*rows));
		err = rows != NULL ? read_page(ctx, sql, &last, rows, &n) : record_no_memory(ctx);
		for (size_t i = 0; !err && i < n; i++)
			err = read_host(ctx, f, &rows[i]);
	}
	return err;
}

enum err registry_forms_upgrade(struct ctx *ctx, const struct registry *registry)
{
	enum err err = OK;
	for (size_t e = 0; !err && e < registry->n; e++) {
		const struct entity_state *state = &registry->list[e];
		for (int at = SF_COUNT; !err && (size_t)at < state->info.n_fields; at++) {
			const struct forming f = {&state->info, at, state->form[at]};
			if (state->info.fields[at]->type == FIELD_EMAIL)
				err = read_hosts(ctx, &f);
			if (!err && f.form >= 0)
				err = form_field(ctx, &f);
		}
	}
	return err ? err : registry_upgrade(ctx, registry); /* the indexes that were taken away */
}
