/* Questions on taxes and prices from outside.  The first byte says which: t taxes, else prices.  Answers are whole lines of
 * JSON, and what is refused has one reason. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "core/tax/tax.h"
#include "fuzz.h"
#include "pricing/pricing.h"

static struct arena arena;
static struct ctx ctx;

static void require(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf out;
	if (size == 0)
		return 0;
	if (arena.cap == 0)
		arena_init(&arena, 64 << 20);
	arena_reset(&arena);
	ctx_init(&ctx, &arena, clock_system());
	buf_init(&out, 1 << 24);
	const char *text = (const char *)data + 1;
	enum err err = data[0] == 't' ? tax_ask(&ctx, text, size - 1, &out) : pricing_ask(&ctx, text, size - 1, &out);
	require(err == OK || ctx.faults.count == 1);
	for (const char *line = buf_text(&out), *end; *line != '\0'; line = end + 1) {
		json_error_t error;
		end = strchr(line, '\n');
		require(end != NULL);
		json_t *answer = json_loadb(line, (size_t)(end - line), 0, &error);
		require(answer != NULL && json_object_get(answer, "answer") != NULL && json_is_array(json_object_get(answer, "steps")));
		json_decref(answer);
	}
	buf_release(&out);
	return 0;
}
