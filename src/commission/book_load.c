/* What a period is worked out from: plans in the order in which they are asked, people with the plans that are theirs. */
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/str.h"
#include "base/timeutil.h"
#include "commission/commission_internal.h"
#include "commission_sql.h"
#include "core/condition/condition.h"
#include "targets/targets.h"

enum { PLANS_MAX = 500, KINDS_MAX = 64, TEAM_DEPTH = 50 };

void *commission_take(struct commission_book *book, size_t n, size_t size)
{
	return arena_array(&book->memory, n > 0 ? n : 1, size);
}

const char *commission_copy(struct commission_book *book, const char *text)
{
	return str_empty(text) ? "" : arena_strdup(&book->memory, text);
}

enum err commission_memory(struct commission_book *book)
{
	return fail(book->ctx, ERR_LIMIT, "", "memory");
}

static int64_t day_number(const char *text, int64_t none)
{
	int64_t at;
	return text != NULL && time_parse(text, &at) ? at / DAY_MS - (at % DAY_MS < 0) : none;
}

void commission_day_text(int64_t day, char ret[RECEIVABLES_DAY_BYTES])
{
	char text[TIME_TEXT_MAX];
	time_format(day * (int64_t)DAY_MS, text);
	memcpy(ret, text, 10);
	ret[10] = '\0';
}

enum err commission_span_of(struct ctx *ctx, const char *period, const char *day, struct commission_span *ret)
{
	char next[RECEIVABLES_DAY_BYTES];
	struct stmt *stmt;
	bool row = false;
	*ret = (struct commission_span){.period = arena_strdup(ctx->arena, period)};
	enum err err = ret->period != NULL ? target_span(ctx, period, day, ret->from, ret->until) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err == OK)
		err = receivables_day_after(ctx, ret->until, 1, next);
	if (err == OK)
		err = receivables_moment(ctx, ret->from, 0, &ret->begins);
	if (err == OK)
		err = receivables_moment(ctx, next, 0, &ret->ends);
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_commission_closed_period, &stmt);
	if (err != OK)
		return err;
	ret->first = day_number(ret->from, 0);
	ret->last = day_number(ret->until, 0);
	stmt_bind_text(stmt, 1, ret->period);
	stmt_bind_text(stmt, 2, ret->from);
	err = stmt_step(ctx, stmt, &row);
	ret->closed_id = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	return err;
}

/* --- plans ------------------------------------------------------------------------------------ */

static int64_t money_or_none(const struct stmt *stmt, int at)
{
	return stmt_is_null(stmt, at) ? COMMISSION_NONE : stmt_i64(stmt, at);
}

/* Plans of one kind share a bit. */
static enum err give_bit(struct commission_book *book, struct commission_plan *p)
{
	unsigned next = 0;
	for (size_t i = 0; i < book->n_plans; i++) {
		const struct commission_plan *other = &book->plans[i];
		if (str_equal(other->kind, p->kind)) {
			p->kind_bit = other->kind_bit;
			return OK;
		}
		next = other->kind_bit + 1 > next ? other->kind_bit + 1 : next;
	}
	p->kind_bit = next;
	return next < KINDS_MAX ? OK : fail(book->ctx, ERR_LIMIT, "", "commission_kinds");
}

static enum err take_plan(struct commission_book *book, const struct stmt *stmt)
{
	if (book->n_plans == PLANS_MAX)
		return fail(book->ctx, ERR_LIMIT, "", "commission_plans_many");
	struct commission_plan *p = &book->plans[book->n_plans];
	*p = (struct commission_plan){.id = stmt_i64(stmt, 0), .name = commission_copy(book, stmt_text(stmt, 1)), .kind = commission_copy(book, stmt_text(stmt, 2)),
		.scope = commission_copy(book, stmt_text(stmt, 3)), .event = commission_copy(book, stmt_text(stmt, 4)), .base = commission_copy(book, stmt_text(stmt, 5)),
		.measure = commission_copy(book, stmt_text(stmt, 6)), .brackets_text = commission_copy(book, stmt_text(stmt, 9)),
		.products = commission_copy(book, stmt_text(stmt, 10)), .customers = commission_copy(book, stmt_text(stmt, 11)),
		.from = day_number(stmt_text(stmt, 12), 0), .until = day_number(stmt_text(stmt, 13), INT64_MAX), .role_id = stmt_i64(stmt, 17), .team_id = stmt_i64(stmt, 18),
		.branch_id = stmt_i64(stmt, 19), .number = book->n_plans};
	bool unit = str_equal(stmt_text(stmt, 7), "unit");
	p->terms = (struct commission_terms){.whole = str_equal(stmt_text(stmt, 8), "whole"), .by_units = str_equal(p->measure, "units"), .per_unit = unit,
		.cap_line = money_or_none(stmt, 14), .cap_all = money_or_none(stmt, 15), .floor = money_or_none(stmt, 16)};
	commission_scales_of(book->ctx, p->measure, unit ? "unit" : "percent", &p->scales);
	if (book->memory.failed)
		return commission_memory(book);
	enum err err = give_bit(book, p);
	book->n_plans++;
	return err;
}

static int rank_of(const char *scope)
{
	static const char *const order[] = {"people", "role", "team", "branch", "firm"};
	for (int i = 0; i < 5; i++) {
		if (str_equal(order[i], scope))
			return i;
	}
	return 5;
}

/* The narrower first, then the one that holds since later, then the one that was made later. */
static int in_order(const void *a, const void *b)
{
	const struct commission_plan *x = *(struct commission_plan *const *)a, *y = *(struct commission_plan *const *)b;
	int left = rank_of(x->scope), right = rank_of(y->scope);
	if (left != right)
		return left - right;
	return x->from != y->from ? (x->from < y->from ? 1 : -1) : (x->id < y->id) - (x->id > y->id);
}

/* Plans ask as the program: what they count does not depend on who looks. */
static enum err finish_plan(struct commission_book *book, struct commission_plan *p)
{
	struct ctx *ctx = book->ctx;
	const struct actor *before = ctx->actor;
	struct commission_bracket *list;
	ctx->actor = gate_system();
	enum err err = commission_brackets(ctx, p->brackets_text, &p->scales, &list, &p->terms.n);
	p->terms.brackets = list;
	if (err == OK && !str_empty(p->products))
		err = condition_parse(ctx, registry_find(ctx->registry, "product"), p->products, &p->of_products);
	if (err == OK && !str_empty(p->customers))
		err = condition_parse(ctx, registry_find(ctx->registry, "customer"), p->customers, &p->of_customers);
	ctx->actor = before;
	return err;
}

enum err commission_load_plans(struct commission_book *book)
{
	struct ctx *ctx = book->ctx;
	struct stmt *stmt;
	bool row = false;
	book->plans = commission_take(book, PLANS_MAX, sizeof(*book->plans));
	enum err err = book->plans != NULL ? db_prepare(ctx, ctx->db, &sql_commission_plans, &stmt) : commission_memory(book);
	if (err != OK)
		return err;
	stmt_bind_text(stmt, 1, book->span.period);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && (err = take_plan(book, stmt)) == OK) {}
	stmt_done(stmt);
	for (size_t i = 0; err == OK && i < book->n_plans; i++)
		err = finish_plan(book, &book->plans[i]);
	return err;
}

/* --- people ----------------------------------------------------------------------------------- */

struct people_room {
	size_t room;
};

static enum err take_person(struct commission_book *book, struct people_room *r, const struct stmt *stmt)
{
	if (book->n_people == r->room) {
		size_t room = r->room > 0 ? r->room * 2 : 64;
		struct commission_person *more = commission_take(book, room, sizeof(*more));
		if (more == NULL)
			return commission_memory(book);
		if (book->n_people > 0)
			memcpy(more, book->people, book->n_people * sizeof(*more));
		book->people = more;
		r->room = room;
	}
	struct commission_person *p = &book->people[book->n_people++];
	*p = (struct commission_person){.id = stmt_i64(stmt, 0), .name = commission_copy(book, stmt_text(stmt, 1)), .team_id = stmt_i64(stmt, 2), .branch_id = stmt_i64(stmt, 3),
		.active = stmt_i64(stmt, 4) != 0};
	return book->memory.failed ? commission_memory(book) : OK;
}

static enum err read_people(struct commission_book *book)
{
	struct ctx *ctx = book->ctx;
	struct people_room room = {0};
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, book->only != 0 ? &sql_commission_user : &sql_commission_users, &stmt);
	if (err != OK)
		return err;
	if (book->only != 0)
		stmt_bind_i64(stmt, 1, book->only);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row && (err = take_person(book, &room, stmt)) == OK) {}
	stmt_done(stmt);
	return err;
}

static int by_id(const void *key, const void *one)
{
	int64_t id = *(const int64_t *)key, other = ((const struct commission_person *)one)->id;
	return (id > other) - (id < other);
}

struct commission_person *commission_person_of(const struct commission_book *book, int64_t id)
{
	return id != 0 && book->n_people > 0 ? bsearch(&id, book->people, book->n_people, sizeof(*book->people), by_id) : NULL;
}

struct team {
	int64_t id, parent;
};

struct teams {
	struct team *list;
	size_t n;
};

static enum err read_teams(struct commission_book *book, struct teams *teams)
{
	struct ctx *ctx = book->ctx;
	struct stmt *stmt;
	size_t room = 0;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_commission_teams, &stmt);
	if (err != OK)
		return err;
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		if (teams->n == room) {
			struct team *more = commission_take(book, room * 2 + 16, sizeof(*more));
			if (more == NULL) {
				err = commission_memory(book);
				break;
			}
			if (teams->n > 0)
				memcpy(more, teams->list, teams->n * sizeof(*more));
			teams->list = more;
			room = room * 2 + 16;
		}
		teams->list[teams->n++] = (struct team){stmt_i64(stmt, 0), stmt_i64(stmt, 1)};
	}
	stmt_done(stmt);
	return err;
}

static bool team_within(const struct teams *teams, int64_t team, int64_t above)
{
	for (int depth = 0; team != 0 && depth < TEAM_DEPTH; depth++) {
		if (team == above)
			return true;
		int64_t up = 0;
		for (size_t i = 0; i < teams->n; i++)
			up = teams->list[i].id == team ? teams->list[i].parent : up;
		team = up;
	}
	return false;
}

static enum err add_plan(struct commission_book *book, struct commission_person *person, struct commission_plan *plan)
{
	if (person->plans == NULL)
		person->plans = commission_take(book, book->n_plans, sizeof(*person->plans));
	if (person->plans == NULL)
		return commission_memory(book);
	if (!commission_is_for(plan, person))
		person->plans[person->n_plans++] = plan;
	return OK;
}

bool commission_is_for(const struct commission_plan *plan, const struct commission_person *person)
{
	for (size_t i = 0; i < person->n_plans; i++) {
		if (person->plans[i] == plan)
			return true;
	}
	return false;
}

static enum err give_named(struct commission_book *book, struct commission_plan *plan)
{
	struct ctx *ctx = book->ctx;
	struct stmt *stmt;
	bool row = false, role = str_equal(plan->scope, "role");
	enum err err = db_prepare(ctx, ctx->db, role ? &sql_commission_role_people : &sql_commission_plan_people, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, role ? plan->role_id : plan->id);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row) {
		struct commission_person *person = commission_person_of(book, stmt_i64(stmt, 0));
		if (person != NULL && (err = add_plan(book, person, plan)) != OK)
			break;
	}
	stmt_done(stmt);
	return err;
}

static enum err give_plan(struct commission_book *book, const struct teams *teams, struct commission_plan *plan)
{
	enum err err = OK;
	bool firm = str_equal(plan->scope, "firm");
	if (str_equal(plan->scope, "people") || str_equal(plan->scope, "role"))
		return give_named(book, plan);
	for (size_t i = 0; err == OK && i < book->n_people; i++) {
		struct commission_person *p = &book->people[i];
		if (firm || (plan->branch_id != 0 && p->branch_id == plan->branch_id) || (plan->team_id != 0 && team_within(teams, p->team_id, plan->team_id)))
			err = add_plan(book, p, plan);
	}
	return err;
}

/* Two of one kind that hold at once: the second pays what the first does not take. That is told, once for each two. */
static void note_overlaps(struct commission_book *book, const struct commission_person *person)
{
	for (size_t i = 0; i < person->n_plans; i++) {
		for (size_t j = i + 1; j < person->n_plans && book->n_overlaps < COMMISSION_OVERLAPS_MAX; j++) {
			const struct commission_plan *a = person->plans[i], *b = person->plans[j];
			bool at_once = a->from <= b->until && b->from <= a->until && a->from <= book->span.last && b->from <= book->span.last && a->until >= book->span.first &&
			               b->until >= book->span.first, known = false;
			for (size_t k = 0; k < book->n_overlaps; k++)
				known = known || (book->overlaps[k].first == a && book->overlaps[k].second == b);
			if (at_once && !known && str_equal(a->kind, b->kind))
				book->overlaps[book->n_overlaps++] = (struct commission_overlap){a, b};
		}
	}
}

enum err commission_load_people(struct commission_book *book)
{
	struct teams teams = {0};
	enum err err = read_people(book);
	if (err == OK)
		err = read_teams(book, &teams);
	for (size_t i = 0; err == OK && i < book->n_plans; i++)
		err = give_plan(book, &teams, &book->plans[i]);
	for (size_t i = 0; err == OK && i < book->n_people; i++) {
		struct commission_person *p = &book->people[i];
		if (p->n_plans > 1)
			qsort(p->plans, p->n_plans, sizeof(struct commission_plan *), in_order);
		note_overlaps(book, p);
	}
	return err;
}
