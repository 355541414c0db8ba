/* Shares of an order's commission: all of them at once, so that they come to 100. */
#include <stddef.h>

#include <jansson.h>

#include "base/decimal.h"
#include "base/id.h"
#include "base/str.h"
#include "commission/commission_internal.h"
#include "commission_sql.h"

enum { SHARES_MAX = 20 };

struct split_body {
	json_t *shares;
};

const struct spec commission_split_specs[] = {
	{"shares", SPEC_JSON, offsetof(struct split_body, shares), true, 0, "[{\"person\":\"…\",\"percent\":\"60\"},…]"}, {0},
};

struct share {
	int64_t person, percent;
};

static enum err read_shares(struct ctx *ctx, const json_t *json, struct share *list, size_t *ret_n)
{
	int64_t sum = 0;
	size_t n = json_array_size(json);
	if (!json_is_array(json) || n > SHARES_MAX)
		return fail(ctx, ERR_INVALID, "shares", "commission_shares");
	for (size_t i = 0; i < n; i++) {
		const json_t *one = json_array_get(json, i);
		const char *person = json_string_value(json_object_get(one, "person")), *percent = json_string_value(json_object_get(one, "percent"));
		if (person == NULL || !id_parse(person, &list[i].person) || percent == NULL || !decimal_parse(percent, COMMISSION_RATE_SCALE, &list[i].percent) ||
		    list[i].percent <= 0 || list[i].percent > COMMISSION_SHARE_ALL)
			return fail(ctx, ERR_INVALID, "shares", "commission_shares");
		for (size_t k = 0; k < i; k++) {
			if (list[k].person == list[i].person)
				return fail(ctx, ERR_INVALID, "shares", "commission_share_twice");
		}
		sum += list[i].percent;
	}
	*ret_n = n;
	return n == 0 || sum == COMMISSION_SHARE_ALL ? OK : fail(ctx, ERR_INVALID, "shares", "commission_share_sum");
}

static enum err drop_all(struct ctx *ctx, const struct entity_info *info, int64_t order)
{
	struct stmt *stmt;
	int64_t ids[SHARES_MAX];
	size_t n = 0;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_commission_split_ids, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, order);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && n < SHARES_MAX)
		ids[n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	for (size_t i = 0; err == OK && i < n; i++)
		err = record_delete(ctx, info, ids[i], 0, W_TRUSTED);
	return err;
}

static enum err put_share(struct ctx *ctx, const struct entity_info *info, const struct record *order, const struct share *share)
{
	struct record *r;
	bool there;
	enum err err = record_there(ctx, registry_find(ctx->registry, "user"), share->person, &there);
	if (err == OK && !there)
		err = fail(ctx, ERR_INVALID, "shares", "commission_shares");
	if (err == OK)
		err = record_new(ctx, info, &r);
	if (err == OK)
		err = record_set(ctx, r, "order_id", value_int(record_id(order)));
	if (err == OK)
		err = record_set(ctx, r, "owner_id", value_int(share->person));
	if (err == OK)
		err = record_set(ctx, r, "percent", value_int(share->percent));
	if (err == OK)
		err = record_set(ctx, r, "placed_at", value_int(record_i64(order, "placed_at")));
	return err == OK ? record_create(ctx, r, W_TRUSTED) : err;
}

enum err commission_split_put(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	const struct entity_info *info = registry_find(ctx->registry, commission_split_entity.name), *orders = registry_find(ctx->registry, "order");
	struct split_body body = {0};
	struct share list[SHARES_MAX];
	struct record *order;
	size_t n = 0;
	int64_t id;
	bool frozen = false;
	if (!id_parse(req->params[0], &id))
		return fail(ctx, ERR_NOT_FOUND, "", "not_found");
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK)
		err = record_get(ctx, orders, id, ACTION_UPDATE, &order);
	if (err == OK && !commission_may_manage(ctx))
		err = fail(ctx, ERR_FORBIDDEN, "", "commission_right");
	if (err == OK)
		err = read_shares(ctx, body.shares, list, &n);
	if (err == OK)
		err = commission_order_frozen(ctx, id, &frozen);
	if (err == OK && frozen)
		err = fail(ctx, ERR_CONFLICT, "", "commission_split_closed");
	if (err == OK)
		err = record_load(ctx, orders, id, &order);
	if (err == OK)
		err = drop_all(ctx, info, id);
	for (size_t i = 0; err == OK && i < n; i++)
		err = put_share(ctx, info, order, &list[i]);
	if (err == OK)
		http_status(res, 204);
	return err;
}
