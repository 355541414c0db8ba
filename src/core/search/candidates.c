#include <stdlib.h>
#include <string.h>

#include "core/search/find.h"
#include "core/search/source.h"
#include "core/search/terms.h"

enum {
	HITS_MAX = 100000,
	TEAM_TERMS_MAX = 200,
	PRESENT_MAX = 256,
	/* PostgreSQL: rows fetched by GIN; more than that have the term: then newest rows looked through instead */
	FETCH_MAX = 2000,
	NEWEST_MAX = 20000,
	WAITING_MAX = 4 * WAIT_MAX,
};

void finder_init(struct finder *f, struct ctx *ctx)
{
	*f = (struct finder){.ctx = ctx, .actor = ctx->actor};
	buf_init(&f->expr, EXPR_MAX);
	buf_init(&f->scoped, 2 * EXPR_MAX);
	buf_init(&f->of_entity, 4 * EXPR_MAX);
}

void finder_release(struct finder *f)
{
	buf_release(&f->expr);
	buf_release(&f->scoped);
	buf_release(&f->of_entity);
}

/* --- rights ------------------------------------------------------------------ */

static bool asked_for(const struct finder *f, size_t entity)
{
	if (!f->entities)
		return true;
	for (size_t i = 0; i < f->n_entities; i++)
		if (f->entities[i] == entity)
			return true;
	return false;
}

static enum scope scope_of(const struct finder *f, size_t entity)
{
	if (!asked_for(f, entity))
		return SCOPE_NONE;
	return f->list ? SCOPE_ALL : gate_scope(f->actor, entity, ACTION_READ);
}

bool finder_enough(const struct finder *f)
{
	return finder_good(f) >= f->want;
}

/* --- hits -------------------------------------------------------------------- */

static size_t good_of(const struct finder *f, size_t entity)
{
	size_t count = 0;
	for (size_t i = 0; i < f->n; i++)
		count += f->hits[i].entity == entity && f->hits[i].tier >= f->tier;
	return count;
}

size_t finder_good(const struct finder *f)
{
	size_t count = 0;
	for (size_t i = 0; i < f->n; i++)
		count += f->hits[i].tier >= f->tier;
	return count;
}

/* Where the id stands, or would stand, among `slots` (1 + position in hits; 0 free). */
static size_t slot_of(const struct finder *f, int64_t record_id)
{
	size_t mask = f->cap * 2 - 1;
	size_t at = (size_t)((uint64_t)record_id * 0x9E3779B97F4A7C15u >> 20) & mask;
	while (f->slots[at] && f->hits[f->slots[at] - 1].record_id != record_id)
		at = (at + 1) & mask;
	return at;
}

static bool known(const struct finder *f, int64_t record_id)
{
	return f->cap > 0 && f->slots[slot_of(f, record_id)] != 0;
}

static enum err more_room(struct finder *f)
{
	size_t cap = f->cap ? f->cap * 2 : 64;
	struct found_hit *hits = cap > HITS_MAX * 2 ? NULL : arena_array(f->ctx->arena, cap, sizeof *hits);
	uint32_t *slots = hits ? arena_array(f->ctx->arena, cap * 2, sizeof *slots) : NULL;
	if (!slots)
		return search_no_memory(f->ctx);
	if (f->n > 0)
		memcpy(hits, f->hits, f->n * sizeof *hits);
	f->hits = hits;
	f->slots = slots;
	f->cap = cap;
	for (size_t i = 0; i < f->n; i++)
		slots[slot_of(f, hits[i].record_id)] = (uint32_t)i + 1;
	return OK;
}

static enum err add_hit(struct finder *f, const struct found_hit *hit)
{
	enum err err = f->n == f->cap ? more_room(f) : OK;
	if (err)
		return err;
	size_t slot = slot_of(f, hit->record_id);
	f->hits[f->n++] = *hit;
	f->slots[slot] = (uint32_t)f->n;
	return OK;
}

/* Back to the first n. */
static void forget_hits(struct finder *f, size_t n)
{
	if (f->n == n)
		return;
	memset(f->slots, 0, f->cap * 2 * sizeof *f->slots);
	f->n = n;
	for (size_t i = 0; i < n; i++)
		f->slots[slot_of(f, f->hits[i].record_id)] = (uint32_t)i + 1;
}

static size_t row_entity(const struct finder *f, struct stmt *stmt)
{
	int64_t first = stmt_i64(stmt, 0);
	return search_is_lite(f->ctx) ? doc_entity(first) : (size_t)first;
}

/* The candidate in the statement's row: rights first, then whether it really matches. No hit (tier none) if it does
 * not, or is one already. */
static struct found_hit judge(const struct finder *f, struct stmt *stmt, enum scope scope)
{
	struct found_hit hit = {.entity = row_entity(f, stmt), .record_id = stmt_i64(stmt, 1), .rank = (int)stmt_i64(stmt, 2)};
	const struct row_owner owner = {stmt_i64(stmt, 3), stmt_i64(stmt, 4), stmt_i64(stmt, 5), hit.record_id};
	hit.doc = search_is_lite(f->ctx) ? stmt_i64(stmt, 0) : hit.record_id;
	if (scope == SCOPE_NONE || (!f->list && !gate_reach(f->actor, scope, &owner, ACTION_READ, ctx_now(f->ctx))) || known(f, hit.record_id))
		return hit;
	hit.tier = match_source(&f->typed, stmt_text(stmt, 6), f->actor, hit.entity);
	return hit;
}

static int newest_first(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x < y) - (x > y);
}

/* Of what waits the full-text table still has the old terms, or none: its own terms are asked, see take_waiting. */
static bool waits(const struct finder *f, int64_t doc)
{
	return f->n_waiting > 0 && bsearch(&doc, f->waiting, f->n_waiting, sizeof *f->waiting, newest_first) != NULL;
}

static enum err consider(struct finder *f, struct stmt *stmt, enum scope scope)
{
	if (waits(f, stmt_i64(stmt, 0)))
		return OK;
	const struct found_hit hit = judge(f, stmt, scope);
	return hit.tier == TIER_NONE ? OK : add_hit(f, &hit);
}

/* --- what waits for the full-text table (SQLite) ---------------------------------- */

/* A document that answers, and the terms by which the table will give it. */
struct waiting_hit {
	struct found_hit hit;
	struct terms terms;
};

static enum err wait_for(struct finder *f, struct stmt *stmt)
{
	struct waiting_hit *w = &f->waiting_hits[f->n_waiting_hits];
	f->waiting[f->n_waiting++] = stmt_i64(stmt, 0);
	w->hit = judge(f, stmt, scope_of(f, row_entity(f, stmt)));
	if (w->hit.tier == TIER_NONE)
		return OK;
	f->n_waiting_hits++;
	return terms_of_source(f->ctx, stmt_text(stmt, 6), &w->terms);
}

enum err finder_waiting(struct finder *f)
{
	struct stmt *stmt;
	bool row;
	if (!search_is_lite(f->ctx))
		return OK;
	f->n_waiting = f->n_waiting_hits = 0;
	enum err err = db_prepare(f->ctx, f->ctx->db, &sql_search_waiting, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, WAITING_MAX);
	while ((err = stmt_step(f->ctx, stmt, &row)) == OK && row && f->n_waiting < WAITING_MAX) {
		if (!f->waiting) {
			f->waiting = arena_array(f->ctx->arena, WAITING_MAX, sizeof *f->waiting);
			f->waiting_hits = arena_array(f->ctx->arena, WAITING_MAX, sizeof *f->waiting_hits);
		}
		err = f->waiting && f->waiting_hits ? wait_for(f, stmt) : search_no_memory(f->ctx);
		if (err)
			break;
	}
	stmt_done(stmt);
	return err;
}

/* Those that the step's expression gives; with text, those with a term that starts so. */
static enum err take_waiting(struct finder *f, char kind, const char *text, size_t n)
{
	enum err err = OK;
	for (size_t i = 0; !err && i < f->n_waiting_hits; i++) {
		const struct waiting_hit *w = &f->waiting_hits[i];
		if (known(f, w->hit.record_id))
			continue;
		if (text ? terms_have(&w->terms, kind, text, n, true) : terms_answer(&w->terms, &f->expr))
			err = add_hit(f, &w->hit);
	}
	return err;
}

/* --- a walk over the documents that match an expression ------------------------- */

/* Documents from `high` down to `low`; on PostgreSQL `low` is the entity, `high` how many rows to fetch. */
struct bounds {
	int64_t low, high;
};

static void put_scope(struct finder *f, enum scope scope, struct expr *e)
{
	const struct actor *actor = f->actor;
	struct buf term;
	buf_init(&term, 64);
	expr_or(e);
	source_scope_term('o', actor->user_id, &term);
	expr_term(e, 0, term.data, term.len - 1);
	for (size_t i = 0; scope >= SCOPE_TEAM && i <= actor->n_teams; i++) {
		int64_t team = i < actor->n_teams ? actor->teams[i] : actor->team_id;
		buf_reset(&term);
		source_scope_term('t', team, &term);
		if (team > 0)
			expr_term(e, 0, term.data, term.len - 1);
	}
	if (scope >= SCOPE_BRANCH && actor->branch_id > 0) {
		buf_reset(&term);
		source_scope_term('b', actor->branch_id, &term);
		expr_term(e, 0, term.data, term.len - 1);
	}
	expr_end(e);
	buf_release(&term);
}

/* The expression narrowed to rows that can lie within the scope (gate_row decides
 * afterwards), and on PostgreSQL to the entity. */
static const struct buf *scoped_expr(struct finder *f, enum scope scope, size_t entity)
{
	bool lite = search_is_lite(f->ctx);
	bool narrow = scope != SCOPE_ALL && f->actor->n_shares == 0 && !f->list && f->actor->n_teams <= TEAM_TERMS_MAX;
	const struct buf *expr = &f->expr;
	if (narrow) {
		struct expr e;
		expr_init(&e, &f->scoped, db_engine(f->ctx->db));
		put_scope(f, scope, &e);
		buf_puts(&f->scoped, lite ? " AND (" : " & (");
		buf_add(&f->scoped, f->expr.data, f->expr.len);
		buf_putc(&f->scoped, ')');
		expr = &f->scoped;
	}
	if (lite)
		return expr;
	buf_reset(&f->of_entity);
	expr_for_entity(expr, entity, &f->of_entity);
	f->of_entity.failed = f->of_entity.failed || buf_failed(expr);
	return &f->of_entity;
}

/* PostgreSQL sends all rows at once, so fewer are asked for. */
static size_t look_of(const struct finder *f)
{
	size_t few = 3 * f->want + 20;
	return search_is_lite(f->ctx) || f->list || few > f->look ? f->look : few;
}

static enum err open_candidates(struct finder *f, const struct sql *sql, enum scope scope, size_t entity,
                                const struct bounds *b, struct stmt **ret)
{
	const struct buf *expr = scoped_expr(f, scope, entity);
	if (buf_failed(expr))
		return fail(f->ctx, ERR_LIMIT, "q", "text_too_long");
	enum err err = db_prepare(f->ctx, f->ctx->db, sql, ret);
	if (err)
		return err;
	stmt_bind_textn(*ret, 1, expr->data, expr->len);
	stmt_bind_i64(*ret, 2, b->low);
	stmt_bind_i64(*ret, 3, b->high);
	stmt_bind_i64(*ret, 4, (int64_t)look_of(f));
	return OK;
}

static struct bounds entity_bounds(const struct finder *f, size_t entity)
{
	if (search_is_lite(f->ctx))
		return (struct bounds){doc_first(entity), doc_last(entity)};
	return (struct bounds){(int64_t)entity, f->list ? (int64_t)f->look : FETCH_MAX + 1};
}

/* Looks at the statement's rows; *ret_all is how many the terms have, as far as is known. */
static enum err walk_rows(struct finder *f, struct stmt *stmt, enum scope scope, size_t good, size_t *ret_all)
{
	enum err err;
	bool row;
	size_t seen = 0;
	*ret_all = 0;
	while ((err = stmt_step(f->ctx, stmt, &row)) == OK && row) {
		size_t before = f->n;
		if (seen++ == 0 && stmt_columns(stmt) > 7)
			*ret_all = (size_t)stmt_i64(stmt, 7);
		err = consider(f, stmt, scope);
		good += f->n > before && f->hits[before].tier >= f->tier;
		if (err || good >= f->want)
			break;
	}
	f->more = f->more || good >= f->want || seen == look_of(f);
	stmt_done(stmt);
	return err;
}

/* Where GIN gives any of very many, the newest are wanted. */
static enum err walk_newest(struct finder *f, size_t entity, enum scope scope)
{
	struct stmt *stmt;
	const struct bounds b = {(int64_t)entity, NEWEST_MAX};
	size_t all;
	enum err err = open_candidates(f, &sql_search_newest, scope, entity, &b, &stmt);
	if (!err)
		err = walk_rows(f, stmt, scope, good_of(f, entity), &all);
	f->more = true;
	return err;
}

/* Candidates of one entity within its scope. */
static enum err walk_entity(struct finder *f, size_t entity, enum scope scope)
{
	struct stmt *stmt;
	struct bounds b = entity_bounds(f, entity);
	size_t all = 0, good = good_of(f, entity), n = f->n;
	if (good >= f->want) {
		f->more = true;
		return OK;
	}
	enum err err = open_candidates(f, &sql_search_candidates, scope, entity, &b, &stmt);
	if (!err)
		err = walk_rows(f, stmt, scope, good, &all);
	if (err || all <= FETCH_MAX || f->list)
		return err;
	forget_hits(f, n);
	return walk_newest(f, entity, scope);
}

/* What a pass over all entities came to. */
enum pass { PASS_DONE, PASS_SKIP, PASS_ALONE };

/* Reads on from b->high; stops at an entity that needs no look (PASS_SKIP: go on
 * below it) or one that did not end within the pass (PASS_ALONE: walk it by itself). */
static enum err pass_over(struct finder *f, const struct bounds *b, enum pass *ret, size_t *ret_entity)
{
	struct stmt *stmt;
	size_t seen = 0, good = 0;
	bool row, any = false;
	enum scope scope = SCOPE_NONE;
	*ret = PASS_DONE;
	enum err err = open_candidates(f, &sql_search_candidates, SCOPE_ALL, 0, b, &stmt);
	if (err)
		return err;
	while ((err = stmt_step(f->ctx, stmt, &row)) == OK && row) {
		size_t entity = row_entity(f, stmt);
		if (!any || entity != *ret_entity) {
			*ret_entity = entity;
			any = true;
			scope = scope_of(f, entity);
			good = good_of(f, entity);
		}
		if (scope == SCOPE_NONE || good >= f->want) {
			f->more = f->more || scope != SCOPE_NONE;
			*ret = PASS_SKIP;
			break;
		}
		/* With less than all rows, most candidates would be others': better ask for one's own. */
		if (scope != SCOPE_ALL) {
			*ret = PASS_ALONE;
			break;
		}
		size_t before = f->n;
		err = consider(f, stmt, scope);
		good += f->n > before && f->hits[before].tier >= f->tier;
		if (err || ++seen >= f->look) {
			*ret = PASS_ALONE;
			break;
		}
	}
	stmt_done(stmt);
	return err;
}

static enum err find_present(struct finder *f)
{
	struct stmt *stmt;
	bool row;
	f->present = arena_array(f->ctx->arena, PRESENT_MAX, sizeof *f->present);
	if (!f->present)
		return search_no_memory(f->ctx);
	enum err err = db_prepare(f->ctx, f->ctx->db, &sql_search_entities_present, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, ENTITY_MAX);
	while ((err = stmt_step(f->ctx, stmt, &row)) == OK && row && f->n_present < PRESENT_MAX)
		f->present[f->n_present++] = (size_t)stmt_i64(stmt, 0);
	stmt_done(stmt);
	return err;
}

static enum err walk_list(struct finder *f, const size_t *entities, size_t n)
{
	enum err err = OK;
	for (size_t i = 0; !err && i < n; i++) {
		enum scope scope = scope_of(f, entities[i]);
		if (scope != SCOPE_NONE)
			err = walk_entity(f, entities[i], scope);
	}
	return err;
}

static enum err any_in_entities(struct finder *f, bool *ret)
{
	enum err err = f->present ? OK : find_present(f);
	for (size_t i = 0; !err && !*ret && i < f->n_present; i++) {
		struct stmt *stmt;
		const struct bounds b = {(int64_t)f->present[i], 1};
		err = open_candidates(f, &sql_search_candidates, SCOPE_ALL, f->present[i], &b, &stmt);
		if (err)
			break;
		err = stmt_step(f->ctx, stmt, ret);
		stmt_done(stmt);
	}
	return err;
}

/* Stepping over the terms of another entity costs time even where nothing follows. */
static enum err any_below(struct finder *f, int64_t high, bool *ret)
{
	struct stmt *stmt;
	enum err err = db_prepare(f->ctx, f->ctx->db, &sql_search_any_below, &stmt);
	if (err)
		return err;
	stmt_bind_i64(stmt, 1, high);
	err = stmt_step(f->ctx, stmt, ret);
	stmt_done(stmt);
	return err;
}

/* All entities in few passes, the highest document first. */
static enum err walk_all_lite(struct finder *f)
{
	struct bounds b = {0, doc_last(ENTITY_MAX)};
	enum err err = OK;
	bool below = true;
	while (!err && below) {
		enum pass pass;
		size_t entity = 0;
		err = pass_over(f, &b, &pass, &entity);
		if (!err && pass == PASS_ALONE)
			err = walk_entity(f, entity, scope_of(f, entity));
		if (err || pass == PASS_DONE || entity == 0)
			break;
		b.high = doc_first(entity) - 1;
		err = any_below(f, b.high, &below);
	}
	return err;
}

/* --- several walks in one question (PostgreSQL) ---------------------------------- */

struct part {
	const struct finder_item *item;
	size_t entity;
	enum scope scope;
};

/* All parts of the items that wait, each with its expression in the array literal. */
static enum err put_parts(struct finder *f, struct part *parts, size_t *ret_n, struct buf *list)
{
	const size_t *entities = f->entities ? f->entities : f->present;
	size_t n_entities = f->entities ? f->n_entities : f->n_present;
	*ret_n = 0;
	for (size_t i = 0; i < f->n_items; i++) {
		buf_reset(&f->expr);
		buf_add(&f->expr, f->items[i].expr, f->items[i].n);
		for (size_t k = 0; k < n_entities; k++) {
			enum scope scope = scope_of(f, entities[k]);
			if (scope == SCOPE_NONE)
				continue;
			const struct buf *expr = scoped_expr(f, scope, entities[k]);
			buf_puts(list, *ret_n > 0 ? ",\"" : "{\"");
			for (size_t c = 0; c < expr->len; c++) {
				if (expr->data[c] == '"' || expr->data[c] == '\\')
					buf_putc(list, '\\');
				buf_putc(list, expr->data[c]);
			}
			buf_putc(list, '"');
			list->failed = list->failed || buf_failed(expr);
			parts[(*ret_n)++] = (struct part){&f->items[i], entities[k], scope};
		}
	}
	buf_putc(list, '}');
	return buf_failed(list) ? fail(f->ctx, ERR_LIMIT, "q", "text_too_long") : OK;
}

static enum err ask_parts(struct finder *f, const struct buf *list, size_t n, struct stmt **ret)
{
	enum err err = db_prepare(f->ctx, f->ctx->db, &sql_search_candidates_many, ret);
	if (err)
		return err;
	stmt_bind_text(*ret, 1, buf_text(list));
	stmt_bind_i64(*ret, 2, FETCH_MAX + 1);
	stmt_bind_i64(*ret, 3, (int64_t)look_of(f));
	stmt_bind_i64(*ret, 4, (int64_t)(look_of(f) * n));
	return OK;
}

/* The rows of part `number`, from the one at hand to the first of another part. */
static enum err take_part(struct finder *f, struct stmt *stmt, const struct part *part, int64_t number, bool *row)
{
	size_t good = good_of(f, part->entity), seen = 0, n = f->n;
	int64_t all = 0;
	enum err err = OK;
	bool wanted = good < f->want;
	f->more = f->more || !wanted;
	for (; !err && *row && stmt_i64(stmt, 8) == number; err = stmt_step(f->ctx, stmt, row)) {
		if (!wanted || good >= f->want)
			continue; /* over it */
		all = stmt_i64(stmt, 7);
		size_t before = f->n;
		seen++;
		err = consider(f, stmt, part->scope);
		good += f->n > before && f->hits[before].tier >= f->tier;
		if (err)
			return err;
	}
	if (err || !wanted)
		return err;
	f->more = f->more || good >= f->want || seen == look_of(f);
	if (all <= FETCH_MAX)
		return OK;
	forget_hits(f, n);
	buf_reset(&f->expr);
	buf_add(&f->expr, part->item->expr, part->item->n);
	return walk_newest(f, part->entity, part->scope);
}

static enum err take_parts(struct finder *f, struct stmt *stmt, const struct part *parts, size_t n)
{
	bool row;
	enum err err = stmt_step(f->ctx, stmt, &row);
	const struct finder_item *under_way = &f->items[0];
	for (size_t i = 0; !err && i < n; i++) {
		if (parts[i].item != under_way && finder_enough(f))
			break;
		under_way = parts[i].item;
		f->tier = under_way->tier;
		err = take_part(f, stmt, &parts[i], (int64_t)i + 1, &row);
	}
	return err;
}

static enum err run_items(struct finder *f)
{
	struct stmt *stmt;
	struct buf list;
	size_t n = 0, n_entities = f->entities ? f->n_entities : f->n_present;
	struct part *parts = arena_array(f->ctx->arena, f->n_items * n_entities + 1, sizeof *parts);
	if (!parts)
		return search_no_memory(f->ctx);
	buf_init(&list, FINDER_ITEMS * PRESENT_MAX * 256);
	f->tier = f->items[0].tier;
	f->look = f->items[0].look;
	enum err err = put_parts(f, parts, &n, &list);
	if (!err && n > 0) {
		err = ask_parts(f, &list, n, &stmt);
		if (!err) {
			err = take_parts(f, stmt, parts, n);
			stmt_done(stmt);
		}
	}
	buf_release(&list);
	return err;
}

enum err finder_later(struct finder *f)
{
	if (f->n_items == FINDER_ITEMS)
		return fail(f->ctx, ERR_BUG, "q", "search_items");
	if (f->expr.len == 0)
		return OK;
	const char *expr = arena_strndup(f->ctx->arena, f->expr.data, f->expr.len);
	if (!expr || buf_failed(&f->expr))
		return expr ? fail(f->ctx, ERR_LIMIT, "q", "text_too_long") : search_no_memory(f->ctx);
	f->items[f->n_items++] = (struct finder_item){f->tier, f->look, expr, f->expr.len};
	return OK;
}

enum err finder_run(struct finder *f)
{
	enum err err = f->n_items > 0 && !f->entities && !f->present ? find_present(f) : OK;
	if (!err && f->n_items > 0)
		err = run_items(f);
	f->n_items = 0;
	return err;
}

enum err finder_walk(struct finder *f)
{
	enum err err = OK;
	if (!search_is_lite(f->ctx) && !f->list) {
		err = finder_later(f);
		return err || f->later ? err : finder_run(f);
	}
	if (f->expr.len == 0)
		return OK;
	err = take_waiting(f, 0, NULL, 0);
	if (err)
		return err;
	if (f->entities)
		return walk_list(f, f->entities, f->n_entities);
	if (search_is_lite(f->ctx))
		return walk_all_lite(f);
	if (!f->present)
		err = find_present(f);
	return err ? err : walk_list(f, f->present, f->n_present);
}

/* --- candidates otherwise ------------------------------------------------------- */

static enum err consider_all(struct finder *f, struct stmt *stmt)
{
	bool row;
	size_t seen = 0;
	enum err err;
	while ((err = stmt_step(f->ctx, stmt, &row)) == OK && row) {
		seen++;
		err = consider(f, stmt, scope_of(f, row_entity(f, stmt)));
		if (err)
			break;
	}
	f->more = f->more || seen >= f->look;
	stmt_done(stmt);
	return err;
}

/* PostgreSQL's prefix search is bounded by its time budget, and gives the newest. */
static enum err range_by_expression(struct finder *f, char kind, const char *text, size_t n)
{
	struct expr e;
	expr_init(&e, &f->expr, ENGINE_POSTGRES);
	expr_prefix(&e, kind, text, n);
	return finder_walk(f);
}

enum err finder_range(struct finder *f, char kind, const char *text, size_t n)
{
	char from[TERM_MAX + 8], to[TERM_MAX + 8];
	if (!text)
		return fail(f->ctx, ERR_LIMIT, "", "memory");
	if (n == 0 || n > TERM_MAX)
		return OK;
	if (!search_is_lite(f->ctx))
		return range_by_expression(f, kind, text, n);
	struct stmt *stmt;
	enum err err = take_waiting(f, kind, text, n);
	if (!err)
		err = db_prepare(f->ctx, f->ctx->db, &sql_search_term_range, &stmt);
	if (err)
		return err;
	size_t len = 0;
	if (kind)
		from[len++] = kind;
	memcpy(from + len, text, n);
	len += n;
	memcpy(to, from, len);
	memcpy(to + len, "\xF4\x8F\xBF\xBF", 4); /* the last character there is */
	stmt_bind_textn(stmt, 1, from, len);
	stmt_bind_textn(stmt, 2, to, len + 4);
	stmt_bind_i64(stmt, 3, (int64_t)f->look);
	return consider_all(f, stmt);
}

static enum err waiting_knows(struct finder *f, const char *text, size_t n, bool *ret)
{
	struct stmt *stmt;
	struct terms terms;
	bool row;
	enum err err = f->n_waiting > 0 ? db_prepare(f->ctx, f->ctx->db, &sql_search_waiting, &stmt) : OK;
	if (err || f->n_waiting == 0)
		return err;
	stmt_bind_i64(stmt, 1, WAITING_MAX);
	while ((err = stmt_step(f->ctx, stmt, &row)) == OK && row && !*ret) {
		if (!memmem(stmt_text(stmt, 6), stmt_bytes(stmt, 6), text, n))
			continue;
		err = terms_of_source(f->ctx, stmt_text(stmt, 6), &terms);
		if (err)
			break;
		*ret = terms_have(&terms, 0, text, n, false);
	}
	stmt_done(stmt);
	return err;
}

enum err finder_knows(struct finder *f, const char *text, size_t n, bool *ret)
{
	struct stmt *stmt;
	struct expr e;
	*ret = false;
	if (!search_is_lite(f->ctx)) {
		size_t saved = f->look;
		f->look = 1;
		expr_init(&e, &f->expr, ENGINE_POSTGRES);
		expr_term(&e, 0, text, n);
		enum err err = any_in_entities(f, ret);
		f->look = saved;
		return err;
	}
	enum err err = db_prepare(f->ctx, f->ctx->db, &sql_search_term_known, &stmt);
	if (err)
		return err;
	stmt_bind_textn(stmt, 1, text, n);
	err = stmt_step(f->ctx, stmt, ret);
	stmt_done(stmt);
	return err || *ret ? err : waiting_knows(f, text, n, ret);
}
