/* Parts of put.c that bulk.c uses too. */
#ifndef GUANXI_CORE_SEARCH_PUT_H
#define GUANXI_CORE_SEARCH_PUT_H

#include "base/buf.h"
#include "core/search/search_internal.h"

/* SQLite: the number of the entity's next document. */
enum err search_next_doc(struct ctx *ctx, size_t entity, int64_t *ret) MUST_CHECK;
/* SQLite: a new row of search_doc. */
enum err search_insert_doc(struct ctx *ctx, int64_t number, const struct search_doc *doc, const char *source, size_t n) MUST_CHECK;
/* SQLite: terms of a document into the full-text table. */
enum err search_add_terms(struct ctx *ctx, int64_t number, const struct buf *terms) MUST_CHECK;
/* PostgreSQL: the row of a record that has none yet, without waiting; terms as a tsvector's text without the scope's. */
enum err search_put_new_row(struct ctx *ctx, const struct search_doc *doc, const struct search_text *text) MUST_CHECK;
/* PostgreSQL: the whole row. */
enum err search_put_row(struct ctx *ctx, const struct search_doc *doc, const char *source, size_t n) MUST_CHECK;

#endif
