-- name: relation_up
SELECT "to_id" FROM "relation" WHERE "from_id" = ?1 AND "kind_id" = ?2 ORDER BY "id" LIMIT 50;

-- name: relation_other_way
SELECT "id" FROM "relation" WHERE "from_id" = ?1 AND "to_id" = ?2 AND "kind_id" = ?3 LIMIT 1;

-- name: relation_out
SELECT "id", "to_id", "kind_id", "until" FROM "relation" WHERE "from_id" = ?1 AND "id" > ?2 ORDER BY "id" LIMIT ?3;

-- name: relation_in
SELECT "id", "from_id", "kind_id", "until" FROM "relation" WHERE "to_id" = ?1 AND "id" > ?2 ORDER BY "id" LIMIT ?3;

-- name: relation_kinds
SELECT "id", "key", "name", "name_zh", "inverse", "inverse_zh", "both_ways" FROM "relation_kind" ORDER BY "position", "id" LIMIT 500;

-- name: relation_kinds_any
SELECT count(*) FROM "relation_kind";

-- name: relation_count
SELECT count(*) FROM (SELECT 1 FROM "relation" WHERE "kind_id" = ?1 LIMIT 1) AS one;
