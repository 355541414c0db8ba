/* Reports over the API. */
#include <string.h>

#include "analysis/report.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/calendar/calendar.h"
#include "core/events/events.h"
#include "core/files/files.h"
#include "segments/segments.h"

enum { NAME_MAX_CHARS = 120, NAME_MAX_BYTES = 480, MONTHS = 12, COMPARED_DAYS = 91 };

const struct report *const report_list[] = {
	&report_sales, &report_returning, &report_cohorts, &report_rfm, &report_concentration, &report_silence, &report_baskets,
	&report_ranking, &report_funnel, &report_movement, NULL,
};

static const struct entity_info *may_ask(struct ctx *ctx, const struct report *report, enum action action)
{
	const struct entity_info *info = registry_find(ctx->registry, report->of), *customer = registry_find(ctx->registry, "customer");
	bool may = info && entity_scope(ctx->actor, info, ACTION_READ) != SCOPE_NONE && entity_scope(ctx->actor, info, action) != SCOPE_NONE;
	if (may && report->customers && str_equal(report->of, "order"))
		may = customer && entity_scope(ctx->actor, customer, ACTION_READ) != SCOPE_NONE;
	return may ? info : NULL;
}

enum err report_http_list(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	const struct entity_info *segment = registry_find(ctx->registry, "segment");
	bool keeps = segment && entity_scope(ctx->actor, segment, ACTION_CREATE) != SCOPE_NONE;
	struct jsonw w;
	size_t n = 0;
	(void)req;
	for (size_t i = 0; report_list[i]; i++)
		n += may_ask(ctx, report_list[i], ACTION_READ) != NULL;
	if (n == 0)
		return fail(ctx, ERR_FORBIDDEN, "", "forbidden");
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_bool(&w, "available", duck_there());
	jsonw_key(&w, "reports");
	jsonw_array(&w);
	for (size_t i = 0; report_list[i]; i++) {
		if (!may_ask(ctx, report_list[i], ACTION_READ))
			continue;
		jsonw_object(&w);
		jsonw_kv_text(&w, "name", report_list[i]->name);
		jsonw_kv_text(&w, "label", entity_label(ctx, &report_list[i]->label));
		jsonw_kv_bool(&w, "export", may_ask(ctx, report_list[i], ACTION_EXPORT) != NULL);
		jsonw_kv_bool(&w, "segment", keeps && report_list[i]->customers);
		jsonw_end_object(&w);
	}
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return OK;
}

/* --- reading --------------------------------------------------------------------------------- */

static enum err read_day(struct ctx *ctx, const json_t *json, const char *name, int64_t *ret)
{
	const json_t *value = json_object_get(json, name);
	const char *text = json_string_value(value);
	int32_t day;
	if (!value || json_is_null(value))
		return OK;
	if (!text || !calendar_date_read(text, &day))
		return fail_arg(ctx, ERR_INVALID, name, "pivot_day", text ? text : name);
	*ret = day;
	return OK;
}

/* The first day of the month that lies so many months before that of a day. */
static enum err month_start(struct report_run *r, int64_t day, int months, int64_t *ret)
{
	char text[11];
	int32_t first;
	calendar_date_write((int32_t)day, text);
	int64_t month = (text[0] - '0') * 12000 + (text[1] - '0') * 1200 + (text[2] - '0') * 120 + (text[3] - '0') * 12 + (text[5] - '0') * 10 + text[6] - '0' - 1 - months;
	const char *date = arena_printf(r->ctx->arena, "%04lld-%02lld-01", (long long)(month / 12), (long long)(month % 12 + 1));
	if (!date)
		return report_no_memory(r);
	*ret = calendar_date_read(date, &first) ? first : day;
	return OK;
}

/* The twelve months that end with the last day, which is today unless days are given. */
static enum err read_period(struct report_run *r)
{
	enum err err = pivot_today(r->ctx, &r->today);
	r->to = r->today;
	if (!err)
		err = read_day(r->ctx, r->json, "to", &r->to);
	if (!err)
		err = month_start(r, r->to, MONTHS - 1, &r->from);
	if (!err)
		err = read_day(r->ctx, r->json, "from", &r->from);
	r->before = r->to - COMPARED_DAYS;
	if (!err)
		err = read_day(r->ctx, r->json, "before", &r->before);
	if (!err && (r->from > r->to || r->to - r->from > REPORT_DAYS_MAX))
		err = fail_arg(r->ctx, ERR_INVALID, "to", "pivot_day", "to");
	return err;
}

static enum err known_members(struct ctx *ctx, const json_t *json)
{
	static const char *const names[] = {"from", "to", "before", "condition", "filters", "format", "table", "cell", "name", "by", NULL};
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)json, key, value) {
		size_t i = 0;
		while (names[i] && !str_equal(names[i], key))
			i++;
		if (!names[i])
			return fail_arg(ctx, ERR_INVALID, "", "pivot_member", key);
	}
	return OK;
}

static enum err find(struct ctx *ctx, const char *name, enum action action, const struct report **ret)
{
	for (size_t i = 0; report_list[i]; i++) {
		if (!str_equal(report_list[i]->name, name))
			continue;
		*ret = report_list[i];
		return may_ask(ctx, report_list[i], action) ? OK : fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", report_list[i]->of);
	}
	return fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "report");
}

/* Reads the request, asks the warehouse and leaves what was found in *ret; its JSON stays until json_decref(ret->json). */
static enum err ask(struct ctx *ctx, const struct http_request *req, enum action action, bool cell, struct report_run *ret)
{
	struct warehouse *w = app_warehouse(ctx->app);
	int64_t deadline = ctx->deadline_ms;
	*ret = (struct report_run){.ctx = ctx, .action = action};
	enum err err = find(ctx, req->params[0], action, &ret->report);
	if (err)
		return err;
	ret->json = json_loadb(req->body, req->body_len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(ret->json))
		return fail_arg(ctx, ERR_INVALID, "", "report_shape", "");
	err = known_members(ctx, ret->json);
	if (!err)
		err = read_period(ret);
	ret->cell = cell ? json_object_get(ret->json, "cell") : NULL;
	if (!err && cell && (!ret->report->customers || !json_is_object(ret->cell)))
		err = report_bad_cell(ret);
	if (!err)
		err = warehouse_enter(ctx, w, &ret->conn);
	if (err)
		return err;
	if (ctx->deadline_ms == 0)
		ctx->deadline_ms = ctx_now(ctx) + PIVOT_MS;
	err = ret->report->make(ret);
	ctx->deadline_ms = deadline;
	warehouse_leave(w, ret->conn);
	if (err == ERR_UPSTREAM)
		warehouse_suspect(w);
	return err;
}

static void done(struct report_run *r)
{
	json_decref((json_t *)(uintptr_t)r->json);
}

enum err report_http_ask(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct report_run r;
	int64_t began = ctx_now(ctx);
	enum err err = ask(ctx, req, ACTION_READ, false, &r);
	if (!err)
		err = report_write(&r, res, ctx_now(ctx) - began);
	done(&r);
	return err;
}

/* --- export ------------------------------------------------------------------------------------ */

/* Who took what, before it leaves. */
static enum err note(struct ctx *ctx, void *arg)
{
	const struct report_run *r = arg;
	const char *what = arena_printf(ctx->arena, "{\"report\":\"%s\"}", r->report->name);
	return what ? change_append(ctx, r->report->of, 0, CHANGE_EXPORT, what) : fail(ctx, ERR_LIMIT, "", "memory");
}

static const struct report_table *table_named(const struct report_run *r, const char *name)
{
	for (size_t i = 0; i < r->n_tables; i++) {
		if (!name || str_equal(r->tables[i]->name, name))
			return r->tables[i];
	}
	return NULL;
}

static enum err send_file(struct report_run *r, struct http_response *res, enum file_format format)
{
	struct ctx *ctx = r->ctx;
	const char *wanted = json_string_value(json_object_get(r->json, "table")), *disposition;
	const struct report_table *table = table_named(r, wanted);
	struct db *db = ctx->db;
	if (!table)
		return fail_arg(ctx, wanted && r->n_tables ? ERR_INVALID : ERR_NOT_FOUND, "table", "report_table", wanted ? wanted : r->report->name);
	const char *name = arena_printf(ctx->arena, "%s-%s.%s", r->report->name, table->name, format == FILE_XLSX ? "xlsx" : "csv");
	enum err err = name ? file_disposition(ctx, name, &disposition) : report_no_memory(r);
	if (!err)
		err = store_write(ctx, ctx->store, note, r);
	ctx->db = db;
	if (err)
		return err;
	http_set_header(res, "Content-Disposition", disposition);
	http_set_header(res, "Cache-Control", "no-store");
	http_content_type(res, format == FILE_XLSX ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" : "text/csv; charset=utf-8");
	err = http_stream_begin(ctx, res);
	return err ? err : report_send(r, res, table, format);
}

enum err report_http_export(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct report_run r;
	enum err err = ask(ctx, req, ACTION_EXPORT, false, &r);
	const char *name = err ? NULL : json_string_value(json_object_get(r.json, "format"));
	bool csv = str_equal(name, "csv");
	if (!err && !csv && !str_equal(name, "xlsx"))
		err = fail_arg(ctx, ERR_INVALID, "format", "pivot_format", name ? name : "");
	if (!err)
		err = send_file(&r, res, csv ? FILE_CSV : FILE_XLSX);
	done(&r);
	return err;
}

/* --- a segment of these --------------------------------------------------------------------------- */

struct keeping {
	struct report_run *r;
	const char *name;
	int64_t id;
};

static enum err keep(struct ctx *ctx, void *arg)
{
	struct keeping *k = arg;
	return segments_keep(ctx, "customer", k->name, entity_label(ctx, &k->r->report->label), k->r->members, k->r->n_members, &k->id);
}

enum err report_http_segment(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct report_run r;
	struct jsonw w;
	struct db *db = ctx->db;
	enum err err = ask(ctx, req, ACTION_READ, true, &r);
	struct keeping k = {.r = &r, .name = err ? NULL : json_string_value(json_object_get(r.json, "name"))};
	if (!err && (str_empty(k.name) || strlen(k.name) > NAME_MAX_BYTES))
		err = fail_arg(ctx, ERR_INVALID, "name", "pivot_text", "name");
	if (!err)
		err = store_write(ctx, ctx->store, keep, &k);
	ctx->db = db;
	done(&r);
	if (err)
		return err;
	http_status(res, 201);
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", k.id);
	jsonw_kv_int(&w, "size", (int64_t)r.n_members);
	jsonw_end_object(&w);
	return OK;
}
