-- name: reader_where
SELECT seq FROM change_reader WHERE name = ?1;

-- name: reader_lock
-- engine: sqlite
SELECT seq FROM change_reader WHERE name = ?1;
-- engine: postgres
SELECT seq FROM change_reader WHERE name = ?1 FOR UPDATE;

-- name: reader_put_aside
INSERT INTO reader_aside (reader, seq, at, entity, record_id, error) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (reader, seq) DO NOTHING;

-- name: reader_list
SELECT r.name, r.seq, r.at, (SELECT count(*) FROM reader_aside a WHERE a.reader = r.name) FROM change_reader r ORDER BY r.name;

-- name: reader_aside_list
SELECT reader, seq, at, entity, record_id, error FROM reader_aside ORDER BY reader, seq LIMIT 200;

-- name: reader_aside_skip
DELETE FROM reader_aside WHERE reader = ?1 AND seq = ?2;
