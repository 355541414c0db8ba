-- name: import_look
SELECT state, position FROM "import_run" WHERE id = ?1;

-- name: import_progress
UPDATE "import_run" SET position = ?2, rows_done = ?3, rows_total = ?4, created = ?5, updated = ?6, skipped = ?7, failed = ?8,
 values_left = ?9
 WHERE id = ?1;

-- name: import_earlier
SELECT id, position FROM "import_run"
 WHERE sha256 = ?1 AND plan_hash = ?2 AND id <> ?3 AND position > 0 AND state NOT IN ('undone', 'undoing', 'undo_stopped')
 ORDER BY id DESC LIMIT 100;

-- name: import_failed_rows
SELECT DISTINCT "row" FROM "import_problem" WHERE run_id = ?1 AND outcome = 'failed' AND "row" > ?2 AND "row" <= ?3;

-- name: import_unfinished
SELECT id FROM "import_run"
 WHERE sha256 = ?1 AND plan_hash = ?2 AND coalesce(owner_id, 0) = ?3 AND state IN ('running', 'failed', 'cancelled') AND job_id IS NULL
 ORDER BY id DESC LIMIT 1;

-- name: import_problem_rows
SELECT "row", outcome, entity, field, "column", "key", argument, message FROM "import_problem"
 WHERE run_id = ?1 ORDER BY "row", id;

-- name: import_others_undone
SELECT 1 FROM "import_run" WHERE state = 'undone' AND id <> ?1 LIMIT 1;
