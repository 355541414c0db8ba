-- name: access_attempt_find
SELECT failures, last_at, locked_until FROM access_attempt WHERE "key" = ?1

-- name: access_attempt_lock
-- engine: sqlite
SELECT failures, last_at, locked_until FROM access_attempt WHERE "key" = ?1
-- engine: postgres
SELECT failures, last_at, locked_until FROM access_attempt WHERE "key" = ?1 FOR UPDATE

-- name: access_attempt_touch
INSERT INTO access_attempt ("key", failures, last_at, locked_until) VALUES (?1, 0, ?2, 0) ON CONFLICT ("key") DO NOTHING

-- name: access_attempt_save
UPDATE access_attempt SET failures = ?2, last_at = ?3, locked_until = ?4 WHERE "key" = ?1

-- name: access_attempt_delete
DELETE FROM access_attempt WHERE "key" = ?1

-- name: access_attempt_unlock
DELETE FROM access_attempt WHERE "key" LIKE ?1

-- name: access_attempt_purge
DELETE FROM access_attempt WHERE last_at < ?1 AND locked_until < ?2

-- name: access_totp_find
SELECT secret, confirmed_at, last_step FROM access_totp WHERE user_id = ?1

-- name: access_totp_insert
INSERT INTO access_totp (user_id, secret, confirmed_at, last_step) VALUES (?1, ?2, NULL, 0)

-- name: access_totp_step
UPDATE access_totp SET last_step = ?2 WHERE user_id = ?1 AND last_step < ?2

-- name: access_totp_set_confirmed
UPDATE access_totp SET confirmed_at = ?2 WHERE user_id = ?1

-- name: access_totp_delete
DELETE FROM access_totp WHERE user_id = ?1

-- name: access_recovery_insert
INSERT INTO access_recovery (user_id, hash) VALUES (?1, ?2)

-- name: access_recovery_use
DELETE FROM access_recovery WHERE user_id = ?1 AND hash = ?2

-- name: access_recovery_delete
DELETE FROM access_recovery WHERE user_id = ?1

-- name: access_recovery_count
SELECT COUNT(*) FROM access_recovery WHERE user_id = ?1

-- name: access_idem_reserve
INSERT INTO access_idem (actor_id, "key", request, status, body, created_at) VALUES (?1, ?2, ?3, 0, NULL, ?4)
ON CONFLICT (actor_id, "key") DO NOTHING

-- name: access_idem_find
SELECT request, status, body FROM access_idem WHERE actor_id = ?1 AND "key" = ?2

-- name: access_idem_save
UPDATE access_idem SET status = ?3, body = ?4 WHERE actor_id = ?1 AND "key" = ?2

-- name: access_idem_purge
DELETE FROM access_idem WHERE created_at < ?1

-- name: access_change_hash
SELECT hash FROM change WHERE seq = ?1

-- name: access_role_named
SELECT id FROM "role" WHERE name = ?1
