-- name: pipeline_one_default
UPDATE "pipeline" SET is_default = 0 WHERE id <> ?1 AND is_default = 1;

-- name: pipeline_default
SELECT id FROM "pipeline" WHERE active = 1 AND id <> ?1 ORDER BY CASE WHEN is_default = 1 THEN 0 ELSE 1 END, position, id LIMIT 1;

-- name: stage_pipeline
SELECT pipeline_id FROM "stage" WHERE id = ?1;

-- name: stage_first
SELECT id FROM "stage" WHERE pipeline_id = ?1 AND category = 'open' ORDER BY position, id LIMIT 1;

-- name: stage_deals
SELECT count(*) FROM "opportunity" WHERE stage_id = ?1;

-- name: stage_needs
SELECT needs, name, coalesce(name_zh, name) FROM "stage"
 WHERE pipeline_id = ?1 AND needs IS NOT NULL AND (id = ?2 OR (?4 = 0 AND category = 'open' AND position < ?3))
 ORDER BY position, id;

-- name: stage_deal_ids
SELECT id FROM "opportunity" WHERE stage_id = ?1 ORDER BY id LIMIT ?2;

-- name: deal_history_end
UPDATE "opportunity_change" SET until = ?2 WHERE opportunity_id = ?1 AND until IS NULL;

-- name: deal_sum_lines
SELECT count(*), coalesce(sum(total), 0) FROM "opportunity_line" WHERE opportunity_id = ?1;

-- name: deal_count_activities
UPDATE "opportunity" SET
  open_activities = (SELECT count(*) FROM "interaction" WHERE about = ?2 AND state IN ('planned', 'open')),
  next_activity_at = (SELECT min(due_at) FROM "interaction" WHERE about = ?2 AND state IN ('planned', 'open'))
 WHERE id = ?1;

-- name: snapshot_taken
SELECT count(*) FROM "forecast_snapshot" WHERE taken_on = ?1;

-- name: pipelines
SELECT count(*) FROM "pipeline" WHERE id <> ?1;
