/* Very many new records at once: what search_put does one by one, without looking for an
 * older row, and with the terms taken into the full-text table directly. */
#include <stdlib.h>
#include <string.h>

#include "core/search/put.h"
#include "core/search/source.h"

enum { ENTITIES = 256 }; /* of those above, each document's number is looked up */

/* A document whose terms are still to be taken in. */
struct put {
	int64_t doc;
	int64_t owner, team, branch;
	const char *terms; /* borrowed until the end */
	size_t n_terms;
};

struct search_bulk {
	struct put *list;
	size_t n, most;
	int64_t next[ENTITIES]; /* document number, by entity; 0: not known yet */
};

static void quoted_terms(size_t entity, const char *source, struct buf *out)
{
	struct buf plain;
	buf_init(&plain, TERMS_MAX);
	source_terms(source, &plain);
	source_quoted_terms(entity, &plain, out);
	buf_release(&plain);
}

enum err search_text_make(struct ctx *ctx, const struct search_doc *doc, struct search_text *ret)
{
	struct buf source, terms;
	buf_init(&source, 16 * SOURCE_MAX);
	buf_init(&terms, 2 * TERMS_MAX);
	enum err err = source_write(ctx, doc, &source);
	if (!err && store_engine(ctx->store) == ENGINE_SQLITE)
		source_terms(buf_text(&source), &terms);
	else if (!err)
		quoted_terms(doc->entity, buf_text(&source), &terms);
	if (!err && buf_failed(&terms))
		err = fail(ctx, ERR_LIMIT, "", "text_too_long");
	if (!err) {
		*ret = (struct search_text){
			.source = arena_strndup(ctx->arena, buf_text(&source), source.len), .n_source = source.len,
			.terms = arena_strndup(ctx->arena, buf_text(&terms), terms.len), .n_terms = terms.len,
		};
		if (!ret->source || !ret->terms)
			err = search_no_memory(ctx);
	}
	buf_release(&source);
	buf_release(&terms);
	return err;
}

enum err search_bulk_begin(struct ctx *ctx, size_t most, struct search_bulk **ret)
{
	struct search_bulk *bulk = arena_alloc(ctx->arena, sizeof *bulk);
	struct put *list = arena_array(ctx->arena, most + 1, sizeof *list);
	if (!bulk || !list)
		return search_no_memory(ctx);
	bulk->list = list;
	bulk->most = most;
	*ret = bulk;
	return OK;
}

static enum err number_of(struct ctx *ctx, struct search_bulk *bulk, size_t entity, int64_t *ret)
{
	if (entity < ENTITIES && bulk->next[entity] > 0 && bulk->next[entity] < doc_last(entity)) {
		*ret = bulk->next[entity]++;
		return OK;
	}
	enum err err = search_next_doc(ctx, entity, ret);
	if (!err && entity < ENTITIES)
		bulk->next[entity] = *ret + 1;
	return err;
}

enum err search_bulk_put(struct ctx *ctx, struct search_bulk *bulk, const struct search_doc *doc, const struct search_text *text)
{
	if (!search_is_lite(ctx))
		return search_put_new_row(ctx, doc, text);
	if (bulk->n >= bulk->most || doc->entity >= ENTITY_MAX || doc->record_id <= 0)
		return fail(ctx, ERR_BUG, "search", "search_document");
	struct put *put = &bulk->list[bulk->n];
	*put = (struct put){.owner = doc->owner_id, .team = doc->team_id, .branch = doc->branch_id, .terms = text->terms,
	                    .n_terms = text->n_terms};
	enum err err = number_of(ctx, bulk, doc->entity, &put->doc);
	if (!err)
		err = search_insert_doc(ctx, put->doc, doc, text->source, text->n_source);
	bulk->n += !err;
	return err;
}

static int by_number(const void *a, const void *b)
{
	const struct put *x = a, *y = b;
	return (x->doc > y->doc) - (x->doc < y->doc);
}

enum err search_bulk_end(struct ctx *ctx, struct search_bulk *bulk)
{
	struct buf terms;
	enum err err = OK;
	/* Out of order each would make a segment of its own. */
	if (bulk->n > 0)
		qsort(bulk->list, bulk->n, sizeof *bulk->list, by_number);
	buf_init(&terms, TERMS_MAX);
	for (size_t i = 0; !err && i < bulk->n; i++) {
		const struct put *put = &bulk->list[i];
		buf_reset(&terms);
		buf_add(&terms, put->terms, put->n_terms);
		source_scope_terms(put->owner, put->team, put->branch, &terms);
		err = search_add_terms(ctx, put->doc, &terms);
	}
	buf_release(&terms);
	bulk->n = 0;
	return err;
}
