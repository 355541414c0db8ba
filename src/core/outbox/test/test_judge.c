/* What follows from a server's answer, and mails as they go over the wire. */
#include "base/test/check.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/outbox/outbox_send.h"
#include "core/services/services.h"

struct services *app_services(const struct app *app)
{
	(void)app;
	return NULL;
}

const struct outbox_rule *const *app_outbox_rules(const struct app *app)
{
	(void)app;
	return NULL;
}

static void each_answer_has_its_fate(void **state)
{
	(void)state;
	static const struct {
		struct outward_told told;
		int attempts;
		bool again;
		enum outbox_state is;
		bool counts, account, slower;
	} cases[] = {
		{{.stage = OUTWARD_GONE, .code = 250}, 1, false, OUTBOX_SENT, true, false, false},
		/* before the recipient is named it is the account's trouble */
		{{.stage = OUTWARD_CONNECTING, .error = "outward_connect"}, 1, false, OUTBOX_WAITING, false, true, false},
		{{.stage = OUTWARD_CONNECTING, .error = "outward_login", .code = 535}, 11, false, OUTBOX_WAITING, false, true, false},
		{{.stage = OUTWARD_SENDER, .error = "outward_refused", .code = 553}, 1, false, OUTBOX_WAITING, false, true, false},
		{{.stage = OUTWARD_SENDER, .error = "outward_refused", .code = 421}, 1, false, OUTBOX_WAITING, false, true, false},
		{{.stage = OUTWARD_RECIPIENT, .error = "outward_refused", .code = 550}, 1, false, OUTBOX_FAILED, true, false, false},
		{{.stage = OUTWARD_RECIPIENT, .error = "outward_refused", .code = 450}, 1, false, OUTBOX_WAITING, true, false, true},
		{{.stage = OUTWARD_RECIPIENT, .error = "outward_refused", .code = 450}, 11, false, OUTBOX_FAILED, true, false, true},
		{{.stage = OUTWARD_TEXT, .error = "outward_broken", .code = 354}, 1, false, OUTBOX_WAITING, true, false, false},
		{{.stage = OUTWARD_TEXT, .error = "outward_refused", .code = 554}, 1, false, OUTBOX_FAILED, true, false, false},
		{{.stage = OUTWARD_GONE, .error = "outward_refused", .code = 552}, 1, false, OUTBOX_FAILED, true, false, false},
		{{.stage = OUTWARD_GONE, .error = "outward_refused", .code = 451}, 1, false, OUTBOX_WAITING, true, false, true},
		/* nobody knows */
		{{.stage = OUTWARD_GONE, .error = "outward_broken", .code = 354}, 1, false, OUTBOX_UNSURE, true, false, false},
		{{.stage = OUTWARD_GONE, .error = "outward_timeout", .code = 354}, 1, false, OUTBOX_UNSURE, true, false, false},
		{{.stage = OUTWARD_GONE, .error = "outward_broken", .code = 354}, 1, true, OUTBOX_WAITING, true, false, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outbox_fate fate = outbox_judge(&cases[i].told, cases[i].attempts, cases[i].again);
		if (fate.state != cases[i].is)
			print_error("case %zu: %s\n", i, outbox_state_name(fate.state));
		assert_int_equal(fate.state, cases[i].is);
		assert_true(fate.counts == cases[i].counts && fate.account_fails == cases[i].account && fate.slower == cases[i].slower && fate.reason != NULL);
	}
	int64_t all = 0;
	for (int i = 1; outbox_again_ms(i) > 0; i++) {
		assert_true(i < 2 || outbox_again_ms(i) > outbox_again_ms(i - 1));
		all += outbox_again_ms(i);
	}
	assert_true(all > 2 * 86400000LL && all < 4 * 86400000LL);
	assert_true(outbox_again_ms(0) == 0 && outbox_again_ms(-1) == 0);
}

/* 2026-11-30 06:45:01 UTC, a Monday */
static int64_t noon(void *arg)
{
	(void)arg;
	return 1796021101000;
}

static const char *write(struct arena *arena, const struct outbox_account *account, struct outbox_letter letter)
{
	struct ctx ctx;
	struct clock clock = *clock_system();
	struct buf out;
	clock.now_ms = noon;
	ctx_init(&ctx, arena, &clock);
	buf_init(&out, 1 << 20);
	letter.headers = letter.headers != NULL ? letter.headers : "";
	letter.message_id = "1.a@example.cn";
	assert_int_equal(outbox_message_write(&ctx, account, &letter, &out), OK);
	const char *text = arena_strdup(arena, buf_text(&out));
	buf_release(&out);
	return text;
}

static void mails_are_lines_of_ascii(void **state)
{
	(void)state;
	static const struct outbox_account account = {.address = "shop@example.cn", .from_name = "Zhang, \"Wei\" \\", .reply_to = "answers@example.cn"};
	struct arena arena;
	arena_init(&arena, 8 << 20);
	assert_string_equal(write(&arena, &account, (struct outbox_letter){.to_address = "li@example.org", .to_name = "Li Na", .subject = "Hello", .text = "one\ntwo\r\n\n.\nlast", .made_by_program = true}),
		"Date: Mon, 30 Nov 2026 06:45:01 +0000\r\nFrom: \"Zhang, \\\"Wei\\\" \\\\\"\r\n <shop@example.cn>\r\nTo: Li Na <li@example.org>\r\nReply-To: <answers@example.cn>\r\nSubject: Hello\r\n"
		"Message-ID: <1.a@example.cn>\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
		"one\r\ntwo\r\n\r\n.\r\nlast\r\n");
	/* an answer's own address wins; long lists of references fold */
	char references[4000] = "References:";
	for (int i = 0; i < 60; i++)
		snprintf(references + strlen(references), sizeof(references) - strlen(references), " <%d.abcdefghijklmnop@example.org>", i);
	snprintf(references + strlen(references), sizeof(references) - strlen(references), "\nReply-To: other@example.cn\n");
	const char *text = write(&arena, &account, (struct outbox_letter){.to_address = "li@example.org", .to_name = "", .subject = "x", .html = "<p>\xe4\xbd\xa0</p>", .headers = references});
	assert_null(strstr(text, "answers@example.cn"));
	assert_non_null(strstr(text, " <59.abcdefghijklmnop@example.org>\r\nReply-To: other@example.cn\r\n"));
	assert_non_null(strstr(text, "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+5L2gPC9wPg==\r\n"));
	for (const char *at = text; *at != '\0'; at += strcspn(at, "\n") + 1)
		assert_true(strcspn(at, "\n") < 100);
	/* words of whole characters, without padding in between */
	text = write(&arena, &account, (struct outbox_letter){.to_address = "li@example.org", .to_name = "", .text = "x",
		.subject = "a\xe9\x95\xbf \xe9\x95\xbf\xe9\x95\xbf\xe9\x95\xbf \xe9\x95\xbf\xe9\x95\xbf\xe9\x95\xbf\xe9\x95\xbf\xe9\x95\xbf \xe9\x95\xbf\xe9\x95\xbf\xe9\x95\xbf\xe9\x95\xbf\xe9\x95\xbf\xe9\x95\xbf\xe9\x95\xbf\xe9\x95\xbf"});
	const char *subject = strstr(text, "Subject: ");
	assert_non_null(strstr(subject, "?=\r\n =?utf-8?B?"));
	assert_null(strstr(subject, "=?=\r\n =?"));
	arena_release(&arena);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(each_answer_has_its_fate), cmocka_unit_test(mails_are_lines_of_ascii)};
	return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
