/* Closing a period, once: its lines as they stand are written for good, with a statement for each person. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "commission/commission_internal.h"
#include "commission_sql.h"

enum { DIGEST_BYTES = 24 };

struct close_body {
	const char *period, *on, *digest;
};

const struct spec commission_close_specs[] = {
	{"period", SPEC_TEXT, offsetof(struct close_body, period), true, 20, "\"month\", \"quarter\" or \"year\""},
	{"on", SPEC_TEXT, offsetof(struct close_body, on), true, 10, "A day in it"},
	{"digest", SPEC_TEXT, offsetof(struct close_body, digest), true, 40, "Of the overview that was looked at"},
	{0},
};

static enum err check_over(struct ctx *ctx, const struct commission_span *span)
{
	char today[RECEIVABLES_DAY_BYTES];
	if (span->closed_id != 0)
		return fail(ctx, ERR_CONFLICT, "", "commission_closed");
	enum err err = receivables_today(ctx, 0, today);
	return err == OK && strcmp(span->until, today) >= 0 ? fail(ctx, ERR_CONFLICT, "on", "commission_not_over") : err;
}

static enum err put_period(struct ctx *ctx, const struct commission_book *book, const char *digest, int64_t people, int64_t total, int64_t *ret)
{
	struct record *r;
	const char *title = arena_printf(ctx->arena, "%s – %s", book->span.from, book->span.until), *copy = arena_strdup(ctx->arena, digest);
	const struct {
		const char *field;
		struct value value;
	} cells[] = {{"title", value_text(title)}, {"period", value_text(book->span.period)}, {"starts_on", value_text(book->span.from)}, {"ends_on", value_text(book->span.until)},
		{"closed_at", value_int(ctx_now(ctx))}, {"people", value_int(people)}, {"lines", value_int((int64_t)book->n_lines)}, {"total", value_int(total)}, {"digest", value_text(copy)},
		{"closed_by_id", ctx->actor != NULL && ctx->actor->user_id != 0 ? value_int(ctx->actor->user_id) : value_null()}};
	enum err err = title != NULL && copy != NULL ? record_new(ctx, registry_find(ctx->registry, commission_period_entity.name), &r) : fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; err == OK && i < sizeof(cells) / sizeof(cells[0]); i++)
		err = record_set(ctx, r, cells[i].field, cells[i].value);
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED);
	*ret = err == OK ? record_id(r) : 0;
	return err;
}

static void bind_id(struct stmt *stmt, int at, int64_t id)
{
	if (id != 0)
		stmt_bind_i64(stmt, at, id);
	else
		stmt_bind_null(stmt, at);
}

/* The log has the period with its check sum; lines are too many to stand in it one by one. */
static enum err put_line(struct ctx *ctx, const struct commission_book *book, const struct commission_line *l, const struct commission_person *person, int64_t period_id,
                         int64_t position)
{
	char day[RECEIVABLES_DAY_BYTES];
	struct stmt *stmt;
	int64_t now = ctx_now(ctx), actor = ctx->actor != NULL ? ctx->actor->user_id : 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_commission_put_line, &stmt);
	if (err != OK)
		return err;
	commission_day_text(l->day, day);
	stmt_bind_i64(stmt, 1, registry_next_id(ctx));
	stmt_bind_i64(stmt, 2, 1);
	stmt_bind_i64(stmt, 3, now);
	bind_id(stmt, 4, actor);
	stmt_bind_i64(stmt, 5, now);
	bind_id(stmt, 6, actor);
	stmt_bind_text(stmt, 7, l->number);
	stmt_bind_i64(stmt, 8, period_id);
	stmt_bind_i64(stmt, 9, l->owner_id);
	bind_id(stmt, 10, person != NULL ? person->team_id : 0);
	bind_id(stmt, 11, person != NULL ? person->branch_id : 0);
	stmt_bind_i64(stmt, 12, position);
	stmt_bind_text(stmt, 13, commission_line_kinds[l->kind]);
	bind_id(stmt, 14, l->plan_id);
	stmt_bind_text(stmt, 15, l->plan);
	bind_id(stmt, 16, l->note[0] != '\0' && str_equal(l->note, "gone") ? 0 : l->order_id);
	stmt_bind_text(stmt, 17, l->source);
	stmt_bind_text(stmt, 18, l->against);
	stmt_bind_text(stmt, 19, day);
	stmt_bind_i64(stmt, 20, l->base);
	stmt_bind_i64(stmt, 21, l->share);
	stmt_bind_i64(stmt, 22, l->credited);
	stmt_bind_i64(stmt, 23, l->units);
	stmt_bind_text(stmt, 24, l->bracket);
	stmt_bind_i64(stmt, 25, l->per_unit);
	stmt_bind_i64(stmt, 26, l->rate * commission_rate_kept(book, l->per_unit));
	stmt_bind_i64(stmt, 27, l->capped);
	stmt_bind_i64(stmt, 28, l->result);
	stmt_bind_text(stmt, 29, l->note);
	err = stmt_run_later(ctx, stmt);
	stmt_done(stmt);
	return err;
}

static enum err put_statement(struct ctx *ctx, const struct commission_book *book, const struct commission_person *person, int64_t period_id, int64_t lines, int64_t total)
{
	struct record *r;
	const char *title = arena_printf(ctx->arena, "%s %s", person->name, book->span.from);
	const struct {
		const char *field;
		struct value value;
	} cells[] = {{"title", value_text(title)}, {"period_id", value_int(period_id)}, {"owner_id", value_int(person->id)},
		{"team_id", person->team_id != 0 ? value_int(person->team_id) : value_null()}, {"branch_id", person->branch_id != 0 ? value_int(person->branch_id) : value_null()},
		{"lines", value_int(lines)}, {"total", value_int(total)}};
	enum err err = title != NULL ? record_new(ctx, registry_find(ctx->registry, commission_statement_entity.name), &r) : fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; err == OK && i < sizeof(cells) / sizeof(cells[0]); i++)
		err = record_set(ctx, r, cells[i].field, cells[i].value);
	return err == OK ? record_create(ctx, r, W_TRUSTED) : err;
}

static enum err put_person(struct ctx *ctx, const struct commission_book *book, size_t from, size_t end, int64_t period_id)
{
	const struct commission_person *person = commission_person_of(book, book->lines[from].owner_id);
	int64_t total = 0;
	enum err err = OK;
	for (size_t i = from; err == OK && i < end; i++) {
		total += book->lines[i].result;
		err = put_line(ctx, book, &book->lines[i], person, period_id, (int64_t)(i - from) + 1);
	}
	return err == OK && person != NULL ? put_statement(ctx, book, person, period_id, (int64_t)(end - from), total) : err;
}

static size_t end_of_person(const struct commission_book *book, size_t from)
{
	size_t end = from;
	while (end < book->n_lines && book->lines[end].owner_id == book->lines[from].owner_id)
		end++;
	return end;
}

static enum err freeze(struct ctx *ctx, const struct commission_book *book, const char *digest, int64_t *ret)
{
	int64_t people = 0, total = 0;
	for (size_t i = 0; i < book->n_lines; i = end_of_person(book, i))
		people++;
	for (size_t i = 0; i < book->n_lines; i++)
		total += book->lines[i].result;
	enum err err = put_period(ctx, book, digest, people, total, ret);
	for (size_t i = 0, end; err == OK && i < book->n_lines; i = end) {
		end = end_of_person(book, i);
		err = put_person(ctx, book, i, end, *ret);
	}
	return err;
}

static enum err close_it(struct ctx *ctx, const struct commission_span *span, const char *seen, int64_t *ret)
{
	struct commission_book book;
	char stand[DIGEST_BYTES];
	enum err err = commission_book_make(ctx, span, 0, &book);
	(void)snprintf(stand, sizeof(stand), "%016" PRIx64, err == OK ? commission_book_digest(&book) : 0);
	if (err == OK && seen != NULL && !str_equal(stand, seen))
		err = fail(ctx, ERR_CONFLICT, "digest", "commission_moved");
	if (err == OK)
		err = freeze(ctx, &book, stand, ret);
	commission_book_end(&book);
	return err;
}

enum err commission_close(struct ctx *ctx, const char *period, const char *day)
{
	struct commission_span span;
	int64_t id;
	enum err err = commission_span_of(ctx, period, day, &span);
	if (err == OK)
		err = check_over(ctx, &span);
	return err == OK ? close_it(ctx, &span, NULL, &id) : err;
}

enum err commission_close_post(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct close_body body = {0};
	struct commission_span span;
	struct jsonw w;
	int64_t id = 0;
	if (!commission_may_close(ctx))
		return fail(ctx, ERR_FORBIDDEN, "", "commission_close_right");
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK)
		err = commission_span_of(ctx, body.period, body.on, &span);
	if (err == OK)
		err = check_over(ctx, &span);
	if (err == OK)
		err = close_it(ctx, &span, body.digest, &id);
	if (err != OK)
		return err;
	http_status(res, 201);
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", id);
	jsonw_end_object(&w);
	return OK;
}

/* --- paid ------------------------------------------------------------------------------------------ */

struct pay_body {
	const char *paid_on;
};

const struct spec commission_pay_specs[] = {{"paid_on", SPEC_TEXT, offsetof(struct pay_body, paid_on), false, 10, "A day; else today"}, {0}};

static enum err mark(struct ctx *ctx, const struct entity_info *info, int64_t id, const char *day)
{
	struct record *patch;
	enum err err = record_new(ctx, info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "paid_on", value_text(day));
	if (err == OK && ctx->actor->user_id != 0)
		err = record_set(ctx, patch, "paid_by_id", value_int(ctx->actor->user_id));
	return err == OK ? record_update(ctx, id, patch, 0, W_TRUSTED, NULL) : err;
}

enum err commission_pay_post(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	const struct entity_info *info = registry_find(ctx->registry, commission_statement_entity.name);
	struct pay_body body = {0};
	struct record *statement;
	char today[RECEIVABLES_DAY_BYTES];
	int64_t id;
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK)
		err = record_get(ctx, info, id, ACTION_READ, &statement);
	if (err == OK && !commission_may_manage(ctx))
		err = fail(ctx, ERR_FORBIDDEN, "", "commission_right");
	if (err == OK)
		err = record_load(ctx, info, id, &statement);
	if (err == OK)
		err = receivables_today(ctx, 0, today);
	if (err != OK)
		return err;
	const char *day = body.paid_on != NULL ? body.paid_on : arena_strdup(ctx->arena, today);
	if (!str_empty(record_text(statement, "paid_on")))
		return fail(ctx, ERR_CONFLICT, "", "commission_paid");
	if (day == NULL || !date_valid(day) || strcmp(day, today) > 0)
		return fail(ctx, ERR_INVALID, "paid_on", "commission_paid_day");
	err = mark(ctx, info, id, day);
	if (err == OK)
		http_status(res, 204);
	return err;
}
