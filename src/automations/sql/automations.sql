-- name: automation_list
SELECT "id", "owner_id", "version", "per_minute", "per_record", "name", "event", "condition", "actions", "entity", "created_at" FROM "automation"
WHERE ("id" = ?2 OR (?2 = 0 AND "active" = 1)) AND ("event" = ?1 OR ?1 = '') ORDER BY "id" LIMIT 1000;

-- name: automation_recent
SELECT count(*) FROM "automation_run" WHERE "automation_id" = ?1 AND "created_at" > ?2 AND "state" <> 'stopped';

-- name: automation_recent_of
SELECT count(*) FROM "automation_run" WHERE "automation_id" = ?1 AND "record" = ?3 AND "created_at" > ?2 AND "state" <> 'stopped';
