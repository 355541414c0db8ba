-- name: order_sum_lines
SELECT count(*), coalesce(sum(total), 0) FROM "order_line" WHERE order_id = ?1;

-- name: tax_other_default
SELECT id FROM tax WHERE is_default <> 0 AND id <> ?1 LIMIT 1;
