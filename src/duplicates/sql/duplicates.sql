-- name: merge_lock
-- engine: sqlite
SELECT id FROM "customer" WHERE id = ?1;
-- engine: postgres
SELECT id FROM "customer" WHERE id = ?1 FOR UPDATE;

-- name: merge_note
INSERT INTO merge_journal (merge_id, n, what, entity, record_id, field, before_text, after_text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- name: merge_notes
SELECT n, entity, record_id, field, before_text, after_text FROM merge_journal WHERE merge_id = ?1 AND what = ?2 AND n > ?3 ORDER BY n LIMIT ?4;

-- name: merge_forget
DELETE FROM merge_journal WHERE merge_id = ?1;

-- name: merge_has_identifier
SELECT 1 FROM "identifier" WHERE customer_id = ?1 AND kind = ?2 AND value = ?3 LIMIT 1;

-- name: merge_alias
SELECT id, customer_id FROM "customer_alias" WHERE former = ?1;

-- name: scan_read
SELECT c.id, c.name, c.phone, c.email, c.birthday, c.city, c.employer, c.registration_no, c.website, a.street, a.postcode
  FROM "customer" c LEFT JOIN "address" a ON a.id = (SELECT d.id FROM "address" d WHERE d.customer_id = c.id ORDER BY d.id LIMIT 1)
 WHERE c.id > ?1 AND c.kind = ?2 ORDER BY c.id LIMIT ?3;

-- name: scan_count
SELECT count(*) FROM "customer";

-- name: scan_put_pair
INSERT INTO duplicate_pair (a_id, b_id, chance, weight, state, reasons, scan)
SELECT CAST(?1 AS BIGINT), CAST(?2 AS BIGINT), CAST(?3 AS BIGINT), CAST(?4 AS BIGINT), 'open', ?5, CAST(?6 AS BIGINT)
 WHERE EXISTS (SELECT 1 FROM "customer" WHERE id = ?1) AND EXISTS (SELECT 1 FROM "customer" WHERE id = ?2)
ON CONFLICT (a_id, b_id) DO UPDATE SET chance = excluded.chance, weight = excluded.weight, reasons = excluded.reasons,
scan = CASE WHEN duplicate_pair.scan = 0 THEN 0 ELSE excluded.scan END;

-- What a rule or a person put there (scan 0) waits for a person.
-- name: scan_drop_old
DELETE FROM duplicate_pair WHERE state = 'open' AND scan NOT IN (0, ?1);

-- name: scan_state
SELECT job_id, state, started_at, finished_at, started_by, customers, found, error FROM duplicate_scan WHERE id = ?1;

-- name: scan_lock
-- engine: sqlite
SELECT job_id, state FROM duplicate_scan WHERE id = ?1;
-- engine: postgres
SELECT job_id, state FROM duplicate_scan WHERE id = ?1 FOR UPDATE;

-- name: scan_begin
UPDATE duplicate_scan SET job_id = ?1, state = 'waiting', started_at = ?2, finished_at = 0, started_by = ?3, error = '' WHERE id = ?4;

-- name: scan_end
UPDATE duplicate_scan SET state = ?1, finished_at = ?2, customers = ?3, found = ?4, error = ?5 WHERE id = ?6;

-- name: pair_list
SELECT a_id, b_id, chance, weight, reasons FROM duplicate_pair
 WHERE state = ?1 AND chance >= ?2 AND (chance, a_id, b_id) < (?3, ?4, ?5) ORDER BY chance DESC, a_id DESC, b_id DESC LIMIT ?6;

-- name: pair_count
SELECT count(*) FROM (SELECT 1 FROM duplicate_pair WHERE state = 'open' AND chance >= ?1 LIMIT ?2) x;

-- name: pair_get
SELECT state, chance, weight, reasons FROM duplicate_pair WHERE a_id = ?1 AND b_id = ?2;

-- name: pair_decide
INSERT INTO duplicate_pair (a_id, b_id, chance, weight, state, reasons, scan, decided_by, decided_at) VALUES (?1, ?2, 0, 0, ?3, '{}', 0, ?4, ?5)
ON CONFLICT (a_id, b_id) DO UPDATE SET state = excluded.state, decided_by = excluded.decided_by, decided_at = excluded.decided_at;

-- name: pair_of
SELECT a_id, b_id, chance, weight, state, reasons, scan FROM duplicate_pair WHERE a_id = ?1
UNION ALL SELECT a_id, b_id, chance, weight, state, reasons, scan FROM duplicate_pair WHERE b_id = ?1;

-- name: pair_pass_on
INSERT INTO duplicate_pair (a_id, b_id, chance, weight, state, reasons, scan) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (a_id, b_id) DO NOTHING;

-- name: pair_drop_open_a
DELETE FROM duplicate_pair WHERE a_id = ?1 AND state = 'open';

-- name: pair_drop_open_b
DELETE FROM duplicate_pair WHERE b_id = ?1 AND state = 'open';

-- name: pair_merged
UPDATE duplicate_pair SET state = 'merged' WHERE a_id = ?1 AND b_id = ?2 AND state = 'open';

-- name: rule_any
SELECT 1 FROM "duplicate_rule" LIMIT 1;

-- name: rule_list
SELECT id, name, name_zh, first, second, third, effect, sure FROM "duplicate_rule" WHERE active = 1 AND (in_imports = 1 OR CAST(?1 AS BIGINT) = 0) ORDER BY sure DESC, id LIMIT 50;

-- name: rule_by_phone
SELECT id FROM "customer" WHERE phone = ?1
UNION SELECT customer_id FROM "identifier" WHERE kind = 'phone' AND value_key = ?1 LIMIT ?2;

-- name: rule_by_email
SELECT id FROM "customer" WHERE email_key = ?1
UNION SELECT customer_id FROM "identifier" WHERE kind = 'email' AND value_key = ?1 LIMIT ?2;

-- Of a common name there are thousands: those who agree in more come first.
-- name: rule_by_name
SELECT id FROM "customer" WHERE sort_name = ?1 ORDER BY CASE WHEN name = ?3 THEN 1 ELSE 0 END + CASE WHEN city = ?4 THEN 1 ELSE 0 END
+ CASE WHEN birthday = ?5 THEN 1 ELSE 0 END + CASE WHEN employer = ?6 THEN 1 ELSE 0 END + CASE WHEN kind = ?7 THEN 1 ELSE 0 END DESC, id LIMIT ?2;

-- name: check_budget
SELECT shown FROM duplicate_budget WHERE user_id = ?1 AND day = ?2;

-- name: check_spend
INSERT INTO duplicate_budget (user_id, day, shown) VALUES (?1, ?2, ?3) ON CONFLICT (user_id, day) DO UPDATE SET shown = duplicate_budget.shown + excluded.shown;

-- name: check_forget
DELETE FROM duplicate_budget WHERE user_id = ?1 AND day < ?2;
