-- How a charge is told, one row per telling that its defect makes. number_lead: first digit of the serial number, 0 is the
-- charge's own; is_marked: the row that shows the defect; fate: what it meets at landing; is_counted: control totals count it.
WITH told(defect, telling_no, delivery, number_lead, is_marked, fate, is_counted, how) AS (VALUES
  ('none',                 1, 'first',      0, false, 'accepted',    true,  'sound'),
  ('duplicate_same_file',  2, 'first',      0, true,  'duplicate',   false, 'sound'),
  ('duplicate_later_file', 2, 'second',     0, true,  'duplicate',   false, 'sound'),
  ('corrected_energy',     1, 'first',      0, true,  'accepted',    false, 'more_energy'),
  ('corrected_energy',     2, 'second',     0, false, 'accepted',    true,  'sound'),
  ('corrected_day',        1, 'first',      0, true,  'accepted',    false, 'day_early'),
  ('corrected_day',        2, 'second',     0, false, 'accepted',    true,  'sound'),
  ('late',                 1, 'second',     0, true,  'accepted',    true,  'sound'),
  ('no_owner',             1, 'first',      0, true,  'accepted',    true,  'sound'),
  ('unknown_station',      1, 'first',      0, true,  'accepted',    true,  'strange_connector'),
  ('end_key',              1, 'first',      0, true,  'accepted',    true,  'end_key'),
  ('details_outside',      1, 'first',      0, true,  'accepted',    true,  'details_outside'),
  ('sum_within_tolerance', 1, 'first',      0, true,  'accepted',    true,  'details_within'),
  ('sub_period',           1, 'first',      0, true,  'accepted',    true,  'sub_period'),
  ('aggregator_copy',      2, 'aggregator', 0, true,  'accepted',    true,  'aggregator'),
  ('connector_overlap',    2, 'first',      5, true,  'accepted',    true,  'extra'),
  ('connector_overlap',    3, 'first',      6, true,  'accepted',    true,  'hour_later'),
  ('conflicting_order',    2, 'first',      5, true,  'quarantined', false, 'extra'),
  ('conflicting_order',    3, 'first',      5, true,  'quarantined', false, 'hour_later'),
  ('negative_energy',      2, 'first',      5, true,  'quarantined', false, 'negative'),
  ('end_before_start',     2, 'first',      5, true,  'quarantined', false, 'swapped'),
  ('no_length',            2, 'first',      5, true,  'quarantined', false, 'no_length'),
  ('impossible_energy',    2, 'first',      5, true,  'quarantined', false, 'impossible'),
  ('sum_beyond_tolerance', 2, 'first',      5, true,  'quarantined', false, 'details_beyond'),
  ('unreadable_energy',    2, 'first',      5, true,  'quarantined', false, 'energy_text'),
  ('unreadable_time',      2, 'first',      5, true,  'quarantined', false, 'end_text'),
  ('no_number',            2, 'first',      5, true,  'quarantined', false, 'no_number')
)
SELECT * FROM told
UNION ALL -- a defect that leaves the charge itself as it is
SELECT d.defect, n.telling_no, n.delivery, n.number_lead, n.is_marked, n.fate, n.is_counted, n.how
FROM defect AS d
JOIN told AS n ON n.defect = 'none'
WHERE NOT EXISTS (SELECT 1 FROM told AS t WHERE t.defect = d.defect AND t.telling_no = 1)
