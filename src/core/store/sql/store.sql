-- name: schema_has_table
-- engine: sqlite
SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1
-- engine: postgres
SELECT CASE WHEN to_regclass(quote_ident(current_schema()) || '.' || ?1) IS NULL THEN 0 ELSE 1 END

-- name: schema_version
SELECT coalesce(max(version), 0) FROM schema_version

-- name: schema_note
INSERT INTO schema_version (version, name, at) VALUES (?1, ?2, ?3)

-- name: schema_folder_version
SELECT coalesce(max(version), 0) FROM schema_step WHERE folder = ?1

-- name: schema_folder_note
INSERT INTO schema_step (version, name, at, folder) VALUES (?1, ?2, ?3, ?4)
