/* Full-text expressions for the engine: FTS5's MATCH or a tsquery.  Whatever a
 * person typed gets here only as the text of a quoted term. */
#ifndef GUANXI_CORE_SEARCH_EXPR_H
#define GUANXI_CORE_SEARCH_EXPR_H

#include "base/buf.h"
#include "core/store/store.h"

enum { EXPR_MAX = 16384, EXPR_DEPTH = 8 };

/* PostgreSQL's terms have their entity in front; where it goes stands this byte. */
#define EXPR_ENTITY '\x01'

struct expr {
	struct buf *out;
	enum engine engine;
	int depth;
	bool or_[EXPR_DEPTH];    /* joins the parts of this group by OR, else AND */
	size_t parts[EXPR_DEPTH];
};

void expr_init(struct expr *e, struct buf *out, enum engine engine);
/* A term, its first byte `kind` unless 0. */
void expr_term(struct expr *e, char kind, const char *text, size_t n);
/* All terms that start so. */
void expr_prefix(struct expr *e, char kind, const char *text, size_t n);
void expr_and(struct expr *e); /* opens a group */
void expr_or(struct expr *e);
void expr_end(struct expr *e); /* closes it; an empty group vanishes */
/* The expression for one entity. */
void expr_for_entity(const struct buf *expr, size_t entity, struct buf *out);
/* True if nothing was written: then there is nothing to look for. */
bool expr_empty(const struct expr *e);

#endif
