-- name: condition_member
SELECT 1 FROM "segment_member" WHERE "segment_id" = ?1 AND "record_id" = ?2;
