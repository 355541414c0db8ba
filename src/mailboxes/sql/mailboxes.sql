-- name: mailbox_state_make
INSERT INTO mailbox_state (mailbox_id, secret, uidvalidity, last_uid, failures, paused_until, error, said, error_at, fetched_at, news_at)
 VALUES (?1, NULL, 0, 0, 0, 0, '', '', 0, 0, 0);

-- name: mailbox_state_drop
DELETE FROM mailbox_state WHERE mailbox_id = ?1;

-- name: mailbox_state_forget
UPDATE mailbox_state SET secret = NULL, failures = 0, paused_until = 0 WHERE mailbox_id = ?1;

-- name: mailbox_state_anew
UPDATE mailbox_state SET uidvalidity = 0, last_uid = 0 WHERE mailbox_id = ?1;

-- name: mailbox_state_go_on
UPDATE mailbox_state SET failures = 0, paused_until = 0 WHERE mailbox_id = ?1;

-- name: mailbox_state_secret
UPDATE mailbox_state SET secret = ?2, failures = 0, paused_until = 0 WHERE mailbox_id = ?1;

-- name: mailbox_state_failed
UPDATE mailbox_state SET failures = failures + 1, paused_until = ?2, error = ?3, said = ?4, error_at = ?5 WHERE mailbox_id = ?1;

-- name: mailbox_state_well
UPDATE mailbox_state SET failures = 0, paused_until = 0, error = '', said = '', fetched_at = ?2 WHERE mailbox_id = ?1;

-- name: mailbox_state_read
UPDATE mailbox_state SET uidvalidity = ?2, last_uid = ?3, fetched_at = ?4, news_at = CASE WHEN CAST(?5 AS BIGINT) > 0 THEN CAST(?5 AS BIGINT) ELSE news_at END WHERE mailbox_id = ?1;

-- name: mailboxes_active
SELECT m.id, m.version, m.host, m.port, m.security, m.sign_in, m.username, m.folder, coalesce(m.since, ''), m.verify_tls, coalesce(m.trusted_ca, ''), coalesce(s.secret, ''),
 s.uidvalidity, s.last_uid, s.failures, s.paused_until FROM mailbox m JOIN mailbox_state s ON s.mailbox_id = m.id WHERE m.active = ?1 ORDER BY m.id LIMIT 300;

-- name: mailbox_one
SELECT m.id, m.version, m.host, m.port, m.security, m.sign_in, m.username, m.folder, coalesce(m.since, ''), m.verify_tls, coalesce(m.trusted_ca, ''), coalesce(s.secret, ''),
 s.uidvalidity, s.last_uid, s.failures, s.paused_until FROM mailbox m JOIN mailbox_state s ON s.mailbox_id = m.id WHERE m.id = ?1;

-- name: mailboxes_health
SELECT m.id, m.name, m.active, s.failures, s.paused_until, s.error, s.said, s.error_at, s.fetched_at, s.news_at, CASE WHEN s.secret IS NULL THEN 0 ELSE 1 END, m.alarm_minutes
 FROM mailbox m JOIN mailbox_state s ON s.mailbox_id = m.id ORDER BY m.name, m.id LIMIT 300;

-- name: mailbox_raw_put
INSERT INTO mailbox_raw (mail_id, bytes) VALUES (?1, ?2);

-- name: mailbox_raw
SELECT bytes FROM mailbox_raw WHERE mail_id = ?1;

-- name: mailbox_raw_drop
DELETE FROM mailbox_raw WHERE mail_id = ?1;

-- name: mailbox_known_uid
SELECT id FROM mail_message WHERE mailbox_id = ?1 AND uidvalidity = ?2 AND uid = ?3 LIMIT 1;

-- name: mailbox_known_digest
SELECT id FROM mail_message WHERE digest = ?1 LIMIT 1;

-- name: mailbox_known_id
SELECT id FROM mail_message WHERE message_id = ?1 AND from_address = ?2 AND coalesce(subject, '') = ?3 LIMIT 1;

-- name: mailbox_by_reference
SELECT case_id, from_address FROM mail_message WHERE message_id = ?1 AND case_id IS NOT NULL ORDER BY id DESC LIMIT 5;

-- name: mailbox_sent
SELECT message_id, entity, record_id, to_address FROM outbox_mail WHERE id = ?1;

-- name: mailbox_message_case
SELECT case_id FROM case_message WHERE id = ?1;

-- name: mailbox_case
SELECT id, coalesce(customer_id, 0), coalesce(contact, ''), coalesce(merged_into_id, 0), state FROM "case" WHERE id = ?1;

-- name: mailbox_case_number
SELECT id FROM "case" WHERE number = ?1;

-- name: mailbox_customers
SELECT id FROM customer WHERE email_key = ?1 ORDER BY id LIMIT 2;

-- name: mailbox_ours
SELECT 1 FROM mailbox WHERE lower(address) = ?1 UNION ALL SELECT 1 FROM mail_account WHERE lower(address) = ?1 LIMIT 1;

-- name: mailbox_lately
SELECT count(*), coalesce(sum(opened), 0) FROM (SELECT CASE WHEN reason IN ('new', 'foreign_number', 'foreign_reference') THEN 1 ELSE 0 END AS opened FROM mail_message
 WHERE from_address = ?1 AND taken_at >= ?2 ORDER BY taken_at DESC LIMIT 200) a;

-- name: mailbox_last_of_case
SELECT message_id, mailbox_id, from_address, coalesce(subject, '') FROM mail_message WHERE case_id = ?1 AND kind = 'person' ORDER BY id DESC LIMIT 1;

-- name: mailbox_ids_of_case
SELECT message_id FROM mail_message WHERE case_id = ?1 AND message_id IS NOT NULL ORDER BY id DESC LIMIT 5;

-- name: mailbox_from
SELECT address, coalesce(mail_account_id, 0), tagged FROM mailbox WHERE id = ?1;

-- name: mailbox_mails_of_case
SELECT id, case_message_id, kind, from_text, from_address, to_text, subject, reason, coalesce(detail, ''), attachments, html, quoted, cut, at FROM mail_message
 WHERE case_id = ?1 ORDER BY id DESC LIMIT 300;

-- name: mailbox_answers_of_case
SELECT o.record_id, o.to_address, o.state, o.reason, o.reply FROM case_message m JOIN outbox_mail o ON o.entity = 'case_message' AND o.record_id = m.id
 WHERE m.case_id = ?1 ORDER BY o.id DESC LIMIT 300;
