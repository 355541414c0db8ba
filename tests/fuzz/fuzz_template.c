/* Templates.  The first byte says what the text becomes and whether missing values are marked; then, between zero bytes, the
 * template, a partial that every name calls, and the values as JSON.  What comes out keeps to its bounds, and values never
 * bring a sign that their place must not have. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/template/template.h"
#include "fuzz.h"

enum { OUT_MAX = 1 << 18 };

static struct arena arena;
static struct ctx ctx;

static void require(bool ok)
{
	if (!ok)
		abort();
}

static const char *partial_of(void *arg, const char *name)
{
	(void)name;
	return arg;
}

/* The next piece, ended by a zero; "" at the end. */
static const char *piece(const char **at, const char *end)
{
	const char *from = *at, *zero = memchr(from, '\0', (size_t)(end - from));
	*at = zero != NULL ? zero + 1 : end;
	return from;
}

static bool has(const char *source, const char *partial, char sign)
{
	return strchr(source, sign) != NULL || strchr(partial, sign) != NULL;
}

static void try_render(const struct template *compiled, enum template_context context, bool mark, const char *source, const char *partial,
                       const struct template_value *value)
{
	struct template_run run = {.mark = mark, .loops_max = 5000};
	struct buf out;
	buf_init(&out, OUT_MAX);
	if (template_render(&ctx, compiled, value, &run, &out) == OK) {
		const char *text = buf_text(&out);
		require(out.len <= OUT_MAX);
		if (context == TEMPLATE_HTML && !has(source, partial, '<'))
			require(memchr(text, '<', out.len) == NULL);
		if (context == TEMPLATE_HEADER && !has(source, partial, '\n'))
			require(memchr(text, '\n', out.len) == NULL);
		if (context == TEMPLATE_JSON && !has(source, partial, '\n'))
			require(memchr(text, '\n', out.len) == NULL);
		if (context == TEMPLATE_URL && !has(source, partial, ' '))
			require(memchr(text, ' ', out.len) == NULL);
	} else {
		require(ctx.faults.code == ERR_LIMIT && out.len == 0);
	}
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (arena.cap == 0)
		arena_init(&arena, 64 << 20);
	arena_reset(&arena);
	ctx_init(&ctx, &arena, clock_system());
	char *text = arena_strndup(&arena, (const char *)data + 1, size - 1);
	require(text != NULL);
	const char *at = text, *end = text + size - 1;
	const char *source = piece(&at, end), *partial = piece(&at, end), *json = piece(&at, end);
	enum template_context context = (enum template_context)(data[0] % 5);
	struct template_options options = {.context = context, .partial = partial_of, .arg = (void *)(uintptr_t)partial};
	struct template_value value = {.kind = TEMPLATE_NONE};
	struct template *compiled;
	if (template_value_read(&ctx, json, strlen(json), &value) != OK)
		faults_clear(&ctx);
	if (template_compile(&ctx, source, strlen(source), &options, &compiled) != OK) {
		require(ctx.faults.count == 1 && compiled == NULL);
		return 0;
	}
	try_render(compiled, context, (data[0] & 8) != 0, source, partial, &value);
	template_free(compiled);
	return 0;
}
