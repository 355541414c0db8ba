-- name: consent_newest
SELECT "id", "state", "at", "text_version" FROM "consent" WHERE "customer_id" = ?1 AND "channel" = ?2 AND "purpose" = ?3 ORDER BY "at" DESC, "id" DESC LIMIT 1;

-- name: consent_put_now
INSERT INTO consent_now (customer_id, channel, purpose, state, at, consent_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (customer_id, channel, purpose) DO UPDATE SET state = excluded.state, at = excluded.at, consent_id = excluded.consent_id;

-- name: consent_clear_now
DELETE FROM consent_now WHERE customer_id = ?1 AND channel = ?2 AND purpose = ?3;

-- name: consent_nows
SELECT channel, purpose, state, at, consent_id FROM consent_now WHERE customer_id = ?1 ORDER BY purpose, channel;

-- name: consent_fill_now
INSERT INTO consent_now (customer_id, channel, purpose, state, at, consent_id)
SELECT c."customer_id", c."channel", c."purpose", c."state", coalesce(c."at", 0), c."id" FROM "consent" c WHERE c."customer_id" IS NOT NULL AND NOT EXISTS (
SELECT 1 FROM "consent" d WHERE d."customer_id" = c."customer_id" AND d."channel" = c."channel" AND d."purpose" = c."purpose"
AND (coalesce(d."at", 0) > coalesce(c."at", 0) OR (coalesce(d."at", 0) = coalesce(c."at", 0) AND d."id" > c."id")));

-- name: consent_person
SELECT c."email", c."phone", c."country", c."time_zone", c."language", c."merged_into_id", c."owner_id", c."team_id", c."branch_id",
(SELECT n.state FROM consent_now n WHERE n.customer_id = c."id" AND n.channel = ?2 AND n.purpose = ?3),
(SELECT n.at FROM consent_now n WHERE n.customer_id = c."id" AND n.channel = ?2 AND n.purpose = ?3),
(SELECT n.state FROM consent_now n WHERE n.customer_id = c."id" AND n.channel = 'any' AND n.purpose = ?3),
(SELECT n.at FROM consent_now n WHERE n.customer_id = c."id" AND n.channel = 'any' AND n.purpose = ?3),
(SELECT count(*) FROM "case" k WHERE k."customer_id" = c."id" AND k."kind" = 'complaint' AND k."state" NOT IN ('solved', 'closed')),
(SELECT count(*) FROM "case" k WHERE k."customer_id" = c."id" AND k."kind" = 'return' AND k."state" NOT IN ('solved', 'closed'))
+ (SELECT count(*) FROM "goods_return" g WHERE g."customer_id" = c."id" AND g."state" IN ('requested', 'agreed', 'sent', 'received')),
(SELECT count(*) FROM "address" a WHERE a."customer_id" = c."id")
FROM "customer" c WHERE c."id" = ?1;

-- name: consent_persons
SELECT c."email", c."phone", c."country", c."time_zone", c."language", c."merged_into_id", c."owner_id", c."team_id", c."branch_id",
(SELECT n.state FROM consent_now n WHERE n.customer_id = c."id" AND n.channel = ?1 AND n.purpose = ?2),
(SELECT n.at FROM consent_now n WHERE n.customer_id = c."id" AND n.channel = ?1 AND n.purpose = ?2),
(SELECT n.state FROM consent_now n WHERE n.customer_id = c."id" AND n.channel = 'any' AND n.purpose = ?2),
(SELECT n.at FROM consent_now n WHERE n.customer_id = c."id" AND n.channel = 'any' AND n.purpose = ?2),
(SELECT count(*) FROM "case" k WHERE k."customer_id" = c."id" AND k."kind" = 'complaint' AND k."state" NOT IN ('solved', 'closed')),
(SELECT count(*) FROM "case" k WHERE k."customer_id" = c."id" AND k."kind" = 'return' AND k."state" NOT IN ('solved', 'closed'))
+ (SELECT count(*) FROM "goods_return" g WHERE g."customer_id" = c."id" AND g."state" IN ('requested', 'agreed', 'sent', 'received')),
(SELECT count(*) FROM "address" a WHERE a."customer_id" = c."id"), c."id"
FROM "customer" c WHERE c."id" IN (?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40, ?41, ?42, ?43, ?44, ?45, ?46, ?47, ?48, ?49, ?50, ?51, ?52) ORDER BY c."id";

-- name: contact_counts
SELECT coalesce(sum(CASE WHEN at > ?4 THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN at > ?5 THEN 1 ELSE 0 END), 0), count(*),
min(CASE WHEN at > ?4 THEN at END), min(CASE WHEN at > ?5 THEN at END), min(at)
FROM contact_touch WHERE customer_id = ?1 AND purpose = ?2 AND at > ?6 AND cause <> ?3;

-- name: contact_touches
SELECT customer_id, at, cause FROM contact_touch WHERE customer_id IN (?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40, ?41, ?42, ?43, ?44, ?45, ?46, ?47, ?48, ?49, ?50, ?51, ?52) AND purpose = ?1 AND at > ?2 ORDER BY customer_id;

-- name: contact_lock
INSERT INTO contact_person (customer_id, asked_at) VALUES (?1, ?2) ON CONFLICT (customer_id) DO UPDATE SET asked_at = excluded.asked_at;

-- name: contact_put
INSERT INTO contact_touch (cause, customer_id, purpose, channel, at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (cause) DO NOTHING;

-- name: contact_take
DELETE FROM contact_touch WHERE cause = ?1;

-- name: contact_move
UPDATE contact_touch SET customer_id = ?2 WHERE customer_id = ?1;

-- name: contact_drop_lock
DELETE FROM contact_person WHERE customer_id = ?1;

-- name: contact_prune
DELETE FROM contact_touch WHERE at < ?1;

-- name: contact_pauses
SELECT "from_on", "until_on", coalesce("channel", '') FROM "contact_pause" WHERE "until_on" >= ?1 ORDER BY "from_on" LIMIT 500;

-- name: door_count
INSERT INTO consent_door (who, minute, n) VALUES (?1, ?2, 1) ON CONFLICT (who) DO UPDATE SET
n = CASE WHEN consent_door.minute = excluded.minute THEN consent_door.n + 1 ELSE 1 END, minute = excluded.minute;

-- name: door_ask
SELECT n FROM consent_door WHERE who = ?1;

-- name: door_prune
DELETE FROM consent_door WHERE minute < ?1;

-- name: consent_text_used
SELECT 1 FROM "consent" WHERE "text_version" = ?1 LIMIT 1;

-- name: consent_gone_put
INSERT INTO consent_gone (customer_id, channel, state, at, source, evidence) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (customer_id, channel) DO UPDATE SET state = excluded.state, at = excluded.at, source = excluded.source, evidence = excluded.evidence;

-- name: consent_gone_of
SELECT channel, state, at, source, evidence FROM consent_gone WHERE customer_id = ?1 ORDER BY channel;

-- name: consent_gone_clear
DELETE FROM consent_gone WHERE customer_id = ?1;
