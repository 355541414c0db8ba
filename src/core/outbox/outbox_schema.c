/* Tables of the outbox. What a mail says stands apart from what becomes of it, so that a change of state writes little. */
#include "core/outbox/outbox_internal.h"

#define MAIL_COLUMNS(INT) \
	"id " INT " NOT NULL PRIMARY KEY, account_id " INT " NOT NULL, lane " INT " NOT NULL, domain TEXT NOT NULL, to_address TEXT NOT NULL, to_name TEXT NOT NULL," \
	" subject TEXT NOT NULL, entity TEXT NOT NULL, record_id " INT " NOT NULL, purpose " INT " NOT NULL, \"key\" TEXT NOT NULL, message_id TEXT NOT NULL," \
	" state " INT " NOT NULL, attempts " INT " NOT NULL, next_at " INT " NOT NULL, taken_by " INT " NOT NULL, created_at " INT " NOT NULL, done_at " INT " NOT NULL," \
	" reply_code " INT " NOT NULL, reply TEXT NOT NULL, reason TEXT NOT NULL"
#define TABLES \
	"CREATE TABLE outbox_mail (" MAIL_COLUMNS("BIGINT") ");" \
	"CREATE UNIQUE INDEX outbox_mail_key ON outbox_mail (\"key\");" \
	"CREATE INDEX outbox_mail_due ON outbox_mail (account_id, lane, domain, next_at) WHERE state = 0;" \
	"CREATE INDEX outbox_mail_going ON outbox_mail (state, taken_by) WHERE state IN (1, 2);" \
	"CREATE INDEX outbox_mail_state ON outbox_mail (state, id);" \
	"CREATE INDEX outbox_mail_cause ON outbox_mail (entity, record_id, id);" \
	"CREATE INDEX outbox_mail_done ON outbox_mail (done_at) WHERE done_at > 0;" \
	"CREATE TABLE outbox_body (mail_id BIGINT NOT NULL PRIMARY KEY, text TEXT, html TEXT, headers TEXT NOT NULL);" \
	"CREATE TABLE outbox_pace (account_id BIGINT NOT NULL, domain TEXT NOT NULL, not_before BIGINT NOT NULL, wait_ms BIGINT NOT NULL, reply TEXT NOT NULL, PRIMARY KEY (account_id, domain))"

#define ACCOUNTS \
	"CREATE TABLE outbox_account (account_id BIGINT NOT NULL PRIMARY KEY, secret TEXT, failures BIGINT NOT NULL, paused_until BIGINT NOT NULL, error TEXT NOT NULL," \
	" reply TEXT NOT NULL, error_at BIGINT NOT NULL);" \
	"DROP INDEX outbox_mail_done;" \
	"CREATE TABLE outbox_key (key_id BIGINT NOT NULL PRIMARY KEY, sealed TEXT NOT NULL)"

const struct migration outbox_steps[] = {
	{1, "outbox", TABLES, TABLES, NULL},
	{2, "mail accounts", ACCOUNTS, ACCOUNTS, NULL},
};
