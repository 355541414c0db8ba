-- name: access_session_insert
INSERT INTO access_session (id, hash, user_id, created_at, seen_at, expires_at, address, agent)
VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7)

-- name: access_session_find
SELECT id, user_id, seen_at, expires_at FROM access_session WHERE hash = ?1

-- name: access_session_by_id
SELECT user_id, seen_at, expires_at FROM access_session WHERE id = ?1

-- name: access_session_list
SELECT id, created_at, seen_at, expires_at, address, agent FROM access_session WHERE user_id = ?1
AND expires_at > ?2 AND seen_at > ?3 ORDER BY seen_at DESC LIMIT 200

-- name: access_session_ids
SELECT id FROM access_session WHERE user_id = ?1 AND id <> ?2

-- name: access_session_delete
DELETE FROM access_session WHERE id = ?1 AND user_id = ?2

-- name: access_session_delete_user
DELETE FROM access_session WHERE user_id = ?1 AND id <> ?2

-- name: access_session_seen
UPDATE access_session SET seen_at = ?2 WHERE id = ?1 AND seen_at < ?2

-- name: access_session_purge
DELETE FROM access_session WHERE expires_at < ?1 OR seen_at < ?2

-- name: access_token_find
SELECT user_id, secret_hash, narrowed, expires_at FROM token WHERE id = ?1

-- name: access_token_seen
UPDATE token SET last_used_at = ?2 WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at < ?2)

-- name: access_token_list
SELECT id, name, narrowed, created_at, expires_at, last_used_at FROM token WHERE user_id = ?1 ORDER BY id DESC LIMIT 200

-- name: access_token_count
SELECT COUNT(*) FROM token WHERE user_id = ?1

-- name: access_token_ids
SELECT id FROM token WHERE user_id = ?1

-- name: access_token_owner
SELECT user_id FROM token WHERE id = ?1

-- name: access_epoch_bump
UPDATE access_epoch SET epoch = epoch + 1 WHERE id = 1

-- name: access_epoch_read
SELECT epoch FROM access_epoch WHERE id = 1
