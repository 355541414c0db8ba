-- name: workspace_views_shared
SELECT v.id, v.version, v.name, v.query, v.position, v.owner_id, v.team_id, v.everyone, u.name
FROM saved_view v LEFT JOIN "user" u ON u.id = v.owner_id
WHERE v.entity = ?1 AND (v.everyone = ?4 OR v.team_id = ?2) AND (v.owner_id IS NULL OR v.owner_id <> ?3)
ORDER BY v.position, v.id LIMIT 200
