-- name: access_invite_delete
DELETE FROM access_invite WHERE user_id = ?1

-- name: access_invite_insert
INSERT INTO access_invite (user_id, hash, created_at, expires_at, inviter_id) VALUES (?1, ?2, ?3, ?4, ?5)

-- name: access_invite_use
DELETE FROM access_invite WHERE user_id = ?1 AND hash = ?2

-- name: access_invite_find
SELECT u.id, u.name, u.email, u.locale, i.expires_at FROM access_invite i JOIN "user" u ON u.id = i.user_id
WHERE i.hash = ?1 AND i.expires_at > ?2 AND u.active = ?3 AND u.password_hash IS NULL

-- name: access_invite_list
SELECT u.id, u.name, u.email, i.created_at, i.expires_at, by_.name
FROM access_invite i JOIN "user" u ON u.id = i.user_id LEFT JOIN "user" by_ ON by_.id = i.inviter_id
WHERE u.password_hash IS NULL ORDER BY i.created_at DESC, u.id LIMIT 1000
