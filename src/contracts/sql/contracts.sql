-- name: contract_lines
SELECT id FROM contract_line WHERE contract_id = ?1 ORDER BY id LIMIT 500;

-- name: contract_parties
SELECT id FROM contract_party WHERE contract_id = ?1 ORDER BY id LIMIT 500;

-- name: contracts_to_plan
SELECT DISTINCT l.contract_id FROM contract_line l JOIN contract c ON c.id = l.contract_id
WHERE l.contract_id > ?1 AND l.next_on <= ?2 AND c.state = 'active' ORDER BY l.contract_id LIMIT 500;

-- name: contracts_over
SELECT id FROM contract WHERE id > ?1 AND state = 'active' AND ends_on < ?2 ORDER BY id LIMIT 500;

-- name: contract_to_come
SELECT r.id FROM receivable r WHERE r.contract_id = ?1 AND r.state = 'open' AND r.due_on > ?2 ORDER BY r.id LIMIT 500;
