/* Reads a whole file before its first row is written: how its columns write days, numbers and phones, and whom its
 * keys would make one. Only columns that a plan uses are looked at, each cell once and without the store. */
#include "core/exchange/survey.h"

#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "core/text/text.h"

enum { KEYS_MAX = 2 << 20, PHONES_TRIED = 500, ARENA_ROWS = 256 };

/* --- notes ------------------------------------------------------------------ */

static void note(struct survey_note *n, int64_t row, const char *value)
{
	n->count++;
	if (n->n == SURVEY_EXAMPLES)
		return;
	size_t len = strlen(value), at = 0, end = 0;
	while (at < len) {
		(void)utf8_next(value, len, &at);
		if (at >= SURVEY_EXAMPLE_BYTES)
			break;
		end = at;
	}
	n->rows[n->n] = row;
	memcpy(n->values[n->n], value, end);
	n->values[n->n++][end] = '\0';
}

/* --- cells ------------------------------------------------------------------- */

static void look_number(struct survey_watch *w, int64_t row, const char *text)
{
	bool open = false;
	/* 12, -12.50 and 0.5, as nearly always; 1.234 may be more than a thousand */
	const char *p = text + (*text == '-');
	size_t whole = strspn(p, "0123456789"), rest = p[whole] == '.' ? strspn(p + whole + 1, "0123456789") : 0;
	if (whole > 0 && p[whole] == '\0')
		return;
	if (whole > 0 && rest > 0 && rest != 3 && p[whole + 1 + rest] == '\0') {
		w->points++;
		return;
	}
	if (strpbrk(text, ".,\xd9\xef") == NULL) /* no mark, as nearly always; or an Arabic or wide one */
		return;
	enum number_mark mark = convert_number_mark(text, &open);
	w->points += mark == NUMBER_POINT;
	w->commas += mark == NUMBER_COMMA;
	if (open)
		note(&w->open, row, text);
}

/* 2024-06-03 and 2024-06-03 10:15:00 say nothing of an order; the second has no zone. */
static bool plain_time(const char *text, bool *ret_local)
{
	size_t n = strspn(text, "0123456789-");
	if (n != 10 || text[4] != '-' || text[7] != '-')
		return false;
	*ret_local = text[10] != '\0' && strspn(text + 11, "0123456789:.") == strlen(text + 11);
	return text[10] == '\0' || *ret_local;
}

static void look_date(struct ctx *ctx, struct survey_watch *w, int64_t row, const char *text)
{
	int month = 0, day = 0;
	bool local = false;
	if (plain_time(text, &local) && (text[0] != '0' && !str_starts(text, "1604"))) {
		if (local && w->kind == SURVEY_TIME)
			note(&w->local, row, text);
		return;
	}
	int64_t before = w->votes.either + w->votes.short_year;
	convert_date_votes(text, &w->votes);
	if (w->votes.either + w->votes.short_year > before)
		note(&w->open, row, text);
	if (w->kind == SURVEY_TIME) {
		struct civil c;
		if (convert_is_local(convert_date(ctx, text, DATE_MDY), &c))
			note(&w->local, row, text);
	}
	if (w->kind != SURVEY_PAST || (convert_is_date(text) && !str_starts(text, "1604") && !str_starts(text, "0000")))
		return;
	bool partial = convert_partial_day(text, DATE_AUTO, &month, &day);
	if (!partial)
		note(&w->nothing, row, text);
	else if (day == 0)
		note(&w->partial, row, text);
}

static bool plain_phone(const char *text)
{
	size_t n = strspn(text, "0123456789");
	return text[n] == '\0' && n == 11 && text[0] == '1' && text[1] >= '3';
}

/* Not only digits and the marks within one number: there may be more than one, or none. */
static bool looks_odd(const char *text)
{
	return strpbrk(text, "eE;/|\n,. ") != NULL || strstr(text, "、") != NULL || strstr(text, "；") != NULL || strlen(text) < 5;
}

static enum err look_phone(struct ctx *ctx, struct survey_watch *w, int64_t row, const char *text, const char *region)
{
	struct contact contact;
	/* What libphonenumber says of a few is what it would say of all. */
	if (plain_phone(text) || (w->looked >= PHONES_TRIED && !looks_odd(text)))
		return OK;
	w->looked++;
	enum err err = convert_phone(ctx, text, region, &contact);
	if (err != OK)
		return err;
	bool none = contact.text[0] == '\0';
	if (contact.damaged)
		note(&w->damaged, row, text);
	if (contact.rest != NULL)
		note(&w->second, row, text);
	if (contact.nothing && none)
		note(&w->nothing, row, text);
	if (!none && !contact.valid && !contact.damaged && strchr(text, '*') == NULL)
		note(&w->foreign, row, text);
	return OK;
}

static enum err look_email(struct ctx *ctx, struct survey_watch *w, int64_t row, const char *text)
{
	struct contact contact;
	if (strpbrk(text, " ;,<|/\n:(") == NULL && strchr(text, '@') != NULL && strstr(text, "、") == NULL && strstr(text, "；") == NULL)
		return OK;
	enum err err = convert_email(ctx, text, &contact);
	if (err != OK)
		return err;
	if (contact.rest != NULL)
		note(&w->second, row, text);
	if (contact.nothing && contact.text[0] == '\0')
		note(&w->nothing, row, text);
	return OK;
}

/* --- keys --------------------------------------------------------------------- */

struct known {
	uint64_t key;
	uint32_t row, title; /* row 0: free */
};

struct known_set {
	struct known *list;
	size_t n, size;
	bool full;
};

static uint64_t mix(uint64_t h)
{
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdULL;
	return h ^ h >> 33;
}

static bool grow(struct known_set *set)
{
	size_t size = set->size == 0 ? 4096 : set->size * 2;
	struct known *list = calloc(size, sizeof(*list));
	if (list == NULL)
		return false;
	for (size_t i = 0; i < set->size; i++) {
		if (set->list[i].row == 0)
			continue;
		size_t at = set->list[i].key & (size - 1);
		while (list[at].row != 0)
			at = (at + 1) & (size - 1);
		list[at] = set->list[i];
	}
	free(set->list);
	set->list = list;
	set->size = size;
	return true;
}

/* The earlier row with this key, or NULL: then it is put there. Bounded: what does not fit is not told. */
static const struct known *meet(struct known_set *set, uint64_t key, int64_t row, uint32_t title)
{
	if (set->full || row > UINT32_MAX)
		return NULL;
	if (set->n * 2 >= set->size && (set->n >= KEYS_MAX || !grow(set))) {
		set->full = true;
		return NULL;
	}
	size_t at = key & (set->size - 1);
	for (; set->list[at].row != 0; at = (at + 1) & (set->size - 1))
		if (set->list[at].key == key)
			return &set->list[at];
	set->list[at] = (struct known){key, (uint32_t)row, title};
	set->n++;
	return NULL;
}

struct keys_looked {
	const struct plan_record *record; /* NULL: the plan's keys are not looked at */
	struct known_set whole, phones, titles;
	int title; /* field of the plan, -1 */
	int phone; /* key field that is a phone beside others, -1 */
};

static const char *field_text(struct ctx *ctx, const struct plan_value *v, const struct table_row *row)
{
	const char *name = "";
	if (v->source == PLAN_COLUMN)
		return prepare_cell(ctx, row->cells, row->n, v->column);
	if (v->source == PLAN_PERSON)
		(void)!text_person_name(ctx, prepare_cell(ctx, row->cells, row->n, v->given), prepare_cell(ctx, row->cells, row->n, v->middle),
		                        prepare_cell(ctx, row->cells, row->n, v->family), &name);
	return name;
}

/* A phone's last digits, of all else the form in which it is compared: near enough to find the same again. */
static uint64_t key_hash(struct ctx *ctx, const struct field *field, const char *text, bool *ret_tells)
{
	char plain[256];
	size_t n = 0;
	(void)!text_form(ctx, text, strlen(text), false, &text, &n);
	n = 0;
	bool phone = field->type == FIELD_PHONE;
	for (const char *p = text; *p != '\0' && n + 1 < sizeof(plain); p++)
		if (phone ? *p >= '0' && *p <= '9' : *p != ' ')
			plain[n++] = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
	plain[n] = '\0';
	*ret_tells = n > 0 && !(phone && (n < 7 || strpbrk(text, "eE*") != NULL || strspn(plain, "0") == n)) && !convert_is_nothing(text);
	const char *from = phone && n > 11 ? plain + n - 11 : plain;
	return mix(str_hash(from, strlen(from)));
}

static bool read_by_column(const struct plan_value *v)
{
	return v->source == PLAN_COLUMN || v->source == PLAN_PERSON;
}

/* Plans in which rows repeat a key on purpose (the lines of one order) are left alone. */
static bool counts_rows(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_records; i++)
		for (size_t f = 0; f < plan->records[i].n_fields; f++)
			if (plan->records[i].fields[f].value.source == PLAN_COUNTER)
				return true;
	return false;
}

static void begin_keys(const struct plan *plan, struct keys_looked *k)
{
	const struct plan_record *r = &plan->records[plan->main];
	k->title = k->phone = -1;
	if (plan->n_fill_down > 0 || r->n_when > 0 || r->mode == PLAN_KEEP || counts_rows(plan))
		return;
	for (size_t i = 0; i < r->n_fields; i++)
		if (r->fields[i].at == r->info->title && read_by_column(&r->fields[i].value))
			k->title = (int)i;
	for (size_t i = 0; i < r->n_keys; i++) {
		const struct plan_field *f = &r->fields[r->keys[i]];
		enum field_type type = r->info->fields[f->at]->type;
		if (!read_by_column(&f->value))
			return;
		if (r->n_keys > 1 && (type == FIELD_PHONE || type == FIELD_EMAIL))
			k->phone = r->keys[i];
	}
	if (k->title >= 0 || r->n_keys > 0)
		k->record = r;
}

static void look_keys(struct ctx *ctx, struct survey *s, struct keys_looked *k, const struct table_row *row)
{
	const struct plan_record *r = k->record;
	const char *title = k->title >= 0 ? field_text(ctx, &r->fields[k->title].value, row) : "", *shown = title;
	uint32_t title_hash = (uint32_t)mix(str_hash(title, strlen(title)));
	uint64_t key = 0;
	bool whole = r->n_keys > 0, tells = false;
	for (size_t i = 0; i < r->n_keys; i++) {
		const struct plan_field *f = &r->fields[r->keys[i]];
		const char *text = field_text(ctx, &f->value, row);
		uint64_t one = key_hash(ctx, r->info->fields[f->at], text, &tells);
		whole &= tells;
		key = mix(key ^ (one + i));
		if (shown[0] == '\0')
			shown = text;
		if (tells && k->phone == r->keys[i]) {
			const struct known *sharing = meet(&k->phones, one, row->number, title_hash);
			if (sharing != NULL && sharing->title != title_hash)
				note(&s->about[ABOUT_SHARED], row->number, arena_printf(ctx->arena, "%s %s", title, text));
		}
	}
	if (whole) {
		const struct known *earlier = meet(&k->whole, key, row->number, title_hash);
		if (earlier != NULL)
			note(&s->about[k->title < 0 || earlier->title == title_hash ? ABOUT_REPEATED : ABOUT_MERGED], row->number, shown);
	} else if (title[0] != '\0' && r->mode != PLAN_UPDATE && meet(&k->titles, mix(str_hash(title, strlen(title))), row->number, 1) != NULL) {
		note(&s->about[ABOUT_NAMESAKES], row->number, title);
	}
}

/* --- the pass --------------------------------------------------------------------- */

static bool kind_of(const struct field *field, enum survey_kind *ret)
{
	static const enum survey_kind kinds[FIELD_TYPE_COUNT] = {
		[FIELD_INT] = SURVEY_NUMBER, [FIELD_DECIMAL] = SURVEY_NUMBER, [FIELD_REAL] = SURVEY_NUMBER, [FIELD_MONEY] = SURVEY_NUMBER,
		[FIELD_DATE] = SURVEY_DATE,  [FIELD_TIME] = SURVEY_TIME,      [FIELD_PHONE] = SURVEY_PHONE, [FIELD_EMAIL] = SURVEY_EMAIL,
	};
	*ret = kinds[field->type];
	if (*ret == SURVEY_DATE && (field->flags & F_PAST))
		*ret = SURVEY_PAST;
	return *ret != SURVEY_NONE;
}

/* A currency whose record has a rate that no column gives. */
static bool needs_rate(const struct plan_record *r, size_t f)
{
	int rate = entity_field(r->info, "fx_rate");
	bool needs = rate >= 0 && str_equal(r->info->fields[r->fields[f].at]->name, "currency");
	for (size_t i = 0; needs && i < r->n_fields; i++)
		needs = r->fields[i].at != rate;
	return needs;
}

static void look_currency(struct ctx *ctx, struct survey_watch *w, int64_t row, const char *text)
{
	char code[4];
	if (currency_normal(convert_currency(text), code) && !str_equal(code, registry_base_currency(ctx->registry)))
		note(&w->unrated, row, text);
}

/* What the field takes as it stands, or as people write it. */
static enum err is_choice(struct ctx *ctx, const struct field *field, const char *text, bool *ret)
{
	enum err err = field->type == FIELD_ENUM ? convert_option(ctx, field, text, &text) : OK;
	const char *word = field->type == FIELD_BOOL ? convert_bool(text) : "";
	*ret = field->type == FIELD_BOOL && (str_equal(word, "true") || str_equal(word, "false"));
	for (const struct option *o = field->options; field->type == FIELD_ENUM && o != NULL && o->value != NULL; o++)
		*ret |= str_equal(o->value, text);
	return err;
}

static enum err look_choice(struct ctx *ctx, struct survey *s, struct survey_watch *w, int64_t row, const char *text)
{
	const struct plan_record *r = &s->plan->records[w->record];
	const struct plan_value *v = &r->fields[w->field].value;
	bool known = false;
	const char *meant = v->words != NULL ? plan_word(v->words, text) : text;
	meant = v->values != NULL ? plan_word(v->values, meant) : meant;
	enum err err = meant[0] == '\0' ? OK : is_choice(ctx, r->info->fields[r->fields[w->field].at], meant, &known);
	if (err != OK || known || meant[0] == '\0' || convert_is_nothing(meant))
		return err;
	if (w->unknown == NULL)
		w->unknown = arena_alloc(s->arena, sizeof(*w->unknown));
	if (w->unknown == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	struct survey_words *u = w->unknown;
	u->count++;
	for (size_t i = 0; i < u->n; i++)
		if (strcmp(u->texts[i], meant) == 0)
			return OK;
	/* A text that is cut short could not be given a meaning. */
	if (u->n == SURVEY_WORDS_MAX || strlen(meant) >= SURVEY_EXAMPLE_BYTES)
		return OK;
	u->rows[u->n] = row;
	memcpy(u->texts[u->n++], meant, strlen(meant) + 1);
	return OK;
}

static enum err begin(struct survey *s)
{
	s->watches = arena_array(s->ctx->arena, SURVEY_WATCHES_MAX, sizeof(*s->watches));
	if (s->watches == NULL)
		return fail(s->ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < s->plan->n_records; i++) {
		const struct plan_record *r = &s->plan->records[i];
		for (size_t f = 0; f < r->n_fields && s->n < SURVEY_WATCHES_MAX; f++) {
			const struct plan_value *v = &r->fields[f].value;
			enum survey_kind kind;
			enum field_type type = r->info->fields[r->fields[f].at]->type;
			bool choice = type == FIELD_ENUM || type == FIELD_BOOL;
			if (v->source != PLAN_COLUMN || v->column < 0 || (v->words != NULL && !choice))
				continue;
			if (choice)
				kind = SURVEY_CHOICE;
			else if (needs_rate(r, f))
				kind = SURVEY_CURRENCY;
			else if (!kind_of(r->info->fields[r->fields[f].at], &kind))
				continue;
			s->watches[s->n++] = (struct survey_watch){.kind = kind, .record = i, .field = f, .column = v->column, .fixed = v->marked};
		}
	}
	return OK;
}

static enum err look_row(struct ctx *ctx, struct survey *s, const struct table_row *row)
{
	const char *region = s->plan->country != NULL ? s->plan->country : registry_phone_region(ctx->registry);
	const struct plan_columns *columns = s->plan->columns;
	enum err err = OK;
	for (size_t i = columns->n; i < row->n && columns->n > 0; i++)
		if (row->cells[i].len > 0) {
			note(&s->about[ABOUT_BEYOND], row->number, row->cells[i].text);
			break;
		}
	for (size_t i = 0; err == OK && i < s->n; i++) {
		struct survey_watch *w = &s->watches[i];
		const char *text = prepare_cell(ctx, row->cells, row->n, w->column);
		if (text[0] == '\0' || (w->kind < SURVEY_PHONE && convert_is_nothing(text)))
			continue;
		if (w->kind == SURVEY_NUMBER)
			look_number(w, row->number, text);
		else if (w->kind == SURVEY_PHONE)
			err = look_phone(ctx, w, row->number, text, region);
		else if (w->kind == SURVEY_CURRENCY)
			look_currency(ctx, w, row->number, text);
		else if (w->kind == SURVEY_CHOICE)
			err = look_choice(ctx, s, w, row->number, text);
		else if (w->kind == SURVEY_EMAIL)
			err = look_email(ctx, w, row->number, text);
		else
			look_date(ctx, w, row->number, text);
	}
	return err;
}

/* What can't be read further ends the survey, not the import: that says so itself. */
static enum err look_all(struct ctx *ctx, struct survey *s, struct table *table)
{
	struct arena scratch, *own = ctx->arena;
	struct keys_looked keys = {.record = NULL};
	enum err err = OK;
	arena_init(&scratch, 16u << 20);
	begin_keys(s->plan, &keys);
	ctx->arena = &scratch;
	for (;;) {
		struct table_row row;
		bool more = false;
		err = table_next(ctx, table, &row, &more);
		if (err != OK || !more)
			break;
		s->rows++;
		if (row.problem != NULL)
			continue;
		err = plan_fix_row(ctx, s->plan, &row, &row);
		if (err != OK)
			break;
		if (prepare_is_heading(ctx, s->plan->columns, row.cells, row.n)) {
			note(&s->about[ABOUT_HEADING], row.number, row.cells[0].text);
			continue;
		}
		err = look_row(ctx, s, &row);
		if (err != OK)
			break;
		if (keys.record != NULL)
			look_keys(ctx, s, &keys, &row);
		if (s->rows % ARENA_ROWS == 0)
			arena_reset(&scratch);
	}
	ctx->arena = own;
	faults_clear(ctx);
	arena_release(&scratch);
	free(keys.whole.list);
	free(keys.phones.list);
	free(keys.titles.list);
	s->about[ABOUT_UNDECODED].count = table_info(table)->decode_errors;
	return OK;
}

enum err import_settle_plan(struct ctx *ctx, struct table *table, json_t *json)
{
	const struct table_info *info = table_info(table);
	struct plan_columns columns = {info->columns, info->n_columns};
	struct survey s = {.ctx = ctx, .arena = ctx->arena};
	struct plan *plan = NULL;
	enum err err = plan_compile(ctx, json, &columns, &plan);
	if (err != OK)
		return err;
	s.plan = plan;
	s.dates_fixed = json_object_get(json, "date_order") != NULL;
	s.numbers_fixed = json_object_get(json, "number") != NULL;
	s.zone_said = json_object_get(json, "time_zone") != NULL || json_object_get(json, "utc_offset") != NULL;
	err = begin(&s);
	if (err == OK)
		err = look_all(ctx, &s, table);
	return err == OK ? import_survey_conclude(&s, json) : err;
}
