/* What a survey decided goes into the plan, what it could not decide is said in warnings. */
#include <string.h>

#include "base/str.h"
#include "core/exchange/survey.h"

struct said {
	const char *code;
	const struct survey_note *note;
	const struct survey_words *words; /* in its place: all that is different */
	const struct survey_watch *watch; /* NULL: of the whole file */
	const char *arg, *choose;
	int64_t number; /* shown in the message */
};

static json_t *examples(const struct said *said, json_t **ret_values)
{
	const struct survey_note *note = said->note;
	json_t *rows = json_array();
	*ret_values = json_array();
	for (size_t i = 0; said->words != NULL && i < said->words->n; i++) {
		(void)json_array_append_new(rows, json_integer(said->words->rows[i]));
		(void)json_array_append_new(*ret_values, json_string(said->words->texts[i]));
	}
	if (note == NULL)
		return rows;
	for (size_t i = 0; i < note->n; i++) {
		(void)json_array_append_new(rows, json_integer(note->rows[i]));
		(void)json_array_append_new(*ret_values, json_string(note->values[i]));
	}
	return rows;
}

static void say(struct survey *s, json_t *list, const struct said *said)
{
	json_t *values = NULL, *rows = examples(said, &values);
	int64_t count = said->words != NULL ? said->words->count : said->note->count;
	json_t *one = json_pack("{s:s, s:I, s:o, s:o}", "code", said->code, "count", (json_int_t)count, "rows", rows, "values", values);
	if (one == NULL)
		return;
	if (said->watch != NULL) {
		const struct plan_record *r = &s->plan->records[said->watch->record];
		(void)json_object_set_new(one, "entity", json_string(r->info->entity->name));
		(void)json_object_set_new(one, "field", json_string(r->info->fields[r->fields[said->watch->field].at]->name));
		(void)json_object_set_new(one, "column", json_integer(said->watch->column));
	}
	if (said->arg != NULL)
		(void)json_object_set_new(one, "arg", json_string(said->arg));
	if (said->choose != NULL)
		(void)json_object_set_new(one, "choose", json_string(said->choose));
	(void)json_array_append_new(list, one);
}

/* --- decisions -------------------------------------------------------------------- */

/* The plan's own JSON of a watched field says how it is written. */
static void decide(struct survey *s, json_t *plan, const struct survey_watch *w, const char *name, const char *how)
{
	const struct plan_record *r = &s->plan->records[w->record];
	json_t *fields = json_object_get(json_array_get(json_object_get(plan, "records"), w->record), "fields");
	const char *field = r->info->fields[r->fields[w->field].at]->name;
	json_t *value = json_object_get(fields, field);
	if (json_is_string(value) || json_is_integer(value)) {
		json_t *object = json_pack("{s:O}", "column", value);
		if (object == NULL || json_object_set_new(fields, field, object) != 0)
			return;
		value = object;
	}
	if (json_is_object(value))
		(void)json_object_set_new(value, name, json_string(how));
}

/* Where day and month can't be told: as most people of the firm's country write. */
static enum date_order usual_order(const struct ctx *ctx)
{
	static const char month_first[] = "US PH CN JP KR TW CA MN";
	return strstr(month_first, registry_phone_region(ctx->registry)) != NULL ? DATE_MDY : DATE_DMY;
}

static const char *order_name(enum date_order order)
{
	static const char *const names[] = {"auto", "YMD", "DMY", "MDY"};
	return names[order];
}

static bool is_date(const struct survey_watch *w)
{
	return w->kind == SURVEY_DATE || w->kind == SURVEY_TIME || w->kind == SURVEY_PAST;
}

static bool two_orders(const struct date_votes *v)
{
	return (v->day_first > 0) + (v->month_first > 0) + (v->year_first > 0) > 1;
}

/* Each column by its own texts; one that says nothing as the others of the file do. */
static void conclude_date(struct survey *s, json_t *plan, json_t *list, const struct survey_watch *w, enum date_order other)
{
	enum date_order order = convert_date_decide(&w->votes);
	if (two_orders(&w->votes)) {
		say(s, list, &(struct said){.code = "import_dates_mixed", .note = &w->open, .watch = w, .choose = "date_order"});
		return;
	}
	if (order == DATE_AUTO && w->open.count > 0) {
		order = other != DATE_AUTO ? other : usual_order(s->ctx);
		if (other == DATE_AUTO)
			say(s, list, &(struct said){.code = "import_dates_guessed", .note = &w->open, .watch = w, .arg = order_name(order), .choose = "date_order"});
	}
	if (order == DATE_AUTO)
		return;
	decide(s, plan, w, "date", order_name(order));
	if (json_object_get(plan, "date_order") == NULL)
		(void)json_object_set_new(plan, "date_order", json_string(order_name(order)));
}

static void conclude_dates(struct survey *s, json_t *plan, json_t *list)
{
	enum date_order other = DATE_AUTO;
	for (size_t i = 0; i < s->n; i++)
		if (is_date(&s->watches[i]) && other == DATE_AUTO)
			other = convert_date_decide(&s->watches[i].votes);
	for (size_t i = 0; !s->dates_fixed && i < s->n; i++)
		if (is_date(&s->watches[i]) && !s->watches[i].fixed)
			conclude_date(s, plan, list, &s->watches[i], other);
}

static enum number_mark mark_of(const struct survey_watch *w)
{
	if ((w->points > 0) == (w->commas > 0))
		return NUMBER_AUTO;
	return w->points > 0 ? NUMBER_POINT : NUMBER_COMMA;
}

static void conclude_number(struct survey *s, json_t *plan, json_t *list, const struct survey_watch *w, enum number_mark other)
{
	enum number_mark mark = mark_of(w);
	bool open = w->open.count > 0, mixed = w->points > 0 && w->commas > 0;
	if (mixed && open)
		say(s, list, &(struct said){.code = "import_numbers_mixed", .note = &w->open, .watch = w, .choose = "number"});
	if (mixed)
		return;
	if (mark == NUMBER_AUTO && open && other == NUMBER_AUTO)
		say(s, list, &(struct said){.code = "import_numbers_guessed", .note = &w->open, .watch = w, .choose = "number"});
	if (mark == NUMBER_AUTO)
		mark = other;
	if (mark == NUMBER_COMMA || (mark == NUMBER_POINT && open))
		decide(s, plan, w, "number", mark == NUMBER_COMMA ? "comma" : "point");
}

static void conclude_numbers(struct survey *s, json_t *plan, json_t *list)
{
	enum number_mark other = NUMBER_AUTO;
	for (size_t i = 0; i < s->n; i++)
		if (s->watches[i].kind == SURVEY_NUMBER && other == NUMBER_AUTO)
			other = mark_of(&s->watches[i]);
	for (size_t i = 0; !s->numbers_fixed && i < s->n; i++)
		if (s->watches[i].kind == SURVEY_NUMBER && !s->watches[i].fixed)
			conclude_number(s, plan, list, &s->watches[i], other);
}

/* --- warnings ----------------------------------------------------------------------- */

static void conclude_cells(struct survey *s, json_t *list)
{
	const char *region = s->plan->country != NULL ? s->plan->country : registry_phone_region(s->ctx->registry);
	for (size_t i = 0; i < s->n; i++) {
		const struct survey_watch *w = &s->watches[i];
		bool phone = w->kind == SURVEY_PHONE;
		const struct said all[] = {
			{.code = "import_phones_damaged", .note = &w->damaged},
			{.code = "import_second_value", .note = &w->second},
			{.code = w->kind == SURVEY_PAST ? "import_birthdays_left" : "import_nothing_left", .note = &w->nothing},
			{.code = "import_birthdays_month", .note = &w->partial},
			{.code = "import_phones_foreign", .note = &w->foreign, .arg = region, .choose = "country"},
			{.code = "import_no_rate", .note = &w->unrated, .arg = registry_base_currency(s->ctx->registry)},
			{.code = "import_times_zone", .note = &w->local, .arg = s->plan->zone_name != NULL ? s->plan->zone_name : "UTC", .choose = "time_zone"},
		};
		if (w->unknown != NULL)
			say(s, list, &(struct said){.code = "import_values_unknown", .words = w->unknown, .watch = w, .choose = "values"});
		for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++) {
			struct said one = all[k];
			one.watch = w;
			bool zone = one.note == &w->local;
			if (one.note->count > 0 && !(zone && s->zone_said) && (one.note != &w->foreign || phone))
				say(s, list, &one);
		}
	}
}

static void conclude_file(struct survey *s, json_t *list)
{
	static const char *const codes[ABOUT_COUNT] = {
		[ABOUT_MERGED] = "import_merged",       [ABOUT_REPEATED] = "import_repeated", [ABOUT_SHARED] = "import_shared", [ABOUT_NAMESAKES] = "import_namesakes",
		[ABOUT_BEYOND] = "import_cells_beyond", [ABOUT_HEADING] = "import_heading_again", [ABOUT_UNDECODED] = "import_undecoded",
	};
	for (size_t i = 0; i < ABOUT_COUNT; i++)
		if (s->about[i].count > 0)
			say(s, list, &(struct said){.code = codes[i], .note = &s->about[i], .choose = i == ABOUT_UNDECODED ? "encoding" : i <= ABOUT_REPEATED ? "key" : NULL});
}

/* An address that several people share tells none of them apart without the name, if it was we who took it for the key. */
static void narrow_key(struct survey *s, json_t *plan)
{
	const struct plan_record *r = &s->plan->records[s->plan->main];
	json_t *record = json_array_get(json_object_get(plan, "records"), s->plan->main);
	struct survey_note *merged = &s->about[ABOUT_MERGED];
	bool address = r->n_keys == 1 && r->info->fields[r->fields[r->keys[0]].at]->type == FIELD_EMAIL;
	if (merged->count == 0 || !address || !json_is_true(json_object_get(record, "key_guessed")))
		return;
	(void)json_array_append_new(json_object_get(record, "key"), json_string(r->info->fields[r->info->title]->name));
	s->about[ABOUT_SHARED] = *merged;
	*merged = (struct survey_note){.count = 0};
}

enum err import_survey_conclude(struct survey *s, json_t *plan)
{
	json_t *list = json_array(), *survey = json_pack("{s:I, s:o}", "rows", (json_int_t)s->rows, "warnings", list);
	if (survey == NULL)
		return fail(s->ctx, ERR_LIMIT, "", "memory");
	narrow_key(s, plan);
	conclude_file(s, list);
	conclude_dates(s, plan, list);
	conclude_numbers(s, plan, list);
	conclude_cells(s, list);
	return json_object_set_new(plan, "survey", survey) == 0 ? OK : fail(s->ctx, ERR_LIMIT, "", "memory");
}

/* --- to the reader ---------------------------------------------------------------------- */

/* How many is said with the cells or rows it is about; {} of a message is what it depends on. */
static const char *message(struct ctx *ctx, const json_t *one)
{
	const char *code = json_string_value(json_object_get(one, "code")), *arg = json_string_value(json_object_get(one, "arg"));
	const struct fault fault = {"", code, arg};
	const char *text = code != NULL ? app_message(ctx, &fault) : "";
	const char *out = arena_printf(ctx->arena, ctx->locale == LOCALE_EN ? "%s (%lld)" : "%s（%lld）", text, (long long)json_integer_value(json_object_get(one, "count")));
	return out != NULL ? out : text;
}

static void write_list(struct jsonw *w, const char *name, const json_t *list)
{
	const json_t *one;
	size_t i;
	jsonw_key(w, name);
	jsonw_array(w);
	json_array_foreach(list, i, one) {
		if (json_is_integer(one))
			jsonw_int(w, json_integer_value(one));
		else
			jsonw_text(w, json_string_value(one));
	}
	jsonw_end_array(w);
}

void import_write_warnings(struct ctx *ctx, const json_t *plan, struct jsonw *w)
{
	static const char *const texts[] = {"code", "entity", "field", "choose"};
	const json_t *list = json_object_get(json_object_get(plan, "survey"), "warnings"), *one;
	size_t i;
	jsonw_array(w);
	json_array_foreach(list, i, one) {
		const json_t *column = json_object_get(one, "column");
		jsonw_object(w);
		for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
			if (json_object_get(one, texts[k]) != NULL)
				jsonw_kv_text(w, texts[k], json_string_value(json_object_get(one, texts[k])));
		if (json_is_integer(column))
			jsonw_kv_int(w, "column", json_integer_value(column));
		jsonw_kv_int(w, "count", json_integer_value(json_object_get(one, "count")));
		write_list(w, "rows", json_object_get(one, "rows"));
		write_list(w, "values", json_object_get(one, "values"));
		jsonw_kv_text(w, "message", message(ctx, one));
		jsonw_end_object(w);
	}
	jsonw_end_array(w);
}
