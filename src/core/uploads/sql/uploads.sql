-- name: uploads_used
SELECT coalesce(sum(size), 0) FROM upload_kept WHERE owner_id = ?1;

-- name: uploads_has
SELECT 1 FROM upload_kept WHERE owner_id = ?1 AND hash = ?2 AND what = ?3;

-- name: uploads_add
INSERT INTO upload_kept (owner_id, hash, what, size, at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING;

-- name: uploads_never_begun
SELECT id FROM "import_run" WHERE state IN ('new', 'planned') AND updated_at < ?1 AND id > ?2 ORDER BY id LIMIT 100;

-- name: uploads_still_unused
SELECT sha256 FROM "import_run" WHERE id = ?1 AND state IN ('new', 'planned') AND updated_at < ?2;

-- name: uploads_uncount
DELETE FROM upload_kept WHERE hash = ?1 AND what = 'import' AND NOT EXISTS
 (SELECT 1 FROM "import_run" AS r WHERE r.sha256 = ?1 AND r.owner_id = upload_kept.owner_id);

-- name: uploads_named
SELECT 1 WHERE EXISTS (SELECT 1 FROM upload_kept WHERE hash = ?1) OR EXISTS (SELECT 1 FROM "attachment" WHERE sha256 = ?1)
 OR EXISTS (SELECT 1 FROM "import_run" WHERE sha256 = ?1);

-- name: uploads_of_deleted
-- engine: sqlite
SELECT 1 FROM change WHERE action = 2 AND entity = 'attachment' AND instr(diff, ?1) > 0 LIMIT 1
-- engine: postgres
SELECT 1 WHERE EXISTS (SELECT 1 FROM change WHERE action = 2 AND entity = 'attachment' AND strpos(diff, ?1) > 0)
 OR EXISTS (SELECT 1 FROM change_new WHERE action = 2 AND entity = 'attachment' AND strpos(diff, ?1) > 0)
