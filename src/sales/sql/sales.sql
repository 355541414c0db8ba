-- name: order_sum_lines
SELECT count(*), coalesce(sum(total), 0) FROM "order_line" WHERE order_id = ?1;
