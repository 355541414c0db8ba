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
