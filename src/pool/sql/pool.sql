-- name: pool_list
SELECT "id", "name", "condition", "takes_free" FROM "pool" WHERE "active" = 1 ORDER BY "position", "id" LIMIT 200;

-- name: pool_rule_list
SELECT "id", "name", "condition", "pool_id", "remind_days", "day_max" FROM "pool_rule" WHERE "active" = 1 ORDER BY "position", "id" LIMIT 200;

-- name: stage_rule_list
SELECT "id", "name", "condition", "stage", "reason" FROM "stage_rule" WHERE "active" = 1 ORDER BY "position", "id" LIMIT 200;

-- name: pool_customers
SELECT "customer_id" FROM "pool_entry" WHERE "pool_id" = ?1 ORDER BY "id" LIMIT 100000;

-- name: pool_entry_lock
-- engine: sqlite
SELECT "id" FROM "pool_entry" WHERE "customer_id" = ?1;
-- engine: postgres
SELECT "id" FROM "pool_entry" WHERE "customer_id" = ?1 FOR UPDATE;

-- name: pool_entry_of
SELECT "id" FROM "pool_entry" WHERE "customer_id" = ?1;

-- name: pool_user_lock
-- engine: sqlite
SELECT "id" FROM "user" WHERE "id" = ?1;
-- engine: postgres
SELECT "id" FROM "user" WHERE "id" = ?1 FOR NO KEY UPDATE;

-- name: pool_claims
SELECT count(*) FROM "pool_move" WHERE "to_id" = ?1 AND "created_at" >= ?2 AND "kind" = 'claimed' AND "pool_id" = ?3;

-- name: pool_falls
SELECT count(*) FROM "pool_move" WHERE "rule_id" = ?1 AND "created_at" >= ?2;

-- name: pool_looked
SELECT count(*) FROM "pool_look" WHERE "user_id" = ?1 AND "day_at" = ?2 AND "customer_id" = ?3;

-- name: pool_looks
SELECT count(*) FROM "pool_look" WHERE "user_id" = ?1 AND "day_at" = ?2 AND "pool_id" = ?3;

-- name: pool_exempt
SELECT "until" FROM "pool_exempt" WHERE "customer_id" = ?1 AND ("until" IS NULL OR "until" >= ?2) ORDER BY "until" IS NULL DESC, "until" DESC LIMIT 1;

-- name: pool_warning_of
SELECT "id", "falls_at", "rule_id", "owner_id" FROM "pool_warning" WHERE "customer_id" = ?1;

-- name: pool_held
SELECT count(*) FROM (SELECT 1 FROM "customer" WHERE "owner_id" = ?1 LIMIT 100001) AS held;

-- name: pool_moves_of
SELECT "kind", "created_at", "from_id", "to_id", "reason" FROM "pool_move" WHERE "customer_id" = ?1 ORDER BY "id" DESC LIMIT 20;

-- name: pool_user_name
SELECT "name" FROM "user" WHERE "id" = ?1;

-- name: pool_share_ids
SELECT "id" FROM "share" WHERE "record" = ?1 ORDER BY "id" LIMIT 1000;

-- name: pool_watch_get
SELECT at, held FROM pool_watch WHERE customer_id = ?1;

-- name: pool_watch_put
INSERT INTO pool_watch (customer_id, at, held) VALUES (?1, ?2, ?3) ON CONFLICT (customer_id) DO UPDATE SET at = excluded.at, held = excluded.held;

-- name: pool_watch_clear
DELETE FROM pool_watch WHERE customer_id = ?1;

-- name: pool_watch_due
SELECT customer_id FROM pool_watch WHERE at <= ?1 ORDER BY at LIMIT ?2;

-- name: pool_watch_first
SELECT at FROM pool_watch ORDER BY at LIMIT 1;

-- name: pool_sweep_get
SELECT after_id FROM pool_sweep WHERE id = 1;

-- name: pool_sweep_put
INSERT INTO pool_sweep (id, after_id) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET after_id = excluded.after_id;

-- name: pool_sweep_end
DELETE FROM pool_sweep WHERE id = 1;

-- name: pool_after
SELECT "id" FROM "customer" WHERE "id" > ?1 ORDER BY "id" LIMIT ?2;

-- name: pool_held_begin
UPDATE "customer" SET "held_since" = "created_at" WHERE "owner_id" IS NOT NULL AND "held_since" IS NULL;

-- name: pool_customer
SELECT "stage", "owner_id", "pool_id", "stage_rule_id", "merged_into_id" FROM "customer" WHERE "id" = ?1;

-- name: pool_left_lately
SELECT count(*) FROM "pool_move" WHERE "customer_id" = ?1 AND "kind" IN ('claimed', 'assigned') AND "created_at" >= ?2;

-- name: pool_size
SELECT count(*) FROM "pool_entry" WHERE "pool_id" = ?1;

-- name: stage_move_last
SELECT coalesce("rule_id", 0) FROM "stage_move" WHERE "customer_id" = ?1 ORDER BY "id" DESC LIMIT 1;

-- name: stage_rule_all
SELECT "id", "name", "stage", "condition" FROM "stage_rule" ORDER BY "position", "id" LIMIT 200;

-- name: pool_owner_of
SELECT "owner_id" FROM "customer" WHERE "id" = ?1;

-- name: stage_rules_any
SELECT count(*) FROM "stage_rule";
