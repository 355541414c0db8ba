-- name: lead_points
SELECT id FROM "lead_point" WHERE active = 1 ORDER BY position, id LIMIT 200;

-- name: lead_assignments
SELECT id FROM "lead_assignment" WHERE active = 1 ORDER BY position, id LIMIT 200;

-- name: lead_users
SELECT u.id, (SELECT count(*) FROM "lead" l WHERE l.owner_id = u.id AND l.state IN ('new', 'working', 'qualified'))
  FROM "lead_assignment_users" a JOIN "user" u ON u.id = a.link_id
 WHERE a.record_id = ?1 AND u.active = 1 ORDER BY u.id LIMIT 500;

-- name: lead_activities
SELECT id FROM "interaction" WHERE about = ?1 ORDER BY id LIMIT 500;

-- name: lead_points_any
SELECT count(*) FROM "lead_point";

-- name: lead_grown
SELECT (SELECT count(*) FROM "interaction" WHERE customer_id = ?1 OR about = ?3) + (SELECT count(*) FROM "opportunity" WHERE id = ?2 AND state <> 'open');

-- name: lead_set_score
UPDATE "lead" SET score = ?2, score_why = ?3 WHERE id = ?1;
