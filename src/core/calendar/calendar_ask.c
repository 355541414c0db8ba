/* Questions on plain files: each with the calendar it is asked of, each answered in a line. */
#include <string.h>

#include "base/jsonw.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/calendar/calendar_json.h"
#include "core/command/questions.h"

enum { PERIODS_MAX = 10000, AMOUNT_MAX = 1000000000 };

struct question {
	const json_t *asked;
	struct calendar *cal;
	struct jsonw *out;
	struct ctx *ctx;
};

/* --- what a question says ---------------------------------------------- */

static enum err unclear(struct question *q, const char *name)
{
	const char *field = arena_printf(q->ctx->arena, "question.%s", name);
	return fail(q->ctx, ERR_INVALID, field != NULL ? field : "question", "calendar_question");
}

static enum err moment(struct question *q, const char *name, int64_t *ret)
{
	const char *text = json_string_value(json_object_get(q->asked, name));
	return text != NULL && time_parse(text, ret) ? OK : unclear(q, name);
}

static enum err day(struct question *q, const char *name, int32_t *ret)
{
	const char *text = json_string_value(json_object_get(q->asked, name));
	return text != NULL && calendar_date_read(text, ret) ? OK : unclear(q, name);
}

/* The amount: in milliseconds, or *ret_days. */
static enum err amount(struct question *q, int64_t *ret, bool *ret_days)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = {{"second", 1000}, {"minute", 60000}, {"hour", 3600000}, {"day", 1}};
	const json_t *number = json_object_get(q->asked, "amount");
	const char *unit = json_string_value(json_object_get(q->asked, "unit"));
	int64_t n = (int64_t)json_integer_value(number);
	if (!json_is_integer(number) || n < 0 || n > AMOUNT_MAX)
		return unclear(q, "amount");
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (str_equal(units[i].name, unit)) {
			*ret = n * units[i].ms;
			*ret_days = units[i].ms == 1;
			return OK;
		}
	}
	return unclear(q, "unit");
}

/* --- answers ----------------------------------------------------------- */

static enum err is_open(struct question *q)
{
	int64_t at;
	bool answer = false;
	enum err err = moment(q, "at", &at);
	if (err == OK)
		err = calendar_is_open(q->ctx, q->cal, at, &answer);
	jsonw_bool(q->out, answer);
	return err;
}

static enum err is_on_break(struct question *q)
{
	int64_t at;
	bool answer = false;
	enum err err = moment(q, "at", &at);
	if (err == OK)
		err = calendar_in_break(q->ctx, q->cal, at, &answer);
	jsonw_bool(q->out, answer);
	return err;
}

static enum err is_on_holiday(struct question *q)
{
	int64_t at;
	int32_t on = 0;
	enum err err = moment(q, "at", &at);
	if (err == OK)
		err = calendar_day_of(q->ctx, q->cal, at, &on);
	jsonw_bool(q->out, err == OK && calendar_is_holiday(q->cal, on));
	return err;
}

static enum err is_workday(struct question *q)
{
	int32_t on;
	bool answer = false;
	enum err err = day(q, "date", &on);
	if (err == OK)
		err = calendar_is_workday(q->ctx, q->cal, on, &answer);
	jsonw_bool(q->out, answer);
	return err;
}

static enum err workdays_between(struct question *q)
{
	int32_t first, last;
	int64_t answer = 0;
	enum err err = day(q, "from", &first);
	if (err == OK)
		err = day(q, "to", &last);
	if (err == OK)
		err = calendar_workdays(q->ctx, q->cal, first, last, &answer);
	jsonw_int(q->out, answer);
	return err;
}

static enum err open_seconds_between(struct question *q)
{
	int64_t from, to, answer = 0;
	enum err err = moment(q, "from", &from);
	if (err == OK)
		err = moment(q, "to", &to);
	if (err == OK)
		err = calendar_between(q->ctx, q->cal, from, to, &answer);
	jsonw_int(q->out, answer / 1000);
	return err;
}

static enum err go(struct question *q, bool back)
{
	int64_t from, n, answer = 0;
	bool days;
	enum err err = moment(q, "from", &from);
	if (err == OK)
		err = amount(q, &n, &days);
	if (err != OK)
		return err;
	if (n == 0)
		err = back ? calendar_last_open(q->ctx, q->cal, from, &answer) : calendar_next_open(q->ctx, q->cal, from, &answer);
	else if (days)
		err = calendar_add_days(q->ctx, q->cal, from, back ? -n : n, &answer);
	else
		err = calendar_add(q->ctx, q->cal, from, back ? -n : n, &answer);
	jsonw_time(q->out, answer);
	return err;
}

static enum err go_forward(struct question *q)
{
	return go(q, false);
}

static enum err go_back(struct question *q)
{
	return go(q, true);
}

static enum err next_opening(struct question *q)
{
	int64_t at, answer = 0;
	enum err err = moment(q, "at", &at);
	if (err == OK)
		err = calendar_next_open(q->ctx, q->cal, at, &answer);
	jsonw_time(q->out, answer);
	return err;
}

static enum err due_with_pauses(struct question *q)
{
	const json_t *list = json_object_get(q->asked, "pauses");
	size_t n = json_array_size(list);
	struct calendar_period *pauses = arena_array(q->ctx->arena, n + 1, sizeof(*pauses));
	int64_t from, ms, answer = 0;
	bool days = false;
	enum err err = moment(q, "from", &from);
	if (err == OK)
		err = amount(q, &ms, &days);
	if (err != OK)
		return err;
	if (pauses == NULL)
		return calendar_no_memory(q->ctx);
	if (days)
		return unclear(q, "unit");
	if (!json_is_array(list))
		return unclear(q, "pauses");
	for (size_t i = 0; i < n; i++) {
		const json_t *pair = json_array_get(list, i);
		const char *start = json_string_value(json_array_get(pair, 0)), *end = json_string_value(json_array_get(pair, 1));
		if (json_array_size(pair) != 2 || start == NULL || end == NULL || !time_parse(start, &pauses[i].start) ||
		    !time_parse(end, &pauses[i].end))
			return unclear(q, "pauses");
	}
	err = calendar_due(q->ctx, q->cal, from, ms, pauses, n, &answer);
	jsonw_time(q->out, answer);
	return err;
}

static enum err write_periods(struct question *q, int64_t from, int64_t until, bool back, size_t max)
{
	size_t n = 0;
	struct calendar_period *list = arena_array(q->ctx->arena, max + 1, sizeof(*list));
	if (list == NULL)
		return calendar_no_memory(q->ctx);
	enum err err = calendar_periods(q->ctx, q->cal, from, until, back, max, list, &n);
	jsonw_array(q->out);
	for (size_t i = 0; i < n; i++) {
		jsonw_array(q->out);
		jsonw_time(q->out, list[i].start);
		jsonw_time(q->out, list[i].end);
		jsonw_end_array(q->out);
	}
	jsonw_end_array(q->out);
	return err;
}

static enum err periods(struct question *q, bool back)
{
	const json_t *count = json_object_get(q->asked, "count");
	int64_t from, until = back ? INT64_MIN : INT64_MAX;
	size_t max = PERIODS_MAX;
	enum err err = moment(q, "from", &from);
	if (err == OK && json_object_get(q->asked, "until") != NULL)
		err = moment(q, "until", &until);
	else if (err == OK && count == NULL)
		err = unclear(q, "count");
	if (err != OK)
		return err;
	if (count != NULL) {
		if (!json_is_integer(count) || json_integer_value(count) < 0 || json_integer_value(count) > PERIODS_MAX)
			return unclear(q, "count");
		max = (size_t)json_integer_value(count);
	}
	return write_periods(q, from, until, back, max);
}

static enum err periods_after(struct question *q)
{
	return periods(q, false);
}

static enum err periods_before(struct question *q)
{
	return periods(q, true);
}

static enum err periods_on(struct question *q)
{
	int32_t on;
	int64_t start, end;
	enum err err = day(q, "date", &on);
	if (err == OK)
		err = calendar_day_start(q->ctx, q->cal, on, &start);
	if (err == OK)
		err = calendar_day_start(q->ctx, q->cal, on + 1, &end);
	return err == OK ? write_periods(q, start, end, false, PERIODS_MAX) : err;
}

static const struct {
	const char *name;
	enum err (*answer)(struct question *q);
} questions[] = {
	{"is_open", is_open},
	{"is_on_break", is_on_break},
	{"is_on_holiday", is_on_holiday},
	{"is_workday", is_workday},
	{"workdays_between", workdays_between},
	{"open_seconds_between", open_seconds_between},
	{"go_forward", go_forward},
	{"go_back", go_back},
	{"next_opening", next_opening},
	{"due_with_pauses", due_with_pauses},
	{"periods_after", periods_after},
	{"periods_before", periods_before},
	{"periods_on", periods_on},
};

static enum err answer(struct question *q)
{
	const char *name = json_string_value(json_object_get(q->asked, "ask"));
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		if (str_equal(questions[i].name, name))
			return questions[i].answer(q);
	}
	return fail_arg(q->ctx, ERR_INVALID, "question.ask", "calendar_ask", name != NULL ? name : "");
}

static enum err answer_case(struct ctx *ctx, const json_t *one, void *arg, struct buf *out)
{
	struct jsonw writer;
	struct question q = {.asked = json_object_get(one, "question"), .out = &writer, .ctx = ctx};
	struct calendar_rules rules;
	(void)arg;
	enum err err = calendar_rules_json(ctx, one, &rules);
	if (err == OK && !json_is_object(q.asked))
		err = fail(ctx, ERR_INVALID, "question", "calendar_form");
	if (err == OK)
		err = calendar_new(ctx, &rules, &q.cal);
	if (err != OK)
		return err;
	jsonw_init(&writer, out);
	err = answer(&q);
	calendar_free(q.cal);
	return err;
}

enum err calendar_ask(struct ctx *ctx, const char *json, size_t n, struct buf *out)
{
	return command_questions(ctx, json, n, "calendar_json", answer_case, NULL, out);
}
