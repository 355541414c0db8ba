/* What an activity is about, its hours, and those that repeat. Each of a series is a record of its own, so that one of them is
 * moved, finished or left out like any other. */
#include "customers/contact_series.h"

#include <string.h>

#include "base/id.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/settings/settings.h"
#include "core/text/text.h"
#include "customers/customers.h"

enum { SERIES_MAX = 400, SERIES_DAYS = 90, MINUTE_MS = 60000, NAME_BYTES = 64, MONTHS = 12, REMIND_MAX = 60 * 24 * 60, MINUTES_MAX = 365 * 24 * 60,
       SATURDAY = 2 /* 1970-01-01 is 0 */ };

/* --- what it is about ------------------------------------------------------------------------ */

static bool split(const char *about, char name[NAME_BYTES], int64_t *ret_id)
{
	const char *slash = about != NULL ? strchr(about, '/') : NULL;
	size_t n = slash != NULL ? (size_t)(slash - about) : 0;
	if (n == 0 || n >= NAME_BYTES || !id_parse(slash + 1, ret_id))
		return false;
	memcpy(name, about, n);
	name[n] = '\0';
	return true;
}

int64_t interaction_about(const struct record *interaction, const char *entity)
{
	char name[NAME_BYTES];
	int64_t id;
	return split(record_text(interaction, "about"), name, &id) && str_equal(name, entity) ? id : 0;
}

/* Whose customer it is, where it does not say. */
static enum err take_customer(struct ctx *ctx, struct record *now)
{
	const struct entity_info *info;
	struct record *target;
	int64_t id;
	if (record_i64(now, "customer_id") != 0 || !entity_any(ctx->registry, record_text(now, "about"), &info, &id) || entity_field(info, "customer_id") < 0)
		return OK;
	enum err err = record_load(ctx, info, id, &target);
	return err != OK || record_i64(target, "customer_id") == 0 ? err : record_set(ctx, now, "customer_id", *record_value(target, "customer_id"));
}

/* How long it takes, and how long before somebody is reminded. */
static enum err check_lengths(struct ctx *ctx, const struct record *old, const struct record *now)
{
	int64_t from = record_i64(now, "due_at") != 0 ? record_i64(now, "due_at") : record_i64(now, "at");
	int64_t minutes = record_i64(now, "minutes"), remind = record_i64(now, "remind_minutes");
	bool timed = old == NULL || !value_equal(record_value(old, "minutes"), record_value(now, "minutes"));
	if (record_i64(now, "ends_at") != 0 && record_i64(now, "ends_at") < from)
		return fail(ctx, ERR_INVALID, "ends_at", "ends_before_it_begins");
	if (timed && (minutes < 0 || minutes > MINUTES_MAX))
		return fail(ctx, ERR_INVALID, "minutes", "minutes_range");
	return remind < 0 || remind > REMIND_MAX ? fail(ctx, ERR_INVALID, "remind_minutes", "remind_range") : OK;
}

enum err interaction_check(struct ctx *ctx, const struct record *old, struct record *now)
{
	bool same = old != NULL && value_equal(record_value(old, "about"), record_value(now, "about"));
	const char *zone = record_text(now, "time_zone");
	enum err err = check_lengths(ctx, old, now);
	if (err != OK)
		return err;
	if (!str_empty(zone) && !text_zone_known(zone))
		return fail(ctx, ERR_INVALID, "time_zone", "zone_unknown");
	if (!str_empty(record_text(now, "repeats")) && record_i64(now, "due_at") == 0)
		return fail(ctx, ERR_INVALID, "due_at", "repeats_needs_due");
	return same || str_empty(record_text(now, "about")) ? OK : take_customer(ctx, now);
}

enum err interaction_loosen_upgrade(struct ctx *ctx, void *arg)
{
	(void)arg;
	return registry_loosen(ctx, ctx->registry, "interaction");
}

/* --- a series --------------------------------------------------------------------------------------- */

struct series {
	struct ctx *ctx;
	const struct record *first;
	struct text_zone *zone; /* its hours are of it: nine stays nine when summer time begins */
	int64_t local;          /* of the first, as civil time in milliseconds */
	int64_t until;          /* the last moment, local */
};

static int64_t to_local(const struct series *s, int64_t at_ms)
{
	return s->zone != NULL ? at_ms + INT64_C(1000) * text_zone_seconds(s->zone, at_ms) : at_ms;
}

static int64_t from_local(const struct series *s, int64_t local)
{
	return s->zone != NULL ? local - (int64_t)text_zone_offset(s->zone, local) * MINUTE_MS : local;
}

/* The 31st is the last of a shorter month. */
static bool add_months(int64_t local, int months, int64_t *ret)
{
	struct civil c;
	time_to_civil(local, &c);
	int at = c.year * MONTHS + c.month - 1 + months, day = c.day;
	c.year = at / MONTHS;
	c.month = at % MONTHS + 1;
	for (; day > 0; day--) {
		c.day = day;
		if (time_from_civil(&c, ret))
			return true;
	}
	return false;
}

/* The n-th after the first, from 1; weekdays count on from the one before. */
static bool nth(const struct series *s, const char *repeats, int n, int64_t before, int64_t *ret)
{
	if (str_equal(repeats, "monthly") || str_equal(repeats, "yearly"))
		return add_months(s->local, str_equal(repeats, "monthly") ? n : n * MONTHS, ret);
	if (str_equal(repeats, "weekdays")) {
		int64_t next = before + DAY_MS;
		while ((next / DAY_MS) % 7 == SATURDAY || (next / DAY_MS) % 7 == SATURDAY + 1)
			next += DAY_MS;
		*ret = next;
		return true;
	}
	int64_t days = str_equal(repeats, "weekly") ? 7 : str_equal(repeats, "biweekly") ? 14 : 1;
	*ret = s->local + n * days * DAY_MS;
	return true;
}

static enum err put(const struct series *s, int64_t due)
{
	struct ctx *ctx = s->ctx;
	static const char *const copied[] = {"customer_id", "about", "kind", "subject", "body", "direction", "owner_id", "all_day", "time_zone", "place",
	                                     "remind_minutes", "participants"};
	struct record *r;
	int64_t ends = record_i64(s->first, "ends_at"), shift = due - record_i64(s->first, "due_at");
	enum err err = record_new(ctx, s->first->info, &r);
	for (size_t i = 0; err == OK && i < sizeof(copied) / sizeof(copied[0]); i++)
		err = record_set(ctx, r, copied[i], *record_value(s->first, copied[i]));
	if (err == OK)
		err = record_set(ctx, r, "state", value_text("planned"));
	if (err == OK)
		err = record_set(ctx, r, "series_id", value_int(record_id(s->first)));
	if (err == OK)
		err = record_set(ctx, r, "due_at", value_int(due));
	if (err == OK)
		err = record_set(ctx, r, "at", value_int(due));
	if (err == OK && ends != 0)
		err = record_set(ctx, r, "ends_at", value_int(ends + shift));
	return err == OK ? record_create(ctx, r, W_TRUSTED | W_NO_SEARCH) : err;
}

static enum err put_all(const struct series *s, const char *repeats)
{
	int64_t before = s->local, local;
	enum err err = OK;
	for (int n = 1; err == OK && nth(s, repeats, n, before, &local) && local <= s->until; n++) {
		if (n > SERIES_MAX)
			return fail_arg(s->ctx, ERR_LIMIT, "repeats_until", "series_too_long", "400");
		before = local;
		err = put(s, from_local(s, local));
	}
	return err;
}

enum err interaction_repeat(struct ctx *ctx, const struct record *first)
{
	const char *repeats = record_text(first, "repeats"), *name = record_text(first, "time_zone"), *until = record_text(first, "repeats_until");
	struct series s = {.ctx = ctx, .first = first};
	if (str_empty(repeats) || record_i64(first, "series_id") != 0 || record_i64(first, "version") > 1)
		return OK; /* one of a series, or brought back with it */
	enum err err = str_empty(name) ? setting_text(ctx, &firm_settings[FIRM_TIME_ZONE], &name) : OK;
	if (err != OK)
		return err;
	if (!text_zone_new(name, &s.zone))
		s.zone = NULL;
	s.local = to_local(&s, record_i64(first, "due_at"));
	s.until = s.local + (int64_t)SERIES_DAYS * DAY_MS;
	if (!str_empty(until) && time_parse(until, &s.until))
		s.until += DAY_MS - 1;
	err = put_all(&s, repeats);
	if (s.zone != NULL)
		text_zone_free(s.zone);
	return err;
}
