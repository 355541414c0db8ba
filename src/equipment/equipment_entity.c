/* Serial numbers: one record a thing, whose it is, and whose it was. */
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "equipment/equipment_internal.h"
#include "equipment_sql.h"

enum { ONE = 1000 };

static const struct option states[] = {
	{"in_use", {"In use", "使用中"}, "good"},   {"in_stock", {"In stock", "在库"}, "info"}, {"in_repair", {"In repair", "维修中"}, "warn"},
	{"retired", {"Retired", "已报废"}, "quiet"}, {NULL, {NULL, NULL}, NULL},
};

static const struct field_group groups[] = {
	{"basic", {"Basics", "基本信息"}}, {"sold", {"Sold", "销售"}}, {"belongs", {"Belongs to", "归属"}}, {NULL, {NULL, NULL}},
};

static const struct field fields[] = {
	{.name = "serial", .type = FIELD_TEXT, .label = {"Serial number", "序列号"}, .group = "basic", .max = 80, .flags = F_REQUIRED | F_SEARCH | F_LIST,
	 .help = {"Or service tag; one of each model", "或服务标签，同一型号内唯一"}},
	{.name = "serial_key", .type = FIELD_TEXT, .label = {"Serial number as compared", "序列号（比较用）"}, .group = "basic", .form_of = "serial",
	 .flags = F_INDEX | F_SECRET | F_READONLY | F_MORE},
	{.name = "product_id", .type = FIELD_LINK, .label = {"Model", "型号（商品）"}, .group = "basic", .link = "product", .on_delete = DELETE_RESTRICT,
	 .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "build", .type = FIELD_TEXT, .label = {"Build", "版本/配置"}, .group = "basic", .max = 60, .flags = F_LIST},
	{.name = "batch", .type = FIELD_TEXT, .label = {"Batch", "批次"}, .group = "basic", .max = 60, .flags = F_SEARCH | F_INDEX | F_LIST},
	{.name = "state", .type = FIELD_ENUM, .label = {"State", "状态"}, .group = "basic", .options = states, .fallback = "in_use", .flags = F_REQUIRED | F_INDEX | F_LIST},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Whose it is", "所有人"}, .group = "sold", .link = "customer", .on_delete = DELETE_SET_NULL,
	 .flags = F_INDEX | F_LIST | F_INSERT_ONLY, .help = {"From the order, where there is one; later it is transferred", "有订单时取自订单；以后通过过户变更"}},
	{.name = "order_line_id", .type = FIELD_LINK, .label = {"Order line", "订单明细"}, .group = "sold", .link = "order_line", .on_delete = DELETE_SET_NULL, .flags = F_INDEX},
	{.name = "sold_on", .type = FIELD_DATE, .label = {"Sold", "销售日期"}, .group = "sold", .flags = F_SORT | F_LIST | F_PAST},
	{.name = "installed_on", .type = FIELD_DATE, .label = {"Installed", "安装日期"}, .group = "sold", .flags = F_SORT | F_PAST},
	{.name = "place", .type = FIELD_TEXT, .label = {"Where it stands", "安装地点"}, .group = "sold", .max = 300, .flags = F_PERSONAL | F_MASKABLE},
	{.name = "country", .type = FIELD_CODE, .label = {"Country", "国家/地区"}, .group = "sold", .max = 2, .flags = F_INDEX, .help = {"Of its warranty", "决定适用的保修条款"}},
	{.name = "owner_id", .type = FIELD_LINK, .label = {"Looked after by", "负责人"}, .group = "belongs", .link = "user", .on_delete = DELETE_RESTRICT, .flags = F_INDEX},
	{.name = "team_id", .type = FIELD_LINK, .label = {"Team", "团队"}, .group = "belongs", .link = "team", .on_delete = DELETE_RESTRICT, .flags = F_INDEX},
	{.name = "branch_id", .type = FIELD_LINK, .label = {"Branch", "分支机构"}, .group = "belongs", .link = "branch", .on_delete = DELETE_RESTRICT, .flags = F_INDEX},
	{.name = "note", .type = FIELD_NOTE, .label = {"Note", "备注"}, .group = "basic", .flags = F_MORE},
};

enum err equipment_set_text(struct ctx *ctx, struct record *r, const char *field, const char *text)
{
	const char *copy = text != NULL ? arena_strdup(ctx->arena, text) : NULL;
	if (text != NULL && copy == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	return record_set(ctx, r, field, text != NULL ? value_text(copy) : value_null());
}

bool equipment_same(const struct record *a, const struct record *b, const char *field)
{
	return a != NULL && b != NULL && value_equal(record_value(a, field), record_value(b, field));
}

enum err equipment_ask(struct ctx *ctx, const struct sql *sql, int64_t a, int64_t b, const char *text, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	*ret = 0;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, a);
	stmt_bind_i64(stmt, 2, b);
	if (text != NULL)
		stmt_bind_text(stmt, 3, text);
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

static bool came_back(const struct record *old, const struct record *now)
{
	return old == NULL && now != NULL && record_i64(now, "version") > 1;
}

/* No more things than pieces were sold; what the order says is filled in. */
static enum err take_from_order(struct ctx *ctx, struct record *now)
{
	struct record *line, *order;
	int64_t others = 0;
	char day[RECEIVABLES_DAY_BYTES];
	enum err err = record_load(ctx, registry_find(ctx->registry, "order_line"), record_i64(now, "order_line_id"), &line);
	if (err == ERR_NOT_FOUND) { /* said with the other faults */
		faults_clear(ctx);
		return OK;
	}
	if (err == OK && record_i64(line, "product_id") != record_i64(now, "product_id"))
		err = fail(ctx, ERR_INVALID, "order_line_id", "equipment_other_product");
	if (err == OK)
		err = equipment_ask(ctx, &sql_equipment_of_line, record_id(line), record_id(now), NULL, &others);
	if (err == OK && (others + 1) * ONE > record_i64(line, "quantity"))
		err = fail(ctx, ERR_CONFLICT, "order_line_id", "equipment_line_full");
	if (err == OK)
		err = record_load(ctx, registry_find(ctx->registry, "order"), record_i64(line, "order_id"), &order);
	if (err == OK && record_i64(now, "customer_id") == 0 && record_i64(order, "customer_id") != 0)
		err = record_set(ctx, now, "customer_id", *record_value(order, "customer_id"));
	if (err != OK || record_text(now, "sold_on") != NULL)
		return err;
	err = receivables_day_of(ctx, record_i64(order, "placed_at"), day);
	return err == OK ? equipment_set_text(ctx, now, "sold_on", day) : err;
}

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	enum err err = OK;
	if (now == NULL || came_back(old, now))
		return OK;
	if (record_i64(now, "order_line_id") != 0 && (!equipment_same(old, now, "order_line_id") || !equipment_same(old, now, "product_id")))
		err = take_from_order(ctx, now);
	const char *sold = record_text(now, "sold_on"), *installed = record_text(now, "installed_on");
	if (err == OK && sold != NULL && installed != NULL && strcmp(installed, sold) < 0)
		err = fail(ctx, ERR_INVALID, "installed_on", "equipment_installed_before");
	return err == OK && old == NULL ? receivables_belong(ctx, now) : err;
}

/* --- whose it was ----------------------------------------------------------------------------------------- */

static enum err add_owner(struct ctx *ctx, const struct record *now, const char *day)
{
	struct record *r;
	if (record_i64(now, "customer_id") == 0)
		return OK;
	enum err err = record_new(ctx, registry_find(ctx->registry, equipment_owner_entity.name), &r);
	if (err == OK)
		err = record_set(ctx, r, "equipment_id", value_int(record_id(now)));
	if (err == OK)
		err = record_set(ctx, r, "customer_id", *record_value(now, "customer_id"));
	if (err == OK)
		err = equipment_set_text(ctx, r, "from_on", day);
	return err == OK ? record_create(ctx, r, W_TRUSTED) : err;
}

/* Those that were listed to be told are told to the new owner. */
static enum err move_recalls(struct ctx *ctx, const struct record *now)
{
	int64_t *ids;
	size_t n;
	struct record *patch;
	enum err err = receivables_ids(ctx, &sql_recall_units_open, record_id(now), EQUIPMENT_IDS_MAX, &ids, &n);
	for (size_t i = 0; err == OK && i < n; i++) {
		err = record_new(ctx, registry_find(ctx->registry, recall_unit_entity.name), &patch);
		if (err == OK)
			err = record_set(ctx, patch, "customer_id", *record_value(now, "customer_id"));
		if (err == OK)
			err = record_update(ctx, ids[i], patch, 0, W_TRUSTED, NULL);
	}
	return err;
}

static enum err after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	char today[RECEIVABLES_DAY_BYTES];
	(void)entity;
	if (now == NULL || came_back(old, now))
		return OK;
	if (old != NULL)
		return equipment_same(old, now, "customer_id") ? OK : move_recalls(ctx, now);
	enum err err = receivables_today(ctx, 0, today);
	return err == OK ? add_owner(ctx, now, record_text(now, "sold_on") != NULL ? record_text(now, "sold_on") : today) : err;
}

static const char *const indexes[] = {"unique product_id,serial_key", "product_id,batch", "customer_id,id", NULL};

const struct entity equipment_entity = {
	.name = "equipment", .plural = "equipments", .label = {"Serial number", "序列号"}, .label_many = {"Serial numbers", "序列号"},
	.fields = fields, .n_fields = sizeof(fields) / sizeof(fields[0]), .groups = groups, .title = "serial", .subtitle = "batch",
	.owner = "owner_id", .team = "team_id", .branch = "branch_id", .work = "state=in.(in_use,in_repair)", .sort = "id.desc", .icon = "equipment",
	.flags = E_LOOKALIKE, .search_rank = 12, .hooks = {.before = before, .after = after}, .indexes = indexes,
};

static const struct field owner_fields[] = {
	{.name = "equipment_id", .type = FIELD_LINK, .label = {"Serial number", "序列号"}, .link = "equipment", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .link = "customer", .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_LIST},
	{.name = "from_on", .type = FIELD_DATE, .label = {"From", "自"}, .made_from = "equipment.sold_on", .flags = F_LIST},
	{.name = "until_on", .type = FIELD_DATE, .label = {"Until", "至"}, .flags = F_LIST},
	{.name = "reason", .type = FIELD_TEXT, .label = {"Why it went on", "过户原因"}, .max = 300, .flags = F_LIST},
};

const struct entity equipment_owner_entity = {
	.name = "equipment_owner", .plural = "equipment_owners", .label = {"Owner of it", "历任所有人"}, .label_many = {"Owners of it", "历任所有人"},
	.fields = owner_fields, .n_fields = sizeof(owner_fields) / sizeof(owner_fields[0]), .title = "reason", .parent = "equipment_id", .sort = "id.desc", .icon = "customer",
	.flags = E_CHILD | E_NO_API_WRITE | E_LOOKALIKE,
};
