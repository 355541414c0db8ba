/* Public pools with customers in them, rules that recall, warnings that are near, and an exception. */
#include <stdio.h>

#include "base/timeutil.h"
#include "core/entity/entity.h"
#include "demo/demo.h"
#include "demo/person.h"
#include "pool/pool.h"

enum { PICK_EVERY = 5, IN_POOL = 42, NEAR = 18, OLD_DAYS = 89, PICKED_MAX = IN_POOL + NEAR };

struct set {
	const char *field;
	struct value value;
};

static enum err put(struct ctx *ctx, const char *entity, const struct set *sets, size_t n, int64_t *ret)
{
	struct record *r;
	enum err err = record_new(ctx, registry_find(ctx->registry, entity), &r);
	for (size_t i = 0; err == OK && i < n; i++)
		err = record_set(ctx, r, sets[i].field, sets[i].value);
	if (err == OK)
		err = record_create(ctx, r, W_TRUSTED);
	*ret = err == OK ? record_id(r) : 0;
	return err;
}

static enum err make_pools(struct ctx *ctx, int64_t pools[2])
{
	const struct set key[] = {
		{"name", value_text("重点客户公海 · Key accounts")}, {"position", value_int(0)}, {"claims_a_day", value_int(3)}, {"looks_a_day", value_int(20)},
		{"lock_days", value_int(30)}, {"hold_max", value_int(5000)}, {"hidden", value_text("[\"phone\",\"email\",\"registration_no\",\"note\"]")},
		{"condition", value_text("{\"field\":\"level\",\"op\":\"in\",\"value\":[\"vip\",\"prime\",\"main\"]}")},
	};
	const struct set open[] = {
		{"name", value_text("公海 · General")}, {"position", value_int(1)}, {"claims_a_day", value_int(10)}, {"looks_a_day", value_int(50)},
		{"lock_days", value_int(7)}, {"hidden", value_text("[\"phone\",\"email\"]")},
		{"condition", value_text("{\"field\":\"level\",\"op\":\"in\",\"value\":[\"ordinary\",\"potential\"]}")},
	};
	enum err err = put(ctx, "pool", key, sizeof(key) / sizeof(key[0]), &pools[0]);
	return err == OK ? put(ctx, "pool", open, sizeof(open) / sizeof(open[0]), &pools[1]) : err;
}

#define SILENT(days) "{\"field\":\"held_since\",\"op\":\"lt\",\"value\":\"now-" days "\"}," \
	"{\"not\":{\"field\":\"last_contact_at\",\"op\":\"gte\",\"value\":\"now-" days "\"}},{\"not\":{\"field\":\"last_order_at\",\"op\":\"gte\",\"value\":\"now-" days "\"}}"

static enum err make_rules(struct ctx *ctx)
{
	const struct set small[] = {
		{"name", value_text("普通客户 90 天未跟进 · Ordinary, silent for 90 days")}, {"remind_days", value_int(7)}, {"position", value_int(1)},
		{"condition", value_text("{\"all\":[{\"field\":\"level\",\"op\":\"in\",\"value\":[\"ordinary\",\"potential\"]}," SILENT("90d") "]}")},
	};
	const struct set large[] = {
		{"name", value_text("重点客户 180 天无商机无订单 · Key accounts, half a year without deal or order")}, {"remind_days", value_int(14)}, {"position", value_int(2)},
		{"condition", value_text("{\"all\":[{\"field\":\"level\",\"op\":\"in\",\"value\":[\"vip\",\"prime\",\"main\"]}," SILENT("180d")
		                         ",{\"not\":{\"related\":\"opportunities\",\"via\":\"customer_id\",\"where\":{\"field\":\"state\",\"op\":\"eq\",\"value\":\"open\"}}}]}")},
	};
	int64_t ignored;
	enum err err = put(ctx, "pool_rule", small, sizeof(small) / sizeof(small[0]), &ignored);
	return err == OK ? put(ctx, "pool_rule", large, sizeof(large) / sizeof(large[0]), &ignored) : err;
}

/* Every so many of those who bought little and long ago. */
static enum err pick(struct ctx *ctx, int64_t *ids, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = true;
	size_t read = 0;
	*ret_n = 0;
	enum err err = db_prepare_text(ctx, ctx->db, "SELECT \"id\" FROM \"customer\" WHERE \"owner_id\" IS NOT NULL AND \"level\" IN ('ordinary', 'potential', 'main') "
	                               "AND \"last_order_at\" < ?1 ORDER BY \"id\"", &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, ctx_now(ctx) - 120 * (int64_t)DAY_MS);
	while (*ret_n < PICKED_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		if (read++ % PICK_EVERY == 0)
			ids[(*ret_n)++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

static enum err bind_run(struct ctx *ctx, const char *sql, int64_t a, int64_t b)
{
	struct stmt *stmt;
	enum err err = db_prepare_text(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, a);
	stmt_bind_i64(stmt, 2, b);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* It has lain there for a while. */
static enum err drop(struct ctx *ctx, int64_t customer, size_t i)
{
	static const char *const reasons[] = {"电话无人接听 · Never answers", "已选择竞品 · Bought elsewhere", "超出服务区域 · Outside our area", "转给同事跟进 · For a colleague", "暂无需求 · No need now"};
	int64_t at = ctx_now(ctx) - (int64_t)(i * i % 40 + 1) * DAY_MS - (int64_t)i * 1234567;
	enum err err = pool_give_back(ctx, customer, reasons[i % (sizeof(reasons) / sizeof(reasons[0]))]);
	if (err == OK)
		err = bind_run(ctx, "UPDATE \"pool_entry\" SET \"fell_at\" = ?2, \"locked_until\" = ?2 + 604800000 WHERE \"customer_id\" = ?1", customer, at);
	return err == OK ? bind_run(ctx, "UPDATE \"pool_move\" SET \"created_at\" = ?2 WHERE \"customer_id\" = ?1", customer, at) : err;
}

static enum err exempt(struct ctx *ctx, int64_t customer)
{
	const struct set sets[] = {{"customer_id", value_int(customer)}, {"reason", value_text("春节后签年度合同 · Signs for a year after the holidays")}};
	int64_t ignored;
	return put(ctx, "pool_exempt", sets, 2, &ignored);
}

/* --- who belongs to whom -------------------------------------------------------------------------- */

static enum err some(struct ctx *ctx, const char *sql, int64_t *ids, size_t max, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = true;
	*ret_n = 0;
	enum err err = db_prepare_text(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	while (*ret_n < max && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		ids[(*ret_n)++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

static enum err kind_id(struct ctx *ctx, const char *key, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare_text(ctx, ctx->db, "SELECT \"id\" FROM \"relation_kind\" WHERE \"key\" = ?1", &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, key);
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

static enum err tie(struct ctx *ctx, int64_t from, const char *key, int64_t to)
{
	int64_t kind, ignored;
	enum err err = kind_id(ctx, key, &kind);
	const struct set sets[] = {{"from_id", value_int(from)}, {"to_id", value_int(to)}, {"kind_id", value_int(kind)}};
	return err == OK && kind != 0 ? put(ctx, "relation", sets, 3, &ignored) : err;
}

static enum err demo_relations(struct ctx *ctx)
{
	enum { FIRMS = 12, PEOPLE = 60, STAFF = 4 };
	int64_t firms[FIRMS], people[PEOPLE];
	size_t n_firms, n_people;
	enum err err = some(ctx, "SELECT \"id\" FROM \"customer\" WHERE \"kind\" = 'company' ORDER BY \"orders_total\" DESC, \"id\"", firms, FIRMS, &n_firms);
	if (err == OK)
		err = some(ctx, "SELECT \"id\" FROM \"customer\" WHERE \"kind\" = 'person' ORDER BY \"orders_total\" DESC, \"id\"", people, PEOPLE, &n_people);
	for (size_t i = 1; err == OK && i < n_firms; i++) {
		if (i % 4 != 0)
			err = tie(ctx, firms[i], "parent", firms[i - i % 4]);
		for (size_t k = 0; err == OK && k < STAFF && i * STAFF + k < n_people; k++)
			err = tie(ctx, people[i * STAFF + k], k == 0 ? "decides" : "employer", firms[i]);
	}
	for (size_t i = 0; err == OK && i + 5 < n_people; i += 5) {
		err = tie(ctx, people[i], "household", people[i + 1]);
		if (err == OK)
			err = tie(ctx, people[i + 2], "referrer", people[i]);
		if (err == OK)
			err = tie(ctx, people[i + 3], "friend", people[i + 2]);
	}
	return err;
}

enum err demo_pool(struct ctx *ctx, void *arg)
{
	int64_t pools[2], *ids = arena_array(ctx->arena, PICKED_MAX, sizeof(*ids));
	size_t n;
	(void)arg;
	if (ids == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = make_pools(ctx, pools);
	if (err == OK)
		err = make_rules(ctx);
	if (err == OK)
		err = pick(ctx, ids, &n);
	for (size_t i = 0; err == OK && i < n; i++)
		err = i < IN_POOL ? drop(ctx, ids[i], i)
		                  : bind_run(ctx, "UPDATE \"customer\" SET \"held_since\" = ?2 WHERE \"id\" = ?1", ids[i], ctx_now(ctx) - (int64_t)(OLD_DAYS - i % 5) * DAY_MS);
	if (err == OK && n > IN_POOL)
		err = exempt(ctx, ids[n - 1]);
	if (err == OK)
		err = demo_relations(ctx);
	return err == OK ? pool_look_at_all(ctx) : err;
}
