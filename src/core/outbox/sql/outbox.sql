-- name: outbox_find_key
SELECT id FROM outbox_mail WHERE "key" = ?1;

-- name: outbox_put
INSERT INTO outbox_mail (id, account_id, lane, domain, to_address, to_name, subject, entity, record_id, purpose, "key", message_id, state, attempts, next_at,
 taken_by, created_at, done_at, reply_code, reply, reason)
 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 0, 0, ?13, 0, ?14, 0, 0, '', '') ON CONFLICT ("key") DO NOTHING;

-- name: outbox_put_body
INSERT INTO outbox_body (mail_id, text, html, headers) VALUES (?1, ?2, ?3, ?4);

-- name: outbox_cancel_key
UPDATE outbox_mail SET state = 5, reason = ?2, done_at = ?3 WHERE "key" = ?1 AND state IN (0, 1);

-- name: outbox_cancel_record
UPDATE outbox_mail SET state = 5, reason = ?3, done_at = ?4 WHERE entity = ?1 AND record_id = ?2 AND state IN (0, 1);

-- name: outbox_default
SELECT id FROM mail_account WHERE id <> ?1 AND is_default = ?2 LIMIT 1;

-- name: outbox_account_make
INSERT INTO outbox_account (account_id, secret, failures, paused_until, error, reply, error_at) VALUES (?1, NULL, 0, 0, '', '', 0);

-- name: outbox_account_forget
UPDATE outbox_account SET secret = NULL, failures = 0, paused_until = 0 WHERE account_id = ?1;

-- name: outbox_account_go_on
UPDATE outbox_account SET failures = 0, paused_until = 0 WHERE account_id = ?1;

-- name: outbox_account_drop
DELETE FROM outbox_account WHERE account_id = ?1;

-- name: outbox_account_orphans
UPDATE outbox_mail SET account_id = 0 WHERE account_id = ?1 AND state = 0;

-- name: outbox_account_secret
UPDATE outbox_account SET secret = ?2, failures = 0, paused_until = 0 WHERE account_id = ?1;

-- name: outbox_account_tried
UPDATE outbox_account SET failures = ?2, paused_until = ?3, error = ?4, reply = ?5, error_at = ?6 WHERE account_id = ?1;

-- name: outbox_account_well
UPDATE outbox_account SET failures = 0, paused_until = 0 WHERE account_id = ?1 AND failures > 0;

-- name: outbox_accounts
SELECT a.id, a.address, coalesce(a.from_name, ''), coalesce(a.reply_to, ''), a.host, a.port, a.security, a.sign_in, coalesce(a.username, ''), a.connections,
 a.per_minute, a.is_default, coalesce(a.trusted_ca, ''), s.secret, s.failures, s.paused_until
 FROM mail_account a JOIN outbox_account s ON s.account_id = a.id WHERE a.active = ?1 ORDER BY a.id;

-- name: outbox_account_one
SELECT a.id, a.address, coalesce(a.from_name, ''), coalesce(a.reply_to, ''), a.host, a.port, a.security, a.sign_in, coalesce(a.username, ''), a.connections,
 a.per_minute, a.is_default, coalesce(a.trusted_ca, ''), s.secret, s.failures, s.paused_until
 FROM mail_account a JOIN outbox_account s ON s.account_id = a.id WHERE a.id = ?1;

-- name: outbox_key_put
INSERT INTO outbox_key (key_id, sealed) VALUES (?1, ?2);

-- name: outbox_key_drop
DELETE FROM outbox_key WHERE key_id = ?1;

-- name: outbox_keys
SELECT k.id, k.domain, k.selector, s.sealed FROM mail_key k JOIN outbox_key s ON s.key_id = k.id WHERE k.active = ?1 ORDER BY k.id;

-- name: outbox_pace_drop_account
DELETE FROM outbox_pace WHERE account_id = ?1;

-- name: outbox_pace_of
SELECT domain, not_before, wait_ms FROM outbox_pace WHERE account_id = ?1 ORDER BY domain LIMIT 5000;

-- name: outbox_pace_one
SELECT wait_ms FROM outbox_pace WHERE account_id = ?1 AND domain = ?2;

-- name: outbox_pace_put
INSERT INTO outbox_pace (account_id, domain, not_before, wait_ms, reply) VALUES (?1, ?2, ?3, ?4, ?5)
 ON CONFLICT (account_id, domain) DO UPDATE SET not_before = excluded.not_before, wait_ms = excluded.wait_ms, reply = excluded.reply;

-- name: outbox_pace_drop
DELETE FROM outbox_pace WHERE account_id = ?1 AND domain = ?2;

-- name: outbox_domains
WITH RECURSIVE d (domain, n) AS (
 SELECT (SELECT m.domain FROM outbox_mail m WHERE m.state = 0 AND m.account_id = ?1 AND m.lane = ?2 AND m.domain > ?3 ORDER BY m.domain LIMIT 1), CAST(1 AS BIGINT)
 UNION ALL
 SELECT (SELECT m.domain FROM outbox_mail m WHERE m.state = 0 AND m.account_id = ?1 AND m.lane = ?2 AND m.domain > d.domain ORDER BY m.domain LIMIT 1), d.n + 1
 FROM d WHERE d.domain IS NOT NULL AND d.n < CAST(?4 AS BIGINT))
SELECT d.domain, (SELECT m.next_at FROM outbox_mail m WHERE m.state = 0 AND m.account_id = ?1 AND m.lane = ?2 AND m.domain = d.domain ORDER BY m.next_at LIMIT 1)
 FROM d WHERE d.domain IS NOT NULL;

-- name: outbox_due
SELECT id, to_address, to_name, subject, entity, record_id, purpose, "key", message_id, attempts, created_at FROM outbox_mail
 WHERE state = 0 AND account_id = ?1 AND lane = ?2 AND domain = ?3 AND next_at <= ?4 ORDER BY next_at LIMIT ?5;

-- name: outbox_take
UPDATE outbox_mail SET state = 1, attempts = attempts + 1, taken_by = ?2 WHERE id = ?1 AND state = 0;

-- name: outbox_postpone
UPDATE outbox_mail SET next_at = ?2, reason = ?3 WHERE id = ?1 AND state = 0;

-- name: outbox_refuse
UPDATE outbox_mail SET state = 5, reason = ?2, done_at = ?3 WHERE id = ?1 AND state = 0;

-- name: outbox_leave
UPDATE outbox_mail SET state = 2 WHERE id = ?1 AND state = 1 AND taken_by = ?2;

-- name: outbox_not_left
UPDATE outbox_mail SET state = 5, reason = ?3, done_at = ?2 WHERE id = ?1 AND state = 2;

-- name: outbox_leave_later
UPDATE outbox_mail SET state = 0, attempts = attempts - 1, next_at = ?2, reason = ?3 WHERE id = ?1 AND state = 2;

-- name: outbox_give_back
UPDATE outbox_mail SET state = 0, attempts = attempts - 1, next_at = ?3 WHERE id = ?1 AND state = 1 AND taken_by = ?2;

-- name: outbox_end
UPDATE outbox_mail SET state = ?3, next_at = ?4, reply_code = ?5, reply = ?6, reason = ?7, done_at = ?8 WHERE id = ?1 AND taken_by = ?2 AND state IN (1, 2, 6);

-- name: outbox_orphans
SELECT id, to_address, to_name, subject, entity, record_id, purpose, "key", message_id, attempts, created_at, account_id, state FROM outbox_mail
 WHERE state IN (1, 2) AND taken_by <> ?1 ORDER BY id LIMIT 500;

-- name: outbox_free
UPDATE outbox_mail SET state = 0, attempts = attempts - 1, next_at = ?2 WHERE id = ?1 AND state = 1;

-- name: outbox_unsure
UPDATE outbox_mail SET state = ?2, reason = ?3, done_at = ?4, next_at = ?5 WHERE id = ?1 AND state = 2;

-- name: outbox_body
SELECT text, html, headers FROM outbox_body WHERE mail_id = ?1;

-- name: outbox_prune
DELETE FROM outbox_body WHERE mail_id IN (SELECT b.mail_id FROM outbox_body b JOIN outbox_mail m ON m.id = b.mail_id
 WHERE b.mail_id < ?4 AND m.done_at > 0 AND ((m.state IN (3, 5, 7) AND m.done_at < ?1) OR m.done_at < ?3) ORDER BY b.mail_id LIMIT ?2);

-- name: outbox_pace_prune
DELETE FROM outbox_pace WHERE not_before < ?1;

-- name: outbox_listed
SELECT id, account_id, to_address, to_name, subject, entity, record_id, purpose, message_id, state, attempts, next_at, created_at, done_at, reply_code, reply, reason
 FROM outbox_mail WHERE id < ?1 ORDER BY id DESC LIMIT ?2;

-- name: outbox_listed_state
SELECT id, account_id, to_address, to_name, subject, entity, record_id, purpose, message_id, state, attempts, next_at, created_at, done_at, reply_code, reply, reason
 FROM outbox_mail WHERE state = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2;

-- name: outbox_listed_cause
SELECT id, account_id, to_address, to_name, subject, entity, record_id, purpose, message_id, state, attempts, next_at, created_at, done_at, reply_code, reply, reason
 FROM outbox_mail WHERE entity = ?3 AND record_id = ?4 AND id < ?1 ORDER BY id DESC LIMIT ?2;

-- name: outbox_count
SELECT count(*) FROM (SELECT 1 AS one FROM outbox_mail WHERE state = ?1 LIMIT ?2) a;

-- name: outbox_health
SELECT a.id, a.name, a.active, s.failures, s.paused_until, s.error, s.reply, s.error_at, CASE WHEN s.secret IS NULL THEN 0 ELSE 1 END
 FROM mail_account a JOIN outbox_account s ON s.account_id = a.id ORDER BY a.name, a.id LIMIT 100;

-- name: outbox_slow
SELECT account_id, domain, not_before, reply FROM outbox_pace WHERE not_before > ?1 ORDER BY not_before DESC LIMIT 50;

-- name: outbox_retry
UPDATE outbox_mail SET state = 0, attempts = 0, next_at = ?2, reason = '', done_at = 0 WHERE id = ?1 AND state IN (4, 6)
 AND EXISTS (SELECT 1 FROM outbox_body b WHERE b.mail_id = outbox_mail.id);

-- name: outbox_skip
UPDATE outbox_mail SET state = 7, reason = ?2, done_at = ?3 WHERE id = ?1 AND state IN (0, 4, 6);

-- name: outbox_failed
SELECT id FROM outbox_mail WHERE state = 4 AND EXISTS (SELECT 1 FROM outbox_body b WHERE b.mail_id = outbox_mail.id) ORDER BY id LIMIT ?1;

-- name: outbox_one
SELECT id, to_address, to_name, subject, entity, record_id, purpose, "key", message_id, attempts, created_at, state FROM outbox_mail WHERE id = ?1;

-- name: outbox_returned
UPDATE outbox_mail SET state = ?2, reason = ?3, reply = ?4 WHERE id = ?1 AND state IN (3, 6) AND reason <> ?3;
