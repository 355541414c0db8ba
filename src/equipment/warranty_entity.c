/* Terms of warranty, what was bought on top of them, and claims, which the rules decide unless somebody who may says otherwise. */
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "equipment/equipment_internal.h"
#include "equipment_sql.h"

static const struct option starts[] = {
	{"sale", {"When it was sold", "销售之日"}, NULL}, {"installation", {"When it was installed, else sold", "安装之日（无则销售之日）"}, NULL}, {NULL, {NULL, NULL}, NULL},
};

static const struct field term_fields[] = {
	{.name = "name", .type = FIELD_TEXT, .label = {"Name", "名称"}, .max = 120, .flags = F_REQUIRED | F_UNIQUE | F_LIST, .help = {"Such as: Standard 24 months", "如：标准保修 24 个月"}},
	{.name = "product_id", .type = FIELD_LINK, .label = {"Of the product", "适用商品"}, .link = "product", .on_delete = DELETE_CASCADE, .flags = F_INDEX | F_LIST},
	{.name = "category_id", .type = FIELD_LINK, .label = {"Of the category", "适用分类"}, .link = "category", .on_delete = DELETE_CASCADE, .flags = F_INDEX | F_LIST,
	 .help = {"With all below it; neither: of everything else", "含下级分类；两者留空适用于其余商品"}},
	{.name = "country", .type = FIELD_CODE, .label = {"Country", "国家/地区"}, .max = 2, .flags = F_LIST, .help = {"Empty: everywhere", "留空为不限"}},
	{.name = "months", .type = FIELD_INT, .label = {"Months", "月数"}, .fallback = "12", .least = "1", .most = "600", .flags = F_REQUIRED | F_LIST},
	{.name = "starts", .type = FIELD_ENUM, .label = {"Counted from", "起算"}, .options = starts, .fallback = "sale", .flags = F_REQUIRED | F_LIST},
	{.name = "transferable", .type = FIELD_BOOL, .label = {"Holds for the next owner too", "可随过户转移"}, .fallback = "true", .flags = F_LIST},
	{.name = "active", .type = FIELD_BOOL, .label = {"In use", "启用"}, .fallback = "true", .flags = F_LIST},
	{.name = "covers", .type = FIELD_NOTE, .label = {"What it covers", "保修范围"}, .max = 4000},
};

static enum err term_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	(void)old;
	return now != NULL && record_i64(now, "product_id") != 0 && record_i64(now, "category_id") != 0 ? fail(ctx, ERR_INVALID, "category_id", "warranty_both") : OK;
}

const struct entity warranty_term_entity = {
	.name = "warranty_term", .plural = "warranty_terms", .label = {"Warranty", "保修条款"}, .label_many = {"Warranties", "保修条款"},
	.fields = term_fields, .n_fields = sizeof(term_fields) / sizeof(term_fields[0]), .title = "name", .sort = "name", .icon = "warranty", .hooks = {.before = term_before},
};

/* --- bought on top --------------------------------------------------------------------------------------- */

static const struct field extension_fields[] = {
	{.name = "equipment_id", .type = FIELD_LINK, .label = {"Serial number", "序列号"}, .link = "equipment", .on_delete = DELETE_CASCADE, .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY},
	{.name = "name", .type = FIELD_TEXT, .label = {"What was bought", "延保内容"}, .max = 120, .flags = F_REQUIRED | F_LIST},
	{.name = "months", .type = FIELD_INT, .label = {"Months", "月数"}, .fallback = "12", .least = "1", .most = "600", .flags = F_REQUIRED | F_LIST},
	{.name = "bought_on", .type = FIELD_DATE, .label = {"Bought", "购买日期"}, .flags = F_LIST, .help = {"Empty: today", "留空为今天"}},
	{.name = "order_line_id", .type = FIELD_LINK, .label = {"Order line", "订单明细"}, .link = "order_line", .on_delete = DELETE_SET_NULL, .flags = F_INDEX},
};

/* What is over cannot be made longer. */
static enum err extension_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	char today[RECEIVABLES_DAY_BYTES];
	struct record *of;
	struct warranty w;
	(void)entity;
	if (now == NULL || (old == NULL && record_i64(now, "version") > 1))
		return OK;
	enum err err = receivables_today(ctx, 0, today);
	if (err == OK && record_text(now, "bought_on") == NULL)
		err = equipment_set_text(ctx, now, "bought_on", today);
	if (err != OK || old != NULL || record_i64(now, "equipment_id") == 0 || !date_valid(record_text(now, "bought_on")))
		return err;
	err = record_load(ctx, registry_find(ctx->registry, equipment_entity.name), record_i64(now, "equipment_id"), &of);
	if (err == ERR_NOT_FOUND) {
		faults_clear(ctx);
		return OK;
	}
	if (err == OK)
		err = warranty_of(ctx, of, record_text(now, "bought_on"), &w);
	return err == OK && str_equal(w.verdict, "expired") ? fail_arg(ctx, ERR_CONFLICT, "bought_on", "warranty_over", w.until) : err;
}

const struct entity warranty_extension_entity = {
	.name = "warranty_extension", .plural = "warranty_extensions", .label = {"Warranty extension", "延保"}, .label_many = {"Warranty extensions", "延保"},
	.fields = extension_fields, .n_fields = sizeof(extension_fields) / sizeof(extension_fields[0]), .title = "name", .parent = "equipment_id", .sort = "id.asc", .icon = "warranty",
	.flags = E_CHILD | E_LOOKALIKE, .hooks = {.before = extension_before},
};

/* --- claims ------------------------------------------------------------------------------------------------ */

const struct option warranty_verdicts[] = {
	{"covered", {"Covered", "在保"}, "good"},
	{"expired", {"Warranty is over", "已过保"}, "bad"},
	{"before", {"Before the warranty began", "早于保修起始日"}, "bad"},
	{"no_term", {"No warranty for this product", "该商品无保修条款"}, "bad"},
	{"no_start", {"Not known when it was sold", "销售日期不明"}, "warn"},
	{"transferred", {"Does not hold for a second owner", "保修不随过户转移"}, "bad"},
	{0},
};

static const struct option decisions[] = {
	{"covered", {"Covered", "保修"}, "good"}, {"refused", {"Not covered", "不保修"}, "bad"}, {NULL, {NULL, NULL}, NULL},
};

static const struct transition decision_steps[] = {
	{.name = "allow", .label = {"Cover it all the same", "破例保修"}, .from = "refused", .to = "covered", .cap = "warranty_override", .reason = "decision_reason", .colour = "good"},
	{.name = "deny", .label = {"Do not cover it", "不予保修"}, .from = "covered", .to = "refused", .cap = "warranty_override", .reason = "decision_reason", .colour = "bad"},
	{.name = NULL},
};

static const struct field claim_fields[] = {
	{.name = "equipment_id", .type = FIELD_LINK, .label = {"Serial number", "序列号"}, .link = "equipment", .on_delete = DELETE_CASCADE,
	 .flags = F_REQUIRED | F_INDEX | F_INSERT_ONLY | F_LIST},
	{.name = "case_id", .type = FIELD_LINK, .label = {"Case", "工单"}, .link = "case", .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_LIST},
	{.name = "fault_on", .type = FIELD_DATE, .label = {"Fault on", "故障日期"}, .flags = F_LIST | F_INSERT_ONLY, .help = {"Empty: today", "留空为今天"}},
	{.name = "what", .type = FIELD_TEXT, .label = {"What is wrong", "故障描述"}, .max = 300, .flags = F_REQUIRED | F_LIST},
	{.name = "verdict", .type = FIELD_ENUM, .label = {"By the rules", "规则判定"}, .options = warranty_verdicts, .made_from = "equipment.sold_on", .flags = F_READONLY | F_LIST},
	{.name = "covered_until", .type = FIELD_DATE, .label = {"Covered until", "保修至"}, .made_from = "equipment.sold_on", .flags = F_READONLY | F_LIST},
	{.name = "term_id", .type = FIELD_LINK, .label = {"By", "依据条款"}, .link = "warranty_term", .on_delete = DELETE_SET_NULL, .flags = F_READONLY | F_INDEX | F_LIST},
	{.name = "decision", .type = FIELD_ENUM, .label = {"Decision", "结论"}, .options = decisions, .transitions = decision_steps, .fallback = "refused",
	 .flags = F_REQUIRED | F_INDEX | F_LIST, .help = {"By the rules, until somebody who may says otherwise", "按规则判定，有权限者可附理由更改"}},
	{.name = "decision_reason", .type = FIELD_TEXT, .label = {"Why in spite of the rules", "更改原因"}, .max = 300, .flags = F_LIST},
};

static enum err decide(struct ctx *ctx, const struct record *of, struct record *now)
{
	struct warranty w;
	enum err err = warranty_of(ctx, of, record_text(now, "fault_on"), &w);
	if (err == OK)
		err = record_set(ctx, now, "verdict", value_text(w.verdict));
	if (err == OK)
		err = equipment_set_text(ctx, now, "covered_until", w.until);
	if (err == OK)
		err = record_set(ctx, now, "term_id", w.term != NULL ? value_int(record_id(w.term)) : value_null());
	return err == OK ? record_set(ctx, now, "decision", value_text(str_equal(w.verdict, "covered") ? "covered" : "refused")) : err;
}

/* The rules decide once, by what is known then; what is said against them is a step with its reason. */
static enum err claim_before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	char today[RECEIVABLES_DAY_BYTES];
	struct record *of;
	(void)entity;
	if (now == NULL || old != NULL || record_i64(now, "version") > 1 || record_i64(now, "equipment_id") == 0)
		return OK;
	enum err err = receivables_today(ctx, 0, today);
	if (err == OK && record_text(now, "fault_on") == NULL)
		err = equipment_set_text(ctx, now, "fault_on", today);
	if (err == OK && !date_valid(record_text(now, "fault_on")))
		return OK; /* said with the other faults */
	if (err == OK && strcmp(record_text(now, "fault_on"), today) > 0)
		err = fail(ctx, ERR_INVALID, "fault_on", "warranty_future");
	if (err == OK)
		err = record_load(ctx, registry_find(ctx->registry, equipment_entity.name), record_i64(now, "equipment_id"), &of);
	if (err == ERR_NOT_FOUND) {
		faults_clear(ctx);
		return OK;
	}
	return err == OK ? decide(ctx, of, now) : err;
}

static const char *const claim_indexes[] = {"decision,fault_on", NULL};

const struct entity warranty_claim_entity = {
	.name = "warranty_claim", .plural = "warranty_claims", .label = {"Warranty claim", "保修申请"}, .label_many = {"Warranty claims", "保修申请"},
	.fields = claim_fields, .n_fields = sizeof(claim_fields) / sizeof(claim_fields[0]), .title = "what", .parent = "equipment_id", .sort = "id.desc", .icon = "warranty",
	.flags = E_CHILD | E_LOOKALIKE, .hooks = {.before = claim_before}, .indexes = claim_indexes,
};
