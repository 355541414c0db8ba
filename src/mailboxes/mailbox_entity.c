/* Mailboxes that are read: whose, where, from when on; their passwords are kept apart, sealed. */
#include <string.h>

#include "base/str.h"
#include "base/timeutil.h"
#include "core/events/events.h"
#include "core/machine/machine.h"
#include "core/outbox/outbox_server.h"
#include "core/text/text.h"
#include "mailboxes/mailboxes_internal.h"
#include "mailboxes_sql.h"

static const struct option securities[] = {
	{"tls", {"TLS from the start (usually port 993)", "全程 TLS（通常为 993 端口）"}, NULL},
	{"starttls", {"STARTTLS (usually port 143)", "STARTTLS（通常为 143 端口）"}, NULL},
	{"none", {"None (only to servers that guanxi.conf lists)", "不加密（仅限 guanxi.conf 列出的服务器）"}, NULL},
	{0},
};

static const struct option sign_ins[] = {
	{"plain", {"Password", "密码"}, NULL}, {"xoauth2", {"Access token (XOAUTH2)", "访问令牌（XOAUTH2）"}, NULL}, {0},
};

static const struct field_group groups[] = {
	{"box", {"Mailbox", "邮箱"}}, {"server", {"Server", "服务器"}}, {"then", {"What becomes of its mail", "来信处理"}}, {0},
};

static const struct field fields[] = {
	{.name = "name", .type = FIELD_TEXT, .group = "box", .flags = F_REQUIRED | F_LIST, .max = 100, .label = {"Name", "名称"}},
	{.name = "address", .type = FIELD_EMAIL, .group = "box", .flags = F_REQUIRED | F_LIST, .label = {"Address", "邮箱地址"}, .help = {"Customers write to it", "客户写信的地址"}},
	{.name = "active", .type = FIELD_BOOL, .group = "box", .flags = F_REQUIRED | F_LIST, .fallback = "true", .label = {"Switched on", "启用"}},
	{.name = "since", .type = FIELD_DATE, .group = "box", .label = {"From this day on", "起始日期"}, .help = {"Empty: all that is there", "留空则读取全部邮件"}},
	{.name = "folder", .type = FIELD_TEXT, .group = "box", .flags = F_REQUIRED | F_MORE, .fallback = "INBOX", .max = 200, .label = {"Folder", "文件夹"}},
	{.name = "alarm_minutes", .type = FIELD_INT, .group = "box", .flags = F_REQUIRED | F_MORE, .fallback = "30", .least = "5", .most = "10080",
	 .label = {"Alarm after so many minutes without reading", "多少分钟未能读取则告警"}},
	{.name = "host", .type = FIELD_TEXT, .group = "server", .flags = F_REQUIRED | F_LIST, .max = 253, .label = {"Server (IMAP)", "服务器（IMAP）"},
	 .help = {"Such as imap.exmail.qq.com", "例如 imap.exmail.qq.com"}},
	{.name = "port", .type = FIELD_INT, .group = "server", .flags = F_REQUIRED, .fallback = "993", .least = "1", .most = "65535", .label = {"Port", "端口"}},
	{.name = "security", .type = FIELD_ENUM, .group = "server", .flags = F_REQUIRED, .fallback = "tls", .options = securities, .label = {"Encryption", "加密方式"}},
	{.name = "sign_in", .type = FIELD_ENUM, .group = "server", .flags = F_REQUIRED, .fallback = "plain", .options = sign_ins, .label = {"Sign-in", "登录方式"}},
	{.name = "username", .type = FIELD_TEXT, .group = "server", .flags = F_REQUIRED, .max = 250, .label = {"User name", "用户名"}},
	{.name = "verify_tls", .type = FIELD_BOOL, .group = "server", .flags = F_REQUIRED | F_MORE, .fallback = "true", .label = {"Check the server's certificate", "验证服务器证书"},
	 .help = {"Can be left out only for servers that guanxi.conf lists", "仅可对 guanxi.conf 列出的服务器关闭"}},
	{.name = "trusted_ca", .type = FIELD_NOTE, .group = "server", .flags = F_MORE, .max = 20000, .label = {"Certificate authority of the server (PEM)", "服务器的证书颁发机构（PEM）"},
	 .help = {"For a server of your own; empty: those the machine trusts", "用于自建服务器；留空则使用系统信任的机构"}},
	{.name = "owner_id", .type = FIELD_LINK, .group = "then", .link = "user", .on_delete = DELETE_SET_NULL, .flags = F_INDEX, .label = {"New cases go to", "新工单负责人"},
	 .help = {"Empty: to nobody yet", "留空则暂不指派"}},
	{.name = "team_id", .type = FIELD_LINK, .group = "then", .link = "team", .on_delete = DELETE_SET_NULL, .flags = F_INDEX, .label = {"Team of new cases", "新工单团队"}},
	{.name = "mail_account_id", .type = FIELD_LINK, .group = "then", .link = "mail_account", .on_delete = DELETE_SET_NULL, .flags = F_INDEX, .label = {"Answers go out by", "回复账号"},
	 .help = {"Empty: the firm's account", "留空则使用公司默认账号"}},
	{.name = "tagged", .type = FIELD_BOOL, .group = "then", .flags = F_REQUIRED | F_MORE, .fallback = "false", .label = {"Answers carry a signed address", "回复使用带签名的地址"},
	 .help = {"name+case…@: only where the server delivers such addresses to this mailbox", "name+case…@：仅当服务器会把此类地址投递到该邮箱时使用"}},
};

/* --- before -------------------------------------------------------------------------- */

static bool elsewhere(const struct record *old, const struct record *now)
{
	return outbox_elsewhere(old, now) || record_i64(old, "verify_tls") != record_i64(now, "verify_tls");
}

/* What was read so far was read of another place. */
static bool another(const struct record *old, const struct record *now)
{
	return !outbox_same_text(old, now, "folder") || !outbox_same_text(old, now, "since") || !outbox_same_text(old, now, "host") || !outbox_same_text(old, now, "username");
}

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	(void)old;
	if (now == NULL || ctx->actor->kind == ACTOR_SYSTEM)
		return OK;
	if (!gate_cap(ctx->actor, CAP_ADMIN))
		return fail(ctx, ERR_FORBIDDEN, "", "mailbox_admin");
	const char *host = record_text(now, "host");
	if (host != NULL && !outbox_host_good(host))
		return fail_arg(ctx, ERR_INVALID, "host", "mailbox_host", host);
	if (!outbox_plain_word(record_text(now, "username")))
		return fail(ctx, ERR_INVALID, "username", "mailbox_word");
	return outbox_plain_word(record_text(now, "folder")) ? OK : fail(ctx, ERR_INVALID, "folder", "mailbox_word");
}

/* --- after ------------------------------------------------------------------------------ */

static enum err run_id(struct ctx *ctx, const struct sql *sql, int64_t id)
{
	struct stmt *stmt;
	enum err err = db_prepare(ctx, ctx->db, sql, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	enum err err;
	if (now == NULL)
		err = run_id(ctx, &sql_mailbox_state_drop, record_id(old));
	else if (old == NULL)
		err = run_id(ctx, &sql_mailbox_state_make, record_id(now));
	else
		err = run_id(ctx, elsewhere(old, now) ? &sql_mailbox_state_forget : &sql_mailbox_state_go_on, record_id(now)); /* somebody has looked at it: it is tried at once */
	/* another folder is read from its beginning, as is one from an earlier day on */
	if (err == OK && old != NULL && now != NULL && another(old, now))
		err = run_id(ctx, &sql_mailbox_state_anew, record_id(now));
	return err == OK ? services_wake(ctx, MAILBOXES_SERVICE) : err;
}

const struct entity mailbox_entity = {
	.name = "mailbox", .plural = "mailboxes", .label = {"Mailbox", "收信邮箱"}, .label_many = {"Mailboxes", "收信邮箱"},
	.fields = fields, .n_fields = sizeof(fields) / sizeof(fields[0]), .groups = groups, .title = "name", .subtitle = "address", .sort = "name.asc", .icon = "mailbox",
	.flags = E_SYSTEM, .cap = CAP_ADMIN, .hooks = {.before = before, .after = after},
};

/* --- secrets -------------------------------------------------------------------------------- */

enum err mailbox_password(struct ctx *ctx, int64_t id, const char *password)
{
	const char *sealed = NULL;
	struct stmt *stmt;
	int64_t rows = 0;
	if (!outbox_plain_word(password))
		return fail(ctx, ERR_INVALID, "password", "mailbox_word");
	enum err err = *password != '\0' ? machine_seal(ctx, MAILBOX_PURPOSE, password, strlen(password), &sealed) : OK;
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_mailbox_state_secret, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_text(stmt, 2, sealed);
	err = stmt_run(ctx, stmt, &rows);
	stmt_done(stmt);
	if (err == OK && rows == 0)
		err = fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "mailbox");
	if (err == OK)
		err = change_append(ctx, "mailbox", id, CHANGE_UPDATE, "{\"password\":[\"***\",\"***\"]}");
	return err == OK ? services_wake(ctx, MAILBOXES_SERVICE) : err;
}

/* --- as the fetcher needs them ------------------------------------------------------------------ */

static const char *copy(struct ctx *ctx, const struct stmt *stmt, int at)
{
	const char *text = stmt_text(stmt, at);
	return arena_strdup(ctx->arena, text != NULL ? text : "");
}

/* "1-Dec-2026" of "2026-12-01"; NULL: none. */
static const char *imap_day(struct ctx *ctx, const char *day)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct civil c;
	int64_t ms;
	if (str_empty(day) || !time_parse(day, &ms))
		return NULL;
	time_to_civil(ms, &c);
	return arena_printf(ctx->arena, "%d-%s-%d", c.day, months[c.month - 1], c.year);
}

enum err mailboxes_read(struct ctx *ctx, int64_t id, struct mailbox **ret, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = false;
	*ret_n = 0;
	*ret = arena_array(ctx->arena, MAILBOXES_MAX, sizeof(**ret));
	enum err err = *ret != NULL ? db_prepare(ctx, ctx->db, id != 0 ? &sql_mailbox_one : &sql_mailboxes_active, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id != 0 ? id : 1);
	while (*ret_n < MAILBOXES_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row) {
		struct mailbox *m = &(*ret)[(*ret_n)++];
		const char *security = stmt_text(stmt, 4);
		*m = (struct mailbox){.id = stmt_i64(stmt, 0), .version = stmt_i64(stmt, 1), .host = copy(ctx, stmt, 2), .port = (int)stmt_i64(stmt, 3),
			.security = str_equal(security, "none") ? IMAP_NO_TLS : str_equal(security, "starttls") ? IMAP_STARTTLS : IMAP_TLS,
			.sign_in = str_equal(stmt_text(stmt, 5), "xoauth2") ? IMAP_XOAUTH2 : IMAP_PLAIN, .user = copy(ctx, stmt, 6), .folder = copy(ctx, stmt, 7),
			.since = imap_day(ctx, stmt_text(stmt, 8)), .unverified = stmt_i64(stmt, 9) == 0, .trusted_ca = copy(ctx, stmt, 10), .sealed = copy(ctx, stmt, 11),
			.uidvalidity = (uint32_t)stmt_i64(stmt, 12), .last_uid = (uint32_t)stmt_i64(stmt, 13), .failures = stmt_i64(stmt, 14), .paused_until = stmt_i64(stmt, 15)};
	}
	stmt_done(stmt);
	return err == OK && ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

enum err mailbox_secret(struct ctx *ctx, const struct mailbox *mailbox, const char **ret)
{
	const void *secret = "";
	size_t n = 0;
	enum err err = *mailbox->sealed != '\0' ? machine_unseal(ctx, MAILBOX_PURPOSE, mailbox->sealed, &secret, &n) : OK;
	*ret = secret;
	return err;
}
