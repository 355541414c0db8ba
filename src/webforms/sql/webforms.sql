-- name: form_bucket_take
INSERT INTO web_form_door (who, until) VALUES (?1, CAST(?2 AS BIGINT) + CAST(?3 AS BIGINT)) ON CONFLICT (who) DO UPDATE SET
until = CASE WHEN web_form_door.until > CAST(?2 AS BIGINT) THEN web_form_door.until ELSE CAST(?2 AS BIGINT) END + CAST(?3 AS BIGINT)
WHERE web_form_door.until + CAST(?3 AS BIGINT) <= CAST(?2 AS BIGINT) + 60000;

-- name: form_day_add
INSERT INTO web_form_day (form_id, day, what, n) VALUES (?1, ?2, ?3, 1) ON CONFLICT (form_id, day, what) DO UPDATE SET n = web_form_day.n + 1;

-- name: form_day_of
SELECT n FROM web_form_day WHERE form_id = ?1 AND day = ?2 AND what = ?3;

-- name: form_days
SELECT day, what, n FROM web_form_day WHERE form_id = ?1 AND day >= ?2 ORDER BY day, what;

-- name: form_days_forget
DELETE FROM web_form_day WHERE form_id = ?1;

-- name: form_nonces_forget
DELETE FROM web_form_nonce WHERE form_id = ?1;

-- name: form_nonce_use
INSERT INTO web_form_nonce (nonce, form_id, until) VALUES (?1, ?2, ?3) ON CONFLICT (nonce) DO NOTHING;

-- name: form_prune_doors
DELETE FROM web_form_door WHERE until < ?1;

-- name: form_prune_nonces
DELETE FROM web_form_nonce WHERE until < ?1;

-- name: form_prune_days
DELETE FROM web_form_day WHERE day < ?1;

-- name: form_by_key
SELECT "id" FROM "web_form" WHERE "door_key" = ?1;

-- name: form_old_entries
SELECT "id" FROM "web_form_entry" WHERE "at" < ?1 ORDER BY "at", "id" LIMIT 500;

-- name: form_entries_of_lead
SELECT "id", "form_id" FROM "web_form_entry" WHERE "record" = ?1 ORDER BY "id" LIMIT 20;

-- name: form_consent_words
SELECT "language", "text" FROM "consent_text" WHERE "name" = ?1 ORDER BY "language" LIMIT 20;

-- name: form_said_no
SELECT 1 FROM consent_now WHERE customer_id = ?1 AND purpose = ?2 AND channel IN (?3, 'any') AND state = 'withdrawn' LIMIT 1;
