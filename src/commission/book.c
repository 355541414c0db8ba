/* A period worked out for everybody or one person: what was sold in it, what changed of periods that are closed, and by hand. */
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/id.h"
#include "base/str.h"
#include "commission/commission_internal.h"
#include "commission_sql.h"
#include "core/settings/settings.h"
#include "core/text/text.h"

#define BOOK_MEMORY ((size_t)1 << 30)

enum { LINES_BEGIN = 256 };

enum err commission_line_put(struct commission_book *book, const struct commission_line *line)
{
	if (book->n_lines == book->lines_room) {
		size_t room = book->lines_room > 0 ? book->lines_room * 2 : LINES_BEGIN;
		struct commission_line *more = commission_take(book, room, sizeof(*more));
		if (more == NULL)
			return commission_memory(book);
		if (book->n_lines > 0)
			memcpy(more, book->lines, book->n_lines * sizeof(*more));
		book->lines = more;
		book->lines_room = room;
	}
	book->lines[book->n_lines++] = *line;
	return OK;
}

/* Credits are gathered in the book, as the arena has no place to hand them back to. */
static enum err keep_credit(struct commission_book *book, const struct commission_credit *credit)
{
	struct commission_credits *c = book->credits;
	if (book->only != 0 && credit->person->id != book->only)
		return OK;
	if (c->n == c->room) {
		size_t room = c->room > 0 ? c->room * 2 : LINES_BEGIN;
		struct commission_credit *more = commission_take(book, room, sizeof(*more));
		if (more == NULL)
			return commission_memory(book);
		if (c->n > 0)
			memcpy(more, c->list, c->n * sizeof(*more));
		c->list = more;
		c->room = room;
	}
	c->list[c->n++] = *credit;
	return OK;
}

static const char *source_name(struct commission_book *book, char kind, int64_t id)
{
	const char *word = kind == 'o' ? "order" : kind == 'a' ? "allocation" : "payment";
	return arena_printf(&book->memory, "%s/%lld", word, (long long)id);
}

/* --- what is frozen ----------------------------------------------------------------------- */

int64_t commission_rate_kept(const struct commission_book *book, bool per_unit)
{
	int digits = currency_scale(registry_base_currency(book->ctx->registry));
	int64_t factor = 1;
	for (int i = per_unit ? digits + COMMISSION_RATE_SCALE : COMMISSION_RATE_SCALE; i < COMMISSION_KEPT_RATE_SCALE; i++)
		factor *= 10;
	return factor;
}

enum err commission_frozen_read(struct commission_book *book, bool against, const char *source, struct commission_frozen **ret, size_t *ret_n)
{
	struct ctx *ctx = book->ctx;
	struct stmt *stmt;
	size_t room = 0;
	bool row = false;
	*ret = NULL;
	*ret_n = 0;
	enum err err = db_prepare(ctx, ctx->db, against ? &sql_commission_frozen_against : &sql_commission_frozen_source, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, source);
	stmt_bind_text(stmt, 2, book->span.period);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		if (*ret_n == room) {
			struct commission_frozen *more = commission_take(book, room * 2 + 8, sizeof(*more));
			if (more == NULL) {
				err = commission_memory(book);
				break;
			}
			if (room > 0)
				memcpy(more, *ret, *ret_n * sizeof(*more));
			*ret = more;
			room = room * 2 + 8;
		}
		bool per_unit = stmt_i64(stmt, 8) != 0;
		(*ret)[(*ret_n)++] = (struct commission_frozen){.plan_id = stmt_i64(stmt, 0), .owner_id = stmt_i64(stmt, 1), .rate = stmt_i64(stmt, 2) / commission_rate_kept(book, per_unit),
			.credited = stmt_i64(stmt, 3), .units = stmt_i64(stmt, 4), .result = stmt_i64(stmt, 5), .share = stmt_i64(stmt, 6), .order_id = stmt_i64(stmt, 7),
			.per_unit = per_unit, .plan = commission_copy(book, stmt_text(stmt, 9)), .bracket = commission_copy(book, stmt_text(stmt, 10)),
			.number = commission_copy(book, stmt_text(stmt, 11))};
	}
	stmt_done(stmt);
	return err;
}

/* What changed, and what it is taken off. */
struct back {
	const char *source, *against, *number, *note;
	int64_t day, order_id;
};

static enum err put_back(struct commission_book *book, const struct back *b, const struct commission_frozen *f, int64_t measure, int64_t result)
{
	const struct commission_line line = {.kind = measure < 0 ? COMMISSION_BACK : COMMISSION_LATE, .owner_id = f->owner_id, .plan_id = f->plan_id, .plan = f->plan,
		.order_id = b->order_id != 0 ? b->order_id : f->order_id, .source = b->source, .against = b->against, .number = str_empty(b->number) ? f->number : b->number,
		.bracket = f->bracket, .note = b->note, .day = b->day, .credited = f->per_unit ? 0 : measure, .units = f->per_unit ? measure : 0, .share = f->share, .rate = f->rate,
		.per_unit = f->per_unit, .result = result};
	return book->only == 0 || book->only == f->owner_id ? commission_line_put(book, &line) : OK;
}

static int64_t measure_of(const struct commission_frozen *f)
{
	return f->per_unit ? f->units : f->credited;
}

/* From the highest rate down, each at what was paid for it: all of a row goes back to the cent, of a part its part. What is more than
 * there was is not taken; what is added is paid at the highest rate. */
static enum err reverse(struct commission_book *book, const struct back *b, const struct commission_frozen *rows, size_t n, const struct commission_frozen *top, int64_t amount)
{
	enum err err = OK;
	for (size_t i = 0; err == OK && i < n && amount != 0; i++) {
		int64_t there = measure_of(&rows[i]), take, result;
		if (there == 0 || (there > 0) == (amount > 0))
			continue;
		take = llabs(amount) < llabs(there) ? llabs(amount) : llabs(there);
		if (!commission_scale(rows[i].result, take, llabs(there), &result))
			return fail(book->ctx, ERR_LIMIT, "", "number_too_large");
		err = put_back(book, b, &rows[i], amount < 0 ? -take : take, -result);
		amount -= amount < 0 ? -take : take;
	}
	if (err == OK && amount > 0 && top != NULL) {
		int64_t result;
		if (!commission_result(top->per_unit, top->rate, amount, amount, &result))
			return fail(book->ctx, ERR_LIMIT, "", "number_too_large");
		err = put_back(book, b, top, amount, result);
	}
	return err;
}

/* --- changes of closed periods ---------------------------------------------------------------- */

static enum err add_found(struct commission_book *book, const struct commission_credit *credit)
{
	struct commission_probe *probe = book->probe;
	if (credit->plan->id == probe->plan_id) {
		probe->credited = credit->credited;
		probe->units = credit->units;
	}
	return OK;
}

static struct commission_plan *plan_of(const struct commission_book *book, int64_t id)
{
	for (size_t i = 0; i < book->n_plans; i++) {
		if (book->plans[i].id == id)
			return &book->plans[i];
	}
	return NULL;
}

/* What a person would get of it now by that plan, in its measure, of the share that was paid. */
static enum err now_of(struct commission_book *book, struct commission_source *s, const struct commission_frozen *f, int64_t *ret)
{
	struct commission_plan *plan = plan_of(book, f->plan_id);
	struct commission_person *person = commission_person_of(book, f->owner_id);
	struct commission_probe probe = {.plan_id = f->plan_id};
	*ret = 0;
	if (s == NULL || plan == NULL || person == NULL)
		return OK;
	book->probe = &probe;
	enum err err = commission_allot(book, s, plan, person, add_found);
	book->probe = NULL;
	return err != OK || commission_scale(f->per_unit ? probe.units : probe.credited, f->share, COMMISSION_SHARE_ALL, ret) ? err
	                                                                                                                  : fail(book->ctx, ERR_LIMIT, "", "number_too_large");
}

static bool same_group(const struct commission_frozen *a, const struct commission_frozen *b)
{
	return a->plan_id == b->plan_id && a->owner_id == b->owner_id;
}

static size_t group_end(const struct commission_frozen *rows, size_t n, size_t at)
{
	size_t end = at;
	while (end < n && same_group(&rows[at], &rows[end]))
		end++;
	return end;
}

/* The rows of that plan and person. */
static const struct commission_frozen *group_of(const struct commission_frozen *rows, size_t n, const struct commission_frozen *like, size_t *ret_n)
{
	for (size_t i = 0; i < n; i++) {
		if (same_group(&rows[i], like)) {
			*ret_n = group_end(rows, n, i) - i;
			return &rows[i];
		}
	}
	*ret_n = 0;
	return NULL;
}

/* A plan out of use takes back what it paid, and pays nothing more: what holds now cannot be said, so only what is dead is taken. */
static enum err settle_group(struct commission_book *book, const struct back *b, struct commission_source *s, const struct commission_frozen *rows, size_t n,
                             const struct commission_frozen *standing, size_t n_standing)
{
	int64_t frozen = 0, now = 0;
	const struct commission_frozen *walk = rows;
	size_t n_walk = n;
	if (s != NULL && plan_of(book, rows[0].plan_id) == NULL)
		return OK;
	for (size_t i = 0; i < n; i++)
		frozen += measure_of(&rows[i]);
	enum err err = now_of(book, s, &rows[0], &now);
	if (now < frozen)
		walk = group_of(standing, n_standing, &rows[0], &n_walk);
	return err == OK && now != frozen ? reverse(book, b, walk, n_walk, frozen > 0 ? &rows[0] : NULL, now - frozen) : err;
}

static enum err keep_late(struct commission_book *book, const struct commission_credit *credit)
{
	struct commission_credit late = *credit;
	late.late = true;
	return keep_credit(book, &late);
}

static const char *why(const struct commission_source *s)
{
	return s == NULL ? "gone" : s->dead ? "cancelled" : "changed";
}

static enum err settle_change(struct commission_book *book, const struct back *b, struct commission_source *s)
{
	struct commission_frozen *rows, *standing;
	size_t n, n_standing;
	enum err err = commission_frozen_read(book, false, b->source, &rows, &n);
	if (err == OK && n == 0)
		return s != NULL ? commission_allot(book, s, NULL, NULL, keep_late) : OK;
	if (err == OK)
		err = commission_frozen_read(book, true, b->against, &standing, &n_standing);
	for (size_t i = 0, end; err == OK && i < n; i = end) {
		end = group_end(rows, n, i);
		err = settle_group(book, b, s, &rows[i], end - i, standing, n_standing);
	}
	return err;
}

static enum err take_change(struct commission_book *book, const char *source)
{
	struct commission_sources found = {0};
	int64_t id;
	bool closed = false;
	const char *slash = strchr(source, '/');
	if (slash == NULL || !id_parse(slash + 1, &id))
		return OK;
	enum err err = commission_sources_read(book, *source, COMMISSION_ONE, id, &found);
	struct commission_source *s = found.n > 0 ? &found.list[0] : NULL;
	struct back b = {.source = source, .against = source, .note = why(s), .day = book->span.first, .number = ""};
	if (err != OK || s == NULL)
		return err == OK ? settle_change(book, &b, NULL) : err;
	b.day = s->day;
	b.number = s->number;
	b.order_id = s->order_id;
	if (s->returns && s->original_id != 0)
		b.against = source_name(book, 'o', s->original_id);
	err = b.against != NULL ? commission_day_closed(book->ctx, book->span.period, s->day, &closed) : commission_memory(book);
	return err == OK ? settle_change(book, &b, !s->dead && closed ? s : NULL) : err;
}

static enum err take_changes(struct commission_book *book)
{
	struct ctx *ctx = book->ctx;
	struct stmt *stmt;
	const char **list = NULL;
	size_t n = 0, room = 0;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_commission_changes, &stmt);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, book->span.from);
	stmt_bind_text(stmt, 2, book->span.until);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		if (n == room) {
			const char **more = commission_take(book, room * 2 + 16, sizeof(*more));
			if (more == NULL) {
				err = commission_memory(book);
				break;
			}
			if (n > 0)
				memcpy(more, list, n * sizeof(*more));
			list = more;
			room = room * 2 + 16;
		}
		list[n++] = commission_copy(book, stmt_text(stmt, 0));
	}
	stmt_done(stmt);
	for (size_t i = 0; err == OK && i < n; i++)
		err = take_change(book, list[i]);
	return err;
}

/* A return of what was paid in a period that is closed takes back at the rates of then. */
static enum err take_return(struct commission_book *book, struct commission_source *s, bool *ret)
{
	struct commission_frozen *rows;
	size_t n;
	const char *original = source_name(book, 'o', s->original_id);
	const struct back b = {.source = source_name(book, 'o', s->id), .against = original, .number = s->number, .note = "return", .day = s->day, .order_id = s->order_id};
	enum err err = original != NULL && b.source != NULL ? commission_frozen_read(book, true, original, &rows, &n) : commission_memory(book);
	*ret = err == OK && n > 0;
	for (size_t i = 0, end; err == OK && i < n; i = end) {
		int64_t now;
		end = group_end(rows, n, i);
		err = now_of(book, s, &rows[i], &now);
		if (err == OK && now < 0)
			err = reverse(book, &b, &rows[i], end - i, NULL, now);
	}
	return err;
}

static enum err take_sources(struct commission_book *book, char kind)
{
	struct commission_sources all = {0};
	bool back = false;
	enum err err = commission_sources_read(book, kind, book->only != 0 ? COMMISSION_RANGE_OWN : COMMISSION_RANGE, book->only, &all);
	for (size_t i = 0; err == OK && i < all.n; i++) {
		struct commission_source *s = &all.list[i];
		back = false;
		if (s->dead)
			continue;
		if (kind == 'o' && s->returns && s->original_id != 0)
			err = take_return(book, s, &back);
		if (err == OK && !back)
			err = commission_allot(book, s, NULL, NULL, keep_credit);
	}
	return err;
}

/* --- brackets ---------------------------------------------------------------------------------- */

static int in_order(const void *a, const void *b)
{
	const struct commission_credit *x = a, *y = b;
	if (x->person != y->person)
		return x->person < y->person ? -1 : 1;
	if (x->plan != y->plan)
		return x->plan < y->plan ? -1 : 1;
	if (x->source->day != y->source->day)
		return x->source->day < y->source->day ? -1 : 1;
	return x->source->id != y->source->id ? (x->source->id < y->source->id ? -1 : 1) : (x->source->kind > y->source->kind) - (x->source->kind < y->source->kind);
}

static void trim(char *text)
{
	char *point = strchr(text, '.');
	if (point == NULL)
		return;
	char *end = text + strlen(text);
	while (end[-1] == '0')
		*--end = '\0';
	if (end[-1] == '.')
		end[-1] = '\0';
}

static const char *bracket_text(struct commission_book *book, const struct commission_plan *plan, size_t at)
{
	const struct commission_bracket *b = &plan->terms.brackets[at];
	char from[DECIMAL_TEXT_MAX], to[DECIMAL_TEXT_MAX] = "";
	const char *unit = str_equal(plan->measure, "target") ? " %" : "";
	decimal_format(b->from, plan->scales.measure, from);
	trim(from);
	if (b->to != COMMISSION_OPEN) {
		decimal_format(b->to, plan->scales.measure, to);
		trim(to);
	}
	return arena_printf(&book->memory, b->to != COMMISSION_OPEN ? "%s – %s%s" : "%s+%s%s", from, to, unit);
}

struct writing {
	struct commission_book *book;
	const struct commission_credit *credits;
	const struct commission_plan *plan;
	const char *brackets[COMMISSION_BRACKETS_MAX];
	enum err err;
};

static bool put_part(void *arg, const struct commission_part *part)
{
	struct writing *w = arg;
	const struct commission_credit *c = &w->credits[part->item];
	const char *name = source_name(w->book, c->source->kind, c->source->id);
	if (w->brackets[part->bracket] == NULL)
		w->brackets[part->bracket] = bracket_text(w->book, w->plan, part->bracket);
	const struct commission_line line = {.kind = c->late ? COMMISSION_LATE : COMMISSION_SALE, .owner_id = c->person->id, .plan_id = w->plan->id, .plan = w->plan->name,
		.order_id = c->source->order_id, .source = name, .against = name, .number = c->source->number, .bracket = w->brackets[part->bracket], .note = "",
		.day = c->source->day, .base = c->base, .credited = w->plan->terms.by_units && !w->plan->terms.whole ? c->credited : part->credited, .units = part->units,
		.share = c->share, .rate = w->plan->terms.brackets[part->bracket].rate, .per_unit = w->plan->terms.per_unit, .capped = part->capped, .result = part->result};
	w->err = w->book->memory.failed ? commission_memory(w->book) : commission_line_put(w->book, &line);
	return w->err == OK;
}

static enum err put_bound(struct commission_book *book, const struct commission_plan *plan, int64_t person, enum commission_line_kind kind, int64_t amount)
{
	const struct commission_line line = {.kind = kind, .owner_id = person, .plan_id = plan->id, .plan = plan->name, .source = "", .against = "", .number = plan->name,
		.bracket = "", .note = "", .day = book->span.last, .result = amount};
	return amount != 0 ? commission_line_put(book, &line) : OK;
}

/* Brackets by share of a target become those of amounts; without a target nothing but the first is reached. */
static enum err by_target(struct commission_book *book, const struct commission_plan *plan, int64_t person, struct commission_terms *terms)
{
	struct commission_bracket *list;
	int64_t goal = 0, key[2] = {str_equal(plan->event, "order") ? 'o' : 'a', person}, hundred = 10000;
	int digits = currency_scale(registry_base_currency(book->ctx->registry));
	bool known = map_get(&book->goals, key, sizeof(key), &goal) && decimal_rescale(goal, 2, digits, &goal) && goal > 0;
	list = commission_take(book, terms->n, sizeof(*list));
	if (list == NULL)
		return commission_memory(book);
	book->warnings.no_target += known ? 0 : 1;
	for (size_t i = 0; i < terms->n; i++) {
		list[i] = terms->brackets[i];
		if (!known) {
			list[i].to = COMMISSION_OPEN;
			continue;
		}
		bool right = commission_scale(goal, list[i].from, hundred, &list[i].from);
		right = right && (list[i].to == COMMISSION_OPEN || commission_scale(goal, list[i].to, hundred, &list[i].to));
		if (!right)
			return fail(book->ctx, ERR_LIMIT, "", "number_too_large");
	}
	terms->brackets = list;
	return OK;
}

static enum err work_one(struct commission_book *book, const struct commission_credit *credits, size_t n, const struct commission_plan *plan, int64_t person)
{
	struct commission_terms terms = plan->terms;
	struct commission_item *items = commission_take(book, n, sizeof(*items));
	struct commission_sum sum;
	struct writing w = {.book = book, .credits = credits, .plan = plan};
	enum err err = items != NULL ? OK : commission_memory(book);
	if (err == OK && str_equal(plan->measure, "target"))
		err = by_target(book, plan, person, &terms);
	if (err != OK)
		return err;
	for (size_t i = 0; i < n; i++)
		items[i] = (struct commission_item){.credited = credits[i].credited, .units = credits[i].units};
	if (!commission_work(&terms, items, n, put_part, &w, &sum))
		return w.err != OK ? w.err : fail(book->ctx, ERR_LIMIT, "", "number_too_large");
	err = put_bound(book, plan, person, COMMISSION_CAP, sum.cap);
	return err == OK ? put_bound(book, plan, person, COMMISSION_FLOOR, sum.floor) : err;
}

/* Who sold nothing still has what is sure. */
static enum err work_floors(struct commission_book *book)
{
	enum err err = OK;
	for (size_t i = 0; i < book->n_people; i++) {
		const struct commission_person *person = &book->people[i];
		for (size_t p = 0; err == OK && person->active && p < person->n_plans; p++) {
			const struct commission_plan *plan = person->plans[p];
			int64_t key[2] = {person->id, plan->id}, none;
			bool sold = map_get(&book->worked, key, sizeof(key), &none);
			bool now = plan->from <= book->span.last && plan->until >= book->span.first;
			if (!sold && now && plan->terms.floor > 0 && (book->only == 0 || book->only == person->id))
				err = put_bound(book, plan, person->id, COMMISSION_FLOOR, plan->terms.floor);
		}
	}
	return err;
}

static enum err work_all(struct commission_book *book)
{
	struct commission_credits *c = book->credits;
	enum err err = OK;
	if (c->n > 1)
		qsort(c->list, c->n, sizeof(*c->list), in_order);
	for (size_t i = 0, end; err == OK && i < c->n; i = end) {
		int64_t key[2] = {c->list[i].person->id, c->list[i].plan->id};
		for (end = i; end < c->n && c->list[end].person == c->list[i].person && c->list[end].plan == c->list[i].plan;)
			end++;
		err = work_one(book, &c->list[i], end - i, c->list[i].plan, key[0]);
		if (err == OK && !map_put(&book->worked, key, sizeof(key), 1))
			err = commission_memory(book);
	}
	return err == OK ? work_floors(book) : err;
}

/* --- together ------------------------------------------------------------------------------------ */

static int line_order(const void *a, const void *b)
{
	const struct commission_line *x = *(struct commission_line *const *)a, *y = *(struct commission_line *const *)b;
	if (x->owner_id != y->owner_id)
		return x->owner_id < y->owner_id ? -1 : 1;
	return x < y ? -1 : x > y; /* else as they were put: plan by plan, day by day */
}

static enum err sort_lines(struct commission_book *book)
{
	struct commission_line **order = commission_take(book, book->n_lines, sizeof(*order)), *sorted = commission_take(book, book->n_lines, sizeof(*sorted));
	if (order == NULL || sorted == NULL)
		return commission_memory(book);
	for (size_t i = 0; i < book->n_lines; i++)
		order[i] = &book->lines[i];
	if (book->n_lines > 1)
		qsort((void *)order, book->n_lines, sizeof(*order), line_order);
	for (size_t i = 0; i < book->n_lines; i++)
		sorted[i] = *order[i];
	book->lines = sorted;
	book->lines_room = book->n_lines;
	return OK;
}

static bool wants(const struct commission_book *book, const char *event)
{
	for (size_t i = 0; i < book->n_plans; i++) {
		if (str_equal(book->plans[i].event, event))
			return true;
	}
	return false;
}

static enum err work_out(struct commission_book *book)
{
	struct commission_credits credits = {0};
	enum err err = commission_load_plans(book);
	book->credits = &credits;
	if (err == OK)
		err = commission_load_people(book);
	if (err == OK)
		err = commission_rest_read(book);
	if (err == OK && wants(book, "order"))
		err = take_sources(book, 'o');
	if (err == OK && wants(book, "received"))
		err = take_sources(book, 'a');
	if (err == OK && wants(book, "received"))
		err = take_sources(book, 'p');
	if (err == OK)
		err = take_changes(book);
	if (err == OK)
		err = work_all(book);
	if (err == OK)
		err = commission_adjustments_read(book);
	book->credits = NULL;
	return err == OK ? sort_lines(book) : err;
}

enum err commission_book_make(struct ctx *ctx, const struct commission_span *span, int64_t only, struct commission_book *ret)
{
	const char *zone;
	*ret = (struct commission_book){.ctx = ctx, .span = *span, .only = only};
	arena_init(&ret->memory, BOOK_MEMORY);
	map_init(&ret->fits, 7, 8); /* keys are ours */
	map_init(&ret->goals, 7, 8);
	map_init(&ret->worked, 7, 8);
	enum err err = setting_text(ctx, &firm_settings[FIRM_TIME_ZONE], &zone);
	if (err == OK && !text_zone_new(zone, &ret->zone))
		ret->zone = NULL;
	if (err != OK || span->closed_id == 0)
		return err == OK ? work_out(ret) : err;
	err = commission_load_people(ret);
	return err == OK ? commission_closed_read(ret) : err;
}

void commission_book_end(struct commission_book *book)
{
	text_zone_free(book->zone);
	map_release(&book->fits);
	map_release(&book->goals);
	map_release(&book->worked);
	arena_release(&book->memory);
}

uint64_t commission_book_digest(const struct commission_book *book)
{
	uint64_t sum = book->n_lines;
	for (size_t i = 0; i < book->n_lines; i++) {
		const struct commission_line *l = &book->lines[i];
		const int64_t parts[] = {(int64_t)sum, l->kind, l->owner_id, l->plan_id, l->credited, l->units, l->rate, l->result, (int64_t)str_hash(l->source, strlen(l->source))};
		sum = str_hash((const char *)parts, sizeof(parts));
	}
	return sum;
}
