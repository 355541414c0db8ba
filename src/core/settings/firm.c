/* The firm itself: what letters, times and amounts go by. */
#include "base/str.h"
#include "core/settings/settings.h"

static const struct option days[] = {
	{"sunday", {"Sunday", "星期日"}, NULL},   {"monday", {"Monday", "星期一"}, NULL}, {"tuesday", {"Tuesday", "星期二"}, NULL},
	{"wednesday", {"Wednesday", "星期三"}, NULL}, {"thursday", {"Thursday", "星期四"}, NULL}, {"friday", {"Friday", "星期五"}, NULL},
	{"saturday", {"Saturday", "星期六"}, NULL}, {0},
};

static const struct option languages[] = {
	{"zh_hans", {"Simplified Chinese", "简体中文"}, NULL},
	{"zh_hant", {"Traditional Chinese", "繁体中文"}, NULL},
	{"en", {"English", "英文"}, NULL},
	{0},
};

/* Amounts kept in the base currency would be read as another's. */
static enum err check_currency(struct ctx *ctx, const struct setting *setting, const char *value)
{
	bool held;
	if (str_equal(value, registry_base_currency(ctx->registry)))
		return OK;
	enum err err = registry_holds_money(ctx, &held);
	if (err)
		return err;
	return held ? fail_arg(ctx, ERR_CONFLICT, setting->name, "currency_in_use", registry_base_currency(ctx->registry)) : OK;
}

#define FIRM {"The firm", "公司信息"}
#define PLACE {"Place, time and money", "地区、时间与货币"}

const struct setting firm_settings[FIRM_SETTING_COUNT + 1] = {
	[FIRM_NAME] = {.name = "firm.name", .type = SETTING_TEXT, .max = 120, .flags = SETTING_OPEN, .group = FIRM, .label = {"Name of the firm", "公司名称"},
		.help = {"As on invoices and letters.", "用于票据和信函。"}},
	[FIRM_SHORT_NAME] = {.name = "firm.short_name", .type = SETTING_TEXT, .max = 40, .flags = SETTING_OPEN, .group = FIRM, .label = {"Short name", "简称"},
		.help = {"Shown at the top of the page.", "显示在页面顶部。"}},
	[FIRM_ADDRESS] = {.name = "firm.address", .type = SETTING_TEXT, .max = 300, .flags = SETTING_OPEN, .group = FIRM, .label = {"Address", "地址"}},
	[FIRM_PHONE] = {.name = "firm.phone", .type = SETTING_PHONE, .max = 40, .flags = SETTING_OPEN, .group = FIRM, .label = {"Phone", "电话"}},
	[FIRM_EMAIL] = {.name = "firm.email", .type = SETTING_EMAIL, .flags = SETTING_OPEN, .group = FIRM, .label = {"E-mail", "邮箱"}},
	[FIRM_WEBSITE] = {.name = "firm.website", .type = SETTING_URL, .flags = SETTING_OPEN, .group = FIRM, .label = {"Website", "网址"}},
	[FIRM_TAX_NUMBER] = {.name = "firm.tax_number", .type = SETTING_TEXT, .max = 40, .flags = SETTING_OPEN, .group = FIRM,
		.label = {"Tax number", "纳税人识别号"}},
	[FIRM_COUNTRY] = {.name = "firm.country", .type = SETTING_COUNTRY, .flags = SETTING_OPEN, .group = PLACE, .label = {"Country or region", "国家或地区"},
		.help = {"Phones written without a country code are of this country.", "未写国家代码的电话按该国家或地区识别。"}},
	[FIRM_CURRENCY] = {.name = "firm.currency", .type = SETTING_CURRENCY, .flags = SETTING_OPEN, .group = PLACE, .label = {"Base currency", "本位币"},
		.help = {"All sums are in it. Fixed once there are prices or orders.", "所有汇总金额均以此计。已有价格或订单后不可更改。"}, .check = check_currency},
	[FIRM_TIME_ZONE] = {.name = "firm.time_zone", .type = SETTING_ZONE, .fallback = "Asia/Shanghai", .scopes = SETTING_FIRM | SETTING_BRANCH,
		.flags = SETTING_OPEN, .group = PLACE, .label = {"Time zone", "时区"},
		.help = {"Times in files and on documents are of it.", "文件和单据中的时间按此时区。"}},
	[FIRM_WEEK_START] = {.name = "firm.week_start", .type = SETTING_CHOICE, .options = days, .fallback = "monday",
		.scopes = SETTING_FIRM | SETTING_BRANCH | SETTING_USER, .flags = SETTING_OPEN, .group = PLACE,
		.label = {"The week begins on", "每周第一天"}, .help = {"What “this week” means in lists and figures.", "列表和统计中“本周”的起点。"}},
	[FIRM_LANGUAGES] = {.name = "firm.languages", .type = SETTING_CHOICES, .options = languages, .fallback = "zh_hans,zh_hant,en", .flags = SETTING_OPEN,
		.group = PLACE, .label = {"Languages", "使用的语言"}, .help = {"Offered to staff and customers.", "提供给员工和客户选择。"}},
	[FIRM_SETUP_DONE] = {.name = "firm.setup_done", .type = SETTING_BOOL, .fallback = "false", .flags = SETTING_OPEN, .group = FIRM,
		.label = {"First steps are done", "已完成初始设置"}, .help = {"The checklist on the home page is put away.", "首页不再显示初始设置清单。"}},
};
