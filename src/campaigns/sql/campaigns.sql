-- name: campaigns_running
SELECT c."id", c."owner_id", c."window_days", c."control_share", coalesce(c."starts_at", 0), coalesce(c."ends_at", 0), c."live", c."channel", coalesce(c."seed", ''),
coalesce(p.at_segment, 0), coalesce(p.at_record, 0), coalesce(p.listed_ms, 0)
FROM "campaign" c LEFT JOIN campaign_place p ON p.campaign_id = c."id" WHERE c."state" = 'running' AND (c."id" = ?1 OR ?1 = 0) ORDER BY c."id" LIMIT 200;

-- name: campaign_put_place
INSERT INTO campaign_place (campaign_id, at_segment, at_record, listed_ms) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (campaign_id) DO UPDATE SET at_segment = excluded.at_segment, at_record = excluded.at_record, listed_ms = excluded.listed_ms;

-- name: campaign_next_segment
SELECT min(link_id) FROM "campaign_segments" WHERE record_id = ?1 AND link_id > ?2;

-- name: campaign_segment_state
SELECT count(*) FROM "campaign_segments" l JOIN "segment" s ON s."id" = l.link_id WHERE l.record_id = ?1 AND (s."state" <> 'ready' OR s."entity" <> 'customer');

-- name: campaign_minus_state
SELECT count(*) FROM "campaign_minus" l JOIN "segment" s ON s."id" = l.link_id WHERE l.record_id = ?1 AND (s."state" <> 'ready' OR s."entity" <> 'customer');

-- name: campaign_candidates
SELECT m.record_id, EXISTS (SELECT 1 FROM "campaign_minus" x JOIN segment_member y ON y.segment_id = x.link_id AND y.record_id = m.record_id WHERE x.record_id = ?1)
OR EXISTS (SELECT 1 FROM "campaign_recipient" r WHERE r."campaign_id" = ?1 AND r."customer_id" = m.record_id)
FROM segment_member m WHERE m.segment_id = ?2 AND m.record_id > ?3 ORDER BY m.record_id LIMIT ?4;

-- name: campaign_put_recipient
INSERT INTO "campaign_recipient" ("id", "version", "created_at", "updated_at", "campaign_id", "customer_id", "variant_id", "state", "reason", "due_at", "listed_at", "attempts", "orders", "revenue")
VALUES (?1, 1, ?2, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?2, 0, 0, 0) ON CONFLICT DO NOTHING;

-- name: campaign_still_running
SELECT CASE WHEN "state" = 'running' THEN 1 ELSE 0 END FROM "campaign" WHERE "id" = ?1;

-- name: campaign_variants
SELECT "id", "share" FROM "campaign_variant" WHERE "campaign_id" = ?1 ORDER BY "id" LIMIT 20;

-- name: campaign_variant_count
SELECT count(*) FROM "campaign_variant" WHERE "campaign_id" = ?1;

-- name: campaign_contents
SELECT coalesce("variant_id", 0), "language", "subject", "text", "html" FROM "campaign_content" WHERE "campaign_id" = ?1 ORDER BY "id" LIMIT 100;

-- name: campaign_due
SELECT "id", "customer_id", coalesce("variant_id", 0), "attempts" FROM "campaign_recipient" WHERE "campaign_id" = ?1 AND "state" = 'waiting' AND "due_at" <= ?2 ORDER BY "due_at" LIMIT ?3;

-- name: campaign_in_flight
SELECT count(*) FROM (SELECT 1 FROM "campaign_recipient" WHERE "campaign_id" = ?1 AND "state" = 'queued' LIMIT 2000) q;

-- name: campaign_unfinished
SELECT 1 FROM "campaign_recipient" WHERE "campaign_id" = ?1 AND "state" IN ('waiting', 'queued', 'ready') LIMIT 1;

-- name: campaign_queue
UPDATE "campaign_recipient" SET "state" = 'queued', "reason" = NULL, "updated_at" = ?2 WHERE "id" = ?1 AND "state" = 'waiting';

-- name: campaign_skip
UPDATE "campaign_recipient" SET "state" = 'skipped', "reason" = ?2, "updated_at" = ?3 WHERE "id" = ?1 AND "state" IN ('waiting', 'queued');

-- name: campaign_fail
UPDATE "campaign_recipient" SET "state" = ?2, "reason" = ?3, "note" = ?4, "sent_at" = ?5, "updated_at" = ?6 WHERE "id" = ?1 AND "state" IN ('queued', 'unsure');

-- name: campaign_go_again
UPDATE "campaign_recipient" SET "state" = 'queued', "reason" = NULL, "updated_at" = ?2 WHERE "id" = ?1 AND "state" IN ('failed', 'unsure');

-- name: campaign_skip_waiting
UPDATE "campaign_recipient" SET "state" = 'skipped', "reason" = ?2, "updated_at" = ?3 WHERE "campaign_id" = ?1 AND "state" IN ('waiting', 'ready');

-- name: campaign_queued
SELECT "id", "attempts" FROM "campaign_recipient" WHERE "campaign_id" = ?1 AND "state" = 'queued' LIMIT 5000;

-- name: campaign_wait_again
UPDATE "campaign_recipient" SET "state" = 'waiting', "reason" = ?3, "attempts" = "attempts" + 1, "due_at" = ?2 WHERE "id" = ?1 AND "state" = 'queued';

-- name: campaign_resend
UPDATE "campaign_recipient" SET "state" = 'waiting', "reason" = NULL, "note" = NULL, "attempts" = "attempts" + 1, "due_at" = ?2 WHERE "campaign_id" = ?1 AND "state" = 'failed';

-- name: campaign_hand_over
UPDATE "campaign_recipient" SET "state" = ?3, "reason" = ?4, "due_at" = ?5, "sent_at" = ?6, "updated_at" = ?2 WHERE "id" = ?1 AND "state" = 'ready';

-- name: campaign_recipient_read
SELECT r."campaign_id", r."customer_id", r."state", r."attempts", c."state", c."channel", coalesce(c."ends_at", 0), c."owner_id" FROM "campaign_recipient" r
JOIN "campaign" c ON c."id" = r."campaign_id" WHERE r."id" = ?1;

-- name: campaign_note_order
UPDATE "campaign_recipient" SET "orders" = (SELECT count(*) FROM "order" o JOIN "campaign" c ON c."id" = "campaign_recipient"."campaign_id"
WHERE o."customer_id" = "campaign_recipient"."customer_id" AND o."placed_at" >= "campaign_recipient"."listed_at"
AND o."placed_at" < "campaign_recipient"."listed_at" + c."window_days" * 86400000 AND o."state" NOT IN ('draft', 'cancelled', 'returned') AND o."kind" <> 'return'),
"revenue" = (SELECT coalesce(sum(o."total_base"), 0) FROM "order" o JOIN "campaign" c ON c."id" = "campaign_recipient"."campaign_id"
WHERE o."customer_id" = "campaign_recipient"."customer_id" AND o."placed_at" >= "campaign_recipient"."listed_at"
AND o."placed_at" < "campaign_recipient"."listed_at" + c."window_days" * 86400000 AND o."state" NOT IN ('draft', 'cancelled', 'returned'))
WHERE "customer_id" = ?1 AND "listed_at" <= ?2 AND "listed_at" > ?2 - 366 * CAST(86400000 AS bigint);

-- name: campaign_note_leaving
UPDATE "campaign_recipient" SET "unsubscribed_at" = ?2 WHERE "id" = ?1 AND "customer_id" = ?3 AND "unsubscribed_at" IS NULL;

-- name: campaign_counts
SELECT coalesce("variant_id", 0), "state", coalesce("reason", ''), count(*), sum(CASE WHEN "orders" > 0 THEN 1 ELSE 0 END), sum("orders"), sum("revenue"),
sum(CAST("revenue" AS double precision) * CAST("revenue" AS double precision)), sum(CASE WHEN "unsubscribed_at" IS NOT NULL THEN 1 ELSE 0 END)
FROM "campaign_recipient" WHERE "campaign_id" = ?1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- name: campaign_size
SELECT count(*), sum(CASE WHEN EXISTS (SELECT 1 FROM "order" o WHERE o."customer_id" = q.id AND o."placed_at" >= ?2 AND o."state" NOT IN ('draft', 'cancelled', 'returned')
AND o."kind" <> 'return') THEN 1 ELSE 0 END) FROM (SELECT DISTINCT m.record_id AS id FROM "campaign_segments" s JOIN segment_member m ON m.segment_id = s.link_id
WHERE s.record_id = ?1 AND NOT EXISTS (SELECT 1 FROM "campaign_minus" x JOIN segment_member y ON y.segment_id = x.link_id AND y.record_id = m.record_id
WHERE x.record_id = ?1) LIMIT 200000) q;

-- name: campaign_some_members
SELECT m.record_id FROM "campaign_segments" s JOIN segment_member m ON m.segment_id = s.link_id WHERE s.record_id = ?1 LIMIT ?2;

-- name: campaign_ready
SELECT r."id", r."customer_id", CASE WHEN r."state" = 'ready' THEN 1 ELSE 0 END, c."name", v."name", a."receiver", a."country", a."province", a."city", a."district", a."street", a."postcode"
FROM "campaign_recipient" r JOIN "customer" c ON c."id" = r."customer_id" LEFT JOIN "campaign_variant" v ON v."id" = r."variant_id"
LEFT JOIN "address" a ON a."id" = (SELECT x."id" FROM "address" x WHERE x."customer_id" = r."customer_id" ORDER BY CASE WHEN x."is_default" = 1 THEN 0 ELSE 1 END, x."id" LIMIT 1)
WHERE r."campaign_id" = ?1 AND r."customer_id" > ?2 AND r."state" IN ('ready', 'sent') ORDER BY r."customer_id" LIMIT ?3;
