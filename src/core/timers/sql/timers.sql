-- name: timer_set
INSERT INTO timer (kind, key, due_at, payload, attempt, aside, error) VALUES (?1, ?2, ?3, ?4, 0, 0, NULL)
ON CONFLICT (kind, key) DO UPDATE SET due_at = excluded.due_at, payload = excluded.payload, attempt = 0, aside = 0, error = NULL;

-- name: timer_clear
DELETE FROM timer WHERE kind = ?1 AND key = ?2;

-- name: timer_read
SELECT due_at FROM timer WHERE kind = ?1 AND key = ?2;

-- name: timer_retry
UPDATE timer SET due_at = ?3, attempt = 0, aside = 0 WHERE kind = ?1 AND key = ?2 AND aside = 1;

-- name: timer_first
SELECT due_at FROM timer WHERE aside = 0 ORDER BY due_at LIMIT 1;

-- name: timer_take
-- engine: sqlite
SELECT kind, key, due_at, payload, attempt FROM timer WHERE aside = 0 AND due_at <= ?1 ORDER BY due_at LIMIT ?2;
-- engine: postgres
SELECT kind, key, due_at, payload, attempt FROM timer WHERE aside = 0 AND due_at <= ?1 ORDER BY due_at LIMIT ?2 FOR UPDATE SKIP LOCKED;

-- name: timer_postpone
INSERT INTO timer (kind, key, due_at, payload, attempt, aside, error) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (kind, key) DO UPDATE SET due_at = excluded.due_at, attempt = excluded.attempt, aside = excluded.aside, error = excluded.error;

-- name: timer_schedules
SELECT key FROM timer WHERE kind = 'schedule';

-- name: timer_skip
DELETE FROM timer WHERE kind = ?1 AND key = ?2 AND aside = 1;

-- name: timer_kinds
WITH RECURSIVE k(kind) AS (SELECT min(kind) FROM timer
 UNION ALL SELECT (SELECT min(t.kind) FROM timer t WHERE t.kind > k.kind) FROM k WHERE k.kind IS NOT NULL)
SELECT k.kind, (SELECT count(*) FROM (SELECT 1 AS one FROM timer t WHERE t.kind = k.kind AND t.aside = 0 LIMIT ?1) w),
 (SELECT count(*) FROM (SELECT 1 AS one FROM timer t WHERE t.kind = k.kind AND t.aside = 1 LIMIT ?1) a),
 (SELECT min(t.due_at) FROM timer t WHERE t.kind = k.kind AND t.aside = 0)
 FROM k WHERE k.kind IS NOT NULL AND k.kind <> 'schedule' ORDER BY k.kind;

-- name: timer_scheduled
SELECT kind, key, due_at, attempt, error FROM timer WHERE kind = 'schedule' ORDER BY key LIMIT ?1;

-- name: timer_aside
SELECT kind, key, due_at, attempt, error FROM timer WHERE aside = 1 ORDER BY due_at DESC LIMIT ?1;
