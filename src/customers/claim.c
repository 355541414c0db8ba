/* The pool: customers of nobody, taken by whoever keeps customers of their own, and given back. */
#include "base/id.h"
#include "base/jsonw.h"
#include "customers/customers.h"

static enum err read_customer(struct ctx *ctx, const struct http_request *req, enum action action, struct record **ret)
{
	int64_t id;
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	return record_get(ctx, registry_find(ctx->registry, "customer"), id, action, ret);
}

/* Who reaches no customer of their own with a change, or may not see owners, takes none. */
static enum err may_own(struct ctx *ctx, const struct entity_info *info)
{
	if (entity_scope(ctx->actor, info, ACTION_UPDATE) == SCOPE_NONE || ctx->actor->user_id == 0 ||
	    entity_field_right(ctx->actor, info, info->owner) != RIGHT_WRITE)
		return fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", info->entity->name);
	return OK;
}

static enum err set_owner(struct ctx *ctx, const struct record *customer, struct value owner, struct http_response *res)
{
	struct record *patch, *now;
	struct jsonw w;
	enum err err = record_new(ctx, customer->info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "owner_id", owner);
	if (err == OK)
		err = record_update(ctx, record_id(customer), patch, 0, W_TRUSTED, &now);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", record_id(now));
	if (owner.kind == VALUE_INT)
		jsonw_kv_id(&w, "owner_id", owner.i);
	else
		jsonw_kv_text(&w, "owner_id", NULL);
	jsonw_kv_int(&w, "version", record_i64(now, "version"));
	jsonw_end_object(&w);
	return OK;
}

static enum err claim(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *customer, *fresh;
	enum err err = read_customer(ctx, req, ACTION_READ, &customer);
	if (err == OK)
		err = may_own(ctx, customer->info);
	if (err == OK)
		err = record_load(ctx, customer->info, record_id(customer), &fresh);
	if (err == OK && record_i64(fresh, "owner_id") != 0)
		err = fail(ctx, ERR_CONFLICT, "owner_id", "claimed_already");
	return err == OK ? set_owner(ctx, customer, value_int(ctx->actor->user_id), res) : err;
}

static enum err release(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *customer;
	enum err err = read_customer(ctx, req, ACTION_UPDATE, &customer);
	if (err == OK)
		err = may_own(ctx, customer->info);
	if (err == OK && record_i64(customer, "owner_id") != ctx->actor->user_id)
		err = fail(ctx, ERR_CONFLICT, "owner_id", "not_yours");
	return err == OK ? set_owner(ctx, customer, value_null(), res) : err;
}

const struct route customer_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/customer/*/claim", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = claim,
	 .doc = "Takes a customer of nobody as one's own"},
	{.method = METHOD_POST, .pattern = "/api/v1/customer/*/release", .lane = LANE_WRITE, .door = DOOR_SIGNED_IN, .handle = release,
	 .doc = "Gives a customer of one's own back to the pool"},
	{.pattern = NULL},
};
