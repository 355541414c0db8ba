/* What servers say, whole and in pieces, right and wrong; and what we answer. */
#include "core/imap/imap_talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

/* --- reading ------------------------------------------------------------------------ */

static void test_pieces(void **state)
{
	static const char said[] = "* OK ready\r\n\r\n* 3 FETCH (UID 9 FLAGS (\\Seen ($x)) RFC822.SIZE 12 BODY[] {12}\r\nSubject: a\n\n INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")\r\n"
	                           "* SEARCH 12 7 9 7 0 99999999999 x\r\n+ go on\r\na1 OK [UIDVALIDITY 4294967295] done\r\n";
	(void)state;
	for (size_t step = 1; step < sizeof(said); step += step < 20 ? 1 : 37) {
		struct imap_in in;
		struct imap_answer a;
		struct imap_message m;
		uint32_t uids[8], number = 0;
		size_t seen = 0;
		imap_in_init(&in);
		for (size_t at = 0; at < sizeof(said) - 1; at += step) {
			size_t n = sizeof(said) - 1 - at < step ? sizeof(said) - 1 - at : step;
			assert_true(imap_in_add(&in, said + at, n));
			while (imap_in_next(&in, &a) == IMAP_ANSWER) {
				seen++;
				if (seen == 2) {
					assert_true(a.kind == IMAP_UNTAGGED && a.numbered && a.number == 3);
					assert_string_equal(a.word, "FETCH");
					assert_true(imap_message_read(&a, &m));
					assert_int_equal(m.uid, 9);
					assert_int_equal(m.size, 12);
					assert_int_equal(m.n, 12);
					assert_memory_equal(m.body, "Subject: a\n\n", 12);
					assert_int_equal(m.at, 837596665000);
				}
				if (seen == 3) {
					assert_int_equal(imap_search_read(&a, 8, uids, 8), 2);
					assert_true(uids[0] == 9 && uids[1] == 12);
					assert_int_equal(imap_search_read(&a, 1, uids, 1), 1);
					assert_int_equal(uids[0], 7);
				}
				if (seen == 5) {
					assert_true(a.kind == IMAP_TAGGED && imap_code_number(&a, "uidvalidity", &number));
					assert_int_equal(number, 4294967295);
					assert_string_equal(a.tag, "a1");
				}
			}
		}
		assert_int_equal(seen, 5);
		imap_in_release(&in);
	}
}

/* Bounds hold, and what is no answer is said to be none. */
static void test_bounds(void **state)
{
	static const char *const broken[] = {"* 1 FETCH (BODY[] {99999999}\r\n", " \r\n", "* 12\r\n", "\001\r\n"};
	struct imap_in in;
	struct imap_answer a;
	struct imap_message m;
	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		imap_in_init(&in);
		assert_true(imap_in_add(&in, broken[i], strlen(broken[i])));
		enum imap_got got = imap_in_next(&in, &a);
		assert_true(got == IMAP_BROKEN);
		imap_in_release(&in);
	}
	char *line = malloc((size_t)IMAP_LINE_MAX + 2);
	assert_non_null(line);
	memset(line, 'x', (size_t)IMAP_LINE_MAX + 2);
	imap_in_init(&in);
	assert_true(imap_in_add(&in, line, (size_t)IMAP_LINE_MAX + 2));
	assert_int_equal(imap_in_next(&in, &a), IMAP_BROKEN);
	imap_in_release(&in);
	free(line);
	static const char *const wrong[] = {"UID 1)", "(UID 1", "(UID 1 BODY[] \"x)", "((UID) 1)", "(FLAGS (((((((((((((((((((((((x)))))))))))))))))))))))))", "(UID)", "(BODY[] {5}\r\nab)"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char *copy = strdup(wrong[i]); /* of its own, so that reading past it is seen */
		struct imap_answer fetch = {.rest = copy, .n = strlen(wrong[i])};
		assert_non_null(copy);
		assert_false(imap_message_read(&fetch, &m));
		free(copy);
	}
}

/* --- talking ---------------------------------------------------------------------------- */

static const struct imap_account plain = {.user = "li \"na\"", .secret = "back\\slash", .folder = "客户 & 服务", .since = "1-Dec-2026"};

static enum imap_event hear(struct imap_talk *talk, const char *said)
{
	assert_true(imap_in_add(&talk->in, said, strlen(said)));
	return imap_talk_step(talk);
}

static void says(struct imap_talk *talk, const char *text)
{
	assert_string_equal(buf_text(&talk->out), text);
	buf_reset(&talk->out);
}

static void test_talk(void **state)
{
	struct imap_talk talk;
	uint32_t uids[] = {5, 8};
	(void)state;
	imap_talk_begin(&talk, &plain);
	assert_int_equal(hear(&talk, "* OK hi\r\n"), IMAP_NOTHING);
	says(&talk, "g1 CAPABILITY\r\n");
	assert_int_equal(hear(&talk, "* CAPABILITY IMAP4rev1\r\ng1 OK\r\n"), IMAP_NOTHING);
	says(&talk, "g2 LOGIN \"li \\\"na\\\"\" \"back\\\\slash\"\r\n");
	assert_int_equal(hear(&talk, "g2 OK\r\n"), IMAP_NOTHING);
	says(&talk, "g3 CAPABILITY\r\n");
	assert_int_equal(hear(&talk, "* CAPABILITY IMAP4rev1 IDLE\r\ng3 OK\r\n"), IMAP_NOTHING);
	says(&talk, "g4 EXAMINE \"&W6JiNw- &- &Zw1SoQ-\"\r\n");
	assert_int_equal(hear(&talk, "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\ng4 OK\r\n"), IMAP_OPENED);
	imap_talk_list(&talk, 4);
	says(&talk, "g5 UID SEARCH UID 4:* SINCE 1-Dec-2026\r\n");
	assert_int_equal(hear(&talk, "* SEARCH 8 3 5\r\ng5 OK\r\n"), IMAP_NOTHING);
	says(&talk, "g6 UID FETCH 5,8 (UID RFC822.SIZE)\r\n");
	assert_int_equal(hear(&talk, "* 1 FETCH (UID 8 RFC822.SIZE 9)\r\n* 2 FETCH (RFC822.SIZE 4 UID 5)\r\n* 9 FETCH (UID 77 RFC822.SIZE 1)\r\ng6 OK\r\n"), IMAP_LISTED);
	assert_true(talk.n_listed == 2 && talk.listed[0].uid == 5 && talk.listed[0].size == 4 && talk.listed[1].size == 9);
	imap_talk_get(&talk, uids, 2, false);
	says(&talk, "g7 UID FETCH 5,8 (UID INTERNALDATE BODY.PEEK[])\r\n");
	assert_int_equal(hear(&talk, "* 1 FETCH (UID 5 BODY[] \"abcd\")\r\n* 3 EXISTS\r\n* 2 FETCH (UID 8 BODY[] {3}\r\nxyz)\r\ng7 OK\r\n"), IMAP_MESSAGE);
	assert_int_equal(talk.message.n, 4);
	assert_int_equal(imap_talk_step(&talk), IMAP_MESSAGE);
	assert_memory_equal(talk.message.body, "xyz", 3);
	assert_int_equal(imap_talk_step(&talk), IMAP_GOT);
	/* what came in between is not waited for */
	imap_talk_rest(&talk);
	says(&talk, "g8 IDLE\r\n");
	assert_int_equal(hear(&talk, "+ idling\r\n"), IMAP_NOTHING);
	says(&talk, "DONE\r\n");
	assert_int_equal(hear(&talk, "g8 OK\r\n"), IMAP_NEWS);
	imap_talk_list(&talk, 9);
	buf_reset(&talk.out);
	assert_int_equal(hear(&talk, "* SEARCH 8\r\ng9 OK\r\n"), IMAP_LISTED);
	assert_int_equal(talk.n_listed, 0);
	imap_talk_rest(&talk);
	assert_int_equal(hear(&talk, "+ idling\r\n"), IMAP_RESTS);
	buf_reset(&talk.out);
	imap_talk_ask(&talk);
	says(&talk, "DONE\r\n");
	assert_int_equal(hear(&talk, "g10 OK\r\n"), IMAP_RESTS);
	imap_talk_end(&talk);
}

/* Each refusal has a name; nothing of the account is said before TLS, and nothing said before it is believed after. */
static void test_refused(void **state)
{
	static const struct {
		const char *said, *error;
	} all[] = {
		{"* BYE no\r\n", "imap_bye"}, {"* PREAUTH you\r\n", "imap_refused"}, {"nonsense\r\n", "imap_broken"},
		{"* OK\r\n* CAPABILITY LOGINDISABLED\r\ng1 OK\r\n", "imap_login"}, {"* OK\r\ng1 OK\r\ng2 NO bad \xe4\xb8\r\n", "imap_login"},
		{"* OK\r\ng1 OK\r\ng2 OK\r\ng3 BAD\r\ng4 NO none\r\n", "imap_folder"}, {"* OK\r\ng1 OK\r\ng2 OK\r\ng3 OK\r\ng4 OK\r\n", "imap_broken"}, {"* OK\r\ng9 OK\r\n", "imap_broken"},
	};
	struct imap_talk talk;
	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		imap_talk_begin(&talk, &plain);
		assert_int_equal(hear(&talk, all[i].said), IMAP_FAILED);
		assert_string_equal(talk.error, all[i].error);
		imap_talk_end(&talk);
	}
	struct imap_account guarded = plain;
	guarded.starttls = true;
	imap_talk_begin(&talk, &guarded);
	assert_int_equal(hear(&talk, "* OK\r\n* CAPABILITY X\r\ng1 OK\r\n"), IMAP_FAILED);
	assert_string_equal(talk.error, "imap_starttls");
	imap_talk_end(&talk);
	imap_talk_begin(&talk, &guarded);
	assert_int_equal(hear(&talk, "* OK\r\n* CAPABILITY STARTTLS\r\ng1 OK\r\n"), IMAP_NOTHING);
	buf_reset(&talk.out);
	assert_int_equal(hear(&talk, "g2 OK go\r\n* CAPABILITY AUTH=PLAIN\r\ng3 OK\r\n"), IMAP_SECURE);
	imap_talk_secured(&talk);
	says(&talk, "g3 CAPABILITY\r\n");
	assert_int_equal(imap_talk_step(&talk), IMAP_NOTHING);
	says(&talk, "");
	imap_talk_end(&talk);
}

static void test_xoauth2(void **state)
{
	struct imap_account account = {.user = "a@b.cn", .secret = "token", .folder = "INBOX", .sign_in = IMAP_XOAUTH2};
	struct imap_talk talk;
	(void)state;
	imap_talk_begin(&talk, &account);
	assert_int_equal(hear(&talk, "* OK\r\n* CAPABILITY AUTH=XOAUTH2\r\ng1 OK\r\n"), IMAP_NOTHING);
	buf_reset(&talk.out);
	imap_talk_step(&talk);
	assert_int_equal(hear(&talk, "+ \r\n"), IMAP_NOTHING);
	says(&talk, "dXNlcj1hQGIuY24BYXV0aD1CZWFyZXIgdG9rZW4BAQ==\r\n");
	assert_int_equal(hear(&talk, "+ eyJzdGF0dXMiOiI0MDEifQ==\r\n"), IMAP_NOTHING);
	says(&talk, "\r\n");
	assert_int_equal(hear(&talk, "g2 NO expired\r\n"), IMAP_FAILED);
	assert_string_equal(talk.error, "imap_login");
	assert_string_equal(talk.said, "expired");
	imap_talk_end(&talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces), cmocka_unit_test(test_bounds), cmocka_unit_test(test_talk), cmocka_unit_test(test_refused), cmocka_unit_test(test_xoauth2),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
