-- name: schema_has_version
-- engine: sqlite
SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'
-- engine: postgres
SELECT CASE WHEN to_regclass(quote_ident(current_schema()) || '.schema_version') IS NULL THEN 0 ELSE 1 END

-- name: schema_version
SELECT coalesce(max(version), 0) FROM schema_version

-- name: schema_note
INSERT INTO schema_version (version, name, at) VALUES (?1, ?2, ?3)
