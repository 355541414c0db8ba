-- name: import_look
SELECT state, position FROM "import_run" WHERE id = ?1;

-- name: import_progress
UPDATE "import_run" SET position = ?2, rows_done = ?3, rows_total = ?4, created = ?5, updated = ?6, skipped = ?7, failed = ?8
 WHERE id = ?1;

-- name: import_covered
-- engine: sqlite
SELECT coalesce(max(position), 0) FROM "import_run"
 WHERE sha256 = ?1 AND plan_hash = ?2 AND id <> ?3 AND state NOT IN ('undone', 'undoing');
-- engine: postgres
SELECT coalesce(max(position), 0)::bigint FROM "import_run"
 WHERE sha256 = ?1 AND plan_hash = ?2 AND id <> ?3 AND state NOT IN ('undone', 'undoing');

-- name: import_unfinished
SELECT id FROM "import_run"
 WHERE sha256 = ?1 AND plan_hash = ?2 AND coalesce(owner_id, 0) = ?3 AND state IN ('running', 'failed', 'cancelled') AND job_id IS NULL
 ORDER BY id DESC LIMIT 1;

-- name: import_problem_rows
SELECT "row", outcome, entity, field, "column", "key", argument, message FROM "import_problem"
 WHERE run_id = ?1 ORDER BY "row", id;

-- name: import_blob_users
SELECT count(*) FROM "import_run" WHERE sha256 = ?1;
