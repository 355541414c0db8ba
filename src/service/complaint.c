/* How grave a complaint is, by the firm's criteria and by how the customer feels; and that it is asked after. */
#include "service/complaint.h"

#include <string.h>

#include "base/buf.h"
#include "base/id.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/text/text.h"
#include "feeling/feeling.h"
#include "service/service_internal.h"
#include "service_sql.h"

enum { REPEAT_DAYS = 90, WORDS_MAX = 400, MATTER_MAX = 40000 };

enum err complaint_feel(struct ctx *ctx, struct record *now, const char *text)
{
	struct feeling f;
	struct buf words;
	if (record_i64(now, "feeling_by_person") != 0)
		return OK;
	if (text == NULL)
		text = record_text(now, "subject");
	if (str_empty(text))
		return OK;
	enum err err = feeling_read(ctx, text, strlen(text), &f);
	if (err != OK || f.kind == FEELING_NEUTRAL)
		return err;
	buf_init(&words, WORDS_MAX);
	for (size_t i = 0; i < f.n && i < 5; i++)
		buf_printf(&words, "%s%s%s", i > 0 ? ", " : "", f.reasons[i].negated ? "¬" : "", f.reasons[i].word);
	const char *said = arena_strdup(ctx->arena, buf_text(&words));
	buf_release(&words);
	err = record_set(ctx, now, "feeling", value_text(feeling_name(f.kind)));
	if (err == OK)
		err = case_set_int(ctx, now, "feeling_score", (int64_t)(f.score * 100));
	return err == OK ? case_set_text(ctx, now, "feeling_words", said) : err;
}

/* The customer's latest other complaint of the last ninety days, and how many there are with this one. */
static enum err find_repeats(struct ctx *ctx, struct record *now)
{
	struct stmt *stmt;
	bool row = false;
	if (record_i64(now, "customer_id") == 0)
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_complaint_others, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, record_i64(now, "customer_id"));
	stmt_bind_i64(stmt, 2, record_id(now));
	stmt_bind_i64(stmt, 3, record_i64(now, "opened_at") - (int64_t)REPEAT_DAYS * DAY_MS);
	stmt_bind_i64(stmt, 4, record_i64(now, "opened_at"));
	err = stmt_step(ctx, stmt, &row);
	int64_t n = row ? stmt_i64(stmt, 0) : 0, latest = row ? stmt_i64(stmt, 1) : 0;
	stmt_done(stmt);
	if (err == OK)
		err = case_set_int(ctx, now, "repeats", n);
	return err == OK ? case_set_id(ctx, now, "repeat_of_id", latest) : err;
}

/* Whether one of the lines stands in the folded text. */
static enum err has_word(struct ctx *ctx, const char *lines, const char *folded, bool *ret)
{
	*ret = str_empty(lines);
	while (!*ret && *lines != '\0') {
		size_t n = strcspn(lines, "\n"), kept, word_n;
		const char *trimmed = str_trim(lines, n, &kept), *word;
		enum err err = text_fold(ctx, trimmed, kept, &word, &word_n);
		if (err != OK)
			return err;
		*ret = word_n > 0 && strstr(folded, word) != NULL;
		lines += n + (lines[n] != '\0');
	}
	return OK;
}

struct grading {
	const char *folded; /* subject and what the customer wrote */
	int64_t grade, team, follow;
	const char *severity, *name;
};

enum { AT_ID, AT_NAME, AT_SEVERITY, AT_WORDS, AT_FEELING, AT_REPEATS, AT_TOPIC, AT_TEAM, AT_FOLLOW };

static enum err fits(struct ctx *ctx, struct stmt *stmt, const struct record *now, const struct grading *g, bool *ret)
{
	bool felt = record_value(now, "feeling_score")->kind != VALUE_NULL;
	*ret = false;
	if (!stmt_is_null(stmt, AT_FEELING) && (!felt || record_i64(now, "feeling_score") > stmt_i64(stmt, AT_FEELING)))
		return OK;
	if (!stmt_is_null(stmt, AT_REPEATS) && record_i64(now, "repeats") + 1 < stmt_i64(stmt, AT_REPEATS))
		return OK;
	if (!stmt_is_null(stmt, AT_TOPIC) && record_i64(now, "topic_id") != stmt_i64(stmt, AT_TOPIC))
		return OK;
	return has_word(ctx, stmt_text(stmt, AT_WORDS), g->folded, ret);
}

static enum err choose(struct ctx *ctx, const struct record *now, struct grading *g)
{
	struct stmt *stmt;
	bool row = false, fit = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_complaint_grades, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, 1);
	while (!fit && (err = stmt_step(ctx, stmt, &row)) == OK && row) {
		err = fits(ctx, stmt, now, g, &fit);
		if (err != OK)
			break;
		if (fit) {
			g->grade = stmt_i64(stmt, AT_ID);
			g->name = arena_strdup(ctx->arena, stmt_text(stmt, AT_NAME));
			g->severity = arena_strdup(ctx->arena, stmt_text(stmt, AT_SEVERITY));
			g->team = stmt_i64(stmt, AT_TEAM);
		}
	}
	stmt_done(stmt);
	return err;
}

/* Subject and the customer's words so far, folded. */
static enum err read_words(struct ctx *ctx, const struct record *now, const char **ret)
{
	struct stmt *stmt;
	struct buf all;
	bool row = false;
	size_t n;
	enum err err = db_prepare(ctx, ctx->db, &sql_complaint_words, &stmt);
	if (err != OK)
		return err;
	buf_init(&all, MATTER_MAX);
	buf_puts(&all, record_text(now, "subject") != NULL ? record_text(now, "subject") : "");
	stmt_bind_i64(stmt, 1, record_id(now));
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		buf_putc(&all, '\n');
		buf_puts(&all, stmt_text(stmt, 0)); /* more than fits: what came first counts */
	}
	stmt_done(stmt);
	if (err == OK)
		err = text_fold(ctx, buf_text(&all), all.len, ret, &n);
	buf_release(&all);
	return err;
}

/* A severity that a person gave stays; emptied, the criteria hold again. */
static bool graded_by_person(const struct record *old, const struct record *now)
{
	const char *severity = record_text(now, "severity");
	if (old == NULL)
		return severity != NULL;
	if (!value_equal(record_value(old, "severity"), record_value(now, "severity")))
		return severity != NULL && record_i64(old, "grade_id") == record_i64(now, "grade_id");
	return severity != NULL && record_i64(old, "grade_id") == 0;
}

/* The grade decides who handles it, when it changes. */
static enum err set_grade(struct ctx *ctx, const struct record *old, struct record *now, const struct grading *g)
{
	enum err err = record_set(ctx, now, "severity", value_text(g->severity));
	if (err == OK)
		err = case_set_id(ctx, now, "grade_id", g->grade);
	if (err == OK && g->team != 0 && (old == NULL || record_i64(old, "grade_id") != g->grade))
		err = case_set_id(ctx, now, "team_id", g->team);
	return err;
}

static bool is_new_matter(const struct record *old, const struct record *now)
{
	return old == NULL || record_i64(old, "customer_id") != record_i64(now, "customer_id") || !str_equal(record_text(old, "kind"), "complaint");
}

enum err complaint_grade(struct ctx *ctx, const struct record *old, struct record *now)
{
	struct grading g = {.folded = ""};
	if (!str_equal(record_text(now, "kind"), "complaint") || case_is_ended(record_text(now, "state")))
		return OK;
	enum err err = is_new_matter(old, now) ? find_repeats(ctx, now) : OK;
	if (err == OK && graded_by_person(old, now))
		return record_set(ctx, now, "grade_id", value_null());
	if (err == OK)
		err = read_words(ctx, now, &g.folded);
	if (err == OK)
		err = choose(ctx, now, &g);
	return err == OK && g.grade != 0 ? set_grade(ctx, old, now, &g) : err;
}

/* --- who is told, and asking again -------------------------------------------------------------------- */

static enum err tell_people(struct ctx *ctx, const struct record *now, const struct record *grade)
{
	struct record *patch;
	const struct value *told = record_value(grade, "told"), *there = record_value(now, "participants");
	size_t n = there->kind == VALUE_LIST ? there->l.n : 0, more = told->kind == VALUE_LIST ? told->l.n : 0, all = 0;
	int64_t *ids = arena_array(ctx->arena, n + more + 1, sizeof(*ids));
	if (ids == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < n + more; i++) {
		int64_t id = i < n ? there->l.ids[i] : told->l.ids[i - n];
		bool known = false;
		for (size_t j = 0; j < all; j++)
			known = known || ids[j] == id;
		if (!known)
			ids[all++] = id;
	}
	enum err err = case_tell(ctx, record_id(now), "complaint_graded", record_text(grade, "name"));
	if (err != OK || all == n)
		return err;
	err = record_new(ctx, now->info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "participants", (struct value){.kind = VALUE_LIST, .l = {ids, all}});
	return err == OK ? record_update(ctx, record_id(now), patch, 0, W_TRUSTED, NULL) : err;
}

static enum err follow_grade(struct ctx *ctx, const struct record *old, const struct record *now, const char *key, bool just_ended)
{
	struct record *grade;
	int64_t id = record_i64(now, "grade_id"), before = old != NULL ? record_i64(old, "grade_id") : 0;
	if (id == 0 || (id == before && !just_ended))
		return OK;
	enum err err = record_load(ctx, registry_find(ctx->registry, "complaint_grade"), id, &grade);
	if (err == OK && id != before)
		err = tell_people(ctx, now, grade);
	int64_t days = err == OK ? record_i64(grade, "follow_up_days") : 0;
	return err == OK && just_ended && days > 0 ? timer_set(ctx, "case.follow", key, ctx_now(ctx) + days * DAY_MS, "") : err;
}

enum err complaint_follow(struct ctx *ctx, const struct record *old, const struct record *now)
{
	bool was = old != NULL && case_is_ended(record_text(old, "state")), is = case_is_ended(record_text(now, "state"));
	const char *key = arena_printf(ctx->arena, "%lld", (long long)record_id(now));
	if (key == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	return was && !is ? timer_clear(ctx, "case.follow", key) : follow_grade(ctx, old, now, key, is && !was);
}

/* A call to make, today. */
static enum err add_task(struct ctx *ctx, const struct record *record)
{
	struct record *task;
	const char *subject = record_text(record, "subject");
	enum err err = record_new(ctx, registry_find(ctx->registry, "interaction"), &task);
	if (err == OK)
		err = case_set_id(ctx, task, "customer_id", record_i64(record, "customer_id"));
	if (err == OK)
		err = record_set(ctx, task, "kind", value_text("call"));
	if (err == OK)
		err = record_set(ctx, task, "state", value_text("open"));
	if (err == OK)
		err = case_set_int(ctx, task, "due_at", ctx_now(ctx));
	if (err == OK)
		err = case_set_text(ctx, task, "subject", subject);
	if (err == OK)
		err = case_set_id(ctx, task, "owner_id", record_i64(record, "owner_id"));
	return err == OK ? record_create(ctx, task, W_TRUSTED) : err;
}

/* Work for whoever looked after it: is the customer content now? */
enum err complaint_ask_again(struct ctx *ctx, const struct timer *timer)
{
	struct record *record;
	int64_t id;
	if (!id_parse(timer->key, &id))
		return fail(ctx, ERR_BUG, "", "timer_key");
	enum err err = record_load(ctx, registry_find(ctx->registry, "case"), id, &record);
	if (err == ERR_NOT_FOUND) {
		faults_clear(ctx);
		return OK;
	}
	if (err != OK || !case_is_ended(record_text(record, "state")))
		return err;
	err = case_tell(ctx, id, "complaint_ask_again", NULL);
	return err == OK && record_i64(record, "customer_id") != 0 ? add_task(ctx, record) : err;
}
