-- name: calendar_one
SELECT time_zone, country, mon, tue, wed, thu, fri, sat, sun FROM calendar WHERE id = ?1;

-- name: calendar_days
SELECT "date", kind, name, hours FROM calendar_day WHERE calendar_id = ?1 ORDER BY "date", id LIMIT ?2;

-- name: calendar_of_team
-- Other calendars that the team has.
SELECT record_id FROM calendar_teams WHERE link_id = ?1 AND record_id <> ?2 ORDER BY record_id LIMIT 1;

-- name: calendar_other_default
SELECT id FROM calendar WHERE is_default = ?1 AND id <> ?2 ORDER BY id LIMIT 1;
