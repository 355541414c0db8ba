-- name: change_insert
-- engine: sqlite
INSERT INTO change (seq, at, grp, actor_id, actor_kind, entity, record_id, action, diff, request_id, salt, hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
-- engine: postgres
INSERT INTO change_new (at, actor_id, actor_kind, entity, record_id, action, diff, request_id, salt)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)

-- name: change_head
SELECT seq, hash FROM change ORDER BY seq DESC LIMIT 1

-- name: change_hash_of
SELECT hash FROM change WHERE seq = ?1

-- name: change_after
SELECT seq, at, grp, actor_id, actor_kind, entity, record_id, action, diff, request_id
FROM change WHERE seq > ?1 ORDER BY seq LIMIT ?2

-- name: change_of_record
-- engine: sqlite
SELECT seq, at, grp, actor_id, actor_kind, entity, record_id, action, diff, request_id
FROM change WHERE record_id = ?1 AND record_id <> 0 AND entity = ?2 AND seq < ?3 AND action <= ?5 ORDER BY seq DESC LIMIT ?4
-- engine: postgres
SELECT seq, at, grp, actor_id, actor_kind, entity, record_id, action, diff, request_id FROM (
  (SELECT * FROM (SELECT seq, at, (SELECT min(m.seq) FROM change_new m WHERE m.xid = n.xid) AS grp,
    actor_id, actor_kind, entity, record_id, action, diff, request_id
    FROM change_new n WHERE record_id = ?1 AND record_id <> 0 AND entity = ?2 AND seq < ?3 AND action <= ?5 ORDER BY seq DESC LIMIT ?4) a)
  UNION ALL
  (SELECT * FROM (SELECT seq, at, grp, actor_id, actor_kind, entity, record_id, action, diff, request_id
    FROM change WHERE record_id = ?1 AND record_id <> 0 AND entity = ?2 AND seq < ?3 AND action <= ?5 ORDER BY seq DESC LIMIT ?4) b)
) u ORDER BY seq DESC LIMIT ?4

-- name: change_in_group
-- engine: sqlite
SELECT seq, at, grp, actor_id, actor_kind, entity, record_id, action, diff, request_id
FROM change WHERE seq >= ?1 ORDER BY seq LIMIT ?2
-- engine: postgres
SELECT seq, at, grp, actor_id, actor_kind, entity, record_id, action, diff, request_id FROM (
  (SELECT seq, at, grp, actor_id, actor_kind, entity, record_id, action, diff, request_id
    FROM change WHERE seq >= ?1 ORDER BY seq LIMIT ?2)
  UNION ALL
  (SELECT seq, at, (SELECT min(m.seq) FROM change_new m WHERE m.xid = n.xid) AS grp,
    actor_id, actor_kind, entity, record_id, action, diff, request_id
    FROM change_new n WHERE seq >= ?1 AND ?1 >= 4503599627370496 ORDER BY seq LIMIT ?2)
) u ORDER BY seq LIMIT ?2

-- name: change_chain
-- No LIMIT: rows are streamed.
SELECT seq, at, grp, actor_id, actor_kind, entity, record_id, action, diff, request_id, salt, erased, hash
FROM change WHERE seq >= ?1 ORDER BY seq

-- name: change_to_erase
-- engine: sqlite
SELECT seq, salt, diff, 0 FROM change
WHERE record_id = ?1 AND record_id <> 0 AND entity = ?2 AND erased IS NULL AND seq > ?3 ORDER BY seq LIMIT ?4
-- engine: postgres
SELECT seq, salt, diff, unsealed FROM (
  (SELECT seq, salt, diff, 0::bigint AS unsealed FROM change
    WHERE record_id = ?1 AND record_id <> 0 AND entity = ?2 AND erased IS NULL AND seq > ?3 ORDER BY seq LIMIT ?4)
  UNION ALL
  (SELECT seq, salt, diff, 1::bigint FROM change_new
    WHERE record_id = ?1 AND record_id <> 0 AND entity = ?2 AND erased IS NULL AND seq > ?3 ORDER BY seq LIMIT ?4)
) u ORDER BY seq LIMIT ?4

-- name: change_set_erased
UPDATE change SET diff = '', salt = NULL, erased = ?2 WHERE seq = ?1

-- name: change_new_set_erased
-- engine: sqlite
UPDATE change SET diff = '', salt = NULL, erased = ?2 WHERE seq = ?1
-- engine: postgres
UPDATE change_new SET diff = '', salt = NULL, erased = ?2 WHERE seq = ?1

-- name: change_reader_get
SELECT seq FROM change_reader WHERE name = ?1

-- name: change_reader_set
INSERT INTO change_reader (name, seq, at) VALUES (?1, ?2, ?3)
ON CONFLICT (name) DO UPDATE SET seq = excluded.seq, at = excluded.at
