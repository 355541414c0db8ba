/* Accounts that mails go out by: who may set them up, their passwords, and how they are. */
#include <string.h>

#include "base/str.h"
#include "core/entity/entity.h"
#include "core/events/events.h"
#include "core/gate/gate.h"
#include "core/machine/machine.h"
#include "core/outbox/outbox_internal.h"
#include "core/outbox/outbox_send.h"
#include "core/outbox/outbox_server.h"
#include "outbox_sql.h"

static const struct option securities[] = {
	{.value = "starttls", .label = {"STARTTLS (usually port 587)", "STARTTLS（通常为 587 端口）"}},
	{.value = "tls", .label = {"TLS from the start (usually port 465)", "全程 TLS（通常为 465 端口）"}},
	{.value = "none", .label = {"None (only to servers that guanxi.conf lists)", "不加密（仅限 guanxi.conf 列出的服务器）"}},
	{.value = NULL},
};

static const struct option sign_ins[] = {
	{.value = "plain", .label = {"Password (PLAIN)", "密码（PLAIN）"}},
	{.value = "login", .label = {"Password (LOGIN)", "密码（LOGIN）"}},
	{.value = "xoauth2", .label = {"Access token (XOAUTH2)", "访问令牌（XOAUTH2）"}},
	{.value = "none", .label = {"None", "无需登录"}},
	{.value = NULL},
};

static const struct field fields[] = {
	{.name = "name", .type = FIELD_TEXT, .flags = F_REQUIRED | F_LIST, .max = 100, .label = {"Name", "名称"}},
	{.name = "address", .type = FIELD_EMAIL, .flags = F_REQUIRED | F_LIST, .label = {"Sender's address", "发件地址"}},
	{.name = "from_name", .type = FIELD_TEXT, .max = 100, .label = {"Sender's name", "发件人名称"}},
	{.name = "reply_to", .type = FIELD_EMAIL, .label = {"Answers go to", "回复地址"}, .help = {"Empty: to the sender's address", "留空则回复到发件地址"}},
	{.name = "host", .type = FIELD_TEXT, .flags = F_REQUIRED | F_LIST, .max = 253, .label = {"Server", "服务器"}, .help = {"Such as smtp.exmail.qq.com", "例如 smtp.exmail.qq.com"}},
	{.name = "port", .type = FIELD_INT, .flags = F_REQUIRED, .fallback = "587", .least = "1", .most = "65535", .label = {"Port", "端口"}},
	{.name = "security", .type = FIELD_ENUM, .flags = F_REQUIRED, .fallback = "starttls", .options = securities, .label = {"Encryption", "加密方式"}},
	{.name = "sign_in", .type = FIELD_ENUM, .flags = F_REQUIRED, .fallback = "plain", .options = sign_ins, .label = {"Sign-in", "登录方式"}},
	{.name = "username", .type = FIELD_TEXT, .max = 250, .label = {"User name", "用户名"}},
	{.name = "is_default", .type = FIELD_BOOL, .flags = F_REQUIRED | F_LIST, .fallback = "false", .label = {"The firm's account", "公司默认账号"},
	 .help = {"What names no account goes out by this one", "未指定账号的邮件由此账号发出"}},
	{.name = "active", .type = FIELD_BOOL, .flags = F_REQUIRED | F_LIST, .fallback = "true", .label = {"Switched on", "启用"}},
	{.name = "connections", .type = FIELD_INT, .flags = F_REQUIRED | F_MORE, .fallback = "4", .least = "1", .most = "32", .label = {"Connections at a time", "同时连接数"}},
	{.name = "per_minute", .type = FIELD_INT, .flags = F_REQUIRED | F_MORE, .fallback = "0", .least = "0", .most = "100000", .label = {"Mails a minute, at most", "每分钟最多邮件数"},
	 .help = {"0: as fast as the server takes them", "0 表示不限"}},
	{.name = "trusted_ca", .type = FIELD_NOTE, .flags = F_MORE, .max = 20000, .label = {"Certificate authority of the server (PEM)", "服务器的证书颁发机构（PEM）"},
	 .help = {"For a server of your own; empty: those the machine trusts", "用于自建服务器；留空则使用系统信任的机构"}},
};

/* --- before ---------------------------------------------------------------------- */

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	(void)old;
	if (now == NULL || ctx->actor->kind == ACTOR_SYSTEM)
		return OK;
	if (!gate_cap(ctx->actor, CAP_ADMIN))
		return fail(ctx, ERR_FORBIDDEN, "", "outbox_admin");
	const char *host = record_text(now, "host"), *user = record_text(now, "username");
	if (host != NULL && !outbox_host_good(host))
		return fail_arg(ctx, ERR_INVALID, "host", "outbox_host", host);
	if (!outbox_plain_word(user))
		return fail(ctx, ERR_INVALID, "username", "outbox_user");
	if (str_empty(user) && !str_equal(record_text(now, "sign_in"), "none"))
		return fail(ctx, ERR_INVALID, "username", "required");
	return OK;
}

/* --- after ------------------------------------------------------------------------- */

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

/* One is the firm's. */
static enum err only_default(struct ctx *ctx, const struct record *now)
{
	const struct entity_info *info = now->info;
	struct record *patch;
	struct stmt *stmt;
	bool row = false;
	int64_t other = 0;
	enum err err = db_prepare(ctx, ctx->db, &sql_outbox_default, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, record_id(now));
	stmt_bind_i64(stmt, 2, 1);
	err = stmt_step(ctx, stmt, &row);
	other = err == OK && row ? stmt_i64(stmt, 0) : 0;
	stmt_done(stmt);
	if (err != OK || other == 0)
		return err;
	err = record_new(ctx, info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "is_default", value_int(0));
	return err == OK ? record_update(ctx, other, patch, 0, W_TRUSTED, NULL) : err;
}

static enum err after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	(void)entity;
	enum err err = OK;
	if (now == NULL) {
		err = run_id(ctx, &sql_outbox_account_drop, record_id(old));
		if (err == OK)
			err = run_id(ctx, &sql_outbox_pace_drop_account, record_id(old));
		return err == OK ? run_id(ctx, &sql_outbox_account_orphans, record_id(old)) : err; /* what waits for it goes by the firm's */
	}
	if (old == NULL)
		err = run_id(ctx, &sql_outbox_account_make, record_id(now));
	else if (outbox_elsewhere(old, now))
		err = run_id(ctx, &sql_outbox_account_forget, record_id(now));
	else
		err = run_id(ctx, &sql_outbox_account_go_on, record_id(now)); /* somebody has looked at it: it is tried again at once */
	if (err == OK && record_i64(now, "is_default") != 0 && (old == NULL || record_i64(old, "is_default") == 0))
		err = only_default(ctx, now);
	return err == OK ? outbox_wake(ctx) : err;
}

const struct entity outbox_account_entity = {
	.name = "mail_account",
	.plural = "mail_accounts",
	.label = {"Mail account", "邮件账号"},
	.label_many = {"Mail accounts", "邮件账号"},
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
	.title = "name",
	.subtitle = "address",
	.sort = "name.asc",
	.icon = "mail",
	.flags = E_SYSTEM,
	.cap = CAP_ADMIN,
	.hooks = {.before = before, .after = after},
};

/* --- secrets ------------------------------------------------------------------------- */

enum err outbox_account_password(struct ctx *ctx, int64_t id, const char *password)
{
	const char *sealed = NULL;
	struct stmt *stmt;
	int64_t rows = 0;
	if (!outbox_plain_word(password))
		return fail(ctx, ERR_INVALID, "password", "outbox_password");
	enum err err = *password != '\0' ? machine_seal(ctx, OUTBOX_PURPOSE_ACCOUNT, password, strlen(password), &sealed) : OK;
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_outbox_account_secret, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_text(stmt, 2, sealed);
	err = stmt_run(ctx, stmt, &rows);
	stmt_done(stmt);
	if (err == OK && rows == 0)
		err = fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "mail_account");
	if (err == OK)
		err = change_append(ctx, "mail_account", id, CHANGE_UPDATE, "{\"password\":[\"***\",\"***\"]}");
	return err == OK ? outbox_wake(ctx) : err;
}

enum err outbox_account_server(struct ctx *ctx, const struct outbox_account *account, struct outward_server *ret)
{
	const void *secret = "";
	size_t n = 0;
	const char *at = strrchr(account->address, '@');
	enum err err = account->sealed != NULL ? machine_unseal(ctx, OUTBOX_PURPOSE_ACCOUNT, account->sealed, &secret, &n) : OK;
	*ret = (struct outward_server){.host = account->host, .hello = outbox_is_ascii(at) ? at + 1 : "localhost", .port = account->port, .security = account->security,
		.sign_in = account->sign_in, .user = account->user, .secret = secret, .trusted_ca = *account->trusted_ca != '\0' ? account->trusted_ca : NULL};
	return err;
}

/* --- those that are switched on --------------------------------------------------------- */

static int option_at(const struct option *options, const char *value)
{
	for (int i = 0; options[i].value != NULL; i++)
		if (str_equal(options[i].value, value))
			return i;
	return 0;
}

static const char *copy(struct ctx *ctx, const struct stmt *stmt, int at)
{
	const char *text = stmt_text(stmt, at);
	return text != NULL ? arena_strdup(ctx->arena, text) : NULL;
}

static void read_account(struct ctx *ctx, const struct stmt *stmt, struct outbox_account *a)
{
	static const enum outward_security security[] = {OUTWARD_STARTTLS, OUTWARD_TLS, OUTWARD_NO_TLS};
	static const enum outward_sign_in sign_in[] = {OUTWARD_PLAIN, OUTWARD_LOGIN, OUTWARD_XOAUTH2, OUTWARD_NOBODY};
	*a = (struct outbox_account){
		.id = stmt_i64(stmt, 0), .address = copy(ctx, stmt, 1), .from_name = copy(ctx, stmt, 2), .reply_to = copy(ctx, stmt, 3), .host = copy(ctx, stmt, 4), .port = (int)stmt_i64(stmt, 5),
		.security = security[option_at(securities, stmt_text(stmt, 6))], .sign_in = sign_in[option_at(sign_ins, stmt_text(stmt, 7))], .user = copy(ctx, stmt, 8),
		.connections = (int)stmt_i64(stmt, 9), .per_minute = stmt_i64(stmt, 10), .is_default = stmt_i64(stmt, 11) != 0, .trusted_ca = copy(ctx, stmt, 12), .sealed = copy(ctx, stmt, 13),
		.failures = stmt_i64(stmt, 14), .paused_until = stmt_i64(stmt, 15),
	};
}

static enum err read_accounts(struct ctx *ctx, const struct sql *sql, int64_t asked, struct outbox_account **ret, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = false;
	*ret_n = 0;
	*ret = arena_array(ctx->arena, OUTBOX_ACCOUNTS_MAX, sizeof(**ret));
	enum err err = *ret != NULL ? db_prepare(ctx, ctx->db, sql, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, asked);
	while (*ret_n < OUTBOX_ACCOUNTS_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row)
		read_account(ctx, stmt, &(*ret)[(*ret_n)++]);
	stmt_done(stmt);
	return err == OK && ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}

enum err outbox_accounts_active(struct ctx *ctx, struct outbox_account **ret, size_t *ret_n)
{
	return read_accounts(ctx, &sql_outbox_accounts, 1, ret, ret_n);
}

enum err outbox_account_get(struct ctx *ctx, int64_t id, struct outbox_account **ret)
{
	size_t n;
	enum err err = read_accounts(ctx, &sql_outbox_account_one, id, ret, &n);
	return err == OK && n == 0 ? fail_arg(ctx, ERR_NOT_FOUND, "", "not_found", "mail_account") : err;
}
