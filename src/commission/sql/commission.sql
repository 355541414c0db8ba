-- name: commission_closed_period
SELECT id FROM commission_period WHERE period = ?1 AND starts_on = ?2;

-- name: commission_closed_day
SELECT 1 FROM commission_period WHERE period = ?1 AND starts_on <= ?2 AND ends_on >= ?2 LIMIT 1;

-- name: commission_closed_any_day
SELECT 1 FROM commission_period WHERE starts_on <= ?1 AND ends_on >= ?1 LIMIT 1;

-- name: commission_plans
SELECT id, name, kind, scope, event, base, measure, pays, mode, brackets, products, customers, from_on, until_on, cap_line, cap_period, floor, role_id, team_id, branch_id
FROM commission_plan WHERE active <> 0 AND period = ?1 ORDER BY id;

-- name: commission_plan_people
SELECT p.link_id FROM commission_plan_people p WHERE p.record_id = ?1 ORDER BY p.link_id;

-- name: commission_users
SELECT id, name, team_id, branch_id, active FROM "user" ORDER BY id;

-- name: commission_user
SELECT id, name, team_id, branch_id, active FROM "user" WHERE id = ?1;

-- name: commission_role_people
SELECT r.record_id FROM user_roles r WHERE r.link_id = ?1;

-- name: commission_teams
SELECT id, parent_id FROM team;

-- name: commission_goals
SELECT owner_id, goal FROM target WHERE period = ?1 AND starts_on = ?2 AND scope = 'person' AND measure = ?3;

-- name: commission_default_tax
SELECT percent FROM tax WHERE is_default <> 0 LIMIT 1;

-- name: commission_shares
SELECT owner_id, percent FROM commission_split WHERE order_id = ?1 ORDER BY id;

-- name: commission_split_ids
SELECT id FROM commission_split WHERE order_id = ?1;

-- name: commission_rate_of_day
SELECT rate FROM exchange_rate WHERE currency = ?1 AND valid_from <= ?2 ORDER BY valid_from DESC LIMIT 1;

-- name: commission_changes
SELECT DISTINCT source FROM commission_change WHERE noticed_on >= ?1 AND noticed_on <= ?2;

-- name: commission_change_there
SELECT 1 FROM commission_change WHERE noticed_on = ?1 AND source = ?2;

-- name: commission_frozen_source
SELECT l.plan_id, l.owner_id, l.rate, sum(l.credited), sum(l.units), sum(l.result), min(l.share), max(l.order_id), max(l.per_unit), max(l.plan), max(l.bracket), max(l.number)
FROM commission_line l JOIN commission_period p ON p.id = l.period_id
WHERE l.source = ?1 AND l.plan_id IS NOT NULL AND p.period = ?2 GROUP BY l.plan_id, l.owner_id, l.rate ORDER BY l.plan_id, l.owner_id, l.rate DESC;

-- name: commission_frozen_against
SELECT l.plan_id, l.owner_id, l.rate, sum(l.credited), sum(l.units), sum(l.result), min(l.share), max(l.order_id), max(l.per_unit), max(l.plan), max(l.bracket), max(l.number)
FROM commission_line l JOIN commission_period p ON p.id = l.period_id
WHERE l.against = ?1 AND l.plan_id IS NOT NULL AND p.period = ?2 GROUP BY l.plan_id, l.owner_id, l.rate ORDER BY l.plan_id, l.owner_id, l.rate DESC;

-- name: commission_order_frozen
SELECT 1 FROM commission_line WHERE order_id = ?1 LIMIT 1;

-- name: commission_adjustments
SELECT id, owner_id, happened_on, amount, reason FROM commission_adjustment WHERE period = ?1 AND happened_on >= ?2 AND happened_on <= ?3 ORDER BY happened_on, id;

-- name: commission_closed_lines
SELECT kind, owner_id, plan_id, order_id, plan, source, against, number, bracket, note, happened_on, base, credited, units, share, rate, result, per_unit, capped
FROM commission_line WHERE period_id = ?1 AND (owner_id = ?2 OR ?2 = 0) ORDER BY owner_id, position;

-- name: commission_put_line
INSERT INTO commission_line (id, version, created_at, created_by, updated_at, updated_by, number, period_id, owner_id, team_id, branch_id, position, kind, plan_id, plan, order_id,
	source, against, happened_on, base, share, credited, units, bracket, per_unit, rate, capped, result, note)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29);

-- name: commission_order_money
SELECT 'allocation/' || a.id, r.received_on, 0 FROM receivable v JOIN allocation a ON a.receivable_id = v.id JOIN receipt r ON r.id = a.receipt_id WHERE v.order_id = ?1
UNION ALL SELECT 'payment/' || y.id, NULL, y.paid_at FROM payment y WHERE y.order_id = ?1;

-- name: commission_receipt_allocations
SELECT id FROM allocation WHERE receipt_id = ?1;

-- name: commission_order_splits_at
UPDATE commission_split SET placed_at = ?2 WHERE order_id = ?1;

-- name: commission_statements
SELECT owner_id, total, id, paid_on FROM commission_statement WHERE period_id = ?1;

-- name: commission_any_closed
SELECT 1 FROM commission_period LIMIT 1;
