#include "core/text/hant.h"

#include <opencc/opencc.h>
#include <pthread.h>
#include <string.h>

#include "base/str.h"
#include "core/text/text_internal.h"

/* Costly to open and safe to share, so there is one for all threads. */
static struct {
	pthread_mutex_t lock;
	opencc_t converter; /* NULL: not opened yet */
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

static opencc_t shared_converter(void)
{
	pthread_mutex_lock(&state.lock);
	if (!state.converter) {
		opencc_t opened = opencc_open("s2twp.json");
		if (opened != (opencc_t)-1)
			state.converter = opened;
	}
	opencc_t converter = state.converter;
	pthread_mutex_unlock(&state.lock);
	return converter;
}

void text_hant_close(void)
{
	pthread_mutex_lock(&state.lock);
	if (state.converter)
		opencc_close(state.converter);
	state.converter = NULL;
	pthread_mutex_unlock(&state.lock);
}

enum err text_to_hant(struct ctx *ctx, const char *in, const char **ret)
{
	size_t n = strlen(in);
	char *out;
	if (text_is_ascii(in, n)) {
		out = arena_strndup(ctx->arena, in, n);
		if (!out)
			return text_no_memory(ctx);
		*ret = out;
		return OK;
	}
	opencc_t converter = shared_converter();
	if (!converter)
		return text_library_failed(ctx, "opencc");
	/* OpenCC throws on ill-formed text; it only ever sees well-formed text. */
	if (!utf8_valid(in, n)) {
		const char *clean;
		enum err err = text_clean(ctx, in, n, true, &clean, &n);
		if (err)
			return err;
		in = clean;
	}
	char *converted = opencc_convert_utf8(converter, in, n);
	if (!converted)
		return text_library_failed(ctx, "opencc");
	out = arena_strdup(ctx->arena, converted);
	opencc_convert_utf8_free(converted);
	if (!out)
		return text_no_memory(ctx);
	*ret = out;
	return OK;
}
