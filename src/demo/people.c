#include <stdio.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/entity/entity.h"
#include "demo/demo.h"
#include "demo/person.h"

enum { BATCH = 200, SEED = 20261122, CUSTOMERS_MAX = 100000 };

struct people_batch {
	const struct demo_house *house;
	const int64_t *ids;
	size_t n;
	uint64_t first; /* number of the first in the whole */
};

/* What one customer's record says of trade, and who they are made to be. */
struct role_play {
	struct ctx *ctx;
	const struct demo_house *house;
	struct demo_random *random;
	struct demo_person person;
	char company[120];
	bool is_company;
	int64_t id, owner, orders, spent, last_ms;
	const char *stage, *level;
};

static enum err set_text(struct role_play *p, struct record *r, const char *field, const char *text)
{
	return str_empty(text) ? OK : record_set(p->ctx, r, field, value_text(text));
}

static void judge(struct role_play *p)
{
	int64_t days = p->last_ms == 0 ? 9999 : (ctx_now(p->ctx) - p->last_ms) / DAY_MS;
	p->stage = p->orders == 0 ? "prospect" : days > 110 ? "lost" : p->orders >= 4 ? "loyal" : "trading";
	p->level = p->spent >= 500000 ? "vip" : p->spent >= 200000 ? "prime" : p->spent >= 60000 ? "main" : p->orders > 1 ? "ordinary" : "potential";
	p->is_company = p->spent >= 300000 && demo_random_below(p->random, 3) > 0;
}

static enum err put_stage(struct role_play *p, struct record *r)
{
	enum err err = set_text(p, r, "stage", p->stage);
	if (err == OK && str_equal(p->stage, "lost"))
		err = set_text(p, r, "lost_reason", p->person.chinese ? "长期未下单" : "No order for a long time");
	return err;
}

static enum err put_basics(struct role_play *p, struct record *r)
{
	static const char *const sources[] = {"shop", "marketplace", "search", "referral", "social", "advert", "store", "exhibition"};
	const struct demo_person *who = &p->person;
	enum err err = set_text(p, r, "name", p->is_company ? p->company : who->name);
	if (err == OK)
		err = set_text(p, r, "kind", p->is_company ? "company" : "person");
	if (err == OK)
		err = put_stage(p, r);
	if (err == OK)
		err = set_text(p, r, "level", p->level);
	if (err == OK)
		err = set_text(p, r, "source", sources[demo_random_below(p->random, sizeof(sources) / sizeof(sources[0]))]);
	if (err == OK)
		err = set_text(p, r, "phone", who->phone);
	if (err == OK)
		err = set_text(p, r, "email", who->email);
	if (err == OK)
		err = set_text(p, r, "country", who->city->country);
	if (err == OK)
		err = set_text(p, r, "province", who->city->province);
	if (err == OK)
		err = set_text(p, r, "city", who->city->city);
	if (err == OK)
		err = set_text(p, r, "district", who->city->district);
	return err;
}

static enum err put_belongs(struct role_play *p, struct record *r)
{
	/* the Chinese customers are looked after in Hangzhou, the others in London; some by nobody yet */
	static const int chinese[] = {1, 2, 2, 1, 0}, western[] = {6, 6, 5, 6, 5};
	int user = p->person.chinese ? chinese[demo_random_below(p->random, 5)] : western[demo_random_below(p->random, 5)];
	int place = p->person.chinese ? 0 : 1;
	p->owner = demo_random_below(p->random, 10) == 0 ? 0 : p->house->users[user];
	enum err err = p->owner != 0 ? record_set(p->ctx, r, "owner_id", value_int(p->owner)) : OK;
	if (err == OK)
		err = record_set(p->ctx, r, "team_id", value_int(p->house->teams[place == 0 ? 0 : 2]));
	if (err == OK)
		err = record_set(p->ctx, r, "branch_id", value_int(p->house->branches[place]));
	if (err == OK)
		err = record_set(p->ctx, r, "region_id", value_int(p->house->regions[place]));
	return err;
}

static enum err put_person(struct role_play *p, struct record *r)
{
	static const char *const jobs_zh[] = {"教师", "会计", "工程师", "设计师", "护士", "店主", "行政", "自由职业"};
	static const char *const jobs_en[] = {"Teacher", "Accountant", "Engineer", "Designer", "Nurse", "Shop owner", "Florist", "Retired"};
	static const char *const motives[] = {"practical", "aesthetic", "novelty", "price", "brand", "follower"};
	char date[16];
	if (p->is_company)
		return set_text(p, r, "industry", p->person.chinese ? "礼品零售" : "Gift retail");
	snprintf(date, sizeof(date), "%04d-%02d-%02d", p->person.birth_year, p->person.birth_month, p->person.birth_day);
	const char *copy = arena_strdup(p->ctx->arena, date);
	enum err err = set_text(p, r, "birthday", demo_random_below(p->random, 3) > 0 ? copy : NULL);
	if (err == OK)
		err = set_text(p, r, "gender", p->person.female ? "female" : "male");
	if (err == OK && demo_random_below(p->random, 2) == 0)
		err = set_text(p, r, "occupation", (p->person.chinese ? jobs_zh : jobs_en)[demo_random_below(p->random, 8)]);
	if (err == OK && demo_random_below(p->random, 2) == 0)
		err = set_text(p, r, "buying_motive", motives[demo_random_below(p->random, 6)]);
	return err;
}

static enum err put_tags(struct role_play *p, struct record *r)
{
	int64_t *ids = arena_array(p->ctx->arena, 2, sizeof(*ids));
	size_t n = demo_random_below(p->random, 100) < 25 ? 1 + (demo_random_below(p->random, 4) == 0) : 0;
	uint32_t first = demo_random_below(p->random, 6);
	if (ids == NULL)
		return fail(p->ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < n; i++)
		ids[i] = p->house->tags[(first + 2 * i) % 6];
	return n == 0 ? OK : record_set(p->ctx, r, "tags", (struct value){.kind = VALUE_LIST, .l = {ids, n}});
}

static enum err update_customer(struct role_play *p)
{
	struct record *r, *after;
	enum err err = record_new(p->ctx, registry_find(p->ctx->registry, "customer"), &r);
	if (err == OK)
		err = put_basics(p, r);
	if (err == OK)
		err = put_belongs(p, r);
	if (err == OK)
		err = put_person(p, r);
	if (err == OK)
		err = put_tags(p, r);
	if (err == OK)
		err = record_update(p->ctx, p->id, r, 0, W_TRUSTED, &after);
	return err;
}

static enum err child(struct role_play *p, const char *entity, struct record **ret)
{
	enum err err = record_new(p->ctx, registry_find(p->ctx->registry, entity), ret);
	return err == OK ? record_set(p->ctx, *ret, "customer_id", value_int(p->id)) : err;
}

static enum err add_address(struct role_play *p)
{
	static const char *const streets_zh[] = {"文三路 18 号", "人民路 256 号 3 幢", "中山北路 7 号", "解放大道 88 号", "桂花园 12 栋 502 室"};
	static const char *const streets_en[] = {"12 Sample Street", "Unit 4, Fiction Yard", "27 Example Road", "3 Placeholder Lane", "88 Nowhere Avenue"};
	struct record *r;
	enum err err = child(p, "address", &r);
	if (err == OK)
		err = set_text(p, r, "receiver", p->person.name);
	if (err == OK)
		err = set_text(p, r, "phone", p->person.phone);
	if (err == OK)
		err = set_text(p, r, "country", p->person.city->country);
	if (err == OK)
		err = set_text(p, r, "province", p->person.city->province);
	if (err == OK)
		err = set_text(p, r, "city", p->person.city->city);
	if (err == OK)
		err = set_text(p, r, "street", (p->person.chinese ? streets_zh : streets_en)[demo_random_below(p->random, 5)]);
	if (err == OK)
		err = record_set(p->ctx, r, "is_default", value_int(1));
	return err == OK ? record_create(p->ctx, r, W_TRUSTED) : err;
}

static enum err add_consent(struct role_play *p, const char *channel, const char *state, int64_t at)
{
	struct record *r;
	enum err err = child(p, "consent", &r);
	if (err == OK)
		err = set_text(p, r, "channel", channel);
	if (err == OK)
		err = set_text(p, r, "purpose", "marketing");
	if (err == OK)
		err = set_text(p, r, "state", state);
	if (err == OK)
		err = record_set(p->ctx, r, "at", value_int(at));
	if (err == OK)
		err = set_text(p, r, "source", p->person.chinese ? "下单页勾选" : "Checkout page");
	if (err == OK)
		err = set_text(p, r, "text_version", "2026-01");
	return err == OK ? record_create(p->ctx, r, W_TRUSTED) : err;
}

static enum err add_identifier(struct role_play *p)
{
	struct record *r;
	enum err err = child(p, "identifier", &r);
	if (err == OK)
		err = set_text(p, r, "kind", p->person.chinese ? "wechat_openid" : "shop_id");
	if (err == OK)
		err = record_set(p->ctx, r, "value",
		                 value_text(arena_printf(p->ctx->arena, p->person.chinese ? "oDemo%020llu" : "web-%llu",
		                                         (unsigned long long)(p->person.number + 100000))));
	if (err == OK)
		err = set_text(p, r, "evidence", "platform");
	return err == OK ? record_create(p->ctx, r, W_TRUSTED) : err;
}

/* Firms buy to sell on, or for themselves. */
static enum err add_role(struct role_play *p)
{
	struct record *r;
	enum err err = child(p, "party_role", &r);
	if (err == OK)
		err = set_text(p, r, "role", p->orders >= 4 ? "retailer" : "company_buyer");
	return err == OK ? record_create(p->ctx, r, W_TRUSTED) : err;
}

struct talk {
	const char *kind, *direction, *subject_zh, *body_zh, *subject_en, *body_en;
};

static const struct talk talks[] = {
	{"call", "in", "询问发货时间", "客户来电问订单何时发出，已答复当天下午出库。", "Asked when it ships", "Called about the shipping date; told that it leaves this afternoon."},
	{"call", "out", "回访", "收到货很满意，包装完好，想看新一季目录。", "Follow-up call", "Happy with the parcel, would like to see the new season's catalogue."},
	{"email", "in", "索取发票", "需要补开发票，抬头已更新。", "Invoice wanted", "Needs the invoice again, with the new company address."},
	{"email", "out", "新品目录", "已发送新品目录和批发价目表。", "New catalogue", "Sent the new catalogue and the wholesale price list."},
	{"chat", "in", "尺寸咨询", "问收纳盒尺寸，已发送规格图。", "Asked about size", "Wanted the size of the storage tin; sent the drawing."},
	{"wechat", "in", "破损反馈", "一件杯子破损，已登记补发。", "Damaged item", "One mug arrived broken; a replacement is on its way."},
	{"visit", "out", "上门拜访", "看了陈列，建议增加节日礼盒。", "Visit", "Looked at the display together; suggested adding seasonal gift boxes."},
	{"note", "internal", "个人备注", "喜欢蓝色系，孩子上小学，周三下午方便接电话。", "Small note", "Likes blue, has a child in primary school, best reached on Wednesday afternoons."},
	{"task", "out", "节前回访", "节前两周联系，确认采购数量。", "Call before the season", "Call two weeks before the season about quantities."},
};

static enum err add_talk(struct role_play *p, const struct talk *talk, int64_t at, bool open)
{
	struct record *r;
	enum err err = child(p, "interaction", &r);
	if (err == OK)
		err = set_text(p, r, "kind", talk->kind);
	if (err == OK)
		err = set_text(p, r, "direction", talk->direction);
	if (err == OK)
		err = set_text(p, r, "subject", p->person.chinese ? talk->subject_zh : talk->subject_en);
	if (err == OK)
		err = set_text(p, r, "body", p->person.chinese ? talk->body_zh : talk->body_en);
	if (err == OK)
		err = set_text(p, r, "state", open ? "planned" : "done");
	if (err == OK)
		err = record_set(p->ctx, r, "at", value_int(at));
	if (err == OK && open)
		err = record_set(p->ctx, r, "due_at", value_int(at));
	if (err == OK && p->owner != 0)
		err = record_set(p->ctx, r, "owner_id", value_int(p->owner));
	return err == OK ? record_create(p->ctx, r, W_TRUSTED) : err;
}

static enum err add_talks(struct role_play *p)
{
	enum { TASK = sizeof(talks) / sizeof(talks[0]) - 1 };
	int64_t now = ctx_now(p->ctx);
	uint32_t n = demo_random_skewed(p->random, p->orders >= 4 ? 2.5 : 0.8);
	enum err err = OK;
	for (uint32_t i = 0; i < n && i < 12 && err == OK; i++)
		err = add_talk(p, &talks[demo_random_below(p->random, TASK)], now - (int64_t)(demo_random_unit(p->random) * 170.0 * DAY_MS), false);
	if (err == OK && p->owner != 0 && demo_random_below(p->random, 12) == 0)
		err = add_talk(p, &talks[TASK], now + (int64_t)(demo_random_unit(p->random) * 20.0 * DAY_MS) - 4 * (int64_t)DAY_MS, true);
	return err;
}

/* What somebody bought is looked after where they are: the same owner, team and branch. */
static enum err give_order(struct role_play *p, int64_t id)
{
	struct record *r, *after;
	int place = p->person.chinese ? 0 : 1;
	enum err err = record_new(p->ctx, registry_find(p->ctx->registry, "order"), &r);
	if (err == OK && p->owner != 0)
		err = record_set(p->ctx, r, "owner_id", value_int(p->owner));
	if (err == OK)
		err = record_set(p->ctx, r, "team_id", value_int(p->house->teams[place == 0 ? 0 : 2]));
	if (err == OK)
		err = record_set(p->ctx, r, "branch_id", value_int(p->house->branches[place]));
	return err == OK ? record_update(p->ctx, id, r, 0, W_TRUSTED, &after) : err;
}

static enum err give_orders(struct role_play *p)
{
	enum { ORDERS_MAX = 1000 };
	int64_t *ids = arena_array(p->ctx->arena, ORDERS_MAX, sizeof(*ids));
	const char *sql = arena_printf(p->ctx->arena, "SELECT id FROM \"order\" WHERE customer_id = %lld ORDER BY id LIMIT %d", (long long)p->id, ORDERS_MAX);
	size_t n = 0;
	struct stmt *stmt;
	bool row;
	if (ids == NULL || sql == NULL)
		return fail(p->ctx, ERR_LIMIT, "", "memory");
	enum err err = db_prepare_text(p->ctx, p->ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	for (err = stmt_step(p->ctx, stmt, &row); err == OK && row && n < ORDERS_MAX; err = stmt_step(p->ctx, stmt, &row))
		ids[n++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	for (size_t i = 0; i < n && err == OK; i++)
		err = give_order(p, ids[i]);
	return err;
}

static enum err play(struct role_play *p)
{
	int64_t given = p->last_ms != 0 ? p->last_ms : ctx_now(p->ctx);
	judge(p);
	enum err err = update_customer(p);
	if (err == OK)
		err = give_orders(p);
	if (err == OK)
		err = add_address(p);
	if (err == OK)
		err = add_identifier(p);
	if (err == OK && p->is_company)
		err = add_role(p);
	if (err == OK && demo_random_below(p->random, 100) < 62)
		err = add_consent(p, "email", "given", given);
	if (err == OK && p->person.chinese && demo_random_below(p->random, 100) < 45)
		err = add_consent(p, "sms", "given", given);
	if (err == OK && demo_random_below(p->random, 100) < 6)
		err = add_consent(p, "email", "withdrawn", ctx_now(p->ctx) - DAY_MS);
	if (err == OK)
		err = add_talks(p);
	return err;
}

static enum err run_batch(struct ctx *ctx, void *arg)
{
	const struct people_batch *batch = arg;
	const struct entity_info *info = registry_find(ctx->registry, "customer");
	for (size_t i = 0; i < batch->n; i++) {
		struct record *r;
		struct demo_random random;
		struct role_play p = {.ctx = ctx, .house = batch->house, .random = &random, .id = batch->ids[i]};
		demo_random_init(&random, SEED + batch->first + i);
		demo_person_make(SEED, batch->first + i, 0.55, &p.person);
		demo_company_make(SEED, batch->first + i, p.person.chinese, p.company, sizeof(p.company));
		enum err err = record_load(ctx, info, batch->ids[i], &r);
		if (err != OK)
			return err;
		p.orders = record_i64(r, "orders_count");
		p.spent = record_i64(r, "orders_total");
		p.last_ms = record_i64(r, "last_order_at");
		err = play(&p);
		if (err != OK)
			return err;
	}
	return OK;
}

static enum err list_customers(struct ctx *ctx, int64_t *ids, size_t *ret_n)
{
	struct stmt *stmt;
	bool row;
	*ret_n = 0;
	enum err err = db_prepare_text(ctx, ctx->db, "SELECT id FROM \"customer\" ORDER BY id", &stmt);
	if (err != OK)
		return err;
	for (err = stmt_step(ctx, stmt, &row); err == OK && row && *ret_n < CUSTOMERS_MAX; err = stmt_step(ctx, stmt, &row))
		ids[(*ret_n)++] = stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

enum err demo_people(struct ctx *ctx, const struct demo_house *house, FILE *progress)
{
	int64_t *ids = arena_array(ctx->arena, CUSTOMERS_MAX, sizeof(*ids));
	size_t n;
	if (ids == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = list_customers(ctx, ids, &n);
	for (size_t i = 0; i < n && err == OK; i += BATCH) {
		struct arena_mark mark = arena_mark(ctx->arena);
		struct people_batch batch = {house, ids + i, n - i < BATCH ? n - i : BATCH, i};
		err = store_write(ctx, ctx->store, run_batch, &batch);
		if (err == OK)
			arena_rewind(ctx->arena, mark);
	}
	if (err == OK)
		fprintf(progress, "%zu customers were given names, owners and contacts\n", n);
	return err;
}
