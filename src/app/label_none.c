/* Build tool: stands in for the tables of words that label_dump helps to make. */
#include "app/app.h"

const char *app_message(const struct ctx *ctx, const struct fault *fault)
{
	(void)ctx;
	return fault->key;
}

const char *app_label(struct ctx *ctx, const struct text2 *text)
{
	(void)ctx;
	return text->en;
}
