/* Tables beside the records: how each mailbox is and how far it was read; the messages as they came. */
#include "mailboxes/mailboxes_internal.h"

#define TABLES \
	"CREATE TABLE mailbox_state (mailbox_id BIGINT NOT NULL PRIMARY KEY, secret TEXT, uidvalidity BIGINT NOT NULL, last_uid BIGINT NOT NULL, failures BIGINT NOT NULL," \
	" paused_until BIGINT NOT NULL, error TEXT NOT NULL, said TEXT NOT NULL, error_at BIGINT NOT NULL, fetched_at BIGINT NOT NULL, news_at BIGINT NOT NULL);" \
	"CREATE TABLE mailbox_raw (mail_id BIGINT NOT NULL PRIMARY KEY, bytes bytea NOT NULL)"

const struct migration mailboxes_steps[] = {{1, "mail in", TABLES, TABLES, NULL}};
