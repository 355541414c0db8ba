/* Keys that mails are signed with (DKIM): made here, sealed, never shown; what DNS shall say stands in the record. */
#include <string.h>

#include "base/str.h"
#include "core/entity/entity.h"
#include "core/gate/gate.h"
#include "core/machine/machine.h"
#include "core/outbox/outbox_send.h"
#include "outbox_sql.h"

enum { LABEL_MAX = 63, DOMAIN_MAX = 253 };

static const struct option algorithms[] = {
	{.value = "rsa", .label = {"RSA, 2,048 bits", "RSA 2048 位"}},
	{.value = "ed25519", .label = {"Ed25519 (beside RSA: not all servers know it)", "Ed25519（与 RSA 并用，部分服务器不支持）"}},
	{.value = NULL},
};

static const struct field fields[] = {
	{.name = "domain", .type = FIELD_TEXT, .flags = F_REQUIRED | F_LIST | F_INSERT_ONLY, .max = DOMAIN_MAX, .label = {"Domain", "域名"},
	 .help = {"Of the sender's address, such as example.cn", "发件地址的域名，例如 example.cn"}},
	{.name = "selector", .type = FIELD_TEXT, .flags = F_REQUIRED | F_LIST | F_INSERT_ONLY, .max = LABEL_MAX, .fallback = "guanxi", .label = {"Selector", "选择器"},
	 .help = {"Tells keys of one domain apart", "用于区分同一域名的多个密钥"}},
	{.name = "algorithm", .type = FIELD_ENUM, .flags = F_REQUIRED | F_LIST | F_INSERT_ONLY, .fallback = "rsa", .options = algorithms, .label = {"Algorithm", "算法"}},
	{.name = "active", .type = FIELD_BOOL, .flags = F_REQUIRED | F_LIST, .fallback = "false", .label = {"Signs", "启用签名"},
	 .help = {"Switch it on once the record stands in DNS", "DNS 记录生效后再启用"}},
	{.name = "dns_name", .type = FIELD_TEXT, .flags = F_READONLY, .max = 400, .label = {"Name of the DNS record (TXT)", "DNS 记录名称（TXT）"}},
	{.name = "dns_value", .type = FIELD_NOTE, .flags = F_READONLY, .max = 2000, .label = {"Value of the DNS record", "DNS 记录值"}},
};

static bool label_good(const char *label, size_t n)
{
	if (n == 0 || n > LABEL_MAX || label[0] == '-' || label[n - 1] == '-')
		return false;
	return strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") >= n;
}

/* Labels of letters, digits and hyphens, with dots between. */
static bool domain_good(const char *text, bool dots)
{
	bool dotted = false;
	if (text == NULL || strlen(text) > DOMAIN_MAX)
		return false;
	for (const char *at = text;;) {
		size_t n = strcspn(at, ".");
		if (!label_good(at, n))
			return false;
		if (at[n] == '\0')
			return dotted || !dots;
		dotted = true;
		at += n + 1;
	}
}

static enum err before(struct ctx *ctx, const struct entity *entity, const struct record *old, struct record *now)
{
	(void)entity;
	if (now == NULL || ctx->actor->kind == ACTOR_SYSTEM)
		return OK;
	if (!gate_cap(ctx->actor, CAP_ADMIN))
		return fail(ctx, ERR_FORBIDDEN, "", "outbox_admin");
	if (old != NULL)
		return OK;
	if (!domain_good(record_text(now, "domain"), true))
		return fail(ctx, ERR_INVALID, "domain", "outbox_domain");
	return domain_good(record_text(now, "selector"), false) ? OK : fail(ctx, ERR_INVALID, "selector", "outbox_selector");
}

static enum err put_key(struct ctx *ctx, int64_t id, const void *private_key, size_t n)
{
	const char *sealed;
	struct stmt *stmt;
	enum err err = machine_seal(ctx, OUTBOX_PURPOSE_KEY, private_key, n, &sealed);
	if (err == OK)
		err = db_prepare(ctx, ctx->db, &sql_outbox_key_put, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, id);
	stmt_bind_text(stmt, 2, sealed);
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static enum err make_key(struct ctx *ctx, const struct record *now)
{
	const void *private_key;
	const char *value;
	size_t n;
	struct record *patch;
	enum dkim_algorithm algorithm = str_equal(record_text(now, "algorithm"), "ed25519") ? DKIM_ED25519_SHA256 : DKIM_RSA_SHA256;
	const char *name = arena_printf(ctx->arena, "%s._domainkey.%s", record_text(now, "selector"), record_text(now, "domain"));
	enum err err = dkim_key_make(ctx, algorithm, &private_key, &n, &value);
	if (err == OK)
		err = put_key(ctx, record_id(now), private_key, n);
	if (err == OK)
		err = record_new(ctx, now->info, &patch);
	if (err == OK)
		err = record_set(ctx, patch, "dns_name", value_text(name));
	if (err == OK)
		err = record_set(ctx, patch, "dns_value", value_text(value));
	return err == OK ? record_update(ctx, record_id(now), patch, 0, W_TRUSTED, NULL) : err;
}

static enum err after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	struct stmt *stmt;
	(void)entity;
	if (old == NULL)
		return make_key(ctx, now);
	if (now != NULL)
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_outbox_key_drop, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, record_id(old));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static const char *const indexes[] = {"unique domain,selector", NULL};

const struct entity outbox_key_entity = {
	.name = "mail_key",
	.plural = "mail_keys",
	.label = {"Mail signature key", "邮件签名密钥"},
	.label_many = {"Mail signature keys", "邮件签名密钥"},
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
	.title = "selector",
	.subtitle = "domain",
	.sort = "domain.asc",
	.icon = "key",
	.flags = E_SYSTEM,
	.cap = CAP_ADMIN,
	.hooks = {.before = before, .after = after},
	.indexes = indexes,
};

enum err outbox_signers_active(struct ctx *ctx, struct outbox_signer **ret, size_t *ret_n)
{
	struct stmt *stmt;
	bool row = false;
	*ret_n = 0;
	*ret = arena_array(ctx->arena, OUTBOX_KEYS_MAX, sizeof(**ret));
	enum err err = *ret != NULL ? db_prepare(ctx, ctx->db, &sql_outbox_keys, &stmt) : fail(ctx, ERR_LIMIT, "", "memory");
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, 1);
	while (*ret_n < OUTBOX_KEYS_MAX && (err = stmt_step(ctx, stmt, &row)) == OK && row) {
		struct outbox_signer *s = &(*ret)[(*ret_n)++];
		*s = (struct outbox_signer){stmt_i64(stmt, 0), arena_strdup(ctx->arena, stmt_text(stmt, 1)), arena_strdup(ctx->arena, stmt_text(stmt, 2)), arena_strdup(ctx->arena, stmt_text(stmt, 3))};
	}
	stmt_done(stmt);
	return err == OK && ctx->arena->failed ? fail(ctx, ERR_LIMIT, "", "memory") : err;
}
