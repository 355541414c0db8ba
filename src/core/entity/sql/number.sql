-- name: number_next
UPDATE "number_count" SET "last" = "last" + 1, "updated_at" = ?3 WHERE "field" = ?1 AND "words" = ?2 RETURNING "last";

-- name: number_last
SELECT "last" FROM "number_count" WHERE "field" = ?1 AND "words" = ?2;

-- name: number_begin
INSERT INTO "number_count" ("id", "version", "created_at", "updated_at", "field", "words", "last") VALUES (?1, 1, ?2, ?2, ?3, ?4, ?5)
ON CONFLICT ("field", "words") DO NOTHING;

-- name: number_raise
UPDATE "number_count" SET "last" = ?3, "updated_at" = ?4 WHERE "field" = ?1 AND "words" = ?2 AND "last" < ?3;
