-- name: receivables_rate
SELECT rate FROM exchange_rate WHERE currency = ?1 AND valid_from <= ?2 ORDER BY valid_from DESC LIMIT 1;

-- name: receivable_used
SELECT (SELECT coalesce(sum(a.settles), 0) FROM allocation a WHERE a.receivable_id = ?1 AND a.id <> ?2),
	(SELECT coalesce(sum(w.amount), 0) FROM write_off w WHERE w.receivable_id = ?1 AND w.state = 'approved' AND w.id <> ?2);

-- name: receipt_used
SELECT (SELECT coalesce(sum(a.amount), 0) FROM allocation a WHERE a.receipt_id = ?1 AND a.id <> ?2),
	(SELECT coalesce(sum(r.amount), 0) FROM receipt r WHERE r.original_id = ?1 AND r.state = 'received' AND r.id <> ?2);

-- name: order_planned
SELECT coalesce(sum(amount), 0), count(*) FROM receivable WHERE order_id = ?1 AND state <> 'cancelled' AND id <> ?2;

-- name: order_settled
SELECT coalesce(sum(paid), 0), coalesce(sum(written_off), 0) FROM receivable WHERE order_id = ?1 AND state <> 'cancelled' AND id <> ?2;

-- name: order_paid_direct
SELECT coalesce(sum(CASE WHEN kind = 'refund' THEN 0 ELSE amount END), 0), coalesce(sum(CASE WHEN kind = 'refund' THEN amount ELSE 0 END), 0)
FROM payment WHERE order_id = ?1 AND id <> ?2 AND state = 'paid';

-- name: receipt_allocations
SELECT id FROM allocation WHERE receipt_id = ?1 ORDER BY id DESC LIMIT 500;

-- name: order_receivables
SELECT id FROM receivable WHERE order_id = ?1 AND state <> 'cancelled' ORDER BY due_on, id LIMIT 500;

-- name: customer_open
SELECT id FROM receivable WHERE customer_id = ?1 AND state IN ('open', 'partly') ORDER BY due_on, id LIMIT 500;

-- name: receivable_tasks
SELECT count(*), 0 FROM interaction WHERE about = ?1 AND state IN ('planned', 'open');
