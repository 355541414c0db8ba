-- name: segment_list
SELECT "id", "owner_id", "version", "live", "size", "name", "condition", "entity" FROM "segment"
WHERE ("state" = ?1 OR ?1 = '') AND ("id" = ?2 OR ?2 = 0) ORDER BY "id";

-- name: segment_set_state
UPDATE "segment" SET "state" = ?2, "error" = ?3, "filled_at" = ?4 WHERE "id" = ?1;

-- name: segment_set_timed
UPDATE "segment" SET "timed_to" = ?2 WHERE "id" = ?1;

-- name: segment_untimed
SELECT "id", "timed_to" FROM "segment" WHERE "state" = 'ready' AND "live" = 1 AND "timed_to" IS NOT NULL ORDER BY "id" LIMIT 1;

-- name: segment_all_wait
UPDATE "segment" SET "state" = 'waiting' WHERE "live" = 1 AND "state" <> 'failed';

-- name: segment_is_member
SELECT 1 FROM segment_member WHERE segment_id = ?1 AND record_id = ?2;

-- name: segment_enter
INSERT INTO segment_member (segment_id, record_id, entered_at) VALUES (?1, ?2, ?3) ON CONFLICT (segment_id, record_id) DO NOTHING;

-- name: segment_leave
DELETE FROM segment_member WHERE segment_id = ?1 AND record_id = ?2;

-- name: segment_members
SELECT record_id FROM segment_member WHERE segment_id = ?1 ORDER BY record_id;

-- name: segment_count
SELECT count(*) FROM segment_member WHERE segment_id = ?1;

-- name: segment_set_size
UPDATE "segment" SET "size" = ?2 WHERE "id" = ?1;

-- name: segment_add_size
UPDATE "segment" SET "size" = coalesce("size", 0) + ?2 WHERE "id" = ?1;

-- name: segment_get_size
SELECT coalesce("size", 0) FROM "segment" WHERE "id" = ?1;

-- name: segment_put_size
INSERT INTO segment_size (segment_id, at, size) VALUES (?1, ?2, ?3) ON CONFLICT (segment_id, at) DO UPDATE SET size = excluded.size;

-- name: segment_sizes
SELECT at, size FROM segment_size WHERE segment_id = ?1 AND at >= ?2 ORDER BY at LIMIT 5000;

-- name: segment_put_event
INSERT INTO segment_event (segment_id, at, record_id, entered, cause, seq, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- name: segment_events
SELECT at, record_id, entered, cause, detail FROM segment_event WHERE segment_id = ?1 AND at < ?2 ORDER BY at DESC LIMIT ?3;

-- name: segment_record_events
SELECT at, entered, cause, detail FROM segment_event WHERE segment_id = ?1 AND record_id = ?2 ORDER BY at DESC LIMIT 50;

-- name: segment_get_next
SELECT at FROM segment_next WHERE segment_id = ?1 AND record_id = ?2;

-- name: segment_put_next
INSERT INTO segment_next (segment_id, record_id, at) VALUES (?1, ?2, ?3) ON CONFLICT (segment_id, record_id) DO UPDATE SET at = excluded.at;

-- name: segment_clear_next
DELETE FROM segment_next WHERE segment_id = ?1 AND record_id = ?2;

-- name: segment_clear_nexts
DELETE FROM segment_next WHERE segment_id = ?1;

-- name: segment_due
SELECT segment_id, record_id, at FROM segment_next WHERE at <= ?1 ORDER BY at, segment_id LIMIT ?2;

-- name: segment_first_due
SELECT at FROM segment_next ORDER BY at LIMIT 1;

-- name: segment_forget_members
DELETE FROM segment_member WHERE segment_id = ?1;

-- name: segment_forget_events
DELETE FROM segment_event WHERE segment_id = ?1;

-- name: segment_forget_sizes
DELETE FROM segment_size WHERE segment_id = ?1;

-- name: segment_of_record
SELECT s."id", s."name", m.entered_at FROM segment_member m JOIN "segment" s ON s."id" = m.segment_id WHERE m.record_id = ?1 ORDER BY s."name";

-- name: segment_copy_members
INSERT INTO segment_member (segment_id, record_id, entered_at) SELECT ?1, record_id, ?3 FROM segment_member WHERE segment_id = ?2;

-- name: segment_in_both
SELECT count(*) FROM segment_member a JOIN segment_member b ON b.record_id = a.record_id AND b.segment_id = ?2 WHERE a.segment_id = ?1;

-- name: segment_conditions
SELECT "id", "name", "condition", "entity", "owner_id" FROM "segment";

-- A member of a segment that does not fill itself, who is merged into another: kept aside under the segment's number below zero, with the
-- moment below zero where the other was no member and becomes one.
-- name: segment_merge_aside
INSERT INTO segment_member (segment_id, record_id, entered_at)
SELECT -m.segment_id, m.record_id, CASE WHEN EXISTS (SELECT 1 FROM segment_member x WHERE x.segment_id = m.segment_id AND x.record_id = ?2) THEN m.entered_at ELSE -m.entered_at END
  FROM segment_member m JOIN "segment" s ON s.id = m.segment_id WHERE m.record_id = ?1 AND m.segment_id > 0 AND s.live = 0;

-- name: segment_merge_enter
INSERT INTO segment_member (segment_id, record_id, entered_at)
SELECT -segment_id, CAST(?2 AS BIGINT), -entered_at FROM segment_member WHERE record_id = ?1 AND segment_id < 0 AND entered_at < 0;

-- name: segment_merge_leave
DELETE FROM segment_member WHERE record_id = ?1 AND segment_id > 0
   AND EXISTS (SELECT 1 FROM segment_member p WHERE p.segment_id = -segment_member.segment_id AND p.record_id = ?1);

-- name: segment_merge_sizes
UPDATE "segment" SET size = size + ?2 WHERE id IN (SELECT -segment_id FROM segment_member WHERE record_id = ?1 AND segment_id < 0 AND entered_at > 0);

-- name: segment_apart_leave
DELETE FROM segment_member WHERE record_id = ?2 AND segment_id > 0
   AND EXISTS (SELECT 1 FROM segment_member p WHERE p.segment_id = -segment_member.segment_id AND p.record_id = ?1 AND p.entered_at < 0);

-- name: segment_apart_enter
INSERT INTO segment_member (segment_id, record_id, entered_at)
SELECT -segment_id, record_id, abs(entered_at) FROM segment_member WHERE record_id = ?1 AND segment_id < 0 ON CONFLICT (segment_id, record_id) DO NOTHING;

-- name: segment_apart_done
DELETE FROM segment_member WHERE record_id = ?1 AND segment_id < 0;
