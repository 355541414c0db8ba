/* The tables of the change log. */
#include "core/events/events.h"

/* Keeps the log as it was written: an entry may only lose its content (change_erase). */
#define ONLY_ERASED \
	"OLD.erased IS NULL AND NEW.erased IS NOT NULL AND NEW.diff = '' AND NEW.salt IS NULL AND NEW.seq = OLD.seq " \
	"AND NEW.at = OLD.at AND NEW.actor_id = OLD.actor_id AND NEW.actor_kind = OLD.actor_kind " \
	"AND NEW.entity = OLD.entity AND NEW.record_id = OLD.record_id AND NEW.action = OLD.action " \
	"AND NEW.request_id = OLD.request_id"

/* Deletions are few among all entries, and are looked for alone (CHANGE_DELETE). */
#define EVENTS_DELETED "CREATE INDEX IF NOT EXISTS change_deleted ON change (seq) WHERE action = 2;"
_Static_assert(CHANGE_DELETE == 2, "as in the index");
const char *const events_ddl_deleted = EVENTS_DELETED;

const char *const events_ddl_sqlite =
	"CREATE TABLE change ("
	" seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, grp INTEGER NOT NULL, actor_id INTEGER NOT NULL,"
	" actor_kind INTEGER NOT NULL, entity TEXT NOT NULL, record_id INTEGER NOT NULL, action INTEGER NOT NULL,"
	" diff TEXT NOT NULL, request_id TEXT NOT NULL, salt INTEGER, erased BLOB, hash BLOB NOT NULL);"
	/* Record ids are unique over all entities and grow with time, so the newest keys lie together. */
	"CREATE INDEX change_record ON change (record_id) WHERE record_id <> 0;"
	EVENTS_DELETED
	"CREATE TRIGGER change_no_update BEFORE UPDATE ON change WHEN NOT (" ONLY_ERASED " AND NEW.grp = OLD.grp AND NEW.hash = OLD.hash)"
	" BEGIN SELECT RAISE(ABORT, 'the change log is append-only'); END;"
	"CREATE TRIGGER change_no_delete BEFORE DELETE ON change"
	" BEGIN SELECT RAISE(ABORT, 'the change log is append-only'); END;"
	"CREATE TABLE change_reader (name TEXT PRIMARY KEY, seq INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;";

const char *const events_ddl_postgres =
	"CREATE TABLE change ("
	" seq bigint PRIMARY KEY, at bigint NOT NULL, grp bigint NOT NULL, actor_id bigint NOT NULL,"
	" actor_kind bigint NOT NULL, entity text NOT NULL, record_id bigint NOT NULL, action bigint NOT NULL,"
	" diff text NOT NULL, request_id text NOT NULL, salt bigint, erased bytea, hash bytea NOT NULL);"
	"CREATE INDEX change_record ON change (record_id, seq) WHERE record_id <> 0;"
	EVENTS_DELETED
	/* Written in transactions that end in any order; `xid` tells when an entry is safe to number. */
	"CREATE SEQUENCE change_new_seq AS bigint START 4503599627370496 MINVALUE 4503599627370496 CACHE 1;"
	"CREATE TABLE change_new ("
	" seq bigint PRIMARY KEY DEFAULT nextval('change_new_seq'), at bigint NOT NULL, actor_id bigint NOT NULL,"
	" actor_kind bigint NOT NULL, entity text NOT NULL, record_id bigint NOT NULL, action bigint NOT NULL,"
	" diff text NOT NULL, request_id text NOT NULL, salt bigint, erased bytea,"
	" xid xid8 NOT NULL DEFAULT pg_current_xact_id());"
	"CREATE INDEX change_new_record ON change_new (record_id) WHERE record_id <> 0;"
	"CREATE FUNCTION change_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
	" RAISE EXCEPTION 'the change log is append-only'; END $$;"
	"CREATE TRIGGER change_no_update BEFORE UPDATE ON change FOR EACH ROW"
	" WHEN (NOT (" ONLY_ERASED " AND NEW.grp = OLD.grp AND NEW.hash = OLD.hash)) EXECUTE FUNCTION change_refuse();"
	"CREATE TRIGGER change_no_delete BEFORE DELETE ON change FOR EACH ROW EXECUTE FUNCTION change_refuse();"
	"CREATE TRIGGER change_no_truncate BEFORE TRUNCATE ON change FOR EACH STATEMENT EXECUTE FUNCTION change_refuse();"
	"CREATE TRIGGER change_new_no_update BEFORE UPDATE ON change_new FOR EACH ROW"
	" WHEN (NOT (" ONLY_ERASED " AND NEW.xid = OLD.xid)) EXECUTE FUNCTION change_refuse();"
	/* The sealer alone moves entries on, and says so in its transaction. */
	"CREATE TRIGGER change_new_no_delete BEFORE DELETE ON change_new FOR EACH ROW"
	" WHEN (current_setting('guanxi.sealing', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION change_refuse();"
	"CREATE TRIGGER change_new_no_truncate BEFORE TRUNCATE ON change_new FOR EACH STATEMENT EXECUTE FUNCTION change_refuse();"
	"CREATE TABLE change_reader (name text PRIMARY KEY, seq bigint NOT NULL, at bigint NOT NULL);";
