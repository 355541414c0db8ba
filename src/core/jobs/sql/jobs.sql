-- name: job_insert
INSERT INTO job (id, kind, payload, actor_id, actor_kind, token_id, session_id, state, attempt, fence, run_at, created_at, lease_until, done, total, cancel)
VALUES (?1, ?2, ?3, ?4, ?7, ?8, ?9, 'queued', 0, 0, ?5, ?6, 0, 0, 0, 0);

-- name: job_due
SELECT 1 FROM job WHERE (state = 'queued' AND run_at <= ?1) OR (state = 'running' AND (lease_until < ?1
 OR (runner <> ?2 AND NOT EXISTS (SELECT 1 FROM job_runner r WHERE r.id = job.runner AND r.until >= ?1)))) LIMIT 1;

-- name: job_take
-- engine: sqlite
UPDATE job SET state = 'running', attempt = attempt + 1, fence = fence + 1, lease_until = ?2, started_at = ?1, runner = ?3
 WHERE id = (SELECT id FROM job
              WHERE (state = 'queued' AND run_at <= ?1) OR (state = 'running' AND (lease_until < ?1
                 OR (runner <> ?3 AND NOT EXISTS (SELECT 1 FROM job_runner r WHERE r.id = job.runner AND r.until >= ?1))))
              ORDER BY run_at, id LIMIT 1)
RETURNING id, kind, payload, actor_id, attempt, fence, cancel, actor_kind, token_id, session_id;
-- engine: postgres
UPDATE job SET state = 'running', attempt = attempt + 1, fence = fence + 1, lease_until = ?2, started_at = ?1, runner = ?3
 WHERE id = (SELECT id FROM job
              WHERE (state = 'queued' AND run_at <= ?1) OR (state = 'running' AND (lease_until < ?1
                 OR (runner <> ?3 AND NOT EXISTS (SELECT 1 FROM job_runner r WHERE r.id = job.runner AND r.until >= ?1))))
              ORDER BY run_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, kind, payload, actor_id, attempt, fence, cancel, actor_kind, token_id, session_id;

-- name: job_renew
UPDATE job SET lease_until = ?3, done = ?4, total = ?5, note = ?6
 WHERE id = ?1 AND fence = ?2 AND state = 'running' AND cancel = 0;

-- name: job_finish
UPDATE job SET state = ?3, run_at = ?4, error = ?5, finished_at = ?6, attempt = attempt - ?7
 WHERE id = ?1 AND fence = ?2 AND state = 'running';

-- name: job_cancel_queued
UPDATE job SET state = 'cancelled', finished_at = ?2 WHERE id = ?1 AND state = 'queued';

-- name: job_cancel_running
UPDATE job SET cancel = 1 WHERE id = ?1 AND state = 'running';

-- name: job_orphans
UPDATE job SET lease_until = 0 WHERE state = 'running';

-- name: job_runner_alive
INSERT INTO job_runner (id, until) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET until = excluded.until;

-- name: job_runner_gone
DELETE FROM job_runner WHERE id = ?1 OR until < ?2;

-- name: job_read
SELECT kind, payload, actor_id, state, attempt, fence, done, total, note, error, cancel FROM job WHERE id = ?1;

-- name: job_prune
DELETE FROM job WHERE state IN ('done', 'cancelled', 'failed') AND finished_at < ?1;
