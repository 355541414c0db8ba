-- name: settings_shared
-- The firm's values (0) and the branches'.
SELECT name, scope_id, value FROM setting WHERE scope IN ('firm', 'branch');

-- name: settings_one
SELECT id, value FROM setting WHERE name = ?1 AND scope = ?2 AND scope_id = ?3;
