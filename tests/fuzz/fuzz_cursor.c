/* Cursors of keyset pages.  The first byte says who asks, the second in which order, the
 * third what is done to a cursor the server made: nothing (then the pages together are
 * the whole list, each row once), bytes of the input over it, or the input in its place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rest/query.h"
#include "core/rest/test/fixture.h"
#include "fuzz.h"

static struct shop shop;

static const char *const orders[] = {"id", "name.desc", "city,visits.desc", "visits.desc.nullsfirst,city.asc.nullslast", "score,born.desc",
                                     "vip.desc,last_order_at", "last_order_at.desc.nullslast,id.desc", "team_id.nullsfirst,name"};
enum { ORDERS_N = sizeof(orders) / sizeof(orders[0]), SEEN_MAX = CUSTOMERS };

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "%s\n", what);
	abort();
}

struct page {
	enum err err;
	char next[8200];
	int64_t ids[SEEN_MAX];
	size_t n;
};

static void read_ids(const char *json, struct page *ret)
{
	ret->n = 0;
	for (const char *p = json; (p = strstr(p, "{\"id\":\"")) != NULL;) {
		p += 7;
		require(ret->n < SEEN_MAX, "more rows than there are");
		ret->ids[ret->n++] = strtoll(p, NULL, 10);
	}
}

static void ask(uint8_t who, const char *order, const char *cursor, int limit, struct page *ret)
{
	static const struct actor *(*const actors[])(void) = {shop_boss, shop_leader};
	struct ctx *ctx = shop_request(&shop, actors[who % 2]());
	struct query_options options = {.action = ACTION_READ, .range_first = -1, .range_last = -1, .whole = true};
	struct query *query = NULL;
	struct query_page page = {0};
	struct buf out;
	buf_init(&out, 1 << 20);
	char *raw = arena_printf(ctx->arena, "select=id&order=%s&limit=%d%s%s", order, limit, *cursor != '\0' ? "&cursor=" : "", cursor);
	ret->err = raw == NULL ? ERR_LIMIT : query_parse(ctx, shop_info(&shop, CUSTOMER_E), raw, &options, &query);
	if (ret->err == OK)
		ret->err = query_json(ctx, query, false, &out, &page);
	require(ret->err == OK || (ret->err == ERR_INVALID && ctx->faults.count > 0), "a bad cursor is an invalid one");
	ret->next[0] = '\0';
	ret->n = 0;
	if (ret->err == OK) {
		read_ids(buf_text(&out), ret);
		require(ret->n == page.rows && ret->n <= (size_t)limit, "rows of the page");
		if (page.next_cursor != NULL)
			(void)snprintf(ret->next, sizeof(ret->next), "%s", page.next_cursor);
	}
	buf_release(&out);
}

/* From a cursor to the end: no row twice, and it does end. */
static size_t walk(uint8_t who, const char *order, const char *cursor, int limit, int64_t *seen)
{
	static struct page page;
	char at[sizeof(page.next)];
	size_t n = 0;
	(void)snprintf(at, sizeof(at), "%s", cursor);
	for (int pages = 0;; pages++) {
		require(pages <= CUSTOMERS + 1, "the pages do not end");
		ask(who, order, at, limit, &page);
		require(page.err == OK || pages == 0, "our own cursor is refused");
		for (size_t i = 0; i < page.n; i++) {
			for (size_t k = 0; k < n; k++)
				require(seen[k] != page.ids[i], "a row twice");
			require(n < SEEN_MAX, "more rows than there are");
			seen[n++] = page.ids[i];
		}
		if (page.next[0] == '\0')
			return n;
		(void)snprintf(at, sizeof(at), "%s", page.next);
	}
}

static void walk_whole(uint8_t who, const char *order, int limit)
{
	static struct page whole;
	static int64_t seen[SEEN_MAX];
	ask(who, order, "", SEEN_MAX, &whole);
	size_t n = walk(who, order, "", limit, seen);
	require(whole.err == OK && n == whole.n && memcmp(seen, whole.ids, n * sizeof(seen[0])) == 0, "pages are not the list");
}

/* What the server packs is base64 of text: the input takes the place of that text
 * behind its first eight bytes (which name the order). */
static void encode(const uint8_t *data, size_t n, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	for (size_t i = 0; i < n; i += 3) {
		unsigned bits = (unsigned)data[i] << 16 | (i + 1 < n ? (unsigned)data[i + 1] << 8 : 0) | (i + 2 < n ? data[i + 2] : 0);
		for (size_t k = 0; k <= (n - i > 3 ? 3 : n - i); k++)
			*out++ = digits[bits >> (18 - 6 * k) & 63];
	}
	*out = '\0';
}

static size_t decode(const char *in, uint8_t *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t n = 0;
	unsigned bits = 0;
	for (size_t i = 0; in[i] != '\0'; i++) {
		const char *at = strchr(digits, in[i]);
		require(at != NULL, "a cursor of other characters");
		bits = bits << 6 | (unsigned)(at - digits);
		if (i % 4 != 0)
			out[n++] = (uint8_t)(bits >> (6 - 2 * (i % 4)) & 0xff);
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct page first;
	static int64_t seen[SEEN_MAX];
	static uint8_t plain[8200];
	static char cursor[12000];
	if (shop.store == NULL)
		shop_open(&shop, ENGINE_SQLITE);
	if (size < 3 || size > 4000)
		return 0;
	const char *order = orders[data[1] % ORDERS_N];
	int limit = 1 + data[2] / 4 % 16;
	const uint8_t *rest = data + 3;
	size_t n_rest = size - 3;
	switch (data[2] % 4) {
	case 0:
		walk_whole(data[0], order, limit);
		return 0;
	case 1: /* as it stands in the address */
		for (size_t i = 0; i < n_rest; i++)
			cursor[i] = (char)((rest[i] > ' ' && rest[i] < 127 && rest[i] != '&' && rest[i] != '%' && rest[i] != '+') ? rest[i] : '_');
		cursor[n_rest] = '\0';
		break;
	default: { /* another text behind the right head, or our own with other bytes */
		ask(data[0], order, "", limit, &first);
		size_t n = decode(first.next, plain);
		if (first.next[0] == '\0')
			return 0;
		if (data[2] % 4 == 2)
			n = 8;
		for (size_t i = 0; i < n_rest && data[2] % 4 == 2; i++)
			plain[n++] = rest[i];
		for (size_t i = 0; i + 1 < n_rest && data[2] % 4 == 3; i += 2)
			plain[rest[i] % n] = rest[i + 1];
		encode(plain, n, cursor);
	}
	}
	(void)walk(data[0], order, cursor, limit, seen);
	return 0;
}
