#include "core/access/access_internal.h"

/* Tables without descriptors.  No foreign keys: what hangs on a user is removed by
 * the user's hooks, so that these tables can be made in any order. */

const char *const access_ddl_sqlite =
	"CREATE TABLE access_session (id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, user_id INTEGER NOT NULL,"
	" created_at INTEGER NOT NULL, seen_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, address TEXT, agent TEXT);"
	"CREATE INDEX access_session_user ON access_session (user_id);"
	"CREATE TABLE access_attempt (\"key\" TEXT PRIMARY KEY, failures INTEGER NOT NULL, last_at INTEGER NOT NULL,"
	" locked_until INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE access_totp (user_id INTEGER PRIMARY KEY, secret TEXT NOT NULL, confirmed_at INTEGER, last_step INTEGER NOT NULL);"
	"CREATE TABLE access_recovery (user_id INTEGER NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (user_id, hash)) WITHOUT ROWID;"
	"CREATE TABLE access_idem (actor_id INTEGER NOT NULL, \"key\" TEXT NOT NULL, request TEXT NOT NULL, status INTEGER NOT NULL,"
	" body TEXT, created_at INTEGER NOT NULL, PRIMARY KEY (actor_id, \"key\"));"
	"CREATE INDEX access_idem_created ON access_idem (created_at);"
	"CREATE TABLE access_epoch (id INTEGER PRIMARY KEY, epoch INTEGER NOT NULL);"
	"INSERT INTO access_epoch (id, epoch) VALUES (1, 1);";

const char *const access_ddl_postgres =
	"CREATE TABLE access_session (id bigint PRIMARY KEY, hash text NOT NULL UNIQUE, user_id bigint NOT NULL,"
	" created_at bigint NOT NULL, seen_at bigint NOT NULL, expires_at bigint NOT NULL, address text, agent text);"
	"CREATE INDEX access_session_user ON access_session (user_id);"
	"CREATE TABLE access_attempt (\"key\" text PRIMARY KEY, failures bigint NOT NULL, last_at bigint NOT NULL,"
	" locked_until bigint NOT NULL);"
	"CREATE TABLE access_totp (user_id bigint PRIMARY KEY, secret text NOT NULL, confirmed_at bigint, last_step bigint NOT NULL);"
	"CREATE TABLE access_recovery (user_id bigint NOT NULL, hash text NOT NULL, PRIMARY KEY (user_id, hash));"
	"CREATE TABLE access_idem (actor_id bigint NOT NULL, \"key\" text NOT NULL, request text NOT NULL, status bigint NOT NULL,"
	" body text, created_at bigint NOT NULL, PRIMARY KEY (actor_id, \"key\"));"
	"CREATE INDEX access_idem_created ON access_idem (created_at);"
	"CREATE TABLE access_epoch (id bigint PRIMARY KEY, epoch bigint NOT NULL);"
	"INSERT INTO access_epoch (id, epoch) VALUES (1, 1);";
