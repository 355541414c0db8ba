/* What the firm says once for all senders. */
#include "base/str.h"
#include "consent/consent_internal.h"

static enum err check_time(struct ctx *ctx, const struct setting *setting, const char *value)
{
	(void)setting;
	return str_empty(value) || str_equal(value, "-") || consent_minute(value) >= 0 ? OK : fail_arg(ctx, ERR_INVALID, "value", "consent_time", value);
}

static const struct option stops[] = {
	{"complaint", {"A complaint is open", "有未结投诉"}, NULL}, {"return", {"A return is open", "有未结退换货"}, NULL}, {"none", {"Nothing", "不限制"}, NULL}, {0},
};

#define GROUP {"Contact and consent", "联系与同意"}

const struct setting consent_settings[CONSENT_SETTINGS + 1] = {
	[CONSENT_URL] = {.name = "consent.url", .type = SETTING_URL, .flags = SETTING_OPEN, .group = GROUP, .label = {"Address as customers reach it", "客户可访问的网址"},
		.help = {"https://crm.example.com: put before links in mails, such as the one to unsubscribe.", "如 https://crm.example.com，用于邮件中的退订等链接。"}},
	[CONSENT_CAP_DAY] = {.name = "consent.cap_day", .type = SETTING_INT, .max = 1000, .fallback = "1", .group = GROUP,
		.label = {"Promotions to one person in 24 hours, at most", "同一客户 24 小时内营销联系上限"}, .help = {"Over all channels; 0: no limit.", "所有渠道合计；0 为不限。"}},
	[CONSENT_CAP_WEEK] = {.name = "consent.cap_week", .type = SETTING_INT, .max = 1000, .fallback = "3", .group = GROUP,
		.label = {"In 7 days, at most", "7 天内上限"}, .help = {"Over all channels; 0: no limit.", "所有渠道合计；0 为不限。"}},
	[CONSENT_CAP_MONTH] = {.name = "consent.cap_month", .type = SETTING_INT, .max = 1000, .fallback = "8", .group = GROUP,
		.label = {"In 30 days, at most", "30 天内上限"}, .help = {"Over all channels; 0: no limit.", "所有渠道合计；0 为不限。"}},
	[CONSENT_QUIET_FROM] = {.name = "consent.quiet_from", .type = SETTING_TEXT, .max = 5, .fallback = "21:00", .check = check_time, .group = GROUP,
		.label = {"Quiet from", "免打扰开始"}, .help = {"By the customer's own clock, such as 21:00; - for none.", "按客户所在时区，如 21:00；填 - 表示不设。"}},
	[CONSENT_QUIET_UNTIL] = {.name = "consent.quiet_until", .type = SETTING_TEXT, .max = 5, .fallback = "08:00", .check = check_time, .group = GROUP,
		.label = {"Quiet until", "免打扰结束"}, .help = {"By the customer's own clock, such as 08:00; - for none.", "按客户所在时区，如 08:00；填 - 表示不设。"}},
	[CONSENT_HOLIDAYS] = {.name = "consent.holidays", .type = SETTING_BOOL, .fallback = "false", .group = GROUP,
		.label = {"No promotions on public holidays", "法定节假日不做营销"}, .help = {"Those of the customer's country, as far as they are known.", "按客户所在国家/地区的节假日（已收录者）。"}},
	[CONSENT_STOP_AT] = {.name = "consent.stop_at", .type = SETTING_CHOICES, .options = stops, .fallback = "complaint,return", .group = GROUP,
		.label = {"No promotions while", "以下情况不做营销"}},
	[CONSENT_LINK_DAYS] = {.name = "consent.link_days", .type = SETTING_INT, .min = 30, .max = 3650, .fallback = "400", .group = GROUP,
		.label = {"Links in mails work for (days)", "邮件链接有效期（天）"}},
};
