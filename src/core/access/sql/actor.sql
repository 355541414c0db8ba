-- name: access_user_load
SELECT id, name, email, locale, team_id, branch_id, active, must_change_password FROM "user" WHERE id = ?1

-- name: access_user_by_email
SELECT id, password_hash FROM "user" WHERE email = ?1

-- name: access_user_secret
SELECT password_hash FROM "user" WHERE id = ?1

-- name: access_user_roles
SELECT r.id, r."key", r.name, r.name_zh, r.rights, r.caps
FROM user_roles l JOIN role r ON r.id = l.link_id WHERE l.record_id = ?1 ORDER BY r.id

-- name: access_token_roles
SELECT r.id, r."key", r.name, r.name_zh, r.rights, r.caps
FROM token_roles l JOIN role r ON r.id = l.link_id WHERE l.record_id = ?1 ORDER BY r.id

-- name: access_role_by_id
SELECT r.id, r."key", r.name, r.name_zh, r.rights, r.caps FROM role r WHERE r.id = ?1

-- name: access_role_by_key
SELECT id FROM role WHERE "key" = ?1

-- name: access_team_tree
-- The depth bound ends a circle, should one ever stand in the data.
WITH RECURSIVE below(id, depth) AS (
  SELECT id, 0 FROM team WHERE id = ?1
  UNION
  SELECT t.id, below.depth + 1 FROM team t JOIN below ON t.parent_id = below.id WHERE below.depth < 32
) SELECT DISTINCT id FROM below ORDER BY id

-- name: access_ask_leader
-- Whoever leads the team, or one above it.
WITH RECURSIVE above(id, parent_id, leader_id, depth) AS (
  SELECT id, parent_id, leader_id, 0 FROM team WHERE id = ?1
  UNION
  SELECT t.id, t.parent_id, t.leader_id, above.depth + 1 FROM team t JOIN above ON t.id = above.parent_id WHERE above.depth < 32
) SELECT u.name FROM above JOIN "user" u ON u.id = above.leader_id WHERE u.active = ?3 AND u.id <> ?2 ORDER BY above.depth LIMIT 1

-- name: access_ask_administrator
SELECT u.name FROM "user" u JOIN user_roles l ON l.record_id = u.id JOIN role r ON r.id = l.link_id
WHERE r."key" = ?1 AND u.active = ?3 AND u.id <> ?2 ORDER BY u.id LIMIT 1

-- name: access_team_parent
SELECT parent_id FROM team WHERE id = ?1

-- name: access_team_people
SELECT id FROM "user" WHERE team_id = ?1 ORDER BY id LIMIT ?2

-- name: access_branch_people
SELECT id FROM "user" WHERE branch_id = ?1 ORDER BY id LIMIT ?2

-- name: access_region_parent
SELECT parent_id FROM region WHERE id = ?1

-- name: access_role_lock
-- engine: sqlite
SELECT id FROM role WHERE "key" = ?1
-- engine: postgres
SELECT id FROM role WHERE "key" = ?1 FOR UPDATE

-- name: access_other_administrators
SELECT COUNT(*) FROM "user" u JOIN user_roles l ON l.record_id = u.id JOIN role r ON r.id = l.link_id
WHERE r."key" = ?1 AND u.active = ?3 AND u.id <> ?2

-- name: access_user_seen
UPDATE "user" SET last_seen_at = ?2 WHERE id = ?1 AND (last_seen_at IS NULL OR last_seen_at < ?2)

-- name: access_shares_of
WITH RECURSIVE up(id, depth) AS (
  SELECT id, 0 FROM team WHERE id = ?2
  UNION
  SELECT t.parent_id, up.depth + 1 FROM team t JOIN up ON t.id = up.id WHERE t.parent_id IS NOT NULL AND up.depth < 32
) SELECT record, until, may_write FROM share
WHERE (user_id = ?1 OR team_id IN (SELECT id FROM up)) AND (until IS NULL OR until > ?3) ORDER BY id DESC LIMIT ?4;

-- name: access_shares_with
SELECT s.id, s.user_id, s.team_id, COALESCE(u.name, t.name), s.may_write, s.until, s.note, b.name
FROM share s LEFT JOIN "user" u ON u.id = s.user_id LEFT JOIN team t ON t.id = s.team_id LEFT JOIN "user" b ON b.id = s.created_by
WHERE s.record = ?1 ORDER BY s.id;

-- name: access_shares_count
SELECT count(*) FROM share WHERE (user_id = ?1 OR team_id = ?2) AND (until IS NULL OR until > ?3);
