-- name: quote_line_ids
SELECT id FROM quote_line WHERE quote_id = ?1 ORDER BY position, id LIMIT 2001;

-- name: quote_last_position
SELECT coalesce(max(position), 0) FROM quote_line WHERE quote_id = ?1;

-- name: quote_state
SELECT state FROM quote WHERE id = ?1;

-- name: quote_versions
SELECT id, state FROM quote WHERE original_id = ?1 OR id = ?1 ORDER BY version_no, id LIMIT 1000;

-- name: quote_last_version
SELECT coalesce(max(version_no), 1) FROM quote WHERE original_id = ?1 OR id = ?1;
