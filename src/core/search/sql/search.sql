-- Statements of the search index. Those for one engine only have a harmless twin for the other.

-- name: search_put_find
-- engine: sqlite
SELECT doc, rank, owner_id, team_id, branch_id, source FROM search_doc WHERE record_id = ?1
-- engine: postgres
SELECT record_id, rank, owner_id, team_id, branch_id, source FROM search_doc WHERE record_id = ?1

-- name: search_last_doc
-- A number may be used again only when nothing of its former bearer waits for removal.
-- engine: sqlite
SELECT max(coalesce((SELECT max(doc) FROM search_doc WHERE doc BETWEEN ?1 AND ?2), ?1),
           coalesce((SELECT max(doc) FROM search_wait WHERE doc BETWEEN ?1 AND ?2), ?1))
-- engine: postgres
SELECT ?1::bigint WHERE ?2::bigint IS NOT NULL

-- name: search_insert
-- engine: sqlite
INSERT INTO search_doc (doc, record_id, rank, owner_id, team_id, branch_id, source) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
-- engine: postgres
INSERT INTO search_doc (entity, record_id, rank, owner_id, team_id, branch_id, source, terms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, array_to_tsvector(string_to_array(?8, ' ')))
ON CONFLICT (record_id) DO UPDATE SET entity = excluded.entity, rank = excluded.rank, owner_id = excluded.owner_id,
team_id = excluded.team_id, branch_id = excluded.branch_id, source = excluded.source, terms = excluded.terms
WHERE (search_doc.entity, search_doc.rank, search_doc.owner_id, search_doc.team_id, search_doc.branch_id, search_doc.source)
IS DISTINCT FROM
(excluded.entity, excluded.rank, excluded.owner_id, excluded.team_id, excluded.branch_id, excluded.source)

-- name: search_insert_new
-- A record that has no row: PostgreSQL takes very many of a plain insert together. ?8 is the terms as a tsvector's text.
-- engine: sqlite
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
-- engine: postgres
INSERT INTO search_doc (entity, record_id, rank, owner_id, team_id, branch_id, source, terms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)

-- name: search_update
-- engine: sqlite
UPDATE search_doc SET rank = ?2, owner_id = ?3, team_id = ?4, branch_id = ?5, source = ?6 WHERE doc = ?1
-- engine: postgres
UPDATE search_doc SET rank = ?2, owner_id = ?3, team_id = ?4, branch_id = ?5 WHERE record_id = ?1 AND ?6::text IS NOT NULL

-- name: search_delete
-- engine: sqlite
DELETE FROM search_doc WHERE doc = ?1
-- engine: postgres
DELETE FROM search_doc WHERE record_id = ?1

-- name: search_wait_new
-- engine: sqlite
INSERT INTO search_wait (doc) VALUES (?1)
-- engine: postgres
SELECT ?1::bigint

-- name: search_wait_old
-- Keeps what the full-text table has; a document that already waits keeps its first.
-- engine: sqlite
INSERT INTO search_wait (doc, owner_id, team_id, branch_id, source)
SELECT doc, owner_id, team_id, branch_id, source FROM search_doc WHERE doc = ?1 ON CONFLICT (doc) DO NOTHING
-- engine: postgres
SELECT ?1::bigint

-- name: search_wait_forget
-- engine: sqlite
DELETE FROM search_wait WHERE doc = ?1 AND source IS NULL
-- engine: postgres
SELECT ?1::bigint

-- name: search_wait_count
-- engine: sqlite
SELECT count(*) FROM search_wait
-- engine: postgres
SELECT 0

-- name: search_wait_all
-- engine: sqlite
SELECT w.doc, w.owner_id, w.team_id, w.branch_id, w.source, d.owner_id, d.team_id, d.branch_id, d.source
FROM search_wait w LEFT JOIN search_doc d ON d.doc = w.doc WHERE w.doc > ?1 ORDER BY w.doc LIMIT ?2
-- engine: postgres
SELECT 0 WHERE ?1::bigint > ?2::bigint

-- name: search_wait_clear
-- engine: sqlite
DELETE FROM search_wait
-- engine: postgres
SELECT 0

-- name: search_terms_add
-- engine: sqlite
INSERT INTO search_fts (rowid, terms) VALUES (?1, ?2)
-- engine: postgres
SELECT ?1::bigint, ?2::text

-- name: search_terms_remove
-- engine: sqlite
INSERT INTO search_fts (search_fts, rowid, terms) VALUES ('delete', ?1, ?2)
-- engine: postgres
SELECT ?1::bigint, ?2::text

-- name: search_merge
-- engine: sqlite
INSERT INTO search_fts (search_fts, rank) VALUES ('merge', ?1)
-- engine: postgres
SELECT ?1::bigint

-- name: search_changes
-- engine: sqlite
SELECT total_changes()
-- engine: postgres
SELECT 0

-- name: search_structure
-- engine: sqlite
SELECT block FROM search_fts_data WHERE id = 10
-- engine: postgres
SELECT NULL::bytea

-- name: search_gin_clean
-- engine: sqlite
SELECT 0
-- engine: postgres
SELECT gin_clean_pending_list('search_doc_terms')

-- name: search_candidates
-- SQLite: ?2 and ?3 are the documents from and to.  PostgreSQL, where terms have their entity in front: by GIN,
-- which knows no order, so at most ?3 are fetched (the last column tells how many) and the newest of them given.
-- engine: sqlite
SELECT f.rowid, d.record_id, d.rank, d.owner_id, d.team_id, d.branch_id, d.source
FROM search_fts f CROSS JOIN search_doc d ON d.doc = f.rowid
WHERE f.search_fts MATCH ?1 AND f.rowid BETWEEN ?2 AND ?3 ORDER BY f.rowid DESC LIMIT ?4
-- engine: postgres
WITH m AS MATERIALIZED (SELECT entity, record_id, rank, owner_id, team_id, branch_id, source FROM search_doc
WHERE terms @@ ?1::tsquery AND ?2::bigint IS NOT NULL LIMIT ?3)
SELECT m.*, count(*) OVER () FROM m ORDER BY record_id DESC LIMIT ?4

-- name: search_candidates_many
-- Several expressions at once, the rows of each as above (the last column numbers it, from 1). Only ids are sorted, as
-- there are up to ?2 of them and few are given. The last LIMIT, of all, is only to say that the answer is short.
-- engine: sqlite
SELECT 0 WHERE ?1 < 0 AND ?2 < 0 AND ?3 < 0 AND ?4 < 0
-- engine: postgres
SELECT d.entity, d.record_id, d.rank, d.owner_id, d.team_id, d.branch_id, d.source, c.found, q.n
FROM unnest(?1::text[]) WITH ORDINALITY q (expr, n) CROSS JOIN LATERAL
(SELECT m.record_id, count(*) OVER () AS found FROM (SELECT record_id FROM search_doc WHERE terms @@ q.expr::tsquery LIMIT ?2) m
ORDER BY m.record_id DESC LIMIT ?3) c JOIN search_doc d ON d.record_id = c.record_id
ORDER BY q.n, c.record_id DESC LIMIT ?4

-- name: search_newest
-- What so many rows have stands among the newest.
-- engine: sqlite
SELECT 0 WHERE ?1 < 0 AND ?2 < 0 AND ?3 < 0 AND ?4 < 0
-- engine: postgres
SELECT entity, record_id, rank, owner_id, team_id, branch_id, source FROM
(SELECT * FROM search_doc WHERE entity BETWEEN ?2 AND ?2 ORDER BY entity DESC, record_id DESC LIMIT ?3) w
WHERE terms @@ ?1::tsquery LIMIT ?4

-- name: search_entities_present
-- engine: sqlite
SELECT 0 WHERE ?1 < 0
-- engine: postgres
WITH RECURSIVE present (entity) AS (
SELECT max(entity) FROM search_doc WHERE entity <= ?1
UNION ALL SELECT (SELECT max(d.entity) FROM search_doc d WHERE d.entity < p.entity) FROM present p WHERE p.entity IS NOT NULL)
SELECT entity FROM present WHERE entity IS NOT NULL

-- name: search_any_below
-- engine: sqlite
SELECT 1 FROM search_doc WHERE doc <= ?1 LIMIT 1
-- engine: postgres
SELECT 1 FROM search_doc WHERE entity <= ?1 LIMIT 1

-- name: search_term_range
-- engine: sqlite
SELECT d.doc, d.record_id, d.rank, d.owner_id, d.team_id, d.branch_id, d.source
FROM search_term t CROSS JOIN search_doc d ON d.doc = t.doc WHERE t.term >= ?1 AND t.term < ?2 LIMIT ?3
-- engine: postgres
SELECT 0 WHERE ?1::text > ?2::text AND ?3::bigint > 0

-- name: search_term_known
-- engine: sqlite
SELECT 1 FROM search_term WHERE term = ?1 AND doc NOT IN (SELECT doc FROM search_wait) LIMIT 1
-- engine: postgres
SELECT 1 WHERE ?1::text IS NULL

-- name: search_waiting
-- engine: sqlite
SELECT d.doc, d.record_id, d.rank, d.owner_id, d.team_id, d.branch_id, d.source
FROM search_wait w CROSS JOIN search_doc d ON d.doc = w.doc ORDER BY w.doc DESC LIMIT ?1
-- engine: postgres
SELECT 0 WHERE ?1::bigint < 0

-- name: search_ids
SELECT record_id FROM search_doc WHERE record_id > ?1 ORDER BY record_id LIMIT ?2

-- name: search_docs_from
-- engine: sqlite
SELECT doc, owner_id, team_id, branch_id, source, record_id FROM search_doc WHERE doc > ?1 ORDER BY doc LIMIT ?2
-- engine: postgres
SELECT record_id, owner_id, team_id, branch_id, source, array_to_string(tsvector_to_array(terms), ' '), entity
FROM search_doc WHERE record_id > ?1 ORDER BY record_id LIMIT ?2

-- name: search_terms_from
-- engine: sqlite
SELECT term, doc FROM search_term
-- engine: postgres
SELECT 0

-- name: search_probe
-- engine: sqlite
SELECT 1 FROM search_fts WHERE search_fts MATCH ?1 AND rowid = ?2
-- engine: postgres
SELECT 1 FROM search_doc WHERE terms @@ ?1::tsquery AND record_id = ?2

-- name: search_layout_get
SELECT layout FROM search_layout

-- name: search_layout_clear
DELETE FROM search_layout

-- name: search_layout_set
INSERT INTO search_layout (layout) VALUES (?1)

-- name: search_clear_docs
DELETE FROM search_doc

-- name: search_clear_terms
-- engine: sqlite
INSERT INTO search_fts (search_fts) VALUES ('delete-all')
-- engine: postgres
SELECT 0
