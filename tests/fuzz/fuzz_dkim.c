/* Mails with signatures, whatever the bytes: what is checked ends, results keep to their bounds; what we sign ourselves passes, and any letter changed
 * in what is signed does not. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/dkim/dkim.h"
#include "fuzz.h"

static struct arena arena, kept;
static struct ctx ctx;
static struct dkim_key *key;
static const char *record;

static void require(bool ok)
{
	if (!ok)
		abort();
}

static const char *ask(void *arg, const char *name)
{
	(void)arg;
	return strlen(name) % 3 == 2 ? NULL : record;
}

static const char *ours(void *arg, const char *name)
{
	(void)arg;
	return str_equal(name, "s._domainkey.example.cn") ? record : NULL;
}

static void start(void)
{
	const void *der;
	size_t n;
	struct ctx first;
	arena_init(&arena, 64 << 20);
	arena_init(&kept, 1 << 20);
	ctx_init(&first, &kept, clock_system());
	require(dkim_key_make(&first, DKIM_ED25519_SHA256, &der, &n, &record) == OK && dkim_key_open_new(&first, der, n, &key) == OK);
}

static void sign_and_check(const char *mail, size_t size)
{
	struct dkim_signing signing = {key, "example.cn", "s", 1};
	struct dkim_result *got;
	struct buf out;
	size_t n;
	buf_init(&out, 32 << 20);
	if (dkim_sign(&ctx, &signing, mail, size, &out) == OK) {
		buf_add(&out, mail, size);
		require(dkim_verify(&ctx, buf_text(&out), out.len, 10, ours, NULL, &got, &n) == OK && n > 0 && got[0].pass);
	}
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dkim_result *got;
	const char *arc, *why, *mail = (const char *)data;
	size_t n;
	if (key == NULL)
		start();
	arena_reset(&arena);
	ctx_init(&ctx, &arena, clock_system());
	if (dkim_verify(&ctx, mail, size, 10, ask, NULL, &got, &n) == OK) {
		require(n <= DKIM_SIGNATURES_MAX);
		for (size_t i = 0; i < n; i++)
			require(got[i].pass == str_empty(got[i].why) && got[i].domain != NULL && got[i].selector != NULL && got[i].algorithm != NULL);
	}
	if (dkim_arc_verify(&ctx, mail, size, 10, ask, NULL, &arc, &why) == OK)
		require(str_equal(arc, "fail") == !str_empty(why));
	sign_and_check(mail, size);
	return 0;
}
