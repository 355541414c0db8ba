#include "base/test/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/decimal.h"
#include "base/id.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "base/map.h"
#include "base/str.h"
#include "base/timeutil.h"

#ifdef GUANXI_POISON
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define byte_is_poisoned(p) __asan_address_is_poisoned(p)
#else
#define byte_is_poisoned(p) (*(unsigned char *)(p) == ARENA_POISON)
#endif
#endif

static void arena_respects_its_cap(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, 100000);
	struct arena_mark start = arena_mark(&a);
	char *first = arena_strdup(&a, "客户");
	assert_string_equal(first, "客户");
	struct arena_mark mark = arena_mark(&a);
	for (int i = 0; i < 90; i++)
		assert_non_null(arena_alloc(&a, 1000));
	assert_null(arena_alloc(&a, 20000));
	assert_true(a.failed);
	arena_rewind(&a, mark);
	assert_false(a.failed);
	assert_string_equal(first, "客户");
	assert_non_null(arena_alloc(&a, 90000));
	assert_null(arena_array(&a, SIZE_MAX / 2, 4));
	arena_rewind(&a, start);
	assert_int_equal(a.used, 0);
	assert_string_equal(arena_printf(&a, "%d-%s", 7, "x"), "7-x");
	arena_release(&a);
}

/* A use of what was given back is met in every build that is made to find faults. */
static void arena_poisons_what_it_takes_back(void **state)
{
	(void)state;
#ifndef GUANXI_POISON
	skip();
#else
	struct arena a;
	arena_init(&a, 100000);
	char *kept = arena_strdup(&a, "kept");
	struct arena_mark mark = arena_mark(&a);
	char *gone = arena_strdup(&a, "gone");
	assert_false(byte_is_poisoned(gone));
	arena_rewind(&a, mark);
	assert_true(byte_is_poisoned(gone) && byte_is_poisoned(gone + 4));
	assert_string_equal(kept, "kept");
	arena_reset(&a);
	assert_true(byte_is_poisoned(kept));
	assert_string_equal(arena_strdup(&a, "again"), "again");
	arena_release(&a);
#endif
}

static void an_arena_tells_whether_it_was_written_to(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, 100000);
	char *text = arena_strdup(&a, "made once");
	assert_non_null(arena_alloc(&a, 40000));
	uint64_t before = arena_sum(&a);
	assert_true(arena_sum(&a) == before);
	text[3] = 'f';
	assert_true(arena_sum(&a) != before);
	arena_release(&a);
}

static void buf_keeps_its_maximum(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, 10);
	buf_puts(&b, "12345");
	buf_put_i64(&b, INT64_MIN);
	assert_true(buf_failed(&b));
	assert_string_equal(buf_text(&b), "12345-");
	buf_puts(&b, "x");
	assert_int_equal(b.len, 6);
	buf_reset(&b);
	buf_printf(&b, "%s", "0123456789");
	assert_false(buf_failed(&b));
	buf_putc(&b, 'x');
	assert_true(buf_failed(&b));
	assert_null(buf_take_new(&b));
	buf_puts(&b, "mine");
	char *mine = buf_take_new(&b);
	assert_string_equal(mine, "mine");
	assert_int_equal(b.len, 0);
	free(mine);
	buf_release(&b);
}

static void numbers_are_read_whole(void **state)
{
	(void)state;
	int64_t v;
	assert_true(str_to_i64("-9223372036854775808", &v) && v == INT64_MIN);
	assert_true(str_to_i64("9223372036854775807", &v) && v == INT64_MAX);
	assert_false(str_to_i64("9223372036854775808", &v));
	assert_false(str_to_i64("", &v));
	assert_false(str_to_i64("-", &v));
	assert_false(str_to_i64(" 1", &v));
	assert_false(str_to_i64("1e3", &v));
	assert_false(str_to_i64("+1", &v));
}

static void utf8_is_checked(void **state)
{
	(void)state;
	static const char *const bad[] = {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE4\xBD", "\xFF", "\x80",
	                                  "\xF0\x80\x80\x80", "\xE0\x80\x80"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(utf8_valid(bad[i], strlen(bad[i])));
	assert_false(utf8_valid("a\0b", 3));
	const char *text = "a客😀é";
	assert_true(utf8_valid(text, strlen(text)));
	assert_int_equal(utf8_length(text, strlen(text)), 4);
	size_t pos = 0, n = strlen(text);
	uint32_t expect[] = {'a', 0x5BA2, 0x1F600, 0xE9};
	for (int i = 0; i < 4; i++) {
		size_t before = pos;
		uint32_t cp = utf8_next(text, n, &pos);
		assert_int_equal(cp, expect[i]);
		char out[4];
		assert_int_equal(utf8_encode(cp, out), pos - before);
		assert_memory_equal(out, text + before, pos - before);
	}
	assert_int_equal(utf8_next(text, n, &pos), 0);
}

static void time_reads_what_it_writes(void **state)
{
	(void)state;
	static const int64_t points[] = {0, 1, -1, 951782400000, 4102444800000, -62135596800000, 253402300799999};
	char out[TIME_TEXT_MAX];
	int64_t back;
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		time_format(points[i], out);
		assert_true(time_parse(out, &back));
		assert_true(back == points[i]);
	}
	time_format(951782400000, out);
	assert_string_equal(out, "2000-02-29T00:00:00Z");
	assert_true(time_parse("2026-11-22T08:00:00+08:00", &back) && back == 1795305600000);
	assert_true(time_parse("2026-11-22 00:00", &back) && back == 1795305600000);
	assert_true(time_parse("2016-12-31T23:59:60Z", &back) && back == 1483228800000);
	static const char *const bad[] = {"", "2026", "2026-02-29", "2026-11-22T", "2026-11-22T25:00:00Z", "2026-11-22Tx",
	                                  "2026-11-22T01:00:00+15:00", "0000-01-01", "2026-11-22T01:00:00Z ", "2026-1-2"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(time_parse(bad[i], &back));
	assert_true(date_valid("2024-02-29"));
	assert_false(date_valid("2023-02-29"));
	assert_false(date_valid("2023-02-28 "));
	int32_t day = 7;
	assert_true(date_days("1970-01-01", &day) && day == 0);
	assert_true(date_days("1938-02-03", &day) && day == -11655);
	assert_false(date_days("1938-02-30", &day) || date_days(NULL, &day));
}

static void decimals_are_exact(void **state)
{
	(void)state;
	int64_t v;
	char out[DECIMAL_TEXT_MAX];
	assert_true(decimal_parse("12.5", 2, &v) && v == 1250);
	assert_true(decimal_parse("-0.05", 2, &v) && v == -5);
	decimal_format(-5, 2, out);
	assert_string_equal(out, "-0.05");
	assert_true(decimal_parse("1.2300", 2, &v) && v == 123);
	assert_false(decimal_parse("1.234", 2, &v));
	assert_true(decimal_parse("-92233720368547758.08", 2, &v) && v == INT64_MIN);
	decimal_format(INT64_MIN, 2, out);
	assert_string_equal(out, "-92233720368547758.08");
	assert_false(decimal_parse("92233720368547758.08", 2, &v));
	static const char *const bad[] = {"", ".", "-", "1e5", "1,000", "0x1", "1.2.3", " 1", "NaN"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(decimal_parse(bad[i], 2, &v));
	assert_true(decimal_mul(1005, 1500, 3, &v) && v == 1508); /* 1507.5: to even */
	assert_true(decimal_mul(-1005, 1500, 3, &v) && v == -1508);
	assert_true(decimal_mul(1003, 1500, 3, &v) && v == 1504);
	assert_false(decimal_mul(INT64_MAX, 3, 0, &v));
	assert_true(decimal_rescale(12345, 4, 2, &v) && v == 123);
	assert_true(decimal_rescale(12350, 4, 2, &v) && v == 124); /* 123.5: to even */
	assert_true(decimal_rescale(-7, 0, 3, &v) && v == -7000);
	assert_false(decimal_rescale(INT64_MAX / 10 + 1, 2, 3, &v));
	assert_int_equal(currency_scale("JPY"), 0);
	assert_int_equal(currency_scale("KWD"), 3);
	assert_int_equal(currency_scale("CNY"), 2);
	assert_int_equal(currency_scale("cny"), -1);
}

static void ids_only_grow(void **state)
{
	(void)state;
	struct id_source s;
	id_source_init(&s, 5);
	int64_t last = 0, now = 1795305600000;
	for (int i = 0; i < 20000; i++) {
		int64_t id = id_next(&s, i == 10000 ? now - 5000 : now);
		assert_true(id > last);
		last = id;
	}
	assert_int_equal((last >> 12) & 1023, 5);
	assert_true(id_time_ms(last) >= now && id_time_ms(last) < now + 10);
	int64_t v;
	assert_false(id_parse("0", &v));
	assert_false(id_parse("-4", &v));
	assert_false(id_parse("9223372036854775808", &v));
	assert_true(id_parse("42", &v) && v == 42);
}

static void json_is_escaped(void **state)
{
	(void)state;
	struct buf b;
	struct jsonw w;
	buf_init(&b, 10000);
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_kv_text(&w, "a\"b", "x\n\x01\xFF客");
	jsonw_kv_id(&w, "id", 12);
	jsonw_key(&w, "list");
	jsonw_array(&w);
	jsonw_real(&w, 0.1);
	jsonw_real(&w, 1.0 / 0.0);
	jsonw_decimal(&w, 1250, 2);
	jsonw_bool(&w, true);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	assert_string_equal(buf_text(&b), "{\"a\\\"b\":\"x\\n\\u0001\xEF\xBF\xBD客\",\"id\":\"12\",\"list\":[0.1,null,\"12.50\",true]}");
	assert_false(buf_failed(&b));
	for (int i = 0; i < 40; i++)
		jsonw_array(&w);
	assert_true(buf_failed(&b));
	buf_release(&b);
}

static void map_finds_what_it_holds(void **state)
{
	(void)state;
	struct map m;
	map_init(&m, 1, 2);
	int64_t v;
	for (int i = 0; i < 5000; i++)
		assert_true(map_put(&m, &i, sizeof(i), i * 3));
	for (int i = 0; i < 5000; i += 2)
		assert_true(map_remove(&m, &i, sizeof(i)));
	for (int i = 0; i < 5000; i++) {
		bool there = map_get(&m, &i, sizeof(i), &v);
		assert_int_equal(there, i % 2);
		if (there)
			assert_int_equal(v, i * 3);
	}
	assert_true(map_put(&m, "", 0, 9) && map_get(&m, "", 0, &v) && v == 9);
	size_t at = 0, n, seen = 0;
	const void *key;
	while (map_next(&m, &at, &key, &n, &v))
		seen++;
	assert_int_equal(seen, 2501);
	map_clear(&m);
	assert_false(map_get(&m, "", 0, &v));
	map_release(&m);
}

enum { SPREAD_KEYS = 10000 };

/* Where each key stands, as the walk tells; the longest row of places that are taken. */
static size_t longest_row(uint64_t k0, uint64_t k1, size_t places[SPREAD_KEYS])
{
	struct map m;
	const void *key;
	size_t n, at = 0, before = 0, row = 0, longest = 0;
	int64_t v;
	map_init(&m, k0, k1);
	for (int64_t i = 0; i < SPREAD_KEYS; i++)
		assert_true(map_put(&m, &i, sizeof(i), i));
	while (map_next(&m, &at, &key, &n, &v)) {
		row = at == before + 1 ? row + 1 : 1;
		longest = row > longest ? row : longest;
		before = at;
		places[v] = at;
	}
	assert_int_equal(m.count, SPREAD_KEYS);
	map_release(&m);
	return longest;
}

/* S73: who does not know the map's own keys can't choose keys that fall together. */
static void map_spreads_keys_by_its_own(void **state)
{
	static size_t one[SPREAD_KEYS], other[SPREAD_KEYS];
	size_t same = 0;
	(void)state;
	assert_true(longest_row(1, 2, one) < 300); /* a search passes over half a row on the average */
	assert_true(longest_row(3, 2, other) < 300);
	for (size_t i = 0; i < SPREAD_KEYS; i++)
		same += one[i] == other[i];
	assert_true(same < SPREAD_KEYS / 100);
	assert_true(longest_row(1, 4, other) < 300);
	for (size_t i = 0; i < SPREAD_KEYS; i++)
		same += one[i] == other[i];
	assert_true(same < SPREAD_KEYS / 50);
}

/* Whatever lay there before: a field that is forgotten here differs. */
static void a_context_begins_whole(void **state)
{
	(void)state;
	struct arena arena;
	struct ctx *a = malloc(sizeof(*a)), *b = malloc(sizeof(*b));
	assert_non_null(a);
	assert_non_null(b);
	memset(a, 0, sizeof(*a));
	memset(b, 0xa5, sizeof(*b));
	arena_init(&arena, 1 << 16);
	ctx_init(a, &arena, clock_system());
	ctx_init(b, &arena, clock_system());
	assert_memory_equal(a, b, offsetof(struct ctx, faults));
	assert_int_equal(b->faults.count, 0);
	arena_release(&arena);
	free(a);
	free(b);
}

/* Faults of a part that had memory of its own are told after that memory is gone. */
static void faults_outlive_their_arena(void **state)
{
	(void)state;
	struct arena inner, outer;
	struct ctx ctx;
	arena_init(&inner, 1 << 16);
	arena_init(&outer, 1 << 16);
	ctx_init(&ctx, &inner, clock_system());
	fault_add(&ctx, ERR_INVALID, "field", "key", "arg");
	ctx.arena = &outer;
	faults_keep(&ctx);
	arena_release(&inner);
	assert_string_equal(ctx.faults.list[0].field, "field");
	assert_string_equal(ctx.faults.list[0].key, "key");
	assert_string_equal(ctx.faults.list[0].arg, "arg");
	arena_release(&outer);
}

static void faults_are_collected(void **state)
{
	(void)state;
	struct arena a;
	arena_init(&a, 100000);
	struct ctx ctx;
	ctx_init(&ctx, &a, clock_system());
	assert_int_equal(faults_code(&ctx), OK);
	assert_int_equal(fail(&ctx, ERR_INVALID, "order.paid_at", "date_in_past"), ERR_INVALID);
	for (int i = 0; i < 100; i++)
		fault_add(&ctx, ERR_LIMIT, "x", "y", "z");
	assert_int_equal(faults_code(&ctx), ERR_INVALID);
	assert_int_equal(ctx.faults.count, FAULTS_MAX);
	assert_true(ctx.faults.more);
	assert_string_equal(ctx.faults.list[0].field, "order.paid_at");
	arena_release(&a);
}

/* What was logged meanwhile; standard error is a pipe so long. */
static void logged(char *out, size_t max, const char *message, const char *value)
{
	int ends[2], before = dup(STDERR_FILENO);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	log_event(LOG_WARN, message, "first", value, "last", "seen", NULL);
	assert_int_equal(dup2(before, STDERR_FILENO), STDERR_FILENO);
	(void)close(ends[1]);
	(void)close(before);
	ssize_t n = read(ends[0], out, max - 1);
	(void)close(ends[0]);
	assert_true(n > 0);
	out[n] = '\0';
}

static void a_log_line_cannot_be_forged(void **state)
{
	(void)state;
	char line[8192], want[8192], hostile[128], *huge = malloc(100001);
	size_t n = 0;
	for (char c = 1; c < 0x20; c++)
		hostile[n++] = c;
	snprintf(hostile + n, sizeof(hostile) - n, "%s", "\x7f\" level=\"error\\客");
	logged(line, sizeof(line), "m\r\nlevel=error", hostile);
	const char *end = strchr(line, '\n');
	assert_true(end && end[1] == '\0');
	for (const char *p = line; p < end; p++)
		assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
	assert_non_null(strstr(line, " level=warn msg=\"m\\x0d\\x0alevel=error\" first=\"\\x01\\x02"));
	assert_non_null(strstr(line, "\\x7f\\\" level=\\\"error\\\\客\" last=\"seen\"\n"));
	/* a long value neither hides the others nor makes a long line */
	assert_non_null(huge);
	memset(huge, 'x', 100000);
	huge[100000] = '\0';
	logged(line, sizeof(line), "long", huge);
	assert_true(strlen(line) < 1000);
	snprintf(want, sizeof(want), " first=\"%.512s\" last=\"seen\"\n", huge);
	assert_non_null(strstr(line, want));
	free(huge);
}

/* S58: a difference anywhere is a difference. */
static void bytes_are_compared_whole(void **state)
{
	(void)state;
	unsigned char a[64], b[64];
	for (size_t i = 0; i < sizeof(a); i++)
		a[i] = b[i] = (unsigned char)(i * 37);
	assert_true(bytes_equal_ct(a, b, sizeof(a)));
	assert_true(bytes_equal_ct(a, b, 0));
	for (size_t i = 0; i < sizeof(a); i++) {
		for (unsigned bit = 1; bit < 256; bit <<= 1) {
			b[i] ^= (unsigned char)bit;
			assert_false(bytes_equal_ct(a, b, sizeof(a)));
			assert_true(bytes_equal_ct(a, b, i));
			b[i] = a[i];
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_respects_its_cap), cmocka_unit_test(arena_poisons_what_it_takes_back),
		cmocka_unit_test(an_arena_tells_whether_it_was_written_to), cmocka_unit_test(buf_keeps_its_maximum),
		cmocka_unit_test(numbers_are_read_whole), cmocka_unit_test(utf8_is_checked),
		cmocka_unit_test(time_reads_what_it_writes), cmocka_unit_test(decimals_are_exact),
		cmocka_unit_test(ids_only_grow), cmocka_unit_test(json_is_escaped),
		cmocka_unit_test(map_finds_what_it_holds), cmocka_unit_test(map_spreads_keys_by_its_own), cmocka_unit_test(faults_are_collected),
		cmocka_unit_test(a_context_begins_whole), cmocka_unit_test(faults_outlive_their_arena),
		cmocka_unit_test(a_log_line_cannot_be_forged), cmocka_unit_test(bytes_are_compared_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
