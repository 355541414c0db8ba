/* HTML of mails: whatever comes in, what is shown has only tags, attributes and values that a separate reader allows, twice over. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/mail/mail_html.h"
#include "core/mail/mail_sanitize.h"
#include "core/mail/test/html_check.h"
#include "fuzz.h"

static struct arena arena;
static struct ctx ctx;

static void require(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf once, twice;
	if (arena.cap == 0)
		arena_init(&arena, 16 << 20);
	arena_reset(&arena);
	ctx_init(&ctx, &arena, clock_system());
	buf_init(&once, 64 << 20);
	buf_init(&twice, 64 << 20);
	require(mail_sanitize(&ctx, (const char *)data, size, &once) == OK);
	require(strlen(buf_text(&once)) == once.len && check_html(buf_text(&once)) == NULL);
	require(mail_sanitize(&ctx, buf_text(&once), once.len, &twice) == OK && check_html(buf_text(&twice)) == NULL);
	buf_reset(&twice);
	require(mail_html_text(&ctx, (const char *)data, size, &twice) == OK);
	buf_release(&twice);
	buf_release(&once);
	return 0;
}
