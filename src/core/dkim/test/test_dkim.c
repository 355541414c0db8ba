/* The vectors of RFC 6376 and RFC 8463, the mails and the ARC suite of the shared data, and what we sign ourselves. */
#include "base/test/check.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/dkim/dkim.h"

enum { AT = 1667843664 };

static struct arena arena;
static struct ctx ctx;

static int setup(void **state)
{
	(void)state;
	arena_init(&arena, 512u << 20);
	ctx_init(&ctx, &arena, clock_system());
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

/* --- DNS on paper ------------------------------------------------------------------ */

struct zone {
	const char *names[20], *texts[20];
	size_t n;
};

static const char *ask(void *arg, const char *name)
{
	const struct zone *zone = arg;
	for (size_t i = 0; i < zone->n; i++)
		if (str_equal_nocase(zone->names[i], name))
			return zone->texts[i];
	return NULL;
}

/* "name text" lines, an empty line, the mail. */
static const char *split(char *file, struct zone *zone)
{
	*zone = (struct zone){0};
	for (char *at = file; *at != '\0';) {
		char *end = strchr(at, '\n');
		if (end == at || *at == '\r')
			return end + 1;
		*end = '\0';
		char *blank = strchr(at, ' ');
		*blank = '\0';
		zone->names[zone->n] = at;
		zone->texts[zone->n++] = blank + 1;
		at = end + 1;
	}
	return "";
}

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = arena_alloc(&arena, 1 << 20);
	assert_non_null(f);
	text[fread(text, 1, (1 << 20) - 1, f)] = '\0';
	fclose(f);
	return text;
}

/* --- vectors ------------------------------------------------------------------------- */

#define LETTER_HEAD \
	"From: Joe SixPack <joe@football.example.com>\r\n" \
	"To: Suzie Q <suzie@shopping.example.net>\r\n" \
	"Subject: Is dinner ready?\r\n" \
	"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n" \
	"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n" \
	"\r\n"
#define LETTER LETTER_HEAD "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"

/* Appendix A.2 of RFC 6376, key of appendix C. */
static void example_of_rfc_6376(void **state)
{
	(void)state;
	static const char mail[] =
		"DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n"
		"      c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n"
		"      h=Received : From : To : Subject : Date : Message-ID;\r\n"
		"      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
		"      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\r\n"
		"      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\r\n"
		"      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\r\n"
		"      4bmp/YzhwvcubU4=;\r\n"
		"Received: from client1.football.example.com  [192.0.2.1]\r\n"
		"      by submitserver.example.com with SUBMISSION;\r\n"
		"      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\r\n" LETTER_HEAD "Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n";
	struct zone zone = {{"brisbane._domainkey.example.com"},
		{"v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2"
		 "UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"},
		1};
	struct dkim_result *got;
	size_t n;
	assert_int_equal(dkim_verify(&ctx, mail, sizeof(mail) - 1, AT, ask, &zone, &got, &n), OK);
	assert_int_equal(n, 1);
	assert_string_equal(got[0].why, "");
	assert_true(got[0].pass);
}

static void mails_of_others(void **state)
{
	(void)state;
	static const char *const folders[] = {"dkim", "arc"};
	int seen = 0;
	for (size_t f = 0; f < 2; f++) {
		char path[512];
		snprintf(path, sizeof(path), "%s/dkim_arc/mail-auth/%s", getenv("GUANXI_SHARED_DATA"), folders[f]);
		DIR *dir = opendir(path);
		if (dir == NULL)
			skip();
		for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
			char one[1024];
			struct zone zone;
			struct dkim_result *got;
			const char *arc, *why;
			size_t n, passed = 0;
			if (e->d_name[0] == '.')
				continue;
			snprintf(one, sizeof(one), "%s/%s", path, e->d_name);
			const char *mail = split(read_file(one), &zone);
			assert_int_equal(dkim_verify(&ctx, mail, strlen(mail), AT, ask, &zone, &got, &n), OK);
			for (size_t i = 0; i < n; i++)
				passed += got[i].pass;
			if (n == 0 || (f == 0 && !got[n - 1].pass) || passed == 0)
				print_error("%s: %s\n", one, n > 0 ? got[n - 1].why : "no signature");
			assert_true(n > 0 && passed > 0 && (f == 1 || got[n - 1].pass));
			assert_int_equal(dkim_arc_verify(&ctx, mail, strlen(mail), AT, ask, &zone, &arc, &why), OK);
			if (f == 1 && !str_equal(arc, "pass"))
				print_error("%s: %s\n", one, why);
			assert_true(f == 0 || str_equal(arc, "pass"));
			seen++;
		}
		closedir(dir);
	}
	assert_true(seen >= 4);
}

/* What is expected is asked of each; the suite's own doubts ("cv" empty) are left out. */
static void the_arc_suite(void **state)
{
	(void)state;
	char path[512];
	snprintf(path, sizeof(path), "%s/dkim_arc/arc_test_suite/validation.json", getenv("GUANXI_SHARED_DATA"));
	json_t *suite = json_load_file(path, 0, NULL), *group, *tests, *one, *records, *text;
	size_t at, wrong = 0, all = 0;
	const char *name;
	if (suite == NULL)
		skip();
	json_array_foreach(suite, at, group) {
		struct zone zone = {0};
		records = json_object_get(group, "txt-records");
		json_object_foreach(records, name, text) {
			zone.names[zone.n] = name;
			zone.texts[zone.n++] = json_string_value(text);
		}
		tests = json_object_get(group, "tests");
		json_object_foreach(tests, name, one) {
			const char *mail = json_string_value(json_object_get(one, "message")), *cv = json_string_value(json_object_get(one, "cv")), *got, *why;
			if (cv == NULL || *cv == '\0')
				continue;
			assert_int_equal(dkim_arc_verify(&ctx, mail, strlen(mail), AT, ask, &zone, &got, &why), OK);
			all++;
			if (!str_equal_nocase(cv, got)) {
				print_error("%s: expected %s, got %s (%s)\n", name, cv, got, why);
				wrong++;
			}
		}
	}
	json_decref(suite);
	assert_true(all > 70);
	assert_int_equal(wrong, 0);
}

/* --- our own ---------------------------------------------------------------------------- */

static const char *signed_by(enum dkim_algorithm algorithm, const char *mail, struct zone *zone)
{
	const void *der;
	size_t n;
	struct dkim_key *key;
	struct buf out;
	buf_init(&out, 1 << 20);
	*zone = (struct zone){.names = {"s1._domainkey.example.cn"}, .n = 1};
	assert_int_equal(dkim_key_make(&ctx, algorithm, &der, &n, &zone->texts[0]), OK);
	assert_int_equal(dkim_key_open_new(&ctx, der, n, &key), OK);
	struct dkim_signing signing = {key, "example.cn", "s1", AT - 10};
	assert_int_equal(dkim_sign(&ctx, &signing, mail, strlen(mail), &out), OK);
	dkim_key_free(key);
	buf_puts(&out, mail);
	const char *text = arena_strdup(&arena, buf_text(&out));
	buf_release(&out);
	return text;
}

static const char *why_not(const char *mail, struct zone *zone)
{
	struct dkim_result *got;
	size_t n;
	assert_int_equal(dkim_verify(&ctx, mail, strlen(mail), AT, ask, zone, &got, &n), OK);
	assert_int_equal(n, 1);
	assert_true(got[0].pass == str_empty(got[0].why));
	return got[0].why;
}

static const char *changed(const char *mail, const char *from, const char *to)
{
	const char *at = strstr(mail, from);
	assert_non_null(at);
	return arena_printf(&arena, "%.*s%s%s", (int)(at - mail), mail, to, at + strlen(from));
}

static void what_we_sign_holds_until_it_is_changed(void **state)
{
	(void)state;
	for (int a = 0; a < DKIM_ALGORITHMS; a++) {
		struct zone zone, other;
		const char *mail = signed_by((enum dkim_algorithm)a, "From: =?utf-8?B?5p2O?= <li@example.cn>\r\nTo: a@b.cn\r\nSubject: x  y\r\nX-Free: 1\r\n\r\nhello \r\n\r\nworld\r\n\r\n\r\n", &zone);
		assert_string_equal(why_not(mail, &zone), "");
		/* what relaxed lets pass */
		assert_string_equal(why_not(changed(mail, "Subject: x  y", "sUBJECT :   x\r\n y "), &zone), "");
		assert_string_equal(why_not(changed(mail, "hello ", "hello"), &zone), "");
		assert_string_equal(why_not(changed(mail, "world\r\n\r\n\r\n", "world"), &zone), "");
		assert_string_equal(why_not(changed(mail, "X-Free: 1", "X-Free: 2"), &zone), "");
		/* and what it does not */
		assert_string_equal(why_not(changed(mail, "hello", "hallo"), &zone), "the body was changed");
		assert_string_equal(why_not(changed(mail, "Subject: x", "Subject: z"), &zone), "the signature is wrong");
		assert_string_equal(why_not(changed(mail, "X-Free: 1", "Subject: two"), &zone), "the signature is wrong");
		assert_string_equal(why_not(changed(mail, "X-Free: 1", "From: b@example.cn"), &zone), "the signature is wrong");
		assert_string_equal(why_not(changed(mail, "X-Free: 1", "Cc: b@example.cn"), &zone), "the signature is wrong");
		assert_string_equal(why_not(changed(mail, "t=1667843654", "t=1667843655"), &zone), "the signature is wrong");
		(void)signed_by((enum dkim_algorithm)a, LETTER, &other);
		assert_string_equal(why_not(mail, &other), "the signature is wrong");
		(void)signed_by((enum dkim_algorithm)(1 - a), LETTER, &other);
		assert_string_equal(why_not(mail, &other), "the key in DNS is of another algorithm");
		other.n = 0;
		assert_string_equal(why_not(mail, &other), "there is no key in DNS");
		other = (struct zone){{"s1._domainkey.example.cn"}, {a == 0 ? "v=DKIM1; k=rsa; p=" : "v=DKIM1; k=ed25519; p="}, 1};
		assert_string_equal(why_not(mail, &other), "the key was revoked");
	}
}

static void broken_signatures_are_told(void **state)
{
	(void)state;
	struct zone zone;
	const char *mail = signed_by(DKIM_ED25519_SHA256, LETTER, &zone);
	static const char *const cases[][3] = {
		{"v=1;", "v=2;", "the signature is broken"}, {"v=1;", "", "the signature is broken"}, {"v=1;", "v=1; v=1;", "the signature is broken"},
		{"v=1;", "v=1;;", "the signature is broken"}, {"v=1;", "v=1; x=1667843663;", "the signature has expired"}, {"v=1;", "v=1; x=9999999999; ", "the signature is wrong"},
		{"v=1;", "v=1; x=soon;", "the signature is broken"}, {"v=1;", "v=1; l=99999;", "the body was cut"}, {"v=1;", "v=1; i=@other.cn;", "the signature is broken"},
		{"v=1;", "v=1; i=@notexample.cn;", "the signature is broken"}, {"ed25519-sha256", "rsa-sha1", "SHA-1 is no longer trusted"}, {"ed25519-sha256", "rot13", "the algorithm is not known"},
		{"from:from:", "x-a:x-b:", "the signature is broken"}, {"c=relaxed/relaxed", "c=relaxed/odd", "the signature is broken"}, {" bh=", " bh=!", "the signature is broken"},
		{"d=example.cn", "d=example.com", "there is no key in DNS"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why = why_not(changed(mail, cases[i][0], cases[i][1]), &zone);
		if (!str_equal(why, cases[i][2]))
			print_error("%s -> %s: %s\n", cases[i][0], cases[i][1], why);
		assert_string_equal(why, cases[i][2]);
	}
}

static void bodies_of_every_shape(void **state)
{
	(void)state;
	static const char *const bodies[] = {"", "\r\n", "\r\n\r\n", "a", "a\r\n", " \r\n", "\t \r\n \r\n", "a\r\n \r\n", "a \t b\r\n", "\r\na\r\n", "a\rb\r\n", "\xff\xfe\r\n", "a\nb\n"};
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct zone zone;
		const char *mail = signed_by(DKIM_RSA_SHA256, arena_printf(&arena, "From: a@example.cn\r\nSubject:\r\n\r\n%s", bodies[i]), &zone);
		assert_string_equal(why_not(mail, &zone), "");
		assert_string_equal(why_not(arena_printf(&arena, "%s\r\nmore", mail), &zone), "the body was changed");
	}
	struct buf out;
	const void *der;
	size_t n;
	const char *record;
	struct dkim_key *key;
	buf_init(&out, 1000);
	assert_int_equal(dkim_key_make(&ctx, DKIM_ED25519_SHA256, &der, &n, &record), OK);
	assert_int_equal(dkim_key_open_new(&ctx, der, n, &key), OK);
	struct dkim_signing signing = {key, "example.cn", "s1", 0};
	assert_int_equal(dkim_sign(&ctx, &signing, "To: a\r\n\r\n", 9, &out), ERR_INVALID);
	assert_int_equal(dkim_key_open_new(&ctx, "no key", 6, &key), ERR_INVALID);
	dkim_key_free((struct dkim_key *)(uintptr_t)signing.key);
	buf_release(&out);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(example_of_rfc_6376, setup, teardown), cmocka_unit_test_setup_teardown(mails_of_others, setup, teardown),
		cmocka_unit_test_setup_teardown(the_arc_suite, setup, teardown), cmocka_unit_test_setup_teardown(what_we_sign_holds_until_it_is_changed, setup, teardown),
		cmocka_unit_test_setup_teardown(broken_signatures_are_told, setup, teardown), cmocka_unit_test_setup_teardown(bodies_of_every_shape, setup, teardown),
	};
	return cmocka_run_group_tests_name("DKIM", tests, NULL, NULL);
}
