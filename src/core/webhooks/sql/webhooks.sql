-- name: webhook_active
SELECT w.id, w.url, coalesce(w.entities, ''), coalesce(w.actions, ''), w.with_values, coalesce(w.acting_id, 0), s.secret, s.previous, s.previous_until,
 s.since_seq, s.failures, s.paused_until
 FROM webhook w JOIN webhook_state s ON s.webhook_id = w.id WHERE w.active = ?1 ORDER BY w.id;

-- name: webhook_active_count
SELECT count(*) FROM webhook WHERE active = ?1;

-- name: webhook_state_make
INSERT INTO webhook_state (webhook_id, secret, previous, previous_until, since_seq, failures, paused_until) VALUES (?1, ?2, NULL, 0, ?3, 0, 0);

-- name: webhook_state_secret
UPDATE webhook_state SET previous = secret, previous_until = ?3, secret = ?2 WHERE webhook_id = ?1;

-- name: webhook_state_since
UPDATE webhook_state SET since_seq = ?2, failures = 0, paused_until = 0 WHERE webhook_id = ?1;

-- name: webhook_state_tried
UPDATE webhook_state SET failures = ?2, paused_until = ?3 WHERE webhook_id = ?1;

-- name: webhook_state_drop
DELETE FROM webhook_state WHERE webhook_id = ?1;

-- name: webhook_delivery_drop
DELETE FROM webhook_delivery WHERE webhook_id = ?1;

-- name: webhook_keep
INSERT INTO webhook_delivery (id, webhook_id, seq, kind, entity, record_id, action, state, attempts, next_at, created_at, done_at, status, error, took_ms)
 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, 0,
 CASE WHEN EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.webhook_id = ?2 AND d.record_id = ?6 AND d.state = 0 AND d.record_id <> 0) THEN CAST(?8 AS BIGINT) ELSE CAST(?9 AS BIGINT) END,
 ?9, 0, 0, NULL, 0);

-- name: webhook_due
SELECT id, seq, kind, entity, record_id, attempts, created_at FROM webhook_delivery
 WHERE webhook_id = ?1 AND state = 0 AND next_at <= ?2 ORDER BY next_at, seq LIMIT ?3;

-- name: webhook_next
SELECT min(next_at) FROM webhook_delivery WHERE webhook_id = ?1 AND state = 0;

-- name: webhook_take
UPDATE webhook_delivery SET next_at = ?2, attempts = attempts + 1 WHERE id = ?1 AND state = 0;

-- name: webhook_told
UPDATE webhook_delivery SET state = ?2, next_at = ?3, status = ?4, error = ?5, took_ms = ?6, done_at = ?7 WHERE id = ?1 AND state = 0;

-- name: webhook_release
UPDATE webhook_delivery SET next_at = ?3 WHERE next_at = ?4 AND state = 0 AND id =
 (SELECT d.id FROM webhook_delivery d WHERE d.webhook_id = ?1 AND d.record_id = ?2 AND d.state = 0 ORDER BY d.seq LIMIT 1);

-- name: webhook_listed
SELECT id, seq, kind, entity, record_id, action, state, attempts, next_at, created_at, done_at, status, error, took_ms FROM webhook_delivery WHERE id IN (
 SELECT id FROM (SELECT id FROM webhook_delivery WHERE webhook_id = ?1 AND state = ?4 AND id < ?2 ORDER BY id DESC LIMIT ?3) a
 UNION ALL SELECT id FROM (SELECT id FROM webhook_delivery WHERE webhook_id = ?1 AND state = ?5 AND id < ?2 ORDER BY id DESC LIMIT ?3) b
 UNION ALL SELECT id FROM (SELECT id FROM webhook_delivery WHERE webhook_id = ?1 AND state = ?6 AND id < ?2 ORDER BY id DESC LIMIT ?3) c
 UNION ALL SELECT id FROM (SELECT id FROM webhook_delivery WHERE webhook_id = ?1 AND state = ?7 AND id < ?2 ORDER BY id DESC LIMIT ?3) d)
 ORDER BY id DESC LIMIT ?3;

-- name: webhook_counts
SELECT (SELECT count(*) FROM (SELECT 1 AS one FROM webhook_delivery WHERE webhook_id = ?1 AND state = 0 LIMIT ?2) a),
 (SELECT count(*) FROM (SELECT 1 AS one FROM webhook_delivery WHERE webhook_id = ?1 AND state = 2 LIMIT ?2) b);

-- name: webhook_health
SELECT failures, paused_until FROM webhook_state WHERE webhook_id = ?1;

-- name: webhook_again
UPDATE webhook_delivery SET state = 0, attempts = 0, error = NULL, status = 0, done_at = 0,
 next_at = CASE WHEN EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.webhook_id = ?1 AND d.record_id = webhook_delivery.record_id AND d.state = 0 AND d.record_id <> 0)
 THEN CAST(?4 AS BIGINT) ELSE CAST(?3 AS BIGINT) END
 WHERE webhook_id = ?1 AND id = ?2 AND state IN (1, 2);

-- name: webhook_dead
SELECT id FROM webhook_delivery WHERE webhook_id = ?1 AND state = 2 ORDER BY seq, id LIMIT ?2;

-- name: webhook_prune
DELETE FROM webhook_delivery WHERE id IN (SELECT d.id FROM webhook_delivery d WHERE d.state = ?1 AND d.done_at < ?2 ORDER BY d.done_at LIMIT ?3);
