-- name: return_taken
SELECT coalesce(sum(l.quantity), 0) FROM return_line l JOIN goods_return g ON g.id = l.return_id
WHERE l.order_line_id = ?1 AND l.id <> ?2 AND g.state NOT IN ('refused', 'withdrawn');

-- name: return_lines_of
SELECT id FROM return_line WHERE return_id = ?1 ORDER BY id LIMIT 201;

-- name: return_order_lines
SELECT id FROM order_line WHERE order_id = ?1 AND quantity > 0 ORDER BY id LIMIT 201;

-- name: returns_of_order
SELECT id FROM goods_return WHERE order_id = ?1 ORDER BY id LIMIT 201;

-- name: return_arrived
SELECT coalesce(max(delivered_at), 0), 0 FROM shipment WHERE order_id = ?1 AND state = 'delivered' AND id <> ?2;

-- name: return_policy_of
SELECT id FROM return_policy WHERE category_id = ?1 AND active <> 0 ORDER BY id LIMIT 1;

-- name: return_policy_general
SELECT id FROM return_policy WHERE category_id IS NULL AND active <> 0 ORDER BY id LIMIT 1;

-- name: return_order_paid
SELECT coalesce(sum(CASE WHEN kind = 'refund' THEN -amount ELSE amount END), 0) FROM payment
WHERE order_id = ?1 AND id <> ?2 AND state = 'paid' AND coalesce(currency, ?4) = ?3;

-- name: return_order_allocated
SELECT coalesce(sum(a.settles), 0) FROM allocation a JOIN receivable r ON r.id = a.receivable_id WHERE r.order_id = ?1 AND a.id <> ?2;

-- name: return_order_refunded
SELECT coalesce(sum(CASE WHEN p.kind = 'refund' THEN p.amount ELSE -p.amount END), 0) FROM goods_return g JOIN payment p ON p.order_id = g.return_order_id
WHERE g.order_id = ?1 AND p.id <> ?2 AND p.state = 'paid';

-- name: return_by_order
SELECT order_id FROM goods_return WHERE return_order_id = ?1 LIMIT 1;

-- name: return_order_by_number
SELECT id FROM "order" WHERE number_key = ?1 ORDER BY id DESC LIMIT 2;

-- name: return_reason_by_key
SELECT id FROM return_reason WHERE key = ?1 LIMIT 1;

-- name: return_line_by_sku
SELECT id FROM order_line WHERE order_id = ?1 AND quantity > 0 AND (sku = ?2 OR product_id = (SELECT id FROM product WHERE sku = ?2)) ORDER BY id LIMIT 1;

-- name: return_reasons_any
SELECT count(*) FROM return_reason;
