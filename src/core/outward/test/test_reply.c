/* What a mail server says. */
#include "base/test/check.h"

#include <string.h>

#include "core/outward/outward_reply.h"

static struct outward_reply reply;

static void say(const char *line)
{
	outward_reply_line(&reply, line, strlen(line));
}

static void lines_of_one_answer_are_joined(void **state)
{
	(void)state;
	reply = (struct outward_reply){0};
	say("250-mx.example.cn\r\n");
	assert_false(reply.whole);
	say("250-SIZE 35882577\r\n");
	say("250 STARTTLS\r\n");
	assert_true(reply.whole && reply.code == 250);
	assert_string_equal(reply.text, "mx.example.cn SIZE 35882577 STARTTLS");
	say("550 5.1.1 no such user\r\n");
	assert_int_equal(reply.code, 550);
	assert_string_equal(reply.text, "5.1.1 no such user");
	say("250\r\n");
	assert_string_equal(reply.text, "");
	assert_true(reply.whole && reply.code == 250);
}

static void what_is_no_answer_is_passed_over(void **state)
{
	(void)state;
	static const char *const lines[] = {"", "\r\n", "2", "25", "25x ok", "hello", "2500 ok", " 250 ok", "250_ok"};
	reply = (struct outward_reply){0};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		say(lines[i]);
	assert_int_equal(reply.code, 0);
	assert_false(reply.whole);
}

static void long_answers_are_cut(void **state)
{
	(void)state;
	char line[2000];
	memset(line, 'x', sizeof(line));
	memcpy(line, "451-", 4);
	line[sizeof(line) - 1] = '\0';
	reply = (struct outward_reply){0};
	for (int i = 0; i < 3; i++)
		say(line);
	assert_int_equal(strlen(reply.text), OUTWARD_REPLY_MAX - 1);
	say("451 \x01\t\xff");
	assert_true(reply.whole);
	say("221 a\tb\x01" "c");
	assert_string_equal(reply.text, "a b c");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(lines_of_one_answer_are_joined), cmocka_unit_test(what_is_no_answer_is_passed_over), cmocka_unit_test(long_answers_are_cut)};
	return cmocka_run_group_tests_name("answers of mail servers", tests, NULL, NULL);
}
