/* Raw messages: whatever the bytes, what is read is UTF-8, its lists keep to their bounds, and it can be written as JSON. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/mail/mail.h"
#include "core/mail/mail_reply.h"
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
	struct mail mail;
	struct buf out;
	if (arena.cap == 0)
		arena_init(&arena, 64 << 20);
	arena_reset(&arena);
	ctx_init(&ctx, &arena, clock_system());
	if (mail_read(&ctx, data, size, &mail) != OK) {
		require(ctx.faults.code == ERR_LIMIT);
		return 0;
	}
	require(utf8_valid(mail.text, strlen(mail.text)));
	require(mail.n_recipients <= MAIL_LIST_MAX && mail.n_references <= MAIL_LIST_MAX && mail.n_attachments <= MAIL_LIST_MAX);
	require((mail.kind == MAIL_BOUNCE && mail.n_recipients > 0) || mail.kind == MAIL_COMPLAINT || mail.n_recipients == 0);
	for (size_t i = 0; i < mail.n_recipients; i++)
		require(mail.recipients[i].address != NULL && (mail.kind == MAIL_COMPLAINT || mail.recipients[i].failure != MAIL_FAILURE_NONE));
	buf_init(&out, 256 << 20);
	require(mail_reply(&ctx, mail.text, &out) == OK && out.len <= strlen(mail.text) + 1 && utf8_valid(buf_text(&out), out.len));
	buf_reset(&out);
	require(mail_explain(&ctx, "fuzz", &mail, &out) == OK);
	buf_release(&out);
	return 0;
}
