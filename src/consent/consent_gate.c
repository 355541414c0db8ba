/* The gate: reads what is known of a person, and judges. One question is two or three indexed reads. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "consent/consent_internal.h"
#include "consent_sql.h"
#include "core/calendar/calendar.h"
#include "core/text/text.h"

enum { ZONES_MAX = 16, PERSON_STATE = 9, PERSON_COMPLAINTS = 13, PERSON_RETURNS = 14, PERSON_ADDRESSES = 15, PERSON_ID = 16, AT_ONCE = 50 };

struct zone_kept {
	char name[48];
	struct text_zone *zone; /* NULL: there is none of the name */
};

/* Somebody of whom was read ahead. */
struct known {
	int64_t id;
	struct consent_facts facts;
	struct consent_answer answer;
};

struct touch {
	int64_t customer_id, at;
	const char *cause;
};

struct consent_run {
	/* of one channel and purpose, in the order of customers; in the arena of whoever asked */
	struct known *known;
	const char *known_purpose;
	enum consent_channel known_channel;
	size_t n_known, n_touches, touches_room;
	struct touch *touches; /* NULL: none are looked at */
	struct consent_rules rules;
	struct consent_pause pauses[CONSENT_PAUSES_MAX];
	char channels[CONSENT_PAUSES_MAX][16];
	char firm_zone[48];
	struct zone_kept zones[ZONES_MAX];
	size_t n_zones;
};

static enum err read_text(struct ctx *ctx, enum consent_setting which, const char **ret)
{
	return setting_text(ctx, &consent_settings[which], ret);
}

static enum err read_rules(struct ctx *ctx, struct consent_rules *rules)
{
	const char *from, *until, *stops;
	enum err err = read_text(ctx, CONSENT_QUIET_FROM, &from);
	if (!err)
		err = read_text(ctx, CONSENT_QUIET_UNTIL, &until);
	if (!err)
		err = read_text(ctx, CONSENT_STOP_AT, &stops);
	if (err)
		return err;
	for (int i = 0; i < CONSENT_CAPS; i++)
		rules->cap[i] = setting_int(ctx, &consent_settings[CONSENT_CAP_DAY + i]);
	rules->quiet_from = consent_minute(from);
	rules->quiet_until = consent_minute(until);
	rules->holidays = setting_int(ctx, &consent_settings[CONSENT_HOLIDAYS]) != 0;
	rules->stop_complaint = strstr(stops, "complaint") != NULL;
	rules->stop_return = strstr(stops, "return") != NULL;
	return OK;
}

/* Those that are not over yet, anywhere on earth. */
static enum err read_pauses(struct ctx *ctx, struct consent_run *run)
{
	char day[TIME_TEXT_MAX];
	struct stmt *stmt;
	bool row = true;
	size_t n = 0;
	time_format(ctx_now(ctx) - CONSENT_DAY_MS, day);
	day[10] = '\0';
	enum err err = db_prepare(ctx, ctx->db, &sql_contact_pauses, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, day);
	while (n < CONSENT_PAUSES_MAX && !(err = stmt_step(ctx, stmt, &row)) && row) {
		struct consent_pause *p = &run->pauses[n];
		const char *channel = stmt_text(stmt, 2);
		size_t len = channel != NULL ? strnlen(channel, sizeof(run->channels[n]) - 1) : 0;
		if (!calendar_date_read(stmt_text(stmt, 0), &p->from) || !calendar_date_read(stmt_text(stmt, 1), &p->until))
			continue;
		memcpy(run->channels[n], channel != NULL ? channel : "", len);
		p->channel = run->channels[n++];
	}
	stmt_done(stmt);
	run->rules.pauses = run->pauses;
	run->rules.n_pauses = n;
	return err;
}

enum err consent_run_begin(struct ctx *ctx, struct consent_run **ret)
{
	struct consent_run *run = calloc(1, sizeof(*run));
	const char *zone;
	if (run == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	enum err err = read_rules(ctx, &run->rules);
	if (!err)
		err = setting_text(ctx, &firm_settings[FIRM_TIME_ZONE], &zone);
	if (!err)
		err = read_pauses(ctx, run);
	if (err) {
		free(run);
		return err;
	}
	memcpy(run->firm_zone, zone, strnlen(zone, sizeof(run->firm_zone) - 1));
	*ret = run;
	return OK;
}

void consent_run_end(struct consent_run *run)
{
	for (size_t i = 0; run != NULL && i < run->n_zones; i++)
		text_zone_free(run->zones[i].zone);
	if (run != NULL)
		free(run->touches);
	free(run);
}

/* A zone that nobody knows is taken for the firm's. */
static struct text_zone *zone_of(struct consent_run *run, const char *name)
{
	size_t n = strnlen(name, sizeof(run->firm_zone));
	for (size_t i = 0; i < run->n_zones; i++) {
		if (str_equal(run->zones[i].name, name))
			return run->zones[i].zone;
	}
	if (n >= sizeof(run->firm_zone))
		return zone_of(run, run->firm_zone);
	if (run->n_zones == ZONES_MAX) /* the firm's, the first, stays */
		text_zone_free(run->zones[--run->n_zones].zone);
	struct zone_kept *kept = &run->zones[run->n_zones++];
	memset(kept, 0, sizeof(*kept));
	memcpy(kept->name, name, n);
	if (!text_zone_new(name, &kept->zone))
		kept->zone = NULL;
	return kept->zone;
}

static int offset_of(struct consent_run *run, const char *zone, int64_t now)
{
	struct text_zone *firm = zone_of(run, run->firm_zone), *theirs = zone_of(run, zone);
	if (theirs == NULL)
		theirs = firm;
	return theirs != NULL ? text_zone_seconds(theirs, now) : 0;
}

static bool is_holiday(const char *country, int32_t day)
{
	size_t n = 0;
	int first, last;
	const struct calendar_public_day *days = country != NULL ? calendar_country(country, &n, &first, &last) : NULL;
	size_t low = 0, high = days != NULL ? n : 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (days[middle].day < day)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && days != NULL && days[low].day == day && days[low].off;
}

static struct consent_said said(struct stmt *stmt, int at)
{
	const char *state = stmt_text(stmt, at);
	return (struct consent_said){state != NULL ? state[0] : '\0', stmt_i64(stmt, at + 1)};
}

static const char *kept(struct ctx *ctx, struct stmt *stmt, int at)
{
	const char *text = stmt_text(stmt, at);
	return str_empty(text) ? NULL : arena_strdup(ctx->arena, text);
}

static bool has_address(const struct consent_question *q, const struct consent_answer *a, bool postal)
{
	if (q->channel == CONSENT_EMAIL)
		return a->email != NULL;
	if (q->channel == CONSENT_SMS || q->channel == CONSENT_PHONE)
		return a->phone != NULL;
	return q->channel != CONSENT_POST || postal; /* of others their driver tells */
}

static void read_facts(struct ctx *ctx, struct consent_run *run, const struct consent_question *q, struct stmt *stmt, struct consent_facts *facts, struct consent_answer *ret)
{
	const char *country = stmt_text(stmt, 2);
	*ret = (struct consent_answer){.owner_id = stmt_i64(stmt, 6), .team_id = stmt_i64(stmt, 7), .branch_id = stmt_i64(stmt, 8), .email = kept(ctx, stmt, 0),
	                               .phone = kept(ctx, stmt, 1), .language = kept(ctx, stmt, 4)};
	facts->gone = stmt_i64(stmt, 5) != 0;
	facts->own = said(stmt, PERSON_STATE);
	facts->any = said(stmt, PERSON_STATE + 2);
	facts->complaints = stmt_i64(stmt, PERSON_COMPLAINTS);
	facts->returns = stmt_i64(stmt, PERSON_RETURNS);
	facts->reachable = has_address(q, ret, stmt_i64(stmt, PERSON_ADDRESSES) > 0);
	facts->offset_s = offset_of(run, consent_zone(stmt_text(stmt, 3), country, run->firm_zone), facts->now_ms);
	int64_t local = facts->now_ms + (int64_t)facts->offset_s * 1000;
	facts->holiday = run->rules.holidays && is_holiday(country != NULL ? country : "CN", (int32_t)(local / CONSENT_DAY_MS));
}

static enum err read_person(struct ctx *ctx, struct consent_run *run, const struct consent_question *q, struct consent_facts *facts, struct consent_answer *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_consent_person, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, q->customer_id);
	stmt_bind_text(stmt, 2, consent_channel_names[q->channel]);
	stmt_bind_text(stmt, 3, q->purpose);
	err = stmt_step(ctx, stmt, &row);
	facts->gone = !row;
	if (!err && row)
		read_facts(ctx, run, q, stmt, facts, ret);
	stmt_done(stmt);
	return err;
}

static enum err read_touches(struct ctx *ctx, const struct consent_question *q, struct consent_facts *facts)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_contact_counts, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, q->customer_id);
	stmt_bind_text(stmt, 2, q->purpose);
	stmt_bind_text(stmt, 3, q->cause != NULL ? q->cause : "");
	for (int i = 0; i < CONSENT_CAPS; i++)
		stmt_bind_i64(stmt, 4 + i, facts->now_ms - consent_cap_ms[i]);
	err = stmt_step(ctx, stmt, &row);
	for (int i = 0; !err && row && i < CONSENT_CAPS; i++) {
		facts->touched[i] = stmt_i64(stmt, i);
		facts->oldest[i] = stmt_i64(stmt, CONSENT_CAPS + i);
	}
	stmt_done(stmt);
	return err;
}

/* --- many at once ---------------------------------------------------------------------------- */

static void bind_ids(struct stmt *stmt, const int64_t *ids, size_t n)
{
	for (size_t i = 0; i < AT_ONCE; i++)
		stmt_bind_i64(stmt, (int)i + 3, i < n ? ids[i] : 0);
}

static enum err know_persons(struct ctx *ctx, struct consent_run *run, const struct consent_question *q, const int64_t *ids, size_t n)
{
	struct stmt *stmt;
	bool row = true;
	enum err err = db_prepare(ctx, ctx->db, &sql_consent_persons, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, consent_channel_names[q->channel]);
	stmt_bind_text(stmt, 2, q->purpose);
	bind_ids(stmt, ids, n);
	while (!(err = stmt_step(ctx, stmt, &row)) && row) {
		struct known *k = &run->known[run->n_known++];
		*k = (struct known){.id = stmt_i64(stmt, PERSON_ID), .facts = {.now_ms = ctx_now(ctx), .promotional = str_equal(q->purpose, "marketing"), .channel = q->channel}};
		read_facts(ctx, run, q, stmt, &k->facts, &k->answer);
	}
	stmt_done(stmt);
	return err;
}

static bool touch_room(struct consent_run *run)
{
	if (run->n_touches < run->touches_room)
		return true;
	size_t room = run->touches_room * 2 + 256;
	struct touch *list = realloc(run->touches, room * sizeof(*list));
	if (list == NULL)
		return false;
	run->touches = list;
	run->touches_room = room;
	return true;
}

static enum err know_touches(struct ctx *ctx, struct consent_run *run, const struct consent_question *q, const int64_t *ids, size_t n)
{
	struct stmt *stmt;
	bool row = true, room = true;
	enum err err = db_prepare(ctx, ctx->db, &sql_contact_touches, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, q->purpose);
	stmt_bind_i64(stmt, 2, ctx_now(ctx) - consent_cap_ms[CONSENT_CAPS - 1]);
	bind_ids(stmt, ids, n);
	while (!(err = stmt_step(ctx, stmt, &row)) && row && (room = touch_room(run)))
		run->touches[run->n_touches++] = (struct touch){stmt_i64(stmt, 0), stmt_i64(stmt, 1), arena_strdup(ctx->arena, stmt_text(stmt, 2))};
	stmt_done(stmt);
	return !err && (!room || ctx->arena->failed) ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

static bool is_capped(const struct consent_run *run)
{
	return run->rules.cap[0] > 0 || run->rules.cap[1] > 0 || run->rules.cap[2] > 0;
}

/* The row of the person is taken: whoever asks at the same moment waits until this transaction has ended. */
static enum err lock(struct ctx *ctx, int64_t customer)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_contact_lock, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, customer);
	stmt_bind_i64(stmt, 2, ctx_now(ctx));
	err = stmt_run_later(ctx, stmt);
	stmt_done(stmt);
	return err;
}

enum err consent_ahead(struct ctx *ctx, struct consent_run *run, const struct consent_question *as, const int64_t *ids, size_t n)
{
	enum err err = OK;
	run->n_known = run->n_touches = 0;
	run->known_channel = as->channel;
	run->known_purpose = as->purpose;
	run->known = arena_array(ctx->arena, n + 1, sizeof(*run->known));
	if (run->known == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; !err && as->lock && i < n; i++)
		err = lock(ctx, ids[i]);
	for (size_t i = 0; !err && i < n; i += AT_ONCE) {
		size_t part = n - i < AT_ONCE ? n - i : AT_ONCE;
		err = know_persons(ctx, run, as, ids + i, part);
		if (!err && is_capped(run) && str_equal(as->purpose, "marketing"))
			err = know_touches(ctx, run, as, ids + i, part);
	}
	if (err)
		run->n_known = 0;
	return err;
}

static const struct known *find_known(const struct consent_run *run, const struct consent_question *q)
{
	size_t low = 0, high = run->n_known;
	if (q->lock || high == 0 || q->channel != run->known_channel || !str_equal(q->purpose, run->known_purpose))
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (run->known[middle].id < q->customer_id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < run->n_known && run->known[low].id == q->customer_id ? &run->known[low] : NULL;
}

static void count_touches(const struct consent_run *run, const struct consent_question *q, struct consent_facts *facts)
{
	size_t low = 0, high = run->n_touches;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (run->touches[middle].customer_id < q->customer_id)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < run->n_touches && run->touches[low].customer_id == q->customer_id; low++) {
		const struct touch *t = &run->touches[low];
		for (int i = 0; i < CONSENT_CAPS && !str_equal(t->cause, q->cause != NULL ? q->cause : ""); i++) {
			if (t->at <= facts->now_ms - consent_cap_ms[i])
				continue;
			facts->oldest[i] = facts->touched[i]++ == 0 || t->at < facts->oldest[i] ? t->at : facts->oldest[i];
		}
	}
}

/* --- one question ------------------------------------------------------------------------------ */

enum err consent_ask(struct ctx *ctx, struct consent_run *run, const struct consent_question *q, struct consent_answer *ret)
{
	struct consent_facts facts = {.now_ms = ctx_now(ctx), .promotional = str_equal(q->purpose, "marketing"), .channel = q->channel};
	const struct known *known = find_known(run, q);
	*ret = (struct consent_answer){0};
	enum err err = q->lock ? lock(ctx, q->customer_id) : OK;
	if (known != NULL) {
		facts = known->facts;
		*ret = known->answer;
	} else if (!err) {
		err = read_person(ctx, run, q, &facts, ret);
	}
	bool capped = facts.promotional && is_capped(run);
	if (capped && known != NULL)
		count_touches(run, q, &facts);
	else if (!err && capped)
		err = read_touches(ctx, q, &facts);
	if (!err)
		consent_judge(&run->rules, &facts, ret);
	return err;
}

/* --- contacts that count ----------------------------------------------------------------- */

enum err contact_note(struct ctx *ctx, const struct consent_question *q)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_contact_put, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, q->cause);
	stmt_bind_i64(stmt, 2, q->customer_id);
	stmt_bind_text(stmt, 3, q->purpose);
	stmt_bind_text(stmt, 4, consent_channel_names[q->channel]);
	stmt_bind_i64(stmt, 5, ctx_now(ctx));
	err = stmt_run_later(ctx, stmt);
	stmt_done(stmt);
	return err;
}

enum err contact_forget(struct ctx *ctx, const char *cause)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_contact_take, &stmt);
	if (err)
		return err;
	stmt_bind_text(stmt, 1, cause);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err prune_one(struct ctx *ctx, const struct sql *sql, int64_t before)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, before);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

/* What no cap looks at any more, after a year in which somebody may still ask how often they were contacted. */
static enum err prune(struct ctx *ctx)
{
	enum err err = prune_one(ctx, &sql_contact_prune, ctx_now(ctx) - 366LL * CONSENT_DAY_MS);
	return err ? err : prune_one(ctx, &sql_door_prune, ctx_now(ctx) / 60000 - 10);
}

const struct schedule consent_schedules[] = {{.name = "consent.prune", .minute = 215, .run = prune}, {.name = NULL}};
