-- name: case_next_number
UPDATE "case" SET last_seq = last_seq + 1 WHERE id = ?1 RETURNING last_seq;

-- name: case_said_since
SELECT 1 FROM case_message WHERE case_id = ?1 AND seq > ?2 AND kind <> 'event' AND coalesce(author_id, 0) <> ?3 LIMIT 1;

-- name: macro_used
UPDATE macro SET used = used + 1 WHERE id = ?1;

-- name: sla_policies
SELECT id, name, when_kind, when_priority, when_severity, when_level, when_topic_id, when_team_id, first_minutes, next_minutes, update_minutes, solve_minutes,
  calendar_id, warn_percent, escalate_minutes, escalate_to_id, escalate2_minutes, escalate2_to_id
 FROM sla_policy WHERE active = ?1 ORDER BY position, id;

-- name: sla_calendar_of
SELECT id FROM (
  SELECT record_id AS id, 0 AS rank FROM calendar_teams WHERE link_id = ?1
  UNION ALL SELECT id, 1 FROM calendar WHERE is_default = ?2) c ORDER BY rank, id LIMIT 1;

-- name: sla_spans
SELECT id, from_at, to_at, running, calendar_id, policy_id, state FROM case_span WHERE case_id = ?1 ORDER BY from_at, id;

-- name: sla_span_end
UPDATE case_span SET to_at = ?2 WHERE id = ?1;

-- name: sla_messages
SELECT kind, at, author_id FROM case_message
 WHERE case_id = ?1 AND (kind = 'in' OR kind = 'out') AND automatic = ?2 ORDER BY at, seq;

-- name: sla_clocks
SELECT id, kind, started_at, stopped_at, target_minutes, level, due_at FROM case_clock WHERE case_id = ?1;

-- name: sla_clock_set
UPDATE case_clock SET stopped_at = ?2, target_minutes = ?3, elapsed_minutes = ?4, due_at = ?5, met = ?6, by_user_id = ?7, policy_id = ?8, level = ?9 WHERE id = ?1;

-- name: sla_clock_drop
DELETE FROM case_clock WHERE id = ?1;

-- name: sla_case_set
UPDATE "case" SET due_at = ?2, due_kind = ?3, alarm = ?4, policy_id = ?5, policy_reason = ?6 WHERE id = ?1;

-- name: sla_case_due
UPDATE "case" SET due_at = ?2, due_kind = ?3 WHERE id = ?1;

-- name: sla_clock_due
UPDATE case_clock SET due_at = ?2, elapsed_minutes = ?3 WHERE id = ?1;

-- name: sla_open_cases
SELECT id FROM "case" WHERE id > ?1 AND state <> 'closed' AND state <> 'solved' ORDER BY id LIMIT ?2;

-- name: sla_open_clocks
SELECT k.id, k.case_id, k.kind, k.started_at, k.target_minutes, k.due_at, c.team_id, k.policy_id
 FROM case_clock k JOIN "case" c ON c.id = k.case_id
 WHERE k.stopped_at IS NULL AND k.case_id > ?1 AND k.case_id <= ?2 ORDER BY k.case_id, k.id;

-- name: sla_open_spans
SELECT s.case_id, s.from_at, s.to_at, s.running, s.calendar_id, s.policy_id
 FROM case_span s JOIN "case" c ON c.id = s.case_id
 WHERE s.case_id > ?1 AND s.case_id <= ?2 AND c.state <> 'closed' AND c.state <> 'solved' ORDER BY s.case_id, s.from_at, s.id;

-- name: sla_nth_open
SELECT max(id), count(*) FROM (SELECT id FROM "case" WHERE id > ?1 AND state <> 'closed' AND state <> 'solved' ORDER BY id LIMIT ?2) c;

-- name: sla_count_open
SELECT count(*) FROM "case" WHERE state <> 'closed' AND state <> 'solved';

-- name: case_here_set
INSERT INTO case_here (case_id, user_id, until, typing, name) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (case_id, user_id) DO UPDATE SET until = excluded.until, typing = excluded.typing, name = excluded.name;

-- name: case_here_leave
DELETE FROM case_here WHERE case_id = ?1 AND user_id = ?2;

-- name: case_here_list
SELECT user_id, name, typing FROM case_here WHERE case_id = ?1 AND until > ?2 AND user_id <> ?3 ORDER BY typing DESC, user_id LIMIT 20;

-- name: case_here_typing
SELECT name FROM case_here WHERE case_id = ?1 AND until > ?2 AND user_id <> ?3 AND typing = 1 ORDER BY user_id LIMIT 1;

-- name: case_here_hush
UPDATE case_here SET typing = 0 WHERE case_id = ?1 AND user_id <> ?2;

-- name: case_here_prune
DELETE FROM case_here WHERE until < ?1;

-- name: case_messages_of
SELECT id, seq FROM case_message WHERE case_id = ?1 AND kind <> 'event' ORDER BY seq;

-- name: complaint_others
SELECT count(*), max(id) FROM "case" WHERE customer_id = ?1 AND kind = 'complaint' AND id <> ?2 AND opened_at >= ?3 AND opened_at <= ?4;

-- name: complaint_grades
SELECT id, name, severity, when_words, when_feeling, when_repeats, when_topic_id, team_id, follow_up_days FROM complaint_grade WHERE active = ?1 ORDER BY position, id;

-- name: complaint_words
SELECT body FROM case_message WHERE case_id = ?1 AND kind = 'in' ORDER BY seq LIMIT 20;

-- name: compensation_hold
UPDATE "case" SET last_seq = last_seq WHERE id = ?1;

-- name: compensation_hold_order
UPDATE "order" SET lines_count = lines_count WHERE id = ?1;

-- name: compensation_left
SELECT coalesce((SELECT sum(CASE WHEN p.kind = 'refund' THEN -abs(p.amount) ELSE p.amount END) FROM payment p JOIN "order" o ON o.id = p.order_id
  WHERE p.order_id = ?1 AND (p.kind = 'refund' OR p.state = 'paid') AND p.state <> 'failed' AND (p.currency IS NULL OR o.currency IS NULL OR p.currency = o.currency)), 0)
 - coalesce((SELECT sum(amount) FROM compensation WHERE order_id = ?1 AND kind = 'refund' AND id <> ?2 AND state IN ('asked', 'approved')), 0);

-- name: compensation_limit
SELECT max(amount) FROM compensation_limit WHERE (user_id = ?1 OR user_id IS NULL)
 AND (severity IS NULL OR severity = (SELECT severity FROM complaint_grade WHERE id = ?2));

-- name: compensation_sum
UPDATE "case" SET amends = coalesce(amends, 0) + ?2 WHERE id = ?1;

-- name: article_case_words
SELECT body FROM case_message WHERE case_id = ?1 AND kind = 'in' ORDER BY seq DESC LIMIT 1;

-- name: articles_published
SELECT id, shown_title, terms, topic_id FROM article WHERE terms IS NOT NULL ORDER BY id DESC LIMIT ?1;

-- name: article_taken
UPDATE article SET suggested = suggested + 1 WHERE id = ?1;

-- name: article_passed
UPDATE article SET passed_over = passed_over + 1 WHERE id = ?1;

-- name: article_helpful
UPDATE article SET helpful = helpful + 1 WHERE id = ?1;

-- name: article_unhelpful
UPDATE article SET unhelpful = unhelpful + 1 WHERE id = ?1;
