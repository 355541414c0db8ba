-- name: seal_lock
-- engine: sqlite
SELECT 0
-- engine: postgres
SELECT CASE WHEN pg_try_advisory_xact_lock(hashtextextended('guanxi.seal.' || current_schema(), 0)) THEN 1 ELSE 0 END

-- name: seal_cut
-- The last transaction of this round: whole transactions only, so that a group stays together.
-- engine: sqlite
SELECT 0
-- engine: postgres
SELECT xid FROM change_new WHERE xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, seq OFFSET ?1 LIMIT 1

-- name: seal_rows
-- engine: sqlite
SELECT 0
-- engine: postgres
SELECT seq, at, xid AS grp, actor_id, actor_kind, entity, record_id, action, diff, request_id, salt, erased
FROM change_new WHERE xid < pg_snapshot_xmin(pg_current_snapshot()) AND (?1::bigint IS NULL OR xid <= ?1::bigint::text::xid8)
ORDER BY xid, seq

-- name: seal_insert
-- engine: sqlite
SELECT 0
-- engine: postgres
INSERT INTO change (seq, at, grp, actor_id, actor_kind, entity, record_id, action, diff, request_id, salt, erased, hash)
SELECT v.seq, n.at, v.grp, n.actor_id, n.actor_kind, n.entity, n.record_id, n.action, n.diff, n.request_id, n.salt, n.erased, v.hash
FROM unnest(?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bytea[]) AS v (old, seq, grp, hash) JOIN change_new n ON n.seq = v.old

-- name: seal_delete
-- engine: sqlite
SELECT 0
-- engine: postgres
DELETE FROM change_new WHERE seq = ANY (?1::bigint[])

-- name: seal_waiting
-- engine: sqlite
SELECT 0
-- engine: postgres
SELECT CASE WHEN EXISTS (SELECT 1 FROM change_new) THEN 1 ELSE 0 END

-- name: seal_waiting_of
-- engine: sqlite
SELECT count(*) FROM change WHERE request_id = ?1 AND 1 = 0
-- engine: postgres
SELECT count(*) FROM change_new WHERE request_id = ?1
