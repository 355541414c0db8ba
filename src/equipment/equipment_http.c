/* Handing a thing over to another owner, and asking for its warranty. */
#include <stddef.h>
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "equipment/equipment_internal.h"
#include "equipment_sql.h"

static enum err find(struct ctx *ctx, const struct http_request *req, const char *entity, enum action action, struct record **ret)
{
	int64_t id;
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	return record_get(ctx, registry_find(ctx->registry, entity), id, action, ret);
}

/* --- to another owner ------------------------------------------------------------------------------------- */

struct transfer_body {
	int64_t customer_id;
	const char *on, *reason, *place;
};

const struct spec equipment_transfer_specs[] = {
	{"customer_id", SPEC_ID, offsetof(struct transfer_body, customer_id), true, 0, "Whose it is from then on"},
	{"on", SPEC_TEXT, offsetof(struct transfer_body, on), false, 10, "The day; empty: today"},
	{"reason", SPEC_TEXT, offsetof(struct transfer_body, reason), false, 1200, "Sold on, inherited …"},
	{"place", SPEC_TEXT, offsetof(struct transfer_body, place), false, 1200, "Where it stands from then on; empty: as before"},
	{0},
};

static enum err end_owner(struct ctx *ctx, int64_t equipment, const char *day, const char *reason)
{
	struct record *r, *patch;
	int64_t id = 0;
	enum err err = equipment_ask(ctx, &sql_equipment_owner_now, equipment, 0, NULL, &id);
	if (err != OK || id == 0)
		return err;
	err = record_load(ctx, registry_find(ctx->registry, equipment_owner_entity.name), id, &r);
	if (err == OK && record_text(r, "from_on") != NULL && strcmp(day, record_text(r, "from_on")) < 0)
		err = fail_arg(ctx, ERR_INVALID, "on", "equipment_owned_since", record_text(r, "from_on"));
	if (err == OK)
		err = record_new(ctx, r->info, &patch);
	if (err == OK)
		err = equipment_set_text(ctx, patch, "until_on", day);
	if (err == OK && !str_empty(reason))
		err = equipment_set_text(ctx, patch, "reason", reason);
	return err == OK ? record_update(ctx, id, patch, 0, W_TRUSTED, NULL) : err;
}

static enum err begin_owner(struct ctx *ctx, int64_t equipment, int64_t customer, const char *day)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, equipment_owner_entity.name), &r);
	if (err == OK)
		err = record_set(ctx, r, "equipment_id", value_int(equipment));
	if (err == OK)
		err = record_set(ctx, r, "customer_id", value_int(customer));
	if (err == OK)
		err = equipment_set_text(ctx, r, "from_on", day);
	return err == OK ? record_create(ctx, r, W_TRUSTED) : err;
}

/* Who looks after the new owner looks after it. */
static enum err move(struct ctx *ctx, const struct record *of, const struct transfer_body *body)
{
	static const char *const belongs[] = {"owner_id", "team_id", "branch_id"};
	struct record *patch;
	enum err err = record_new(ctx, of->info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "customer_id", value_int(body->customer_id));
	if (err == OK)
		err = receivables_belong(ctx, patch);
	for (size_t i = 0; err == OK && i < sizeof(belongs) / sizeof(belongs[0]); i++) {
		if (record_i64(patch, belongs[i]) == 0)
			err = record_set(ctx, patch, belongs[i], value_null());
	}
	if (err == OK && !str_empty(body->place))
		err = record_set(ctx, patch, "place", value_text(body->place));
	return err == OK ? record_update(ctx, record_id(of), patch, 0, W_TRUSTED, NULL) : err;
}

static enum err check_transfer(struct ctx *ctx, const struct record *of, const struct transfer_body *body, const char *today)
{
	struct record *customer;
	if (!str_empty(body->on) && !date_valid(body->on))
		return fail(ctx, ERR_INVALID, "on", "equipment_day");
	if (!str_empty(body->on) && strcmp(body->on, today) > 0)
		return fail(ctx, ERR_INVALID, "on", "warranty_future");
	if (entity_field_right(ctx->actor, of->info, entity_field(of->info, "customer_id")) < RIGHT_WRITE)
		return fail(ctx, ERR_FORBIDDEN, "customer_id", "forbidden");
	if (record_i64(of, "customer_id") == body->customer_id)
		return fail(ctx, ERR_CONFLICT, "customer_id", "equipment_same_owner");
	return record_get(ctx, registry_find(ctx->registry, "customer"), body->customer_id, ACTION_READ, &customer);
}

enum err equipment_transfer_post(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct transfer_body body = {0};
	struct record *of;
	char today[RECEIVABLES_DAY_BYTES];
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK)
		err = receivables_today(ctx, 0, today);
	if (err == OK)
		err = find(ctx, req, equipment_entity.name, ACTION_UPDATE, &of);
	if (err == OK)
		err = record_load(ctx, of->info, record_id(of), &of);
	if (err == OK)
		err = check_transfer(ctx, of, &body, today);
	const char *day = str_empty(body.on) ? today : body.on;
	if (err == OK)
		err = end_owner(ctx, record_id(of), day, body.reason);
	if (err == OK)
		err = begin_owner(ctx, record_id(of), body.customer_id, day);
	if (err == OK)
		err = move(ctx, of, &body);
	if (err == OK)
		http_status(res, 204);
	return err;
}

/* --- its warranty --------------------------------------------------------------------------------------------- */

/* What it is made of must be seen. */
static enum err may_know(struct ctx *ctx, const struct entity_info *info)
{
	static const char *const made_of[] = {"sold_on", "installed_on", "product_id", "country"};
	const struct entity_info *terms = registry_find(ctx->registry, warranty_term_entity.name);
	bool may = ctx->actor != NULL && entity_scope(ctx->actor, terms, ACTION_READ) == SCOPE_ALL && entity_field_right(ctx->actor, terms, entity_field(terms, "name")) >= RIGHT_READ &&
	           entity_field_right(ctx->actor, terms, entity_field(terms, "months")) >= RIGHT_READ;
	for (size_t i = 0; may && i < sizeof(made_of) / sizeof(made_of[0]); i++)
		may = entity_field_right(ctx->actor, info, entity_field(info, made_of[i])) >= RIGHT_READ;
	return may ? OK : fail(ctx, ERR_FORBIDDEN, "", "forbidden");
}

enum err equipment_warranty_get(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	const char *on = http_query(ctx, req, "on", 0), *said = NULL;
	char today[RECEIVABLES_DAY_BYTES];
	struct record *of;
	struct warranty w;
	struct jsonw out;
	enum err err = find(ctx, req, equipment_entity.name, ACTION_READ, &of);
	if (err == OK)
		err = may_know(ctx, of->info);
	if (err == OK && on != NULL && !date_valid(on))
		err = fail(ctx, ERR_INVALID, "on", "equipment_day");
	if (err == OK)
		err = receivables_today(ctx, 0, today);
	if (err == OK)
		err = record_load(ctx, of->info, record_id(of), &of);
	if (err == OK)
		err = warranty_of(ctx, of, on != NULL ? on : today, &w);
	if (err == OK)
		err = warranty_said(ctx, &w, &said);
	if (err != OK)
		return err;
	jsonw_init(&out, http_body(res));
	jsonw_object(&out);
	jsonw_kv_text(&out, "verdict", w.verdict);
	jsonw_kv_text(&out, "from", w.from);
	jsonw_kv_text(&out, "until", w.until);
	jsonw_kv_int(&out, "extended_months", w.extended);
	if (w.term != NULL)
		jsonw_kv_id(&out, "term_id", record_id(w.term));
	jsonw_kv_text(&out, "said", said);
	jsonw_end_object(&out);
	return OK;
}
