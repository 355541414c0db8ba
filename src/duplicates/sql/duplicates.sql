-- name: merge_lock
-- engine: sqlite
SELECT id FROM "customer" WHERE id = ?1;
-- engine: postgres
SELECT id FROM "customer" WHERE id = ?1 FOR UPDATE;

-- name: merge_note
INSERT INTO merge_journal (merge_id, n, what, entity, record_id, field, before_text, after_text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: merge_notes
SELECT n, entity, record_id, field, before_text, after_text FROM merge_journal WHERE merge_id = ?1 AND what = ?2 AND n > ?3 ORDER BY n LIMIT ?4;

-- name: merge_forget
DELETE FROM merge_journal WHERE merge_id = ?1;

-- name: merge_has_identifier
SELECT 1 FROM "identifier" WHERE customer_id = ?1 AND kind = ?2 AND value = ?3 LIMIT 1;

-- name: merge_alias
SELECT id, customer_id FROM "customer_alias" WHERE former = ?1;
