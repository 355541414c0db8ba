-- name: approval_rules
SELECT "id", "name", "entity", "fields", "direction", "before_condition", "condition", "steps" FROM "approval_rule"
WHERE "active" = 1 ORDER BY "position", "id" LIMIT 500;

-- name: approval_lock
-- Whoever decides next waits until this one has.
UPDATE "approval" SET "step" = "step" WHERE "id" = ?1 AND "state" = 'waiting';

-- name: approval_of_record
SELECT "id" FROM "approval" WHERE "entity" = ?1 AND "record_id" = ?2 AND "state" = 'waiting' ORDER BY "id" LIMIT 100;

-- name: approval_voters
SELECT "id" FROM "approval_voter" WHERE "approval_id" = ?1 AND ("step" = ?2 OR CAST(?2 AS BIGINT) < 0) AND ("user_id" = ?3 OR CAST(?3 AS BIGINT) = 0)
AND ("state" = ?4 OR ?4 = '') ORDER BY "id" LIMIT 1000;

-- name: approval_waits_on
SELECT "approval_id" FROM "approval_voter" WHERE "user_id" = ?1 AND "state" = 'open' ORDER BY "id" LIMIT 1000;

-- name: approval_asked_by
SELECT "id" FROM "approval" WHERE "asker_id" = ?1 AND "state" = 'waiting' ORDER BY "id" LIMIT 1000;

-- name: approval_role
SELECT u."id" FROM "user" u JOIN "user_roles" l ON l.record_id = u.id WHERE l.link_id = ?1 AND u.active = 1
AND (CAST(?2 AS BIGINT) = 0 OR u.branch_id = ?2) AND u.id <> ?3 ORDER BY u.id LIMIT 200;

-- name: approval_administrators
SELECT u."id" FROM "user" u JOIN "user_roles" l ON l.record_id = u.id JOIN "role" r ON r.id = l.link_id WHERE r."key" = 'administrator' AND u.active = 1
AND u.id <> ?1 ORDER BY u.id LIMIT 200;

-- name: approval_active
SELECT "id" FROM "user" WHERE "id" = ?1 AND "active" = 1;

-- name: approval_leader
-- Whoever leads the team, or one above it.
WITH RECURSIVE above(id, parent_id, leader_id, depth) AS (
  SELECT id, parent_id, leader_id, 0 FROM team WHERE id = ?1
  UNION ALL
  SELECT t.id, t.parent_id, t.leader_id, above.depth + 1 FROM team t JOIN above ON t.id = above.parent_id WHERE above.depth < 32
) SELECT u.id FROM above JOIN "user" u ON u.id = above.leader_id WHERE u.active = 1 AND u.id <> ?2 ORDER BY above.depth LIMIT 1;

-- name: approval_team
SELECT COALESCE("team_id", 0), COALESCE("branch_id", 0) FROM "user" WHERE "id" = ?1;

-- name: approval_todo
SELECT v."approval_id" FROM "approval_voter" v WHERE v."user_id" = ?1 AND v."state" = 'open' AND v."approval_id" < ?2
GROUP BY v."approval_id" ORDER BY v."approval_id" DESC LIMIT ?3;

-- name: approval_decided
SELECT v."approval_id" FROM "approval_voter" v WHERE v."user_id" = ?1 AND v."state" IN ('yes', 'no') AND v."approval_id" < ?2
GROUP BY v."approval_id" ORDER BY v."approval_id" DESC LIMIT ?3;

-- name: approval_mine
SELECT "id" FROM "approval" WHERE "asker_id" = ?1 AND "id" < ?2 ORDER BY "id" DESC LIMIT ?3;

-- name: approval_all
SELECT "id" FROM "approval" WHERE "id" < ?1 ORDER BY "id" DESC LIMIT ?2;

-- name: approval_record
SELECT "id" FROM "approval" WHERE "entity" = ?1 AND "record_id" = ?2 AND "id" < ?3 ORDER BY "id" DESC LIMIT ?4;

-- name: approval_count_todo
SELECT COUNT(*) FROM (SELECT 1 AS one FROM "approval_voter" WHERE "user_id" = ?1 AND "state" = 'open' LIMIT 1000) t;

-- name: approval_count_mine
SELECT COUNT(*) FROM (SELECT 1 AS one FROM "approval" WHERE "asker_id" = ?1 AND "state" = 'waiting' LIMIT 1000) t;
