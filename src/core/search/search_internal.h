/* Shared by the files of this folder only. */
#ifndef GUANXI_CORE_SEARCH_SEARCH_INTERNAL_H
#define GUANXI_CORE_SEARCH_SEARCH_INTERNAL_H

#include "core/search/search.h"
#include "core/store/store.h"
#include "sql_search.h"

enum {
	ENTITY_SHIFT = 32,     /* SQLite: bits of the count below the entity in a document number */
	ENTITY_MAX = 1 << 20,
	WAIT_MAX = 64,         /* documents that may wait for the full-text table: every find reads them */
	LEVELS_MAX = 1000,     /* of FTS5's index, up to which whole merges are begun */
	TERMS_VERSION = 4,     /* of the terms that source.c makes */
};

static inline int64_t doc_first(size_t entity)
{
	return (int64_t)entity << ENTITY_SHIFT;
}

static inline int64_t doc_last(size_t entity)
{
	return ((int64_t)(entity + 1) << ENTITY_SHIFT) - 1;
}

static inline size_t doc_entity(int64_t doc)
{
	return (size_t)(doc >> ENTITY_SHIFT);
}

enum err search_no_memory(struct ctx *ctx) MUST_CHECK;
static inline bool search_is_lite(const struct ctx *ctx)
{
	return db_engine(ctx->db) == ENGINE_SQLITE;
}

/* Prepares, and runs with up to three numbers bound; the usual short statement. */
enum err search_run(struct ctx *ctx, const struct sql *sql, int n, const int64_t *values) MUST_CHECK;
/* Takes all that waits into the full-text table (SQLite; in a write job). */
enum err search_take_in(struct ctx *ctx) MUST_CHECK;

#endif
