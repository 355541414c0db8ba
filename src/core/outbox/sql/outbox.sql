-- name: outbox_find_key
SELECT id FROM outbox_mail WHERE "key" = ?1;

-- name: outbox_put
INSERT INTO outbox_mail (id, account_id, lane, domain, to_address, to_name, subject, entity, record_id, purpose, "key", message_id, state, attempts, next_at,
 taken_by, created_at, done_at, reply_code, reply, reason)
 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 0, 0, ?13, 0, ?14, 0, 0, '', '') ON CONFLICT ("key") DO NOTHING;

-- name: outbox_put_body
INSERT INTO outbox_body (mail_id, text, html, headers) VALUES (?1, ?2, ?3, ?4);

-- name: outbox_cancel_key
UPDATE outbox_mail SET state = 5, reason = ?2, done_at = ?3 WHERE "key" = ?1 AND state = 0;

-- name: outbox_cancel_record
UPDATE outbox_mail SET state = 5, reason = ?3, done_at = ?4 WHERE entity = ?1 AND record_id = ?2 AND state = 0;
