#include "core/outbox/outbox_test.h"

#include <string.h>

#include "base/str.h"
#include "core/outbox/outbox_send.h"
#include "core/outbox/outbox_words.h"
#include "core/settings/settings.h"
#include "core/text/text.h"
#include "outbox_sql.h"

enum { TEST_MS = 30000, DIALOGUE_MAX = 64 * 1024 };

static const struct {
	const char *key;
	struct text2 text;
} words[] = {
	{"outward_name", {"The name of the server is not known", "无法解析服务器名称"}},
	{"outward_barred", {"The server lies inside the house, or on no port of mail, and is not called", "服务器位于内部网络或端口不是邮件端口，未连接"}},
	{"outward_connect", {"No connection could be made", "无法建立连接"}},
	{"outward_tls", {"The server's certificate is not right", "服务器证书无效"}},
	{"outward_starttls", {"The server offers no encryption", "服务器不支持加密"}},
	{"outward_timeout", {"There was no answer in time", "对方未在规定时间内应答"}},
	{"outward_broken", {"The connection broke", "连接中断"}},
	{"outward_login", {"The server does not accept the user name or the password", "服务器不接受用户名或密码"}},
	{"outward_refused", {"The server refused", "服务器拒绝"}},
	{"outbox_gave_up", {"Tried for three days in vain", "三天内多次尝试均未成功"}},
	{"outbox_no_answer", {"The server got the whole mail and did not answer: it may have arrived", "服务器收到整封邮件但没有应答：邮件可能已送达"}},
	{"outbox_died", {"The program ended while the mail was leaving: it may have arrived", "邮件发出时程序中断：邮件可能已送达"}},
	{"outbox_unmade", {"The mail could not be made", "无法生成邮件"}},
	{"outbox_bounced", {"It came back: the address can't be reached", "邮件被退回：该地址无法送达"}},
	{"outbox_bounced_soft", {"It came back, for now", "邮件暂时被退回"}},
	{"no_consent", {"There is no consent", "没有得到同意"}},
	{"cap", {"The recipient has had enough mails for now", "收件人近期收到的邮件已达上限"}},
};

const char *outbox_in_words(struct ctx *ctx, const char *key)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_equal(words[i].key, key))
			return settings_label(ctx, &words[i].text);
	return key;
}

enum err outbox_seen_get(struct ctx *ctx, int64_t id, struct outbox_seen *ret)
{
	struct stmt *stmt;
	bool row = false;
	enum err err = db_prepare(ctx, ctx->db, &sql_outbox_one, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_step(ctx, stmt, &row);
	if (err == OK && row)
		outbox_seen_read(ctx, stmt, ret);
	stmt_done(stmt);
	return err == OK && !row ? fail(ctx, ERR_NOT_FOUND, "", "outbox_gone") : err;
}

/* --- the test -------------------------------------------------------------------- */

static enum err make(struct ctx *ctx, const struct outbox_account *account, const char *to, struct buf *out)
{
	static const struct text2 subject = {"Test of the mail account", "邮件账号测试"}, text = {"This mail was sent to try the account.", "此邮件用于测试邮件账号。"};
	unsigned char chance[8];
	uint64_t number = 0;
	const char *at = strrchr(account->address, '@');
	ctx_random(ctx, chance, sizeof(chance));
	for (size_t i = 0; i < sizeof(chance); i++)
		number = number << 8 | chance[i];
	struct outbox_letter letter = {.to_address = to, .to_name = "", .subject = settings_label(ctx, &subject), .text = settings_label(ctx, &text), .headers = "", .made_by_program = true,
		.message_id = arena_printf(ctx->arena, "test.%016llx@%s", (unsigned long long)number, outbox_is_ascii(at) ? at + 1 : "guanxi.invalid")};
	return letter.message_id != NULL ? outbox_message_write(ctx, account, &letter, out) : fail(ctx, ERR_LIMIT, "", "memory");
}

static enum err send(struct ctx *ctx, const struct outbox_account *account, const char *to, struct buf *dialogue, struct outward_told *told)
{
	struct outward_letters *letters;
	struct outward_server server;
	struct buf mail;
	int64_t until = ctx_now(ctx) + TEST_MS + 1000;
	enum err err = outbox_account_server(ctx, account, &server);
	if (err == OK)
		err = outward_letters_open_new(ctx, ctx->machine, &letters);
	if (err != OK)
		return err;
	buf_init(&mail, OUTBOX_MAIL_BYTES);
	err = make(ctx, account, to, &mail);
	if (err == OK) {
		struct outward_letter letter = {.server = &server, .from = account->address, .to = to, .n = mail.len, .timeout_ms = TEST_MS, .user = told, .dialogue = dialogue};
		letter.bytes = buf_take_new(&mail);
		err = outward_letter_send(ctx, letters, &letter);
	}
	*told = (struct outward_told){.event = OUTWARD_ENDED, .error = "outward_timeout"};
	while (err == OK && outward_letters_running(letters) > 0 && ctx_now(ctx) < until) {
		struct outward_told one;
		if (outward_letters_wait(letters, 1000, &one, 1) == 0)
			continue;
		*told = one;
		if (one.event == OUTWARD_ASKS && !outward_letter_go(letters, one.user, true))
			*told = (struct outward_told){.event = OUTWARD_ENDED, .error = "outward_broken"};
	}
	outward_letters_free(letters);
	buf_release(&mail);
	return err;
}

/* It works: what waited for the account goes on. */
static enum err go_on(struct ctx *ctx, void *arg)
{
	const int64_t *id = arg;
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, &sql_outbox_account_go_on, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, *id);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err == OK ? outbox_wake(ctx) : err;
}

enum err outbox_test(struct ctx *ctx, const struct outbox_test_asked *asked, struct jsonw *w)
{
	struct outbox_account *account;
	struct outward_told told;
	struct buf dialogue;
	const char *to;
	bool valid = false;
	enum err err = email_normalise(ctx, asked->to, &to, &valid);
	if (err == OK && !valid)
		err = fail_arg(ctx, ERR_INVALID, "to", "outbox_address", asked->to);
	if (err == OK)
		err = outbox_account_get(ctx, asked->account_id, &account);
	if (err != OK)
		return err;
	buf_init(&dialogue, DIALOGUE_MAX);
	err = send(ctx, account, to, &dialogue, &told);
	if (err == OK && told.error == NULL && account->failures > 0)
		err = store_write(ctx, ctx->store, go_on, &account->id);
	if (err == OK) {
		jsonw_object(w);
		jsonw_kv_bool(w, "sent", told.error == NULL);
		jsonw_kv_text(w, "error", told.error != NULL ? outbox_in_words(ctx, told.error) : NULL);
		jsonw_kv_int(w, "code", told.code);
		jsonw_kv_text(w, "reply", told.reply);
		jsonw_kv_text(w, "dialogue", buf_text(&dialogue));
		jsonw_kv_int(w, "took_ms", told.took_ms);
		jsonw_end_object(w);
	}
	buf_release(&dialogue);
	return err;
}
