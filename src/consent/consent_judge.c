/* The gate's judgement: facts and rules in, a verdict out. No store, no clock. */
#include <string.h>

#include "base/str.h"
#include "consent/consent_internal.h"

enum { MINUTE_MS = 60000, HOUR_MINUTES = 60, DAY_MINUTES = 1440 };

const int64_t consent_cap_ms[CONSENT_CAPS] = {CONSENT_DAY_MS, 7LL * CONSENT_DAY_MS, 30LL * CONSENT_DAY_MS};

const char *const consent_reason_names[CONSENT_REASON_COUNT] = {
	[CONSENT_FINE] = "", [CONSENT_GONE] = "gone", [CONSENT_NO_ADDRESS] = "no_address", [CONSENT_NONE] = "no_consent", [CONSENT_WITHDRAWN] = "withdrawn",
	[CONSENT_UNCONFIRMED] = "unconfirmed", [CONSENT_COMPLAINT] = "complaint", [CONSENT_RETURN] = "return", [CONSENT_CAP] = "cap", [CONSENT_QUIET] = "quiet",
	[CONSENT_PAUSE] = "pause", [CONSENT_HOLIDAY] = "holiday",
};

const char *const consent_channel_names[CONSENT_CHANNELS] = {
	[CONSENT_EMAIL] = "email", [CONSENT_SMS] = "sms", [CONSENT_PHONE] = "phone", [CONSENT_POST] = "post", [CONSENT_WECHAT] = "wechat", [CONSENT_LINE] = "line",
	[CONSENT_APP] = "app",
};

bool consent_channel_find(const char *name, enum consent_channel *ret)
{
	for (int i = 0; i < CONSENT_CHANNELS; i++) {
		if (!str_equal(consent_channel_names[i], name))
			continue;
		*ret = (enum consent_channel)i;
		return true;
	}
	return false;
}

int consent_minute(const char *text)
{
	bool shape = text != NULL && strlen(text) == 5 && text[2] == ':' && strspn(text, "0123456789") == 2 && strspn(text + 3, "0123456789") == 2;
	if (!shape)
		return -1;
	int hour = (text[0] - '0') * 10 + text[1] - '0', minute = (text[3] - '0') * 10 + text[4] - '0';
	return hour < 24 && minute < HOUR_MINUTES ? hour * HOUR_MINUTES + minute : -1;
}

/* Countries whose people all have one clock (to the quarter of the population that matters for sleep). */
const char *consent_zone(const char *own, const char *country, const char *firm)
{
	static const struct {
		const char *country, *zone;
	} zones[] = {
		{"CN", "Asia/Shanghai"}, {"TW", "Asia/Taipei"}, {"HK", "Asia/Hong_Kong"}, {"MO", "Asia/Macau"}, {"JP", "Asia/Tokyo"}, {"KR", "Asia/Seoul"},
		{"SG", "Asia/Singapore"}, {"MY", "Asia/Kuala_Lumpur"}, {"TH", "Asia/Bangkok"}, {"VN", "Asia/Ho_Chi_Minh"}, {"PH", "Asia/Manila"}, {"IN", "Asia/Kolkata"},
		{"AE", "Asia/Dubai"}, {"GB", "Europe/London"}, {"IE", "Europe/Dublin"}, {"DE", "Europe/Berlin"}, {"FR", "Europe/Paris"}, {"IT", "Europe/Rome"},
		{"NL", "Europe/Amsterdam"}, {"BE", "Europe/Brussels"}, {"AT", "Europe/Vienna"}, {"CH", "Europe/Zurich"}, {"PL", "Europe/Warsaw"}, {"SE", "Europe/Stockholm"},
		{"NO", "Europe/Oslo"}, {"DK", "Europe/Copenhagen"}, {"FI", "Europe/Helsinki"}, {"CZ", "Europe/Prague"}, {"TR", "Europe/Istanbul"}, {"IL", "Asia/Jerusalem"},
		{"NZ", "Pacific/Auckland"}, {"ZA", "Africa/Johannesburg"},
	};
	if (!str_empty(own))
		return own;
	for (size_t i = 0; country != NULL && i < sizeof(zones) / sizeof(zones[0]); i++) {
		if (str_equal_nocase(zones[i].country, country))
			return zones[i].zone;
	}
	return firm;
}

/* A "no" to the channel holds until a "yes" to that channel; a general "no" until any later "yes". */
static enum consent_reason heard(const struct consent_facts *f)
{
	const struct consent_said *own = &f->own, *any = &f->any;
	if (own->state == 'w' || (any->state == 'w' && !(own->state == 'g' && own->at > any->at)))
		return CONSENT_WITHDRAWN;
	if (own->state == 'g' || any->state == 'g' || !f->promotional)
		return CONSENT_FINE;
	return own->state == 'a' || any->state == 'a' ? CONSENT_UNCONFIRMED : CONSENT_NONE;
}

static bool paused(const struct consent_rules *rules, const struct consent_facts *f, int32_t day)
{
	for (size_t i = 0; i < rules->n_pauses; i++) {
		const struct consent_pause *p = &rules->pauses[i];
		if (day >= p->from && day <= p->until && (p->channel[0] == '\0' || str_equal(p->channel, consent_channel_names[f->channel])))
			return true;
	}
	return false;
}

static bool quiet(const struct consent_rules *rules, int minute)
{
	int from = rules->quiet_from, until = rules->quiet_until;
	if (from < 0 || until < 0 || from == until)
		return false;
	return from < until ? minute >= from && minute < until : minute >= from || minute < until;
}

static void later(struct consent_answer *ret, enum consent_reason reason, int64_t until)
{
	ret->verdict = CONSENT_LATER;
	ret->reason = reason;
	ret->until_ms = until;
}

/* Letters lie in the box until the morning: only days count for them, not hours. */
static void judge_clock(const struct consent_rules *rules, const struct consent_facts *f, struct consent_answer *ret)
{
	int64_t local = f->now_ms + (int64_t)f->offset_s * 1000, day = local / CONSENT_DAY_MS - (local % CONSENT_DAY_MS < 0), midnight = day * CONSENT_DAY_MS;
	int minute = (int)((local - midnight) / MINUTE_MS);
	int64_t tomorrow = f->now_ms + (midnight + CONSENT_DAY_MS - local);
	if (paused(rules, f, (int32_t)day))
		later(ret, CONSENT_PAUSE, tomorrow);
	else if (rules->holidays && f->holiday)
		later(ret, CONSENT_HOLIDAY, tomorrow);
	else if (f->channel != CONSENT_POST && quiet(rules, minute)) {
		int wait = (rules->quiet_until - minute + DAY_MINUTES) % DAY_MINUTES;
		later(ret, CONSENT_QUIET, f->now_ms + (int64_t)wait * MINUTE_MS - local % MINUTE_MS);
	}
}

static enum consent_reason refuse(const struct consent_rules *rules, const struct consent_facts *f)
{
	enum consent_reason no = f->gone ? CONSENT_GONE : heard(f);
	if (no == CONSENT_FINE && !f->reachable)
		return CONSENT_NO_ADDRESS;
	if (no != CONSENT_FINE || !f->promotional)
		return no;
	if (rules->stop_complaint && f->complaints > 0)
		return CONSENT_COMPLAINT;
	return rules->stop_return && f->returns > 0 ? CONSENT_RETURN : CONSENT_FINE;
}

/* Of several caps the longest wait counts. */
static void judge_caps(const struct consent_rules *rules, const struct consent_facts *f, struct consent_answer *ret)
{
	for (int i = 0; i < CONSENT_CAPS; i++) {
		int64_t until = f->oldest[i] + consent_cap_ms[i];
		if (rules->cap[i] > 0 && f->touched[i] >= rules->cap[i] && until > ret->until_ms)
			later(ret, CONSENT_CAP, until);
	}
}

void consent_judge(const struct consent_rules *rules, const struct consent_facts *f, struct consent_answer *ret)
{
	ret->reason = refuse(rules, f);
	ret->verdict = ret->reason == CONSENT_FINE ? CONSENT_YES : CONSENT_NO;
	ret->until_ms = 0;
	if (ret->verdict == CONSENT_NO || !f->promotional)
		return;
	judge_caps(rules, f, ret);
	if (ret->verdict == CONSENT_YES)
		judge_clock(rules, f, ret);
}
