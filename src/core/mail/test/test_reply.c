/* What people wrote themselves, beside the published answers of others. */
#include "base/test/check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "core/mail/mail_reply.h"

enum { TEXT_MAX = 8 << 20 };

static struct arena arena;
static struct ctx ctx;
static struct buf out;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, 256 << 20);
	ctx_init(&ctx, &arena, clock_system());
	buf_init(&out, TEXT_MAX);
	return 0;
}

static int end(void **state)
{
	(void)state;
	buf_release(&out);
	arena_release(&arena);
	return 0;
}

static const char *folder(void)
{
	const char *shared = getenv("GUANXI_SHARED_DATA");
	return shared != NULL ? shared : "../shared/data";
}

/* With lines ended by LF, as mails are when they have been read; white space at both ends gone. */
static char *slurp(const char *under, const char *name)
{
	char path[1024];
	(void)snprintf(path, sizeof(path), "%s/reply_trim/%s/%s", folder(), under, name);
	FILE *file = fopen(path, "rbe");
	if (file == NULL)
		return NULL;
	char *raw = malloc(TEXT_MAX), *text = malloc(TEXT_MAX);
	assert_true(raw != NULL && text != NULL);
	size_t n = fread(raw, 1, TEXT_MAX - 1, file), len = 0;
	for (size_t i = 0; i < n; i++) {
		if (raw[i] != '\r')
			text[len++] = raw[i];
	}
	text[len] = '\0';
	free(raw);
	(void)fclose(file);
	return text;
}

static const char *reply_of(const char *text)
{
	buf_reset(&out);
	assert_int_equal(mail_reply(&ctx, text, &out), OK);
	return buf_text(&out);
}

static bool same_trimmed(const char *a, const char *b)
{
	size_t n, m;
	a = str_trim(a, strlen(a), &n);
	b = str_trim(b, strlen(b), &m);
	return n == m && memcmp(a, b, n) == 0;
}

static void test_published(void **state)
{
	(void)state;
	char path[1024];
	(void)snprintf(path, sizeof(path), "%s/reply_trim/emails", folder());
	DIR *dir = opendir(path);
	size_t all = 0, right = 0;
	if (dir == NULL)
		skip();
	for (const struct dirent *one; (one = readdir(dir)) != NULL;) {
		if (one->d_name[0] == '.')
			continue;
		char *text = slurp("emails", one->d_name), *wanted = slurp("trimmed", one->d_name);
		assert_true(text != NULL && wanted != NULL);
		bool same = same_trimmed(reply_of(text), wanted);
		if (!same)
			print_error("%s:\n%.400s\n", one->d_name, buf_text(&out));
		all++;
		right += same ? 1 : 0;
		free(text);
		free(wanted);
	}
	(void)closedir(dir);
	print_message("%zu of %zu\n", right, all);
	assert_int_equal(all, 32);
	assert_int_equal(right, all);
}

static void test_cases(void **state)
{
	(void)state;
	static const struct {
		const char *text, *reply;
	} cases[] = {
		{"好的，谢谢。\n\n发自我的 iPhone\n\n在 2026年3月1日，下午3:04，客服 <kf@example.cn> 写道：\n\n> 您好\n", "好的，谢谢。"},
		{"收到。\n\n------------------ 原始邮件 ------------------\n发件人: \"客服\" <kf@example.cn>;\n发送时间: 2026年3月1日\n收件人: \"王\";\n主题: 报价\n\n您好\n", "收到。"},
		{"谢谢\n\n发件人：客服\n发送时间：2026年3月1日\n收件人：王\n主题：报价\n\n您好", "谢谢"},
		{"At 2026-03-01 15:04:05, \"kf\" <kf@example.cn> wrote:\n>您好\n\n好的", "好的"},
		{"Hello\n\n--\nWang\n+86 138", "Hello"},
		{"Our order:\n----------\n1 chair\n2 tables\n3 lamps\n4 beds\n5 sofas\n6 desks\n7 mats\n8 cups\n9 pans\nThanks", "Our order:\n----------\n1 chair\n2 tables\n3 lamps\n4 beds\n5 sofas\n6 desks\n7 mats\n8 cups\n9 pans\nThanks"},
		{"On Mon, 2 Mar 2026 at 10:00, A <a@b.cn> wrote:\n> One?\nYes.\n> Two?\nNo.\n", "Yes.\nNo."},
		{"> only a quote", "> only a quote"},
		{"--\nWang", "--\nWang"},
		{"", ""},
		{" \n\t\n", ""},
		{"\n\n    indented\n", "    indented"},
		{"From: my house\nI went away.", "From: my house\nI went away."},
		{"```\n> code\n--\n```\ndone", "```\n> code\n--\n```\ndone"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!str_equal(reply_of(cases[i].text), cases[i].reply))
			print_error("case %zu\n", i);
		assert_string_equal(buf_text(&out), cases[i].reply);
	}
}

/* Text that other programs took hours for, and text of a million lines of each sort. */
static void test_long(void **state)
{
	(void)state;
	static const char *const pieces[] = {"On Mon 1\n", "> q\n", "\n", "--\n", "On 1 wrote\n", "From: x\n", "|\n", "1", "<1@", "----\n"};
	struct buf text;
	char *theirs = slurp(".", "does_not_contain_embedded_email.txt");
	if (theirs != NULL)
		assert_true(strlen(reply_of(theirs)) > 0);
	free(theirs);
	buf_init(&text, TEXT_MAX);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		buf_reset(&text);
		for (size_t k = 0; k < 300000; k++)
			buf_puts(&text, pieces[i]);
		(void)reply_of(buf_text(&text));
	}
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_published, begin, end),
		cmocka_unit_test_setup_teardown(test_cases, begin, end),
		cmocka_unit_test_setup_teardown(test_long, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
