/* Nothing of this test is searched. */
#include "core/search/search.h"

enum err search_put(struct ctx *ctx, const struct search_doc *doc)
{
	(void)doc;
	return fail(ctx, ERR_BUG, "", "search");
}

enum err search_remove(struct ctx *ctx, int64_t record_id)
{
	(void)record_id;
	return fail(ctx, ERR_BUG, "", "search");
}

enum err search_text_make(struct ctx *ctx, const struct search_doc *doc, struct search_text *ret)
{
	(void)ctx;
	(void)doc;
	*ret = (struct search_text){.source = "", .terms = ""};
	return OK;
}

enum err search_bulk_begin(struct ctx *ctx, size_t most, struct search_bulk **ret)
{
	(void)ctx;
	(void)most;
	*ret = NULL;
	return OK;
}

enum err search_bulk_put(struct ctx *ctx, struct search_bulk *bulk, const struct search_doc *doc, const struct search_text *text)
{
	(void)ctx;
	(void)bulk;
	(void)doc;
	(void)text;
	return OK;
}

enum err search_bulk_end(struct ctx *ctx, struct search_bulk *bulk)
{
	(void)ctx;
	(void)bulk;
	return OK;
}
