-- name: notice_put
INSERT INTO notice (id, user_id, kind, entity, record_id, text, by_id, created_at, read_at, mailed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0);

-- name: notice_pending
SELECT 1 FROM notice WHERE user_id = ?1 AND read_at = 0 AND kind = ?2 AND entity = ?3 AND record_id = ?4 LIMIT 1;

-- name: notice_user
SELECT 1 FROM "user" WHERE id = ?1 AND active = ?2;

-- name: notice_users
SELECT id, name FROM "user" WHERE active = ?1 ORDER BY id LIMIT 20000;

-- name: notice_listed
SELECT n.id, n.kind, n.entity, n.record_id, n.text, n.by_id, n.created_at, n.read_at, u.name FROM notice n LEFT JOIN "user" u ON u.id = n.by_id
 WHERE n.user_id = ?1 AND n.id < ?2 ORDER BY n.id DESC LIMIT ?3;

-- name: notice_listed_unread
SELECT n.id, n.kind, n.entity, n.record_id, n.text, n.by_id, n.created_at, n.read_at, u.name FROM notice n LEFT JOIN "user" u ON u.id = n.by_id
 WHERE n.user_id = ?1 AND n.read_at = 0 AND n.id < ?2 ORDER BY n.id DESC LIMIT ?3;

-- name: notice_unread
SELECT count(*) FROM (SELECT 1 AS one FROM notice WHERE user_id = ?1 AND read_at = 0 LIMIT ?2) a;

-- name: notice_read
UPDATE notice SET read_at = ?3 WHERE id = ?2 AND user_id = ?1 AND read_at = 0;

-- name: notice_read_all
UPDATE notice SET read_at = ?3 WHERE user_id = ?1 AND read_at = 0 AND id <= ?2;

-- name: notice_read_record
UPDATE notice SET read_at = ?4 WHERE user_id = ?1 AND read_at = 0 AND entity = ?2 AND record_id = ?3;

-- name: notice_prune
DELETE FROM notice WHERE id IN (SELECT n.id FROM notice n WHERE n.id < ?1 ORDER BY n.id LIMIT ?2);

-- name: notice_waiting_users
SELECT u.id FROM "user" u WHERE u.id > ?1 AND u.active = ?3
 AND EXISTS (SELECT 1 FROM notice n WHERE n.user_id = u.id AND n.read_at = 0 AND n.mailed_at = 0) ORDER BY u.id LIMIT ?2;

-- name: notice_unmailed
SELECT n.id, n.kind, n.entity, n.record_id, n.text, u.name FROM notice n LEFT JOIN "user" u ON u.id = n.by_id
 WHERE n.user_id = ?1 AND n.read_at = 0 AND n.mailed_at = 0 ORDER BY n.id LIMIT ?2;

-- name: notice_last_mailed
SELECT coalesce(max(mailed_at), 0) FROM notice WHERE user_id = ?1 AND mailed_at > 0;

-- name: notice_mailed
UPDATE notice SET mailed_at = ?3 WHERE user_id = ?1 AND read_at = 0 AND mailed_at = 0 AND id <= ?2;

-- name: notice_to
SELECT email, name, coalesce(branch_id, 0), coalesce(locale, '') FROM "user" WHERE id = ?1 AND active = ?2;

-- name: follow_of
SELECT user_id FROM follow WHERE entity = ?1 AND record_id = ?2 AND since <= ?3 ORDER BY user_id LIMIT 1000;

-- name: follow_any
SELECT 1 FROM follow LIMIT 1;

-- name: follow_put
INSERT INTO follow (user_id, entity, record_id, since) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (user_id, entity, record_id) DO NOTHING;

-- name: follow_drop
DELETE FROM follow WHERE user_id = ?1 AND entity = ?2 AND record_id = ?3;

-- name: follow_state
SELECT (SELECT count(*) FROM follow WHERE entity = ?2 AND record_id = ?3), (SELECT count(*) FROM follow WHERE user_id = ?1 AND entity = ?2 AND record_id = ?3);

-- name: follow_count
SELECT count(*) FROM (SELECT 1 AS one FROM follow WHERE user_id = ?1 LIMIT ?2) a;
