/* A row of cells to checked values, without the store: on the reader's thread, ahead
 * of the writer. */
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/str.h"
#include "core/entity/field_type.h"
#include "core/exchange/convert.h"
#include "core/exchange/import.h"
#include "core/text/text.h"

/* The last text of a field and what it became: columns repeat themselves. */
struct memo {
	struct buf in, out;
	struct value value;
	bool set, constant;
};

struct prepare {
	const struct plan *plan;
	struct buf *above; /* by fill_down */
	struct memo *memos; /* of all fields of all records */
	struct arena constants; /* values that are the same in every row */
	size_t n_memos;
	struct plan_zone zone;
	struct text_zone *zones[PLAN_ZONES_MAX]; /* of the plan's `zones` */
	char today[TIME_TEXT_MAX];
	const struct table_row *row;
	const struct cell *cells; /* the row's, after filling down */
	struct cell *filled;
	size_t n_cells, cap_cells;
};

enum { MEMO_TEXT_MAX = 512, SUM_SCALE = 4 };

static size_t count_fields(const struct plan *plan)
{
	size_t n = 0;
	for (size_t i = 0; i < plan->n_records; i++)
		n += plan->records[i].n_fields;
	return n;
}

enum err prepare_new(struct ctx *ctx, const struct plan *plan, struct prepare **ret)
{
	struct prepare *p = calloc(1, sizeof(*p));
	*ret = p;
	if (p == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	p->plan = plan;
	arena_init(&p->constants, (size_t)4 << 20);
	p->zone.minutes = plan->utc_offset_min;
	(void)time_format(ctx_now(ctx), p->today);
	p->today[10] = '\0';
	if (plan->zone_name != NULL && !text_zone_new(plan->zone_name, &p->zone.zone)) {
		prepare_free(p);
		*ret = NULL;
		return fail_arg(ctx, ERR_INVALID, "plan.time_zone", "plan_zone", plan->zone_name);
	}
	for (size_t i = 0; i < plan->n_zones; i++)
		if (!text_zone_new(plan->zones[i], &p->zones[i])) {
			prepare_free(p);
			*ret = NULL;
			return fail_arg(ctx, ERR_INVALID, "plan.time_zone", "plan_zone", plan->zones[i]);
		}
	p->n_memos = count_fields(plan);
	p->memos = calloc(p->n_memos + 1, sizeof(*p->memos));
	p->above = calloc(plan->n_fill_down + 1, sizeof(*p->above));
	if (p->memos == NULL || p->above == NULL) {
		prepare_free(p);
		*ret = NULL;
		return fail(ctx, ERR_LIMIT, "", "memory");
	}
	for (size_t i = 0; i < p->n_memos; i++) {
		buf_init(&p->memos[i].in, MEMO_TEXT_MAX);
		buf_init(&p->memos[i].out, MEMO_TEXT_MAX * 2);
	}
	for (size_t i = 0; i < plan->n_fill_down; i++)
		buf_init(&p->above[i], TABLE_CELL_MAX);
	return OK;
}

void prepare_free(struct prepare *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; p->memos != NULL && i < p->n_memos; i++) {
		buf_release(&p->memos[i].in);
		buf_release(&p->memos[i].out);
	}
	for (size_t i = 0; p->above != NULL && i < p->plan->n_fill_down; i++)
		buf_release(&p->above[i]);
	arena_release(&p->constants);
	text_zone_free(p->zone.zone);
	for (size_t i = 0; i < PLAN_ZONES_MAX; i++)
		text_zone_free(p->zones[i]);
	free(p->memos);
	free(p->above);
	free(p->filled);
	free(p);
}

/* --- cells ---------------------------------------------------------------- */

/* Empty cells of these columns take what stood above. */
static bool fill_down(struct prepare *p, const struct table_row *row)
{
	const struct plan *plan = p->plan;
	p->row = row;
	p->cells = row->cells;
	p->n_cells = row->n;
	if (plan->n_fill_down == 0)
		return true;
	size_t want = row->n;
	for (size_t i = 0; i < plan->n_fill_down; i++)
		if ((size_t)plan->fill_down[i] >= want)
			want = (size_t)plan->fill_down[i] + 1;
	if (want > p->cap_cells) {
		struct cell *more = realloc(p->filled, want * sizeof(*more));
		if (more == NULL)
			return false;
		p->filled = more;
		p->cap_cells = want;
	}
	for (size_t i = 0; i < want; i++)
		p->filled[i] = i < row->n ? row->cells[i] : (struct cell){"", 0, CELL_EMPTY};
	for (size_t i = 0; i < plan->n_fill_down; i++) {
		struct cell *cell = &p->filled[plan->fill_down[i]];
		if (cell->len == 0) {
			*cell = (struct cell){buf_text(&p->above[i]), p->above[i].len, CELL_TEXT};
			continue;
		}
		buf_reset(&p->above[i]);
		buf_add(&p->above[i], cell->text, cell->len);
	}
	p->cells = p->filled;
	p->n_cells = want;
	return true;
}

const char *prepare_cell(struct ctx *ctx, const struct cell *cells, size_t n, int column)
{
	if (column < 0 || (size_t)column >= n || cells[column].len == 0)
		return "";
	const struct cell *cell = &cells[column];
	size_t len = 0;
	const char *text = str_trim(cell->text, cell->len, &len);
	while (len >= 3 && memcmp(text, "\xe3\x80\x80", 3) == 0) /* ideographic space */
		text += 3, len -= 3;
	if (len == 0)
		return "";
	/* ="0123" and '0123 are the reader's, who knows our own writer's marks from a shop's. */
	bool wrapped = *text == '`';
	if (text + len == cell->text + cell->len)
		return wrapped ? convert_unwrap(ctx, text) : text;
	const char *copy = arena_strndup(ctx->arena, text, len);
	if (copy == NULL)
		return "";
	return wrapped ? convert_unwrap(ctx, copy) : copy;
}

static const char *cell_text(struct ctx *ctx, const struct prepare *p, int column)
{
	return prepare_cell(ctx, p->cells, p->n_cells, column);
}

/* --- conditions ------------------------------------------------------------- */

static bool is_one_of(const char *text, const char *const *texts)
{
	for (; *texts != NULL; texts++)
		if (strcmp(text, *texts) == 0)
			return true;
	return false;
}

static bool begins(const char *text, const char *const *texts)
{
	for (; *texts != NULL; texts++)
		if (str_starts(text, *texts))
			return true;
	return false;
}

static bool number_holds(struct ctx *ctx, enum plan_test test, const char *text)
{
	const char *number = convert_number(ctx, text, NUMBER_AUTO);
	bool nothing = strspn(number, "-0.") == strlen(number);
	if (test == TEST_ZERO)
		return number[0] != '\0' && nothing;
	return !nothing && (test == TEST_NEGATIVE ? number[0] == '-' : number[0] >= '0' && number[0] <= '9');
}

static bool text_holds(struct ctx *ctx, const struct plan_condition *c, const char *text)
{
	switch (c->test) {
	case TEST_FILLED: return text[0] != '\0';
	case TEST_EMPTY: return text[0] == '\0';
	case TEST_PLAIN: return text[0] != '\0' && strchr(text, '*') == NULL;
	case TEST_EQUALS:
	case TEST_IN: return is_one_of(text, c->texts);
	case TEST_STARTS: return begins(text, c->texts);
	case TEST_NEGATIVE:
	case TEST_POSITIVE:
	case TEST_ZERO: return number_holds(ctx, c->test, text);
	}
	return false;
}

static bool holds(struct ctx *ctx, const struct prepare *p, const struct plan_condition *c)
{
	for (size_t i = 0; i < c->n_any; i++)
		if (holds(ctx, p, &c->any[i]))
			return true;
	return c->n_any == 0 && text_holds(ctx, c, cell_text(ctx, p, c->column)) != c->not;
}

static bool all_hold(struct ctx *ctx, const struct prepare *p, const struct plan_condition *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!holds(ctx, p, &list[i]))
			return false;
	return true;
}

/* --- values ------------------------------------------------------------------- */

static const char *value_text_of(struct ctx *ctx, struct prepare *p, const struct plan_value *v, const struct field *field);

/* Texts and columns in turn; nothing if all its columns are empty. Runs of blanks become one. */
static const char *template_text(struct ctx *ctx, struct prepare *p, const struct plan_value *v)
{
	struct buf out;
	bool any = false, columns = false;
	buf_init(&out, TABLE_CELL_MAX);
	for (size_t i = 0; i < v->n_pieces; i++) {
		const struct plan_piece *piece = &v->pieces[i];
		buf_puts(&out, piece->text);
		if (piece->column == -2) {
			buf_put_i64(&out, p->row->number);
		} else if (piece->column >= 0) {
			const char *text = cell_text(ctx, p, piece->column);
			if (piece->integer)
				text = convert_integer(ctx, text);
			columns = true;
			any |= text[0] != '\0';
			buf_puts(&out, text);
		}
	}
	char *copy = buf_failed(&out) || (columns && !any) ? NULL : arena_strdup(ctx->arena, buf_text(&out));
	buf_release(&out);
	if (copy == NULL)
		return "";
	char *to = copy;
	for (const char *from = copy; *from != '\0'; from++)
		if (*from != ' ' || (to > copy && to[-1] != ' '))
			*to++ = *from;
	while (to > copy && to[-1] == ' ')
		to--;
	*to = '\0';
	return copy;
}

/* Columns added and taken away; nothing where the first is empty or one is no number. */
static const char *sum_text(struct ctx *ctx, const struct prepare *p, const struct plan_value *v)
{
	int64_t sum = 0;
	for (size_t i = 0; i < v->n_pieces; i++) {
		const char *text = cell_text(ctx, p, v->pieces[i].column);
		int64_t one = 0;
		if (text[0] == '\0' && i == 0)
			return "";
		if (text[0] != '\0' && !decimal_parse(convert_number(ctx, text, v->mark), SUM_SCALE, &one))
			return "";
		if (v->pieces[i].less ? __builtin_sub_overflow(sum, one, &sum) : __builtin_add_overflow(sum, one, &sum))
			return "";
	}
	char *out = arena_alloc(ctx->arena, DECIMAL_TEXT_MAX);
	if (out == NULL)
		return "";
	size_t n = decimal_format(sum, SUM_SCALE, out);
	while (n > 1 && out[n - 1] == '0')
		n--;
	out[n - (out[n - 1] == '.')] = '\0';
	return out;
}

/* A day that lies behind us, whole or in part; false: it is none. */
static bool read_birthday(struct ctx *ctx, const struct prepare *p, const struct plan_value *v, const char *text, const char **ret_day, int *ret_month, int *ret_mday)
{
	bool yearless = text[0] == '-' || str_starts(text, "1604") || str_starts(text, "0000");
	*ret_day = NULL;
	if (yearless && convert_partial_day(text, v->dates, ret_month, ret_mday))
		return true;
	const char *day = convert_past_day(ctx, text, v->dates, p->today);
	if (date_valid(day) && !yearless) {
		*ret_day = day;
		return true;
	}
	return convert_partial_day(text, v->dates, ret_month, ret_mday);
}

/* The month or day of a birthday without a year. */
static const char *part_of_birthday(struct ctx *ctx, const struct prepare *p, const struct plan_value *v)
{
	const char *text = cell_text(ctx, p, v->column), *day;
	int month = 0, mday = 0;
	if (text[0] == '\0' || !read_birthday(ctx, p, v, text, &day, &month, &mday) || day != NULL)
		return "";
	int part = v->source == PLAN_MONTH ? month : mday;
	const char *number = part > 0 ? arena_printf(ctx->arena, "%d", part) : "";
	return number != NULL ? number : "";
}

static const char *person_text(struct ctx *ctx, const struct prepare *p, const struct plan_value *v)
{
	const char *name = NULL;
	enum err err = text_person_name(ctx, cell_text(ctx, p, v->given), cell_text(ctx, p, v->middle), cell_text(ctx, p, v->family), &name);
	return err == OK ? name : "";
}

static const char *source_text(struct ctx *ctx, struct prepare *p, const struct plan_value *v, const struct field *field)
{
	switch (v->source) {
	case PLAN_COLUMN:
		return cell_text(ctx, p, v->column);
	case PLAN_CONSTANT:
		return v->text;
	case PLAN_TEMPLATE:
		return template_text(ctx, p, v);
	case PLAN_PERSON:
		return person_text(ctx, p, v);
	case PLAN_MONTH:
	case PLAN_DAY:
		return part_of_birthday(ctx, p, v);
	case PLAN_ROW: {
		const char *number = arena_printf(ctx->arena, "%lld", (long long)p->row->number);
		return number != NULL ? number : "";
	}
	case PLAN_RULES:
		for (size_t i = 0; i < v->n_rules; i++)
			if (all_hold(ctx, p, v->rules[i].when, v->rules[i].n_when))
				return value_text_of(ctx, p, &v->rules[i].value, field);
		return "";
	case PLAN_SUM:
		return sum_text(ctx, p, v);
	case PLAN_RECORD:
	case PLAN_COUNTER:
		return "";
	}
	return "";
}

const char *plan_word(const struct plan_words *words, const char *text)
{
	for (size_t i = 0; i < words->n; i++)
		if (strcmp(words->from[i], text) == 0)
			return words->to[i];
	for (size_t i = 0; i < words->n; i++)
		if (str_equal_nocase(words->from[i], text))
			return words->to[i];
	return words->other != NULL ? words->other : text;
}

static const char *number_steps(struct ctx *ctx, const struct prepare *p, const struct plan_value *v, const struct field *field, const char *text)
{
	text = convert_number(ctx, text, v->mark);
	if (v->integer || field->type == FIELD_INT)
		text = convert_integer(ctx, text);
	if (v->times != NULL) {
		const char *product = convert_times(ctx, text, v->times);
		text = product != NULL ? product : text;
	}
	if (v->divide_by >= 0) {
		const char *by = convert_number(ctx, cell_text(ctx, p, v->divide_by), v->mark);
		const char *quotient = convert_divide(ctx, text, by);
		text = quotient != NULL ? quotient : text;
	}
	if (v->round || v->divide_by >= 0) {
		int scale = field->type == FIELD_MONEY ? 2 : field->type == FIELD_INT ? 0 : field->scale;
		text = convert_round(ctx, text, scale);
	}
	return text;
}

struct step {
	struct ctx *ctx;
	const struct prepare *p;
	const struct plan_value *v;
	const struct field *field;
};

static enum err step_number(const struct step *s, const char **text)
{
	*text = number_steps(s->ctx, s->p, s->v, s->field, *text);
	return OK;
}

static enum err step_bool(const struct step *s, const char **text)
{
	(void)s;
	*text = convert_bool(*text);
	return OK;
}

/* Why a text is no day is known here only. */
static enum err refuse_date(const struct step *s, const char *text)
{
	const char *word = NULL, *key = convert_date_fault(s->ctx, text, s->v->dates, &word);
	return key != NULL ? fail_arg(s->ctx, ERR_INVALID, s->field->name, key, word) : OK;
}

static enum err step_date(const struct step *s, const char **text)
{
	const char *day = NULL;
	int month, mday;
	if (s->field->flags & F_PAST) { /* a birthday costs nobody the row: what is none is left out */
		bool read = read_birthday(s->ctx, s->p, s->v, *text, &day, &month, &mday);
		const char *word = NULL, *key = read ? NULL : convert_date_fault(s->ctx, *text, s->v->dates, &word);
		if (str_equal(key, "date_ambiguous"))
			return fail_arg(s->ctx, ERR_INVALID, s->field->name, key, word);
		*text = day != NULL ? day : "";
		return OK;
	}
	day = convert_day(s->ctx, *text, s->v->dates);
	if (day == *text && !date_valid(day))
		return refuse_date(s, *text);
	*text = day;
	return OK;
}

static enum err step_time(const struct step *s, const char **text)
{
	const char *date = convert_date(s->ctx, *text, s->v->dates);
	if (date == *text) {
		enum err err = refuse_date(s, *text);
		if (err != OK)
			return err;
	}
	const struct plan_zone own = {.zone = s->v->zone > 0 ? s->p->zones[s->v->zone - 1] : NULL};
	*text = convert_zone(s->ctx, date, own.zone != NULL ? &own : &s->p->zone);
	return OK;
}

static enum err step_email(const struct step *s, const char **text)
{
	struct contact contact;
	enum err err = convert_email(s->ctx, *text, &contact);
	if (err == OK)
		*text = s->v->part > 1 ? (contact.rest != NULL ? contact.rest : "") : contact.text;
	return err;
}

static enum err step_option(const struct step *s, const char **text)
{
	return convert_option(s->ctx, s->field, *text, text);
}

static enum err step_code(const struct step *s, const char **text)
{
	if (str_equal(s->field->name, "currency"))
		*text = convert_currency(*text);
	return s->v->countries ? convert_country(s->ctx, *text, text) : OK;
}

static enum err step_url(const struct step *s, const char **text)
{
	*text = convert_url(s->ctx, *text);
	return OK;
}

/* By the kind of field: how people write such things, to how the API does. */
static enum err type_steps(struct ctx *ctx, const struct prepare *p, const struct plan_value *v, const struct field *field, const char **text)
{
	static enum err (*const steps[FIELD_TYPE_COUNT])(const struct step *s, const char **text) = {
		[FIELD_INT] = step_number, [FIELD_DECIMAL] = step_number, [FIELD_REAL] = step_number, [FIELD_MONEY] = step_number,
		[FIELD_BOOL] = step_bool,  [FIELD_DATE] = step_date,      [FIELD_TIME] = step_time,   [FIELD_ENUM] = step_option,
		[FIELD_CODE] = step_code,  [FIELD_URL] = step_url,        [FIELD_EMAIL] = step_email,
	};
	const struct step step = {ctx, p, v, field};
	return steps[field->type] != NULL ? steps[field->type](&step, text) : OK;
}

static const char *value_text_of(struct ctx *ctx, struct prepare *p, const struct plan_value *v, const struct field *field)
{
	const char *text = source_text(ctx, p, v, field);
	if (text[0] != '\0' && v->html)
		text = convert_html(ctx, text);
	if (text[0] != '\0' && v->words != NULL)
		text = plan_word(v->words, text);
	if (text[0] != '\0' && v->values != NULL)
		text = plan_word(v->values, text);
	if (text[0] != '\0' && v->integer)
		text = convert_integer(ctx, text);
	if (text[0] == '\0' && v->otherwise != NULL)
		return value_text_of(ctx, p, v->otherwise, field);
	if (v->upper || v->lower)
		text = convert_case(ctx, text, v->upper);
	return v->cut > 0 ? convert_cut(ctx, text, v->cut) : text;
}

/* --- fields ------------------------------------------------------------------- */

/* Kinds of field whose texts cost something to read and are often the same as in the row before. */
static bool remembers(const struct field *field, const struct plan_value *v)
{
	static const bool kinds[FIELD_TYPE_COUNT] = {
		[FIELD_ENUM] = true, [FIELD_CODE] = true, [FIELD_DATE] = true, [FIELD_TIME] = true, [FIELD_LINK] = true,
	};
	return kinds[field->type] && v->source == PLAN_COLUMN && v->otherwise == NULL;
}

static void remember(struct memo *memo, const char *in, const struct value *value)
{
	buf_reset(&memo->in);
	buf_reset(&memo->out);
	buf_puts(&memo->in, in);
	memo->value = *value;
	if (value->kind == VALUE_TEXT)
		buf_add(&memo->out, value->t.p, value->t.n);
	memo->set = !buf_failed(&memo->in) && !buf_failed(&memo->out) && value->kind != VALUE_LIST;
}

/* The memo's value, with its text in the memo: good until the next row changes it, so it is copied. */
static bool recall(struct ctx *ctx, const struct memo *memo, const char *in, struct value *ret)
{
	if (!memo->set || strcmp(buf_text(&memo->in), in) != 0)
		return false;
	*ret = memo->value;
	if (ret->kind == VALUE_TEXT)
		ret->t.p = arena_strndup(ctx->arena, buf_text(&memo->out), memo->out.len);
	return ret->kind != VALUE_TEXT || ret->t.p != NULL;
}

/* Fields in which a word for nothing is nothing. */
static bool takes_nothing(const struct field *field)
{
	static const bool kinds[FIELD_TYPE_COUNT] = {
		[FIELD_INT] = true, [FIELD_DECIMAL] = true, [FIELD_REAL] = true, [FIELD_MONEY] = true, [FIELD_DATE] = true, [FIELD_TIME] = true,
		[FIELD_ENUM] = true, [FIELD_LINK] = true, [FIELD_LINKS] = true, [FIELD_URL] = true, [FIELD_CODE] = true, [FIELD_EMAIL] = true,
	};
	return kinds[field->type] || (field->flags & F_UNIQUE);
}

static bool is_option(const struct field *field, const char *text)
{
	for (const struct option *o = field->options; o != NULL && o->value != NULL; o++)
		if (str_equal(o->value, text))
			return true;
	return false;
}

static enum err parse_text(struct ctx *ctx, const struct prepare *p, const struct plan_record *r, const struct plan_field *f,
                           const char *text, struct value *ret)
{
	const struct field *field = r->info->fields[f->at];
	enum err err = type_steps(ctx, p, &f->value, field, &text);
	if (err != OK || text[0] == '\0' || (takes_nothing(field) && convert_is_nothing(text) && !is_option(field, text)))
		return err;
	/* The row is gone when the value is used. */
	text = arena_strdup(ctx->arena, text);
	if (text == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	/* Amounts wait for their currency, phones for their country, names of records for the writer. */
	bool phone = field->type == FIELD_PHONE && f->value.source != PLAN_CONSTANT;
	if (phone || field->type == FIELD_MONEY || field->type == FIELD_LINK || field->type == FIELD_LINKS) {
		*ret = value_text(text);
		return OK;
	}
	return field_parse(ctx, r->info, f->at, text, ret);
}

/* The same in every row: parsed once, kept as long as the run. */
static enum err prepare_constant(struct ctx *ctx, struct prepare *p, const struct plan_record *r, const struct plan_field *f,
                                 const char *text, struct memo *memo, struct value *ret)
{
	enum err err = parse_text(ctx, p, r, f, text, ret);
	if (err != OK || ret->kind == VALUE_LIST)
		return err;
	if (ret->kind == VALUE_TEXT) {
		ret->t.p = arena_strndup(&p->constants, ret->t.p, ret->t.n);
		if (ret->t.p == NULL)
			return fail(ctx, ERR_LIMIT, "", "memory");
	}
	memo->value = *ret;
	memo->constant = true;
	return OK;
}

static enum err prepare_field(struct ctx *ctx, struct prepare *p, const struct plan_record *r, const struct plan_field *f,
                              struct memo *memo, struct value *ret)
{
	const struct field *field = r->info->fields[f->at];
	if (memo->constant) {
		*ret = memo->value;
		return OK;
	}
	*ret = value_null();
	const char *text = value_text_of(ctx, p, &f->value, field);
	if (text[0] == '\0')
		return OK;
	if (f->value.source == PLAN_CONSTANT)
		return prepare_constant(ctx, p, r, f, text, memo, ret);
	bool repeats = remembers(field, &f->value);
	if (repeats && recall(ctx, memo, text, ret))
		return OK;
	enum err err = parse_text(ctx, p, r, f, text, ret);
	if (err == OK && repeats)
		remember(memo, text, ret);
	return err;
}

/* --- rows --------------------------------------------------------------------- */

static int column_of(const struct plan *plan, size_t record, const char *field)
{
	const struct plan_record *r = &plan->records[record];
	for (size_t i = 0; i < r->n_fields; i++) {
		const struct plan_value *v = &r->fields[i].value;
		if (!str_equal(r->info->fields[r->fields[i].at]->name, field))
			continue;
		if (v->source == PLAN_COLUMN)
			return v->column;
		if (v->source == PLAN_PERSON)
			return v->given >= 0 ? v->given : v->family;
		for (size_t k = 0; k < v->n_pieces; k++)
			if (v->pieces[k].column >= 0)
				return v->pieces[k].column;
	}
	return -1;
}

void import_take_faults(struct ctx *ctx, const struct plan *plan, size_t record, struct ready_row *row)
{
	if (row->faults == NULL)
		row->faults = arena_array(ctx->arena, IMPORT_FAULTS_MAX, sizeof(*row->faults));
	for (size_t i = 0; row->faults != NULL && i < ctx->faults.count && row->n_faults < IMPORT_FAULTS_MAX; i++) {
		const struct fault *f = &ctx->faults.list[i];
		row->faults[row->n_faults++] = (struct import_fault){
			ctx->faults.code, plan->records[record].info->entity->name, f->field, f->key, f->arg, column_of(plan, record, f->field)};
	}
	faults_clear(ctx);
}

static enum err prepare_record(struct ctx *ctx, struct prepare *p, size_t at, struct memo *memos, struct ready_row *row)
{
	const struct plan_record *r = &p->plan->records[at];
	struct ready_record *ready = &row->records[at];
	ready->active = !r->absent && all_hold(ctx, p, r->when, r->n_when);
	if (!ready->active)
		return OK;
	row->wanted = true;
	ready->values = arena_array(ctx->arena, r->n_fields + 1, sizeof(*ready->values));
	if (ready->values == NULL)
		return fail(ctx, ERR_LIMIT, "", "memory");
	for (size_t i = 0; i < r->n_fields; i++) {
		enum err err = prepare_field(ctx, p, r, &r->fields[i], &memos[i], &ready->values[i]);
		if (err != OK && !import_row_error(err))
			return err;
		if (err != OK || ctx->faults.count > 0)
			err = import_take_bad(ctx, p->plan, at, i, row);
		if (err != OK)
			return err;
	}
	return OK;
}

bool prepare_is_heading(struct ctx *ctx, const struct plan_columns *columns, const struct cell *cells, size_t n)
{
	size_t same = 0;
	for (size_t i = 0; columns != NULL && i < columns->n && i < n; i++) {
		const char *text = prepare_cell(ctx, cells, n, (int)i);
		if (strcmp(text, columns->names[i]) != 0)
			return false;
		same += text[0] != '\0';
	}
	return same > 0;
}

enum err prepare_row(struct ctx *ctx, struct prepare *p, const struct table_row *row, struct ready_row *ret)
{
	const struct plan *plan = p->plan;
	*ret = (struct ready_row){.number = row->number};
	if (row->problem != NULL) {
		fault_add(ctx, ERR_INVALID, "", row->problem, NULL);
		import_take_faults(ctx, plan, 0, ret);
		return OK;
	}
	struct table_row fixed;
	enum err fix = plan_fix_row(ctx, plan, row, &fixed);
	if (fix != OK)
		return fix;
	ret->records = arena_array(ctx->arena, plan->n_records, sizeof(*ret->records));
	if (ret->records == NULL || !fill_down(p, &fixed))
		return fail(ctx, ERR_LIMIT, "", "memory");
	struct memo *memos = p->memos;
	if (prepare_is_heading(ctx, plan->columns, p->cells, p->n_cells))
		return OK;
	for (size_t i = 0; i < plan->n_records; i++) {
		enum err err = prepare_record(ctx, p, i, memos, ret);
		if (err != OK)
			return err;
		memos += plan->records[i].n_fields;
	}
	for (size_t i = 0; i < plan->n_records; i++) {
		enum err err = prepare_phones(ctx, plan, i, ret);
		if (err != OK)
			return err;
	}
	return OK;
}
