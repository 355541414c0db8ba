/* Candidates from the full-text index, checked one by one against their source. */
#ifndef GUANXI_CORE_SEARCH_FIND_H
#define GUANXI_CORE_SEARCH_FIND_H

#include "core/search/expr.h"
#include "core/search/match.h"
#include "core/search/search_internal.h"

struct found_hit {
	size_t entity;
	int64_t doc, record_id;
	int rank;
	enum tier tier;
};

enum { FINDER_ITEMS = 4 };

/* A walk that waits to be asked for together with the next ones (PostgreSQL). */
struct finder_item {
	enum tier tier;
	size_t look;
	const char *expr;
	size_t n;
};

struct finder {
	struct ctx *ctx;
	const struct actor *actor;
	const size_t *entities; /* NULL: all the actor may read */
	size_t n_entities;
	size_t *present;        /* entities that have rows at all (PostgreSQL; NULL: not asked yet) */
	size_t n_present;
	bool list;              /* for a list filter: all hits; scopes are somebody else's business */
	struct typed typed;
	size_t want;            /* hits of one entity that suffice */
	size_t look;            /* candidates looked at a step */
	enum tier tier;         /* of the step under way */
	struct found_hit *hits;
	size_t n, cap;
	uint32_t *slots;        /* to find a hit by its record id */
	bool more;              /* candidates were left */
	int64_t *waiting;       /* documents that wait for the full-text table, newest first (SQLite) */
	size_t n_waiting;
	struct waiting_hit *waiting_hits; /* and those of them that answer */
	size_t n_waiting_hits;
	struct buf expr;        /* the step's expression without scope */
	struct buf scoped;      /* and with it */
	struct buf of_entity;   /* and for one entity (PostgreSQL) */
	struct finder_item items[FINDER_ITEMS]; /* finder_later */
	size_t n_items;
	bool later;             /* finder_range leaves its walk for later */
};

void finder_init(struct finder *f, struct ctx *ctx);
void finder_release(struct finder *f);
/* One step: all candidates of f->expr, newest first, until enough are good. */
enum err finder_walk(struct finder *f) MUST_CHECK;
/* The same, but asked for together with the next finder_walk or finder_run: each question to PostgreSQL is a journey.
 * One that is not the first is looked at only where those before it gave too little. All of them look equally far. */
enum err finder_later(struct finder *f) MUST_CHECK;
enum err finder_run(struct finder *f) MUST_CHECK;
/* Good hits enough. */
bool finder_enough(const struct finder *f);
/* Candidates whose terms start so, in the order of the terms. */
enum err finder_range(struct finder *f, char kind, const char *text, size_t n) MUST_CHECK;
/* Whether any document has the word. */
enum err finder_knows(struct finder *f, const char *text, size_t n, bool *ret) MUST_CHECK;
/* Notes the documents that are not in the full-text table yet: each step that follows finds them by their own
 * terms, as it would by the table. */
enum err finder_waiting(struct finder *f) MUST_CHECK;
/* All steps but the guesses, for list filters. */
enum err finder_all(struct finder *f) MUST_CHECK;
/* Good hits of the best tiers so far, of all entities. */
size_t finder_good(const struct finder *f);

#endif
