-- name: identifier_taken
SELECT id FROM "identifier"
 WHERE kind = ?1 AND value_key = ?2 AND coalesce(channel_id, 0) = ?3 AND coalesce(scope, '') = ?4 AND id <> ?5
   AND (?6 = '' OR value = ?6)
 LIMIT 1;

-- name: customer_country
SELECT country FROM "customer" WHERE id = ?1;

-- name: identifiers_to_form
SELECT id, kind, value, customer_id FROM "identifier" WHERE id > ?1 AND kind IN ('phone', 'email') ORDER BY id LIMIT ?2;

-- name: identifier_set_form
UPDATE "identifier" SET value = ?2, value_key = NULL WHERE id = ?1;

-- name: customer_add_contact
UPDATE "customer" SET open_work = open_work + ?2, contacts_count = contacts_count + ?3 WHERE id = ?1;

-- name: customer_last_contact
UPDATE "customer" SET last_contact_at =
  (SELECT at FROM "interaction" WHERE customer_id = ?1 AND state = 'done' AND direction <> 'internal' ORDER BY at DESC LIMIT 1)
 WHERE id = ?1;

-- name: customer_add_trade
-- engine: sqlite
UPDATE "customer" SET orders_count = orders_count + ?2, orders_total = orders_total + ?3, orders_unrated = orders_unrated + ?5,
  first_order_at = CASE WHEN ?4 = 0 THEN first_order_at ELSE min(coalesce(first_order_at, ?4), ?4) END,
  last_order_at = CASE WHEN ?4 = 0 THEN last_order_at ELSE max(coalesce(last_order_at, ?4), ?4) END
 WHERE id = ?1;
-- engine: postgres
UPDATE "customer" SET orders_count = orders_count + ?2, orders_total = orders_total + ?3, orders_unrated = orders_unrated + ?5,
  first_order_at = CASE WHEN ?4::bigint = 0 THEN first_order_at ELSE least(coalesce(first_order_at, ?4), ?4) END,
  last_order_at = CASE WHEN ?4::bigint = 0 THEN last_order_at ELSE greatest(coalesce(last_order_at, ?4), ?4) END
 WHERE id = ?1;

-- name: customer_find_orders_again
UPDATE "customer" SET
  first_order_at = (SELECT placed_at FROM "order" WHERE customer_id = ?1 AND kind = 'sale' AND state NOT IN ('draft', 'cancelled') ORDER BY placed_at ASC LIMIT 1),
  last_order_at = (SELECT placed_at FROM "order" WHERE customer_id = ?1 AND kind = 'sale' AND state NOT IN ('draft', 'cancelled') ORDER BY placed_at DESC LIMIT 1)
 WHERE id = ?1;

-- name: customer_belongs
SELECT owner_id, team_id, branch_id FROM "customer" WHERE id = ?1;

-- name: customer_birth_days
UPDATE "customer" SET birth_month = CAST(substr(birthday, 6, 2) AS INTEGER), birth_day = CAST(substr(birthday, 9, 2) AS INTEGER)
 WHERE birthday IS NOT NULL AND birth_month IS NULL;

-- name: customer_sort_names
SELECT id, name, sort_name FROM "customer" WHERE id > ?1 ORDER BY id LIMIT ?2;

-- name: customer_set_sort_name
UPDATE "customer" SET sort_name = ?2 WHERE id = ?1;

-- name: customer_alias_of
SELECT customer_id FROM "customer_alias" WHERE former = ?1;
