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
SELECT kind, CAST(sum(1 - aside) AS bigint), CAST(sum(aside) AS bigint), min(CASE WHEN aside = 0 THEN due_at END) FROM timer WHERE kind <> 'schedule' GROUP BY kind ORDER BY kind;

-- name: timer_scheduled
SELECT kind, key, due_at, attempt, error FROM timer WHERE kind = 'schedule' ORDER BY key LIMIT ?1;

-- name: timer_aside
SELECT kind, key, due_at, attempt, error FROM timer WHERE aside = 1 ORDER BY due_at DESC LIMIT ?1;
