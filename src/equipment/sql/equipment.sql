-- name: equipment_of_line
SELECT count(*) FROM equipment WHERE order_line_id = ?1 AND id <> ?2;

-- name: equipment_owner_now
SELECT id FROM equipment_owner WHERE equipment_id = ?1 AND until_on IS NULL AND id <> ?2 ORDER BY id DESC LIMIT 1;

-- name: equipment_owners
SELECT count(*) FROM (SELECT 1 FROM equipment_owner WHERE equipment_id = ?1 AND id <> ?2 LIMIT 3) AS few;

-- name: warranty_months
SELECT coalesce(sum(months), 0) FROM warranty_extension WHERE equipment_id = ?1 AND id <> ?2;

-- name: warranty_term_product
SELECT id FROM warranty_term WHERE product_id = ?1 AND active <> 0 AND (country = ?3 OR country IS NULL) AND id <> ?2
ORDER BY CASE WHEN country IS NULL THEN 1 ELSE 0 END, id LIMIT 1;

-- name: warranty_term_category
SELECT id FROM warranty_term WHERE category_id = ?1 AND active <> 0 AND (country = ?3 OR country IS NULL) AND id <> ?2
ORDER BY CASE WHEN country IS NULL THEN 1 ELSE 0 END, id LIMIT 1;

-- name: warranty_term_general
SELECT id FROM warranty_term WHERE category_id IS NULL AND product_id IS NULL AND active <> 0 AND (country = ?3 OR country IS NULL) AND id <> ?1 AND id <> ?2
ORDER BY CASE WHEN country IS NULL THEN 1 ELSE 0 END, id LIMIT 1;

-- name: recall_missing
SELECT e.id FROM equipment e JOIN recall r ON r.id = ?1 WHERE e.product_id = r.product_id AND (r.batch IS NULL OR e.batch = r.batch) AND (r.build IS NULL OR e.build = r.build)
AND NOT EXISTS (SELECT 1 FROM recall_unit u WHERE u.recall_id = r.id AND u.equipment_id = e.id) ORDER BY e.id LIMIT 501;

-- name: recall_units_open
SELECT id FROM recall_unit WHERE equipment_id = ?1 AND state IN ('open', 'told') ORDER BY id LIMIT 501;

-- name: recall_units_any
SELECT count(*) FROM (SELECT 1 FROM recall_unit WHERE recall_id = ?1 AND id <> ?2 LIMIT 1) AS one;
