-- name: bulk_item_insert
INSERT INTO "bulk_item" (id, version, created_at, created_by, updated_at, updated_by, act_id, entity, record, target_id, state)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)

-- name: bulk_items_next
SELECT id, entity, record, target_id FROM "bulk_item" WHERE act_id = ?1 AND state = ?2 ORDER BY id LIMIT ?3

-- name: bulk_items_last
SELECT id, entity, record, target_id FROM "bulk_item" WHERE act_id = ?1 AND state = ?2 ORDER BY id DESC LIMIT ?3

-- name: bulk_item_set
UPDATE "bulk_item" SET state = ?2, reason = ?3, field = ?4, message = ?5 WHERE id = ?1

-- name: bulk_act_look
-- engine: sqlite
SELECT state, total, done, refused, undone, kept FROM "bulk_act" WHERE id = ?1
-- engine: postgres
SELECT state, total, done, refused, undone, kept FROM "bulk_act" WHERE id = ?1 FOR UPDATE

-- name: bulk_progress
UPDATE "bulk_act" SET state = ?2, done = ?3, refused = ?4, undone = ?5, kept = ?6 WHERE id = ?1

-- name: bulk_reasons
SELECT state, reason, min(field), min(message), count(*) FROM "bulk_item"
 WHERE act_id = ?1 AND state IN ('refused', 'kept') GROUP BY state, reason ORDER BY count(*) DESC LIMIT 20

-- name: bulk_items_prune
DELETE FROM "bulk_item" WHERE id IN (SELECT i.id FROM "bulk_act" a JOIN "bulk_item" i ON i.act_id = a.id
 WHERE a.undo_until < ?1 AND a.state IN ('done', 'undone', 'cancelled', 'failed') LIMIT ?2)
