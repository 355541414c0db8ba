/* Setting up a mailbox: its password, a test at once, how each is. */
#include <poll.h>

#include "base/id.h"
#include "base/jsonw.h"
#include "base/str.h"
#include "core/settings/settings.h"
#include "mailboxes/mailboxes_internal.h"
#include "mailboxes_sql.h"

enum { TEST_MS = 30000, WAIT_MS = 500, READ_BYTES = 16384 };

static const struct {
	const char *key;
	struct text2 text;
} words[] = {
	{"outward_name", {"The name of the server is not known", "无法解析服务器名称"}},
	{"outward_barred", {"The server lies inside the house, or on no port of mail, and is not called", "服务器位于内部网络或端口不是邮件端口，未连接"}},
	{"outward_connect", {"No connection could be made", "无法建立连接"}},
	{"outward_tls", {"The server's certificate is not right", "服务器证书无效"}},
	{"outward_timeout", {"There was no answer in time", "对方未在规定时间内应答"}},
	{"outward_broken", {"The connection broke", "连接中断"}},
	{"imap_login", {"The server does not accept the user name or the password", "服务器不接受用户名或密码"}},
	{"imap_folder", {"There is no such folder", "没有这个文件夹"}},
	{"imap_starttls", {"The server offers no encryption", "服务器不支持加密"}},
	{"imap_broken", {"The server says what no mail server says", "服务器的应答不符合协议"}},
	{"imap_refused", {"The server refused", "服务器拒绝"}},
	{"imap_bye", {"The server hung up", "服务器断开了连接"}},
	{"imap_no_secret", {"The mailbox has no password", "邮箱没有设置密码"}},
	{"imap_secret", {"The password cannot be opened with this machine's key", "无法用本机密钥打开密码"}},
	{"mailbox_process", {"The process that reads mail could not be started", "无法启动解析邮件的进程"}},
};

const char *mailbox_in_words(struct ctx *ctx, const char *key)
{
	static const struct text2 other = {"What came could not be kept", "收到的邮件无法保存"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_equal(words[i].key, key))
			return settings_label(ctx, &words[i].text);
	return settings_label(ctx, &other);
}

static enum err read_id(struct ctx *ctx, const struct http_request *req, int64_t *ret)
{
	return id_parse(req->params[0], ret) ? OK : fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "mailbox");
}

/* --- how they are ------------------------------------------------------------------------ */

static void put_when(struct jsonw *w, const char *key, int64_t ms)
{
	jsonw_key(w, key);
	if (ms > 0)
		jsonw_time(w, ms);
	else
		jsonw_null(w);
}

static void put_health(struct ctx *ctx, struct jsonw *w, const struct stmt *stmt)
{
	const char *error = stmt_text(stmt, 5);
	int64_t failures = stmt_i64(stmt, 3), fetched = stmt_i64(stmt, 8), since = fetched > 0 ? fetched : stmt_i64(stmt, 7);
	bool active = stmt_i64(stmt, 2) != 0;
	jsonw_object(w);
	jsonw_kv_id(w, "id", stmt_i64(stmt, 0));
	jsonw_kv_text(w, "name", stmt_text(stmt, 1));
	jsonw_kv_bool(w, "active", active);
	jsonw_kv_int(w, "failures", failures);
	put_when(w, "paused_until", failures > 0 ? stmt_i64(stmt, 4) : 0);
	jsonw_kv_text(w, "error", failures > 0 && !str_empty(error) ? mailbox_in_words(ctx, error) : NULL);
	jsonw_kv_text(w, "said", failures > 0 ? stmt_text(stmt, 6) : "");
	put_when(w, "fetched_at", fetched);
	put_when(w, "news_at", stmt_i64(stmt, 9));
	jsonw_kv_bool(w, "has_password", stmt_i64(stmt, 10) != 0);
	jsonw_kv_bool(w, "alarm", active && failures > 0 && since > 0 && ctx_now(ctx) - since > stmt_i64(stmt, 11) * 60000);
	jsonw_end_object(w);
}

static enum err health(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct stmt *stmt;
	struct jsonw w;
	bool row = false;
	(void)req;
	enum err err = db_prepare(ctx, ctx->db, &sql_mailboxes_health, &stmt);
	if (err != OK)
		return err;
	http_set_header(res, "Cache-Control", "no-store");
	jsonw_init(&w, http_body(res));
	jsonw_object(&w);
	jsonw_key(&w, "mailboxes");
	jsonw_array(&w);
	while ((err = stmt_step(ctx, stmt, &row)) == OK && row)
		put_health(ctx, &w, stmt);
	stmt_done(stmt);
	jsonw_end_array(&w);
	jsonw_end_object(&w);
	return err;
}

/* --- password -------------------------------------------------------------------------------- */

struct password_body {
	const char *password;
};

static const struct spec password_specs[] = {
	{.name = "password", .type = SPEC_TEXT, .offset = offsetof(struct password_body, password), .required = true, .max = 4000, .doc = "Or access token; empty: none"},
	{.name = NULL},
};

static enum err put_password(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct password_body body = {0};
	int64_t id;
	enum err err = http_read_body(ctx, req, &body);
	if (err == OK)
		err = read_id(ctx, req, &id);
	if (err == OK)
		err = mailbox_password(ctx, id, body.password);
	if (err == OK)
		http_status(res, 204);
	return err;
}

/* --- the test ------------------------------------------------------------------------------------ */

struct trial {
	struct imap_wire *wire;
	struct imap_talk talk;
	const char *error;
	bool good;
};

static void hear_event(struct trial *t)
{
	enum imap_event event;
	while (!t->good && t->error == NULL && (event = imap_talk_step(&t->talk)) != IMAP_NOTHING) {
		if (event == IMAP_SECURE && !imap_wire_secure(t->wire))
			t->error = "outward_tls";
		else if (event == IMAP_FAILED)
			t->error = t->talk.error;
		else if (event == IMAP_OPENED)
			t->good = true;
	}
}

static enum imap_flow hear(struct trial *t)
{
	char room[READ_BYTES];
	size_t n;
	enum imap_flow flows = IMAP_FLOWS;
	while (flows == IMAP_FLOWS && !t->good && t->error == NULL) {
		flows = imap_wire_read(t->wire, room, sizeof(room), &n);
		if (flows == IMAP_FLOWS && !imap_in_add(&t->talk.in, room, n))
			t->error = "imap_broken";
		else if (flows == IMAP_FLOWS)
			hear_event(t);
	}
	return flows;
}

/* One step, without waiting. */
static void step(struct trial *t)
{
	enum imap_flow flows = imap_wire_step(t->wire);
	if (flows == IMAP_FLOWS && t->talk.state == IMAP_SHAKING)
		imap_talk_secured(&t->talk);
	if (flows == IMAP_FLOWS)
		flows = hear(t);
	if (flows != IMAP_ENDED && t->error == NULL && t->talk.state != IMAP_SHAKING && imap_wire_step(t->wire) == IMAP_FLOWS)
		flows = imap_wire_write(t->wire, &t->talk.out);
	if (flows == IMAP_ENDED && t->error == NULL && !t->good)
		t->error = imap_wire_error(t->wire);
}

static enum err try_mailbox(struct ctx *ctx, const struct mailbox *m, struct trial *t)
{
	const char *secret;
	enum err err = mailbox_secret(ctx, m, &secret);
	struct imap_server server = {.host = m->host, .port = m->port, .security = m->security, .unverified = m->unverified, .trusted_ca = *m->trusted_ca != '\0' ? m->trusted_ca : NULL};
	if (err == OK && *secret == '\0') {
		t->error = "imap_no_secret";
		return OK;
	}
	if (err == OK)
		err = imap_wire_open_new(ctx, ctx->machine, &server, &t->wire, &t->error);
	if (err != OK || t->error != NULL)
		return err;
	struct imap_account account = {.user = m->user, .secret = secret, .folder = m->folder, .since = m->since, .sign_in = m->sign_in, .starttls = m->security == IMAP_STARTTLS};
	int64_t until = ctx_now(ctx) + TEST_MS;
	imap_talk_begin(&t->talk, &account);
	for (step(t); !t->good && t->error == NULL; step(t)) {
		struct pollfd fd = {.fd = imap_wire_fd(t->wire), .events = imap_wire_events(t->wire, t->talk.out.len > 0)};
		if (ctx_now(ctx) > until)
			t->error = "outward_timeout";
		else
			(void)poll(&fd, 1, WAIT_MS);
	}
	if (t->good) {
		imap_talk_leave(&t->talk);
		(void)imap_wire_write(t->wire, &t->talk.out);
	}
	return OK;
}

static enum err test(struct ctx *ctx, const struct http_request *req, struct http_response *res)
{
	struct trial t = {0};
	struct mailbox *m;
	struct jsonw w;
	size_t n = 0;
	int64_t id, began = ctx_now(ctx);
	enum err err = read_id(ctx, req, &id);
	if (err == OK)
		err = mailboxes_read(ctx, id, &m, &n);
	if (err == OK && n == 0)
		err = fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "mailbox");
	db_reset(ctx->db);
	if (err == OK)
		err = try_mailbox(ctx, m, &t);
	if (err == OK) {
		jsonw_init(&w, http_body(res));
		http_set_header(res, "Cache-Control", "no-store");
		jsonw_object(&w);
		jsonw_kv_bool(&w, "good", t.good);
		jsonw_kv_text(&w, "error", t.error != NULL ? mailbox_in_words(ctx, t.error) : NULL);
		jsonw_kv_text(&w, "said", t.talk.said);
		jsonw_kv_int(&w, "messages", t.talk.exists);
		jsonw_kv_bool(&w, "idle", t.talk.can_idle);
		jsonw_kv_int(&w, "took_ms", ctx_now(ctx) - began);
		jsonw_end_object(&w);
	}
	imap_talk_end(&t.talk);
	imap_wire_free(t.wire);
	return err;
}

#define ADMIN .door = DOOR_CAP, .cap = CAP_ADMIN

const struct route mailboxes_routes[] = {
	{.method = METHOD_GET, .pattern = "/api/v1/mailboxes/health", .lane = LANE_READ, ADMIN, .handle = health,
	 .doc = "How each mailbox is: when it was read, when something came, what went wrong."},
	{.method = METHOD_PUT, .pattern = "/api/v1/mailboxes/*/password", .lane = LANE_WRITE, ADMIN, .handle = put_password, .specs = password_specs,
	 .doc = "The password of a mailbox, sealed and never shown."},
	{.method = METHOD_POST, .pattern = "/api/v1/mailboxes/*/test", .lane = LANE_HEAVY, ADMIN, .handle = test,
	 .doc = "Signs in at the mailbox at once and answers how it went; nothing is fetched."},
	{.pattern = NULL},
};
