-- Copies and checks of a PostgreSQL schema, from its catalogue.

-- name: pg_unsupported
-- What the dump does not know of: enums, domains, partitioned and materialised tables.
-- engine: sqlite
SELECT ''
-- engine: postgres
SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('p', 'm', 'f')
UNION ALL
SELECT typname::text FROM pg_type WHERE typnamespace = current_schema()::regnamespace AND typtype IN ('e', 'd', 'r')

-- name: pg_dump_columns
-- What is copied of each table: not what is computed, and no transaction numbers, which mean nothing elsewhere.
-- engine: sqlite
SELECT ''
-- engine: postgres
SELECT format('COPY %I (%s)', c.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum))
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attgenerated = ''
AND a.atttypid <> 'xid8'::regtype GROUP BY c.oid, c.relname ORDER BY c.relname

-- name: pg_dump_constraints
-- engine: sqlite
SELECT ''
-- engine: postgres
SELECT format('ALTER TABLE %I ADD CONSTRAINT %I %s', c.relname, k.conname, pg_get_constraintdef(k.oid, true))
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND k.contype IN ('p', 'u', 'c', 'x', 'f')
ORDER BY CASE k.contype WHEN 'f' THEN 1 ELSE 0 END, c.relname, k.conname

-- name: pg_dump_indexes
-- engine: sqlite
SELECT ''
-- engine: postgres
SELECT pg_get_indexdef(i.indexrelid, 0, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND i.indisvalid
AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
ORDER BY i.indexrelid::regclass::text

-- name: pg_dump_values
-- engine: sqlite
SELECT ''
-- engine: postgres
SELECT format('%s %s %s', sequencename, coalesce(last_value, start_value), (last_value IS NOT NULL)::text)
FROM pg_sequences WHERE schemaname = current_schema() ORDER BY sequencename

-- name: pg_restore_value
-- engine: sqlite
SELECT 0
-- engine: postgres
SELECT setval(c.oid::regclass, ?2::bigint, ?3::bigint = 1) FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'S' AND c.relname = ?1::text

-- name: pg_restore_names
-- engine: sqlite
SELECT ''
-- engine: postgres
SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' ORDER BY relname

-- name: pg_restore_columns
-- The same as pg_dump_columns takes.
-- engine: sqlite
SELECT ''
-- engine: postgres
SELECT a.attname::text, a.atthasdef::int FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.relname = ?1::text AND a.attgenerated = ''
AND a.atttypid <> 'xid8'::regtype ORDER BY a.attnum

-- name: pg_restore_drops
-- Keys and indexes of the new schema, which are made again after the rows.
-- engine: sqlite
SELECT ''
-- engine: postgres
SELECT format('ALTER TABLE %I DROP CONSTRAINT %I', c.relname, k.conname)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND k.contype IN ('p', 'u', 'c', 'x', 'f')
ORDER BY CASE k.contype WHEN 'f' THEN 0 ELSE 1 END, c.relname, k.conname

-- name: pg_restore_index_drops
-- engine: sqlite
SELECT ''
-- engine: postgres
SELECT format('DROP INDEX %I', x.relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid) ORDER BY x.relname

-- name: pg_restore_tables
-- engine: sqlite
SELECT 0
-- engine: postgres
SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'S', 'v', 'm')

-- name: pg_restore_undo
-- engine: sqlite
SELECT 0
-- engine: postgres
DO $$ DECLARE one record; BEGIN
 FOR one IN SELECT DISTINCT p.oid::regprocedure AS name FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_proc p ON p.oid = g.tgfoid
  WHERE c.relnamespace = current_schema()::regnamespace AND p.pronamespace = c.relnamespace AND NOT g.tgisinternal LOOP
  EXECUTE format('DROP FUNCTION %s CASCADE', one.name);
 END LOOP;
 FOR one IN SELECT relname, relkind FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'S') ORDER BY relkind = 'S' LOOP
  EXECUTE format('DROP %s IF EXISTS %I.%I CASCADE', CASE one.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, current_schema(), one.relname);
 END LOOP;
END $$

-- name: pg_check_indexes
-- engine: sqlite
SELECT ''
-- engine: postgres
SELECT format('index %s is not valid', i.indexrelid::regclass) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace = current_schema()::regnamespace AND NOT (i.indisvalid AND i.indisready)
UNION ALL
SELECT format('constraint %s on %s was never checked', k.conname, k.conrelid::regclass) FROM pg_constraint k
WHERE k.connamespace = current_schema()::regnamespace AND NOT k.convalidated
UNION ALL
SELECT format('%s damaged pages were met in this database', checksum_failures) FROM pg_stat_database
WHERE datname = current_database() AND checksum_failures > 0

-- name: pg_check_references
-- One query for each foreign key, which counts rows that refer to nothing.
-- engine: sqlite
SELECT '', ''
-- engine: postgres
SELECT format('%s of %s', k.conname, k.conrelid::regclass),
  format('SELECT count(*) FROM %s c WHERE %s AND NOT EXISTS (SELECT 1 FROM %s p WHERE %s)', k.conrelid::regclass,
    string_agg(format('c.%I IS NOT NULL', a.attname), ' AND '), k.confrelid::regclass,
    string_agg(format('p.%I = c.%I', f.attname, a.attname), ' AND '))
FROM pg_constraint k CROSS JOIN LATERAL unnest(k.conkey, k.confkey) AS u (own, other)
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.own
JOIN pg_attribute f ON f.attrelid = k.confrelid AND f.attnum = u.other
WHERE k.connamespace = current_schema()::regnamespace AND k.contype = 'f'
GROUP BY k.oid, k.conname, k.conrelid, k.confrelid ORDER BY k.conname

-- name: pg_check_btrees
-- Only where the amcheck extension is installed.
-- engine: sqlite
SELECT ''
-- engine: postgres
SELECT format('SELECT %s(%L::regclass)', (SELECT p.oid::regproc FROM pg_proc p JOIN pg_extension e ON e.extname = 'amcheck'
    AND p.pronamespace = e.extnamespace AND p.proname = 'bt_index_check' AND p.pronargs = 1), i.indexrelid::regclass)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam AND m.amname = 'btree'
WHERE c.relnamespace = current_schema()::regnamespace AND EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'amcheck')
