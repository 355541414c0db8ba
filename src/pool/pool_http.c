/* Taking customers from the pool, giving them back, looking at them, and what rules would do. */
#include <jansson.h>
#include <string.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/entity/field_type.h"
#include "core/rest/query.h"
#include "pool/pool_internal.h"
#include "pool_sql.h"

static const struct entity_info *find(struct ctx *ctx, const char *name)
{
	return registry_find(ctx->registry, name);
}

static enum err read_id(struct ctx *ctx, const struct http_request *req, int64_t *ret)
{
	return id_parse(req->params[0], ret) ? OK : fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "customer");
}

/* Who reaches no customer of their own with a change, or may not see owners, takes none. */
static enum err may_own(struct ctx *ctx)
{
	const struct entity_info *info = find(ctx, "customer");
	if (entity_scope(ctx->actor, info, ACTION_UPDATE) == SCOPE_NONE || ctx->actor->user_id == 0 ||
	    entity_field_right(ctx->actor, info, info->owner) != RIGHT_WRITE)
		return fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", info->entity->name);
	return OK;
}

/* Somebody without a post of their own has the customer's: what one may reach of it afterwards is asked as ever. */
static enum err answer(struct ctx *ctx, int64_t customer, struct http_response *res)
{
	struct record *now;
	struct jsonw w;
	enum err err = record_load(ctx, find(ctx, "customer"), customer, &now);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", customer);
	if (record_i64(now, "owner_id") != 0)
		jsonw_kv_id(&w, "owner_id", record_i64(now, "owner_id"));
	else
		jsonw_kv_text(&w, "owner_id", NULL);
	if (record_i64(now, "pool_id") != 0)
		jsonw_kv_id(&w, "pool_id", record_i64(now, "pool_id"));
	jsonw_kv_int(&w, "version", record_i64(now, "version"));
	jsonw_end_object(&w);
	return OK;
}

/* The card of the customer, if the actor may read it. NULL: it is in no pool, or not for them. */
static enum err own_entry(struct ctx *ctx, int64_t customer, struct record **ret)
{
	struct record *entry;
	*ret = NULL;
	if (entity_scope(ctx->actor, find(ctx, "pool_entry"), ACTION_READ) == SCOPE_NONE)
		return OK;
	struct record *now;
	enum err err = pool_lock_entry(ctx, customer, &entry);
	if (err == OK && entry != NULL)
		err = record_load(ctx, find(ctx, "customer"), customer, &now);
	/* a card that a merge brought to somebody's customer is none */
	if (err != OK || entry == NULL || record_i64(now, "pool_id") == 0)
		return err;
	return record_get(ctx, entry->info, record_id(entry), ACTION_READ, ret);
}

/* --- taking ---------------------------------------------------------------------------------------- */

static enum err set_owner(struct ctx *ctx, int64_t customer, struct value owner)
{
	struct record *patch;
	enum err err = record_new(ctx, find(ctx, "customer"), &patch);
	if (err == OK)
		err = record_set(ctx, patch, "owner_id", owner);
	return err == OK ? record_update(ctx, customer, patch, 0, W_TRUSTED, NULL) : err;
}

/* Of nobody, and in no pool. */
static enum err claim_free(struct ctx *ctx, int64_t id)
{
	struct record *customer, *fresh;
	enum err err = record_get(ctx, find(ctx, "customer"), id, ACTION_READ, &customer);
	if (err == OK)
		err = record_load(ctx, find(ctx, "customer"), id, &fresh);
	if (err == OK && record_i64(fresh, "owner_id") != 0)
		err = fail(ctx, ERR_CONFLICT, "owner_id", "claimed_already");
	return err == OK ? set_owner(ctx, id, value_int(ctx->actor->user_id)) : err;
}

static enum err claim_pooled(struct ctx *ctx, int64_t id, const struct record *entry)
{
	struct record *pool, *full;
	enum err err = record_load(ctx, entry->info, record_id(entry), &full);
	if (err == OK)
		err = record_load(ctx, find(ctx, "pool"), record_i64(full, "pool_id"), &pool);
	if (err == OK)
		err = pool_may_claim(ctx, pool, full);
	return err == OK ? pool_give(ctx, id, ctx->actor->user_id, "claimed", NULL) : err;
}

/* One who lost the race hears that somebody has it, not that it is not there. */
static enum err was_pooled(struct ctx *ctx, int64_t id)
{
	int64_t moves;
	enum err err = pool_number(ctx, &sql_pool_left_lately, (const int64_t[]){id, ctx_now(ctx) - 3600000}, 2, &moves);
	return err == OK && moves > 0 && entity_scope(ctx->actor, find(ctx, "pool_entry"), ACTION_READ) != SCOPE_NONE
	           ? fail(ctx, ERR_CONFLICT, "owner_id", "claimed_already") : err;
}

static enum err claim(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *entry = NULL;
	int64_t id;
	enum err err = read_id(ctx, req, &id);
	if (err == OK)
		err = may_own(ctx);
	if (err == OK)
		err = own_entry(ctx, id, &entry);
	if (err == OK && entry == NULL)
		err = was_pooled(ctx, id);
	if (err == OK)
		err = entry != NULL ? claim_pooled(ctx, id, entry) : claim_free(ctx, id);
	return err == OK ? answer(ctx, id, res) : err;
}

/* --- giving back ------------------------------------------------------------------------------------- */

struct reason_body {
	const char *reason;
};

static const struct spec reason_specs[] = {
	{"reason", SPEC_TEXT, offsetof(struct reason_body, reason), false, 1200, "Why; asked for where a pool takes the customer"},
	{.name = NULL},
};

static enum err find_pool(struct ctx *ctx, int64_t customer, int64_t *ret)
{
	struct pool_rules rules;
	struct condition_run run;
	const struct pool_rule *pool;
	const struct actor *before = ctx->actor;
	*ret = 0;
	enum err err = pool_rules_read(ctx, &rules);
	if (err != OK || rules.n_pools == 0)
		return err;
	ctx->actor = gate_system();
	condition_run_begin(ctx, &run);
	err = pool_for(&run, &rules, customer, &pool);
	condition_run_end(&run);
	ctx->actor = before;
	*ret = err == OK && pool != NULL ? pool->id : 0;
	return err;
}

enum err pool_give_back(struct ctx *ctx, int64_t customer, const char *reason)
{
	int64_t pool;
	enum err err = find_pool(ctx, customer, &pool);
	if (err != OK || pool == 0)
		return err;
	return pool_put(ctx, &(struct pool_fall){.customer = customer, .pool = pool, .kind = "given_back", .reason = reason});
}

static enum err release(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct reason_body body = {0};
	struct record *customer;
	int64_t id, pool = 0;
	enum err err = read_id(ctx, req, &id);
	if (err == OK && req->body_len > 0)
		err = http_read_body(ctx, req, &body);
	if (err == OK)
		err = record_get(ctx, find(ctx, "customer"), id, ACTION_UPDATE, &customer);
	if (err == OK)
		err = may_own(ctx);
	if (err == OK && record_i64(customer, "owner_id") != ctx->actor->user_id)
		err = fail(ctx, ERR_CONFLICT, "owner_id", "not_yours");
	if (err == OK)
		err = find_pool(ctx, id, &pool);
	if (err == OK && pool != 0 && str_empty(body.reason))
		err = fail(ctx, ERR_INVALID, "reason", "required");
	if (err != OK)
		return err;
	err = pool == 0 ? set_owner(ctx, id, value_null())
	                : pool_put(ctx, &(struct pool_fall){.customer = id, .pool = pool, .kind = "given_back", .reason = body.reason});
	return err == OK ? answer(ctx, id, res) : err;
}

/* --- assigning ------------------------------------------------------------------------------------------ */

struct assign_body {
	int64_t user_id;
	const char *reason;
};

static const struct spec assign_specs[] = {
	{"user_id", SPEC_ID, offsetof(struct assign_body, user_id), true, 0, "Who gets the customer"},
	{"reason", SPEC_TEXT, offsetof(struct assign_body, reason), false, 1200, "Why"},
	{.name = NULL},
};

static enum err assign(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct assign_body body = {0};
	struct record *entry, *user;
	int64_t id;
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK)
		err = read_id(ctx, req, &id);
	if (err == OK)
		err = may_own(ctx);
	if (err == OK && !gate_cap(ctx->actor, CAP_ASSIGN))
		err = fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", "customer");
	if (err == OK)
		err = own_entry(ctx, id, &entry);
	if (err == OK && entry == NULL)
		err = fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "pool_entry");
	if (err == OK)
		err = record_get(ctx, find(ctx, "user"), body.user_id, ACTION_READ, &user);
	if (err == OK && record_i64(user, "active") == 0)
		err = fail(ctx, ERR_CONFLICT, "user_id", "pool_user_gone");
	if (err == OK)
		err = pool_give(ctx, id, body.user_id, "assigned", body.reason);
	return err == OK ? answer(ctx, id, res) : err;
}

/* --- looking ---------------------------------------------------------------------------------------------- */

static void put_name(struct ctx *ctx, struct jsonw *w, const char *key, int64_t user)
{
	struct stmt *stmt;
	bool row = false;
	if (user == 0 || db_prepare(ctx, ctx->db, &sql_pool_user_name, &stmt) != OK)
		return;
	stmt_bind_i64(stmt, 1, user);
	if (stmt_step(ctx, stmt, &row) == OK && row)
		jsonw_kv_text(w, key, stmt_text(stmt, 0));
	stmt_done(stmt);
}

struct step {
	const char *kind, *reason;
	int64_t at, from, to;
};

static enum err put_history(struct ctx *ctx, struct jsonw *w, int64_t customer)
{
	enum { STEPS_MAX = 20 };
	struct step steps[STEPS_MAX];
	struct stmt *stmt;
	bool row = true;
	size_t n = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_pool_moves_of, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, customer);
	while (n < STEPS_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		steps[n++] = (struct step){pool_text(ctx, stmt, 0), pool_text(ctx, stmt, 4), stmt_i64(stmt, 1), stmt_i64(stmt, 2),
		                           stmt_i64(stmt, 3)};
	stmt_done(stmt);
	jsonw_key(w, "history");
	jsonw_array(w);
	for (size_t i = 0; err == OK && i < n; i++) {
		jsonw_object(w);
		jsonw_kv_text(w, "kind", steps[i].kind);
		jsonw_key(w, "at");
		jsonw_time(w, steps[i].at);
		jsonw_kv_text(w, "reason", steps[i].reason);
		put_name(ctx, w, "from", steps[i].from);
		put_name(ctx, w, "to", steps[i].to);
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
	return err;
}

/* What the reader's role shows of customers, without what the pool hides and what says whose it was in other words. */
static enum err put_fields(struct ctx *ctx, struct jsonw *w, struct record *customer, const struct record *pool)
{
	static const char *const apart[] = {"owner_id", "team_id", "branch_id", "region_id", "pool_id", "merged_into_id", "tags", NULL};
	bool *hidden;
	enum err err = pool_hidden(ctx, pool, &hidden);
	for (const char *const *name = apart; err == OK && *name != NULL; name++)
		hidden[entity_field(customer->info, *name)] = true;
	if (err == OK)
		err = record_redact(ctx, customer);
	if (err != OK)
		return err;
	for (size_t i = 0; i < customer->info->n_fields; i++)
		customer->set[i] = customer->set[i] && !hidden[i] && i != SF_CREATED_BY && i != SF_UPDATED_BY;
	jsonw_key(w, "fields");
	record_write_json(ctx, customer, w);
	return OK;
}

static enum err look(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct record *entry, *full, *pool, *customer;
	struct jsonw w;
	int64_t id;
	enum err err = read_id(ctx, req, &id);
	if (err == OK && entity_scope(ctx->actor, find(ctx, "customer"), ACTION_READ) == SCOPE_NONE)
		err = fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", "customer");
	if (err == OK)
		err = own_entry(ctx, id, &entry);
	if (err == OK && entry == NULL)
		err = fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "pool_entry");
	if (err == OK)
		err = record_load(ctx, entry->info, record_id(entry), &full);
	if (err == OK)
		err = record_load(ctx, find(ctx, "pool"), record_i64(full, "pool_id"), &pool);
	if (err == OK)
		err = pool_note_look(ctx, pool, id);
	if (err == OK)
		err = record_load(ctx, find(ctx, "customer"), id, &customer);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_id(&w, "id", id);
	jsonw_kv_text(&w, "pool", record_text(pool, "name"));
	jsonw_kv_text(&w, "why", record_text(full, "why"));
	put_name(ctx, &w, "from", record_i64(full, "from_id"));
	err = put_fields(ctx, &w, customer, pool);
	if (err == OK)
		err = put_history(ctx, &w, id);
	jsonw_end_object(&w);
	return err;
}

/* --- limits ------------------------------------------------------------------------------------------------ */

static void put_limit(struct jsonw *w, const struct record *pool, const char *key, const char *field, int64_t used)
{
	jsonw_key(w, key);
	jsonw_object(w);
	jsonw_kv_int(w, "used", used);
	if (record_value(pool, field)->kind != VALUE_NULL)
		jsonw_kv_int(w, "max", record_i64(pool, field));
	jsonw_end_object(w);
}

static enum err put_pool(struct ctx *ctx, struct jsonw *w, int64_t id)
{
	struct record *pool;
	struct pool_used used;
	int64_t size;
	enum err err = record_load(ctx, find(ctx, "pool"), id, &pool);
	if (err == OK)
		err = pool_used(ctx, pool, &used);
	if (err == OK)
		err = pool_number(ctx, &sql_pool_size, &id, 1, &size);
	if (err != OK)
		return err;
	int64_t branch = record_i64(pool, "branch_id");
	jsonw_object(w);
	jsonw_kv_id(w, "id", id);
	jsonw_kv_text(w, "name", record_text(pool, "name"));
	jsonw_kv_int(w, "customers", size);
	jsonw_kv_bool(w, "mine", branch == 0 || branch == ctx->actor->branch_id);
	jsonw_kv_int(w, "lock_days", record_i64(pool, "lock_days"));
	const char *hidden = record_text(pool, "hidden");
	jsonw_key(w, "hidden");
	if (hidden != NULL)
		jsonw_raw(w, hidden, strlen(hidden));
	else
		jsonw_null(w);
	put_limit(w, pool, "held", "hold_max", used.held);
	put_limit(w, pool, "claims", "claims_a_day", used.claims);
	put_limit(w, pool, "looks", "looks_a_day", used.looks);
	jsonw_end_object(w);
	return OK;
}

static enum err limits(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct pool_rules rules;
	struct jsonw w;
	(void)req;
	if (entity_scope(ctx->actor, find(ctx, "pool"), ACTION_READ) == SCOPE_NONE)
		return fail_arg(ctx, ERR_FORBIDDEN, "", "forbidden", "pool");
	enum err err = pool_rules_read(ctx, &rules);
	if (err != OK)
		return err;
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_kv_bool(&w, "may_claim", may_own(ctx) == OK);
	faults_clear(ctx);
	jsonw_key(&w, "pools");
	jsonw_array(&w);
	for (size_t i = 0; err == OK && i < rules.n_pools; i++)
		err = put_pool(ctx, &w, rules.pools[i].id);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return err;
}

#define READS .lane = LANE_READ, .door = DOOR_SIGNED_IN
#define WRITES .lane = LANE_WRITE, .door = DOOR_SIGNED_IN

const struct route pool_routes[] = {
	{.method = METHOD_POST, .pattern = "/api/v1/customer/*/claim", WRITES, .handle = claim, .doc = "Takes a customer of nobody as one's own, from the pool too"},
	{.method = METHOD_POST, .pattern = "/api/v1/customer/*/release", WRITES, .handle = release, .specs = reason_specs,
	 .doc = "Gives a customer of one's own back to the pool"},
	{.method = METHOD_POST, .pattern = "/api/v1/customer/*/assign", WRITES, .handle = assign, .specs = assign_specs,
	 .doc = "Gives a customer in the pool to somebody"},
	{.method = METHOD_POST, .pattern = "/api/v1/customer/*/look", WRITES, .handle = look,
	 .doc = "What the pool shows of a customer; counted as one look of the day"},
	{.method = METHOD_GET, .pattern = "/api/v1/pool/limits", READS, .handle = limits, .doc = "The pools, and how much of their limits one has used"},
	{.pattern = NULL},
};
