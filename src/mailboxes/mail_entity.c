/* What was received: each message once, with the reason for what became of it. The message itself, as it came, stands beside. */
#include "base/str.h"
#include "mailboxes/mailboxes_internal.h"
#include "mailboxes_sql.h"

static const struct option kinds[] = {
	{"person", {"From a person", "来自个人"}, "info"}, {"bounce", {"Could not be delivered", "退信"}, "bad"}, {"complaint", {"Complaint about a mail", "邮件投诉"}, "bad"},
	{"auto_reply", {"Automatic answer", "自动回复"}, "quiet"}, {"list", {"Mailing list", "邮件列表"}, "quiet"}, {"unread", {"Cannot be read", "无法解析"}, "warn"}, {0},
};

static const struct option reasons[] = {
	{"sent", {"Answers a mail of the case", "回复了工单发出的邮件"}, NULL},
	{"received", {"Goes on with an earlier mail of the same sender", "延续同一发件人的往来邮件"}, NULL},
	{"reply_address", {"Came to the case's signed address", "发到了工单的签名地址"}, NULL},
	{"number", {"Names the case, and the sender is its customer", "主题含工单号且发件人相符"}, NULL},
	{"new", {"Belongs to no case yet", "不属于已有工单"}, NULL},
	{"foreign_number", {"Names a case that is not the sender's", "主题含他人的工单号"}, "warn"},
	{"foreign_reference", {"Points to a mail of somebody else", "引用了他人的邮件"}, "warn"},
	{"by_person", {"Put there by a person", "由人工归入"}, NULL},
	{"auto_reply", {"An automatic answer to nothing of ours", "与我方邮件无关的自动回复"}, NULL},
	{"list", {"Of a mailing list", "来自邮件列表"}, NULL},
	{"own", {"Comes from one of our own addresses", "来自我方自己的地址"}, "warn"},
	{"budget", {"More than one sender may send in an hour", "该发件人一小时内来信过多"}, "warn"},
	{"bounce", {"A mail of ours came back", "我方邮件被退回"}, "bad"},
	{"bounce_unknown", {"Came back, but was not sent from here", "退信，但原邮件非此处发出"}, NULL},
	{"nobody", {"Says of nobody that it comes from them", "没有发件人"}, NULL},
	{"unfiled", {"Could not be filed", "无法归档"}, "bad"},
	{0},
};

static const struct field fields[] = {
	{.name = "case_id", .type = FIELD_LINK, .label = {"Case", "工单"}, .link = "case", .on_delete = DELETE_CASCADE, .flags = F_INDEX | F_LIST},
	{.name = "case_message_id", .type = FIELD_LINK, .label = {"Message", "消息"}, .link = "case_message", .on_delete = DELETE_SET_NULL, .flags = F_INDEX},
	{.name = "mailbox_id", .type = FIELD_LINK, .label = {"Mailbox", "收信邮箱"}, .link = "mailbox", .on_delete = DELETE_SET_NULL, .flags = F_LIST},
	{.name = "customer_id", .type = FIELD_LINK, .label = {"Customer", "客户"}, .link = "customer", .on_delete = DELETE_SET_NULL, .flags = F_INDEX | F_LIST},
	{.name = "kind", .type = FIELD_ENUM, .label = {"Kind", "类型"}, .options = kinds, .flags = F_REQUIRED | F_LIST},
	{.name = "from_text", .type = FIELD_TEXT, .label = {"From", "发件人"}, .max = 300, .flags = F_LIST | F_PERSONAL | F_MASKABLE},
	{.name = "from_address", .type = FIELD_TEXT, .label = {"Address of the sender", "发件地址"}, .max = 320, .made_from = "from_text", .flags = F_PERSONAL | F_MASKABLE},
	{.name = "to_text", .type = FIELD_TEXT, .label = {"To", "收件人"}, .max = 500, .flags = F_PERSONAL | F_MASKABLE},
	{.name = "subject", .type = FIELD_TEXT, .label = {"Subject", "主题"}, .max = 500, .flags = F_LIST},
	{.name = "message_id", .type = FIELD_TEXT, .label = {"Message-ID", "Message-ID"}, .max = 500, .flags = F_INDEX | F_MORE},
	{.name = "at", .type = FIELD_TIME, .label = {"Arrived", "到达时间"}, .flags = F_REQUIRED | F_LIST | F_SORT},
	{.name = "taken_at", .type = FIELD_TIME, .label = {"Fetched", "读取时间"}, .flags = F_REQUIRED | F_MORE},
	{.name = "reason", .type = FIELD_ENUM, .label = {"Why it is where it is", "归入原因"}, .options = reasons, .flags = F_REQUIRED | F_LIST | F_INDEX},
	{.name = "detail", .type = FIELD_TEXT, .label = {"More of it", "详情"}, .max = 500, .flags = F_PERSONAL | F_MASKABLE | F_MORE},
	{.name = "size", .type = FIELD_INT, .label = {"Bytes", "字节数"}, .flags = F_MORE},
	{.name = "cut", .type = FIELD_BOOL, .label = {"Too large: its beginning alone was fetched", "邮件过大，仅读取了开头"}, .fallback = "false", .flags = F_MORE},
	{.name = "html", .type = FIELD_BOOL, .label = {"Has HTML", "含 HTML"}, .fallback = "false", .flags = F_MORE},
	{.name = "quoted", .type = FIELD_BOOL, .label = {"Quotes something", "含引文"}, .fallback = "false", .flags = F_MORE},
	{.name = "attachments", .type = FIELD_INT, .label = {"Attachments", "附件数"}, .fallback = "0", .flags = F_MORE},
	{.name = "uidvalidity", .type = FIELD_INT, .label = {"UIDVALIDITY", "UIDVALIDITY"}, .flags = F_MORE},
	{.name = "uid", .type = FIELD_INT, .label = {"UID", "UID"}, .flags = F_MORE},
	{.name = "digest", .type = FIELD_TEXT, .label = {"Digest", "摘要"}, .max = 64, .flags = F_INDEX | F_MORE},
};

/* The message itself goes with its record: what is deleted is not kept elsewhere. */
static enum err after(struct ctx *ctx, const struct entity *entity, const struct record *old, const struct record *now)
{
	struct stmt *stmt;
	(void)entity;
	if (now != NULL)
		return OK;
	enum err err = db_prepare(ctx, ctx->db, &sql_mailbox_raw_drop, &stmt);
	if (err != OK)
		return err;
	stmt_bind_i64(stmt, 1, record_id(old));
	err = stmt_run(ctx, stmt, NULL);
	stmt_done(stmt);
	return err;
}

static const char *const indexes[] = {"unique mailbox_id,uidvalidity,uid", "from_address,taken_at", NULL};

const struct entity mail_message_entity = {
	.name = "mail_message", .plural = "mail_messages", .label = {"Mail received", "收到的邮件"}, .label_many = {"Mails received", "收到的邮件"},
	.fields = fields, .n_fields = sizeof(fields) / sizeof(fields[0]), .title = "subject", .subtitle = "from_text", .parent = "case_id", .sort = "at.desc",
	.icon = "mailbox", .flags = E_CHILD | E_NO_API_WRITE, .hooks = {.after = after}, .indexes = indexes,
};
