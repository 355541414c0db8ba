/* Notices by mail: together, soon or once a day, never in quiet hours, and only what one has not looked at. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/id.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/entity/entity.h"
#include "core/gate/gate.h"
#include "core/notices/notices_internal.h"
#include "core/outbox/outbox.h"
#include "core/text/text.h"
#include "notices_sql.h"

enum { EVERY_MS = 10 * 60000, USERS_MAX = 500, LINES_MAX = 50, TEXT_MAX = 60000, MORNING = 8 * 60, KEPT_DAYS = 180, PRUNE_MAX = 20000 };
enum { SETTING_MAIL, SETTING_QUIET };

static const struct option ways[] = {
	{.value = "off", .label = {"No mails", "不用邮件通知"}},
	{.value = "soon", .label = {"Soon, several together", "尽快发送，多条合并"}},
	{.value = "daily", .label = {"Once a day, in the morning", "每天早上一次"}},
	{.value = NULL},
};

/* --- quiet hours ------------------------------------------------------------------- */

static bool read_minute(const char **at, int *ret)
{
	int hour = 0, minute = 0, n = 0;
	if (sscanf(*at, "%2d:%2d%n", &hour, &minute, &n) != 2 || n != 5 || hour > 24 || hour < 0 || minute > 59 || minute < 0)
		return false;
	*at += n;
	*ret = hour * 60 + minute;
	return true;
}

static bool read_hours(const char *text, int *from, int *to)
{
	return read_minute(&text, from) && *text++ == '-' && read_minute(&text, to) && *text == '\0';
}

bool notices_quiet(const char *hours, int minute)
{
	int from, to;
	if (!read_hours(hours, &from, &to) || from == to)
		return false;
	return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

static enum err check_hours(struct ctx *ctx, const struct setting *setting, const char *value)
{
	int from, to;
	return str_empty(value) || read_hours(value, &from, &to) ? OK : fail(ctx, ERR_INVALID, setting->name, "notice_hours");
}

#define GROUP {"Notices", "通知"}

const struct setting notices_settings[] = {
	[SETTING_MAIL] = {.name = "notices.mail", .type = SETTING_CHOICE, .scopes = SETTING_FIRM | SETTING_USER, .flags = SETTING_OPEN, .fallback = "off", .options = ways, .group = GROUP,
		.label = {"Notices by mail", "邮件通知"}, .help = {"What somebody has not looked at in the page comes by mail", "未在系统中查看的通知会通过邮件发送"}},
	[SETTING_QUIET] = {.name = "notices.quiet", .type = SETTING_TEXT, .scopes = SETTING_FIRM | SETTING_USER, .flags = SETTING_OPEN, .fallback = "22:00-07:00", .max = 11, .group = GROUP,
		.label = {"Quiet hours", "免打扰时段"}, .help = {"Such as 22:00-07:00: no notices by mail meanwhile; 00:00-00:00: at any time", "例如 22:00-07:00，期间不发送邮件通知；00:00-00:00 表示随时发送"}, .check = check_hours},
	{.name = NULL},
};

/* --- one user's ---------------------------------------------------------------------- */

struct digest {
	int64_t user_id, branch_id, last_id;
	const char *email, *name;
	int minute;        /* of the day there */
	int64_t day_began; /* UTC ms */
	struct buf text;
	size_t n;
};

static enum err find_user(struct ctx *ctx, struct digest *d, bool *ret)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_notice_to, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, d->user_id);
	stmt_bind_i64(stmt, 2, 1);
	err = stmt_step(ctx, stmt, ret);
	if (err == OK && *ret) {
		const char *locale = stmt_text(stmt, 3);
		d->email = arena_strdup(ctx->arena, stmt_text(stmt, 0));
		d->name = arena_strdup(ctx->arena, stmt_text(stmt, 1));
		d->branch_id = stmt_i64(stmt, 2);
		ctx->locale = str_equal(locale, "zh-Hant") ? LOCALE_ZH_HANT : str_equal(locale, "en") ? LOCALE_EN : LOCALE_ZH_HANS;
	}
	stmt_done(stmt);
	return err;
}

static enum err number(struct ctx *ctx, const struct sql *sql, int64_t id, int64_t *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

/* Whether one is to be sent now. */
static enum err is_due(struct ctx *ctx, const struct digest *d, bool *ret)
{
	const char *way, *quiet;
	int64_t last = 0;
	enum err err = setting_text_for(ctx, &notices_settings[SETTING_MAIL], d->branch_id, d->user_id, &way);
	if (err == OK)
		err = setting_text_for(ctx, &notices_settings[SETTING_QUIET], d->branch_id, d->user_id, &quiet);
	*ret = err == OK && !str_equal(way, "off") && !notices_quiet(quiet, d->minute);
	if (err != OK || !*ret || !str_equal(way, "daily"))
		return err;
	err = number(ctx, &sql_notice_last_mailed, d->user_id, &last);
	*ret = d->minute >= MORNING && last < d->day_began;
	return err;
}

/* Kind, who, and which kind of record; what the record says stays in the house. */
static void put_line(struct ctx *ctx, struct digest *d, const struct stmt *stmt)
{
	static const struct text2 said[NOTICE_KINDS] = {
		[NOTICE_MENTION] = {"mentioned you", "提到了您"}, [NOTICE_CHANGE] = {"changed what you follow", "更新了您关注的内容"}, [NOTICE_RULE] = {"a rule reports", "规则通知"},
		[NOTICE_APPROVAL] = {"asks for your approval", "请您审批"}, [NOTICE_DECIDED] = {"ended your request", "处理了您的申请"}};
	int64_t kind = stmt_i64(stmt, 1);
	const struct entity_info *info = registry_find(ctx->registry, stmt_text(stmt, 2));
	const char *text = stmt_text(stmt, 4), *by = stmt_text(stmt, 5);
	d->last_id = stmt_i64(stmt, 0);
	if (d->n++ >= LINES_MAX || kind < 0 || kind >= NOTICE_KINDS)
		return;
	buf_puts(&d->text, "- ");
	if (by != NULL && kind != NOTICE_RULE)
		buf_printf(&d->text, "%s ", by);
	buf_puts(&d->text, settings_label(ctx, &said[kind]));
	if (info != NULL)
		buf_printf(&d->text, " (%s)", settings_label(ctx, &info->entity->label));
	if (!str_empty(text))
		buf_printf(&d->text, ": %s", text);
	buf_putc(&d->text, '\n');
}

static enum err put_lines(struct ctx *ctx, struct digest *d)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_notice_unmailed, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, d->user_id);
	stmt_bind_i64(stmt, 2, 1000);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row)
		put_line(ctx, d, stmt);
	stmt_done(stmt);
	return err;
}

static enum err mark_mailed(struct ctx *ctx, const struct digest *d)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_notice_mailed, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, d->user_id);
	stmt_bind_i64(stmt, 2, d->last_id);
	stmt_bind_i64(stmt, 3, ctx_now(ctx));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err send(struct ctx *ctx, struct digest *d)
{
	static const struct text2 subject = {"%zu new notices", "%zu 条新通知"};
	const char *words = settings_label(ctx, &subject), *place = strstr(words, "%zu");
	int64_t id;
	enum err err = put_lines(ctx, d);
	if (err != OK || d->n == 0)
		return err;
	if (d->n > LINES_MAX)
		buf_printf(&d->text, "… +%zu\n", d->n - LINES_MAX);
	struct outbox_mail mail = {.to_address = d->email, .to_name = d->name, .text = buf_text(&d->text), .purpose = OUTBOX_NOTICE, .entity = "user", .record_id = d->user_id,
		.subject = place != NULL ? arena_printf(ctx->arena, "%.*s%zu%s", (int)(place - words), words, d->n, place + 3) : words,
		.key = arena_printf(ctx->arena, "notices/%lld/%lld", (long long)d->user_id, (long long)d->last_id)};
	err = mail.subject != NULL && mail.key != NULL ? outbox_mail(ctx, &mail, &id) : fail(ctx, ERR_LIMIT, "", "memory");
	return err == OK ? mark_mailed(ctx, d) : err;
}

static enum err digest_of(struct ctx *ctx, int64_t user_id, int minute, int64_t day_began)
{
	struct digest d = {.user_id = user_id, .minute = minute, .day_began = day_began};
	enum locale locale = ctx->locale;
	bool there = false, due = false;
	enum err err = find_user(ctx, &d, &there);
	if (err == OK && there)
		err = is_due(ctx, &d, &due);
	if (err == OK && due) {
		buf_init(&d.text, TEXT_MAX);
		err = send(ctx, &d);
		buf_release(&d.text);
	}
	ctx->locale = locale;
	return err;
}

/* --- every ten minutes ------------------------------------------------------------------ */

static enum err local_now(struct ctx *ctx, int *minute, int64_t *day_began)
{
	const char *name;
	struct text_zone *zone;
	int64_t now = ctx_now(ctx), offset = 0;
	enum err err = setting_text(ctx, &firm_settings[FIRM_TIME_ZONE], &name);
	if (err == OK && text_zone_new(name, &zone)) {
		offset = (int64_t)text_zone_seconds(zone, now) * 1000;
		text_zone_free(zone);
	}
	int64_t in_day = (now + offset) % DAY_MS;
	*minute = (int)(in_day / 60000);
	*day_began = now - in_day;
	return err;
}

static enum err digest(struct ctx *ctx)
{
	int64_t *users = arena_array(ctx->arena, USERS_MAX, sizeof(*users)), day_began = 0, after = 0;
	int minute = 0;
	enum err err = users != NULL ? local_now(ctx, &minute, &day_began) : fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t n = USERS_MAX; n == USERS_MAX && err == OK;) {
		struct stmt *stmt;
		bool row = false;
		err = db_prepare(ctx, ctx->db, &sql_notice_waiting_users, &stmt);
		if (err != OK)
			return err;
		stmt_bind_i64(stmt, 1, after);
		stmt_bind_i64(stmt, 2, USERS_MAX);
		stmt_bind_i64(stmt, 3, 1);
		for (n = 0; n < USERS_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row; n++)
			users[n] = stmt_i64(stmt, 0);
		stmt_done(stmt);
		for (size_t i = 0; i < n && err == OK; i++)
			err = digest_of(ctx, users[i], minute, day_began);
		after = n > 0 ? users[n - 1] : after;
	}
	return err;
}

static enum err prune(struct ctx *ctx)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_notice_prune, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id_from_ms(ctx_now(ctx) - (int64_t)KEPT_DAYS * DAY_MS));
	stmt_bind_i64(stmt, 2, PRUNE_MAX);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

const struct schedule notices_schedules[] = {
	{.name = "notices.digest", .every_ms = EVERY_MS, .run = digest},
	{.name = "notices.prune", .every_ms = 6 * 3600 * 1000, .run = prune},
	{.name = NULL},
};
