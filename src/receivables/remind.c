/* What is due becomes somebody's task: before the day, when it is overdue, and when a promise was not kept. One timer a receivable. */
#include <string.h>

#include "base/id.h"
#include "base/str.h"
#include "receivables/receivables_internal.h"
#include "receivables_sql.h"

static const char kind_name[] = "receivable.remind";
enum { MORNING = 9 };

static const struct text2 words_due = {"Payment is due", "应收款即将到期"}, words_over = {"Payment is overdue", "应收款已逾期"},
                          words_promise = {"Promised payment has not come", "承诺付款未到账"};

static const char *later(const char *a, const char *b)
{
	return strcmp(a, b) >= 0 ? a : b;
}

/* Of a line that waits: the day after a promise; the first reminder some days before it is due; then, once it is overdue, again and
 * again. */
enum err receivable_remind_day(struct ctx *ctx, const struct record *now, char ret[RECEIVABLES_DAY_BYTES])
{
	const char *due = record_text(now, "due_on"), *last = record_text(now, "reminded_on"), *promised = record_text(now, "promised_on"), *over;
	char first[RECEIVABLES_DAY_BYTES], again[RECEIVABLES_DAY_BYTES], first_over[RECEIVABLES_DAY_BYTES];
	int64_t days = setting_int(ctx, &receivables_settings[RECEIVABLES_BEFORE]), every = setting_int(ctx, &receivables_settings[RECEIVABLES_AGAIN]);
	ret[0] = '\0';
	if (record_i64(now, "open") <= 0 || due == NULL || (over = record_text(now, "overdue_on")) == NULL)
		return OK;
	enum err err = receivables_day_after(ctx, due, -days, first);
	if (err == OK)
		err = receivables_day_after(ctx, over, 1, first_over);
	if (err == OK)
		err = receivables_day_after(ctx, last != NULL ? last : due, every, again);
	if (err != OK)
		return err;
	const char *day = last == NULL ? first : strcmp(last, first_over) < 0 ? first_over : again;
	if (promised != NULL && (last == NULL || strcmp(promised, last) >= 0)) {
		err = receivables_day_after(ctx, promised, 1, again);
		day = again;
	}
	memcpy(ret, day, RECEIVABLES_DAY_BYTES);
	return err;
}

enum err receivable_remind(struct ctx *ctx, const struct record *old, const struct record *now)
{
	const char *day = now != NULL ? record_text(now, "remind_on") : NULL;
	char today[RECEIVABLES_DAY_BYTES];
	int64_t at = 0;
	if (old != NULL && now != NULL && receivables_same(old, now, "remind_on"))
		return OK;
	const char *key = arena_printf(ctx->arena, "%lld", (long long)record_id(now != NULL ? now : old));
	if (key == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	if (day == NULL)
		return timer_clear(ctx, kind_name, key);
	enum err err = receivables_today(ctx, 0, today);
	if (err == OK)
		err = receivables_moment(ctx, later(day, today), MORNING, &at);
	if (err == OK && at <= ctx_now(ctx)) /* what comes in after its day, perhaps with a thousand others, is told next morning */
		err = receivables_today(ctx, 1, today);
	if (err == OK && at <= ctx_now(ctx))
		err = receivables_moment(ctx, today, MORNING, &at);
	return err == OK ? timer_set(ctx, kind_name, key, at, "") : err;
}

static enum err has_task(struct ctx *ctx, const char *about, bool *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_receivable_tasks, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, about);
	err = stmt_step(ctx, stmt, &row);
	*ret = err == OK && row && stmt_i64(stmt, 0) > 0;
	stmt_done(stmt);
	return err;
}

static enum err add_task(struct ctx *ctx, const struct record *r, const char *about, const struct text2 *words)
{
	struct record *task;
	const char *title = record_text(r, "title"), *word = entity_label(ctx, words);
	const char *subject = str_empty(title) ? word : arena_printf(ctx->arena, "%s: %s", word, title);
	int64_t order = record_i64(r, "order_id"), owner = record_i64(r, "owner_id");
	enum err err = subject != NULL ? record_new(ctx, registry_find(ctx->registry, "interaction"), &task) : fail(ctx, ERR_LIMIT, "", "memory");
	const struct {
		const char *field;
		struct value value;
	} cells[] = {
		{"customer_id", value_int(record_i64(r, "customer_id"))}, {"kind", value_text("task")}, {"state", value_text("open")},
		{"due_at", value_int(ctx_now(ctx))}, {"subject", value_text(subject)}, {"about", value_text(about)},
		{"owner_id", owner != 0 ? value_int(owner) : value_null()}, {"order_id", order != 0 ? value_int(order) : value_null()},
	};
	for (size_t i = 0; err == OK && i < sizeof(cells) / sizeof(cells[0]); i++)
		err = record_set(ctx, task, cells[i].field, cells[i].value);
	return err == OK ? record_create(ctx, task, W_TRUSTED) : err;
}

static enum err fire(struct ctx *ctx, const struct timer *timer)
{
	const struct entity_info *info = registry_find(ctx->registry, receivable_entity.name);
	struct record *r, *patch;
	char today[RECEIVABLES_DAY_BYTES];
	bool waits = false;
	int64_t id;
	if (!id_parse(timer->key, &id))
		return fail(ctx, ERR_BUG, "timer", "not_found");
	enum err err = record_load(ctx, info, id, &r);
	if (err == ERR_NOT_FOUND) {
		faults_clear(ctx);
		return OK;
	}
	if (err == OK)
		err = receivables_today(ctx, 0, today);
	if (err != OK || record_i64(r, "open") <= 0)
		return err;
	const char *about = arena_printf(ctx->arena, "receivable/%lld", (long long)id), *promised = record_text(r, "promised_on");
	if (about == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	bool over = strcmp(record_text(r, "overdue_on"), today) < 0, broken = promised != NULL && strcmp(promised, today) < 0;
	err = has_task(ctx, about, &waits);
	if (err == OK && !waits)
		err = add_task(ctx, r, about, broken ? &words_promise : over ? &words_over : &words_due);
	if (err == OK)
		err = record_new(ctx, info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "reminded_on", value_text(today));
	return err == OK ? record_update(ctx, id, patch, 0, W_TRUSTED | W_NO_SEARCH, NULL) : err;
}

const struct timer_kind receivables_timers[] = {{kind_name, fire}, {0}};
