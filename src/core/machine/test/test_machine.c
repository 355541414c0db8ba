#include "base/test/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/str.h"
#include "core/machine/machine.h"

static const uint8_t key[MACHINE_KEY] = {1, 2, 3}, other[MACHINE_KEY] = {1, 2, 4};

static struct machine *make(struct ctx *ctx, const uint8_t *with, const char *allow)
{
	struct machine *machine = NULL;
	assert_int_equal(machine_open_new(ctx, &(struct machine_config){with, allow}, &machine), OK);
	return machine;
}

static bool may(const struct machine *machine, const char *text)
{
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
		return machine_may_call(machine, (const struct sockaddr *)(const void *)&four);
	assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
	return machine_may_call(machine, (const struct sockaddr *)(const void *)&six);
}

static void secrets_open_for_their_purpose_alone(void **state)
{
	struct arena arena;
	struct ctx ctx;
	const char *sealed, *again;
	const void *out = NULL;
	size_t n = 0;
	(void)state;
	arena_init(&arena, 1 << 20);
	ctx_init(&ctx, &arena, clock_system());
	struct machine *one = make(&ctx, key, NULL), *two = make(&ctx, other, NULL);
	ctx.machine = one;
	assert_int_equal(machine_seal(&ctx, "webhook", "whsec", 5, &sealed), OK);
	assert_int_equal(machine_seal(&ctx, "webhook", "whsec", 5, &again), OK);
	assert_string_not_equal(sealed, again);
	assert_null(strstr(sealed, "whsec"));
	assert_int_equal(machine_unseal(&ctx, "webhook", sealed, &out, &n), OK);
	assert_int_equal(n, 5);
	assert_string_equal(out, "whsec");
	assert_int_equal(machine_unseal(&ctx, "smtp", sealed, &out, &n), ERR_BUG);
	ctx.machine = two;
	assert_int_equal(machine_unseal(&ctx, "webhook", sealed, &out, &n), ERR_BUG);
	ctx.machine = one;
	char *spoilt = arena_strdup(&arena, sealed);
	spoilt[strlen(spoilt) / 2] = spoilt[strlen(spoilt) / 2] == 'A' ? 'B' : 'A';
	static const char *const wrong[] = {"", "x", "AAAA", "not base64 !"};
	assert_int_equal(machine_unseal(&ctx, "webhook", spoilt, &out, &n), ERR_BUG);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(machine_unseal(&ctx, "webhook", wrong[i], &out, &n), ERR_BUG);
	assert_int_equal(machine_unseal(&ctx, "webhook", NULL, &out, &n), ERR_BUG);
	assert_int_equal(machine_seal(&ctx, "webhook", "", 0, &sealed), OK);
	assert_int_equal(machine_unseal(&ctx, "webhook", sealed, &out, &n), OK);
	assert_int_equal(n, 0);
	assert_int_equal(machine_seal(&ctx, "webhook", sealed, MACHINE_SECRET_MAX + 1, &again), ERR_LIMIT);
	machine_free(one);
	machine_free(two);
	arena_release(&arena);
}

static void only_public_addresses_are_called(void **state)
{
	static const char *const closed[] = {
		"127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "169.254.169.254",
		"172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9",
		"224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
		"::ffff:169.254.169.254", "64:ff9b::7f00:1", "fe80::1", "febf::1", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1", "2002:7f00:1::",
		"2001::1", "100::1"};
	static const char *const open[] = {"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "128.0.0.1", "169.253.0.1", "172.15.0.1",
		"172.32.0.1", "192.167.1.1", "192.169.1.1", "198.17.0.1", "198.20.0.1", "223.255.255.1", "2606:4700::1111", "2400:3200::1", "::ffff:8.8.8.8"};
	struct arena arena;
	struct ctx ctx;
	(void)state;
	arena_init(&arena, 1 << 20);
	ctx_init(&ctx, &arena, clock_system());
	struct machine *machine = make(&ctx, key, NULL);
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
		if (may(machine, closed[i])) {
			print_error("%s may be called\n", closed[i]);
			assert_true(false);
		}
	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
		if (!may(machine, open[i])) {
			print_error("%s may not be called\n", open[i]);
			assert_true(false);
		}
	struct sockaddr_un local = {.sun_family = AF_UNIX};
	assert_false(machine_may_call(machine, (const struct sockaddr *)(const void *)&local));
	machine_free(machine);
	arena_release(&arena);
}

static void what_is_listed_may_be_called(void **state)
{
	static const char *const wrong[] = {"10.0.0.0/33", "10.0.0/8", "localhost", "[::1]/129", "[::1", "10.0.0.1/-1", "10.0.0.1/x", "1.2.3.4.5"};
	struct arena arena;
	struct ctx ctx;
	(void)state;
	arena_init(&arena, 1 << 20);
	ctx_init(&ctx, &arena, clock_system());
	struct machine *machine = make(&ctx, key, " 127.0.0.1, 10.1.0.0/17\t[fd00:1::]/32 [::1]");
	assert_true(may(machine, "127.0.0.1"));
	assert_false(may(machine, "127.0.0.2"));
	assert_true(may(machine, "10.1.127.255"));
	assert_false(may(machine, "10.1.128.0"));
	assert_true(may(machine, "fd00:1::5"));
	assert_false(may(machine, "fd00:2::5"));
	assert_true(may(machine, "::1"));
	assert_true(may(machine, "::ffff:127.0.0.1"));
	machine_free(machine);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(machine_open_new(&ctx, &(struct machine_config){key, wrong[i]}, &machine), ERR_INVALID);
		assert_string_equal(ctx.faults.list[0].key, "machine_allow");
		faults_clear(&ctx);
	}
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_open_for_their_purpose_alone),
		cmocka_unit_test(only_public_addresses_are_called),
		cmocka_unit_test(what_is_listed_may_be_called),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
