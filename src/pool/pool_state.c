/* Into the pool and out of it: the customer, its card and its history change together. */
#include <jansson.h>
#include <string.h>

#include "base/str.h"
#include "core/entity/field_type.h"
#include "pool/pool_internal.h"
#include "pool_sql.h"

enum { DAY_MS = 86400000 };

static const struct entity_info *find(struct ctx *ctx, const char *name)
{
	return registry_find(ctx->registry, name);
}

/* --- what a pool does not show --------------------------------------------------------------- */

static enum err hide(struct ctx *ctx, const struct entity_info *info, const char *name, bool *hidden)
{
	int at = name != NULL ? entity_field(info, name) : -1;
	if (at < SF_COUNT)
		return fail_arg(ctx, ERR_INVALID, "hidden", "pool_no_field", name != NULL ? arena_strdup(ctx->arena, name) : "");
	hidden[at] = true;
	for (size_t i = SF_COUNT; i < info->n_fields; i++) {
		const struct field *field = info->fields[i];
		hidden[i] = hidden[i] || (field->made_from != NULL && str_equal(field->made_from, name)) || (field->form_of != NULL && str_equal(field->form_of, name));
	}
	return OK;
}

enum err pool_hidden(struct ctx *ctx, const struct record *pool, bool **ret)
{
	const struct entity_info *info = find(ctx, "customer");
	bool *hidden = arena_array(ctx->arena, info->n_fields, sizeof(*hidden));
	const char *text = pool != NULL ? record_text(pool, "hidden") : NULL;
	json_t *list = text != NULL ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL, *name;
	size_t i;
	*ret = hidden;
	enum err err = hidden == NULL ? fail(ctx, ERR_LIMIT, "", "memory") : text != NULL && !json_is_array(list) ? fail_arg(ctx, ERR_INVALID, "hidden", "pool_no_field", "") : OK;
	if (err == OK)
		memset(hidden, 0, info->n_fields * sizeof(*hidden));
	if (err == OK)
		json_array_foreach(list, i, name)
			err = err == OK ? hide(ctx, info, json_string_value(name), hidden) : err;
	json_decref(list);
	return err;
}

/* --- the card --------------------------------------------------------------------------------------- */

static const char *const shown[] = {"name",         "kind",         "city",          "province",        "industry", "level", "stage",
                                    "orders_count", "orders_total", "last_order_at", "last_contact_at", NULL};

/* A name that is hidden leaves its first letter, to tell cards apart. */
static enum err set_name(struct ctx *ctx, struct record *card, const struct record *customer, bool hidden)
{
	struct value masked;
	const struct entity_info *info = customer->info;
	int at = entity_field(info, "name");
	if (!hidden)
		return record_set(ctx, card, "name", *record_value(customer, "name"));
	enum err err = field_mask(ctx, info->fields[at], record_value(customer, "name"), &masked);
	return err == OK ? record_set(ctx, card, "name", masked) : err;
}

static enum err fill_card(struct ctx *ctx, struct record *card, const struct record *customer, const struct record *pool)
{
	bool *hidden;
	enum err err = pool_hidden(ctx, pool, &hidden);
	for (const char *const *name = shown; err == OK && *name != NULL; name++) {
		bool is = hidden[entity_field(customer->info, *name)];
		err = name == shown ? set_name(ctx, card, customer, is) : record_set(ctx, card, *name, is ? value_null() : *record_value(customer, *name));
	}
	return err == OK ? record_set(ctx, card, "branch_id", *record_value(pool, "branch_id")) : err;
}

enum err pool_lock_entry(struct ctx *ctx, int64_t customer, struct record **ret)
{
	int64_t id;
	*ret = NULL;
	enum err err = pool_number(ctx, &sql_pool_entry_lock, &customer, 1, &id);
	return err == OK && id != 0 ? record_load(ctx, find(ctx, "pool_entry"), id, ret) : err;
}

enum err pool_card(struct ctx *ctx, int64_t customer)
{
	struct record *entry, *pool, *now, *patch;
	enum err err = pool_lock_entry(ctx, customer, &entry);
	if (err != OK || entry == NULL)
		return err;
	err = record_load(ctx, find(ctx, "pool"), record_i64(entry, "pool_id"), &pool);
	if (err == OK)
		err = record_load(ctx, find(ctx, "customer"), customer, &now);
	if (err == OK)
		err = record_new(ctx, entry->info, &patch);
	if (err == OK)
		err = fill_card(ctx, patch, now, pool);
	return err == OK ? record_update(ctx, record_id(entry), patch, 0, W_TRUSTED, NULL) : err;
}

/* --- moves ----------------------------------------------------------------------------------------------- */

struct move {
	int64_t customer, pool, from, to, rule;
	const char *kind, *reason, *why;
};

static enum err set_id(struct ctx *ctx, struct record *r, const char *field, int64_t id)
{
	return record_set(ctx, r, field, id != 0 ? value_int(id) : value_null());
}

static enum err put_move(struct ctx *ctx, const struct move *m)
{
	struct record *r;
	const struct {
		const char *field;
		int64_t id;
	} ids[] = {{"customer_id", m->customer}, {"pool_id", m->pool}, {"from_id", m->from}, {"to_id", m->to}, {"rule_id", m->rule}};
	enum err err = record_new(ctx, find(ctx, "pool_move"), &r);
	for (size_t i = 0; err == OK && i < sizeof(ids) / sizeof(ids[0]); i++)
		err = set_id(ctx, r, ids[i].field, ids[i].id);
	if (err == OK)
		err = record_set(ctx, r, "kind", value_text(m->kind));
	if (err == OK)
		err = record_set(ctx, r, "reason", value_text(m->reason));
	if (err == OK)
		err = record_set(ctx, r, "why", value_text(m->why));
	return err == OK ? record_create(ctx, r, W_TRUSTED) : err;
}

/* Who could reach it by a share no longer does: the pool shows all the same. */
static enum err end_shares(struct ctx *ctx, int64_t customer)
{
	enum { SHARES_MAX = 1000 };
	const char *about = arena_printf(ctx->arena, "customer/%lld", (long long)customer);
	int64_t *ids = arena_array(ctx->arena, SHARES_MAX, sizeof(*ids));
	struct stmt *stmt;
	bool row = true;
	size_t n = 0;
	if (about == NULL || ids == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = db_prepare(ctx, ctx->db, &sql_pool_share_ids, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, about);
	while (n < SHARES_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		ids[n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	for (size_t i = 0; err == OK && i < n; i++)
		err = record_delete(ctx, find(ctx, "share"), ids[i], 0, W_TRUSTED);
	return err;
}

static enum err free_customer(struct ctx *ctx, int64_t customer, int64_t pool)
{
	struct record *patch;
	enum err err = record_new(ctx, find(ctx, "customer"), &patch);
	if (err == OK)
		err = record_set(ctx, patch, "owner_id", value_null());
	if (err == OK)
		err = record_set(ctx, patch, "team_id", value_null());
	if (err == OK)
		err = record_set(ctx, patch, "pool_id", value_int(pool));
	if (err == OK)
		err = record_update(ctx, customer, patch, 0, W_TRUSTED, NULL);
	return err == OK ? end_shares(ctx, customer) : err;
}

static enum err make_entry(struct ctx *ctx, const struct pool_fall *fall, const struct record *pool, int64_t from)
{
	struct record *entry, *customer;
	int64_t days = record_i64(pool, "lock_days");
	enum err err = record_load(ctx, find(ctx, "customer"), fall->customer, &customer);
	if (err == OK)
		err = record_new(ctx, find(ctx, "pool_entry"), &entry);
	if (err == OK)
		err = fill_card(ctx, entry, customer, pool);
	if (err == OK)
		err = record_set(ctx, entry, "customer_id", value_int(fall->customer));
	if (err == OK)
		err = record_set(ctx, entry, "pool_id", value_int(fall->pool));
	if (err == OK)
		err = record_set(ctx, entry, "fell_at", value_int(ctx_now(ctx)));
	if (err == OK)
		err = record_set(ctx, entry, "why", value_text(fall->reason));
	if (err == OK)
		err = set_id(ctx, entry, "from_id", from);
	if (err == OK && from != 0 && days > 0)
		err = record_set(ctx, entry, "locked_until", value_int(ctx_now(ctx) + days * DAY_MS));
	return err == OK ? record_create(ctx, entry, W_TRUSTED) : err;
}

enum err pool_put(struct ctx *ctx, const struct pool_fall *fall)
{
	struct record *customer, *pool, *entry;
	enum err err = pool_lock_entry(ctx, fall->customer, &entry);
	if (err == OK && entry != NULL)
		return OK;
	if (err == OK)
		err = record_load(ctx, find(ctx, "customer"), fall->customer, &customer);
	if (err == OK)
		err = record_load(ctx, find(ctx, "pool"), fall->pool, &pool);
	if (err != OK)
		return err;
	int64_t from = record_i64(customer, "owner_id");
	err = free_customer(ctx, fall->customer, fall->pool);
	if (err == OK)
		err = make_entry(ctx, fall, pool, from);
	if (err == OK)
		err = put_move(ctx, &(struct move){.customer = fall->customer, .pool = fall->pool, .from = from, .rule = fall->rule, .kind = fall->kind,
		                                   .reason = fall->reason, .why = fall->why});
	return err;
}

/* The card goes, the history says to whom. */
static enum err leave(struct ctx *ctx, const struct record *entry, int64_t user, const char *kind, const char *reason)
{
	struct move move = {.customer = record_i64(entry, "customer_id"), .pool = record_i64(entry, "pool_id"), .from = record_i64(entry, "from_id"), .to = user,
	                    .kind = kind, .reason = reason};
	enum err err = record_delete(ctx, entry->info, record_id(entry), 0, W_TRUSTED);
	return err == OK ? put_move(ctx, &move) : err;
}

enum err pool_give(struct ctx *ctx, int64_t customer, int64_t user, const char *kind, const char *reason)
{
	static const char *const places[] = {"team_id", "branch_id"};
	struct record *entry, *patch, *who;
	enum err err = pool_lock_entry(ctx, customer, &entry);
	if (err == OK && entry == NULL)
		err = fail(ctx, ERR_CONFLICT, "owner_id", "claimed_already");
	if (err == OK)
		err = record_load(ctx, find(ctx, "user"), user, &who);
	if (err == OK)
		err = leave(ctx, entry, user, kind, reason);
	if (err == OK)
		err = record_new(ctx, find(ctx, "customer"), &patch);
	if (err == OK)
		err = record_set(ctx, patch, "owner_id", value_int(user));
	for (size_t i = 0; err == OK && i < sizeof(places) / sizeof(places[0]); i++)
		if (record_value(who, places[i])->kind != VALUE_NULL)
			err = record_set(ctx, patch, places[i], *record_value(who, places[i]));
	return err == OK ? record_update(ctx, customer, patch, 0, W_TRUSTED, NULL) : err;
}

/* --- what others do to customers ------------------------------------------------------------------------------ */

static enum err forget_warning(struct ctx *ctx, int64_t customer)
{
	int64_t id;
	enum err err = pool_number(ctx, &sql_pool_warning_of, &customer, 1, &id);
	return err == OK && id != 0 ? record_delete(ctx, find(ctx, "pool_warning"), id, 0, W_TRUSTED) : err;
}

static bool same(const struct record *a, const struct record *b, const char *field)
{
	return value_equal(record_value(a, field), record_value(b, field));
}

static enum err put_stage_move(struct ctx *ctx, const struct record *old, const struct record *now)
{
	struct record *r;
	bool ruled = !same(old, now, "stage_rule_id") && record_i64(now, "stage_rule_id") != 0;
	enum err err = record_new(ctx, find(ctx, "stage_move"), &r);
	if (err == OK)
		err = record_set(ctx, r, "customer_id", value_int(record_id(now)));
	if (err == OK)
		err = record_set(ctx, r, "from_stage", *record_value(old, "stage"));
	if (err == OK)
		err = record_set(ctx, r, "to_stage", *record_value(now, "stage"));
	if (err == OK && ruled)
		err = record_set(ctx, r, "rule_id", *record_value(now, "stage_rule_id"));
	if (err == OK)
		err = record_set(ctx, r, "reason", *record_value(now, "lost_reason"));
	return err == OK ? record_create(ctx, r, W_TRUSTED) : err;
}

/* Given to somebody by hand, it is in the pool no more; what its card shows follows it. */
static enum err after_customer(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	struct record *card;
	(void)entity;
	if (old == NULL || now == NULL)
		return OK;
	enum err err = same(old, now, "stage") ? OK : put_stage_move(ctx, old, now);
	if (err == OK && !same(old, now, "owner_id"))
		err = forget_warning(ctx, record_id(now));
	if (err != OK || record_i64(old, "pool_id") == 0)
		return err;
	err = pool_lock_entry(ctx, record_id(now), &card);
	if (err != OK || card == NULL)
		return err;
	if (record_i64(now, "pool_id") == 0)
		return leave(ctx, card, record_i64(now, "owner_id"), "assigned", NULL);
	return pool_card(ctx, record_id(now));
}

static const char *const writes[] = {"pool_entry", "pool_move", "pool_warning", "stage_move", NULL};

const struct reaction pool_reactions[] = {
	{.entity = "customer", .after = after_customer, .writes = writes},
	{.entity = NULL},
};
