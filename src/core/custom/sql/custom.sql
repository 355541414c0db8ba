-- name: custom_generation_read
SELECT generation FROM "custom_state" WHERE id = 1

-- name: custom_generation_bump
UPDATE "custom_state" SET generation = generation + 1 WHERE id = 1

-- name: custom_slots_read
SELECT entity, slot, column_name, type, link, field_id FROM "custom_column" ORDER BY entity, slot

-- name: custom_slot_last
SELECT coalesce(max(slot), 0) FROM "custom_column"

-- name: custom_slot_free_one
SELECT slot, column_name FROM "custom_column" WHERE entity = ?1 AND type = ?2 AND link = ?3 AND field_id IS NULL AND wiped_at > 0 ORDER BY slot LIMIT 1

-- name: custom_slot_insert
INSERT INTO "custom_column" (entity, slot, column_name, type, link, field_id, wiped_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)

-- name: custom_slot_take
UPDATE "custom_column" SET field_id = ?3, wiped_at = 0 WHERE entity = ?1 AND slot = ?2

-- name: custom_slot_leave
UPDATE "custom_column" SET field_id = NULL, wiped_at = 0 WHERE field_id = ?1

-- name: custom_slot_wiped
UPDATE "custom_column" SET wiped_at = ?3 WHERE entity = ?1 AND slot = ?2 AND field_id IS NULL
