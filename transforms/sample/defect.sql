-- The declared defects, one row per defect. places: on how many of ten thousand charges it falls; state: what becomes of the
-- orders that it makes or touches; needs: what a row must tell for it to show.
SELECT defect, places, needs, state, says, CAST(sum(places) OVER (ORDER BY place) - places AS BIGINT) AS places_before
FROM (VALUES
  ( 1, 'duplicate_same_file',    250, 'order',     'sound',               'the same row twice in one file'),
  ( 2, 'duplicate_later_file',   250, 'order',     'sound',               'the same row again in a later file'),
  ( 3, 'corrected_energy',       150, 'order',     'sound',               '1 kWh too much at first; sent again, right, in a later file'),
  ( 4, 'corrected_day',           50, 'order',     'sound',               'told a day early at first; sent again, right, in a later file'),
  ( 5, 'late',                   100, 'order',     'sound',               'only in a later file'),
  ( 6, 'no_owner',               100, 'order',     'awaiting owner',      'nobody says whose charge it was'),
  ( 7, 'unknown_station',         20, 'order',     'awaiting station',    'a connector that no station list names'),
  ( 8, 'end_key',                 20, 'details',   'sound',               'DetailEndTime under the key DetailStartTime'),
  ( 9, 'details_outside',         20, 'details',   'sound',               'details begin before the charge: it counts by its total'),
  (10, 'sum_within_tolerance',    20, 'details',   'sound',               'details sum to 0.1 kWh more than the total, which wins'),
  (11, 'sub_period',              20, 'details',   'sound',               'SubPeriod in the place of SumPeriod'),
  (12, 'aggregator_copy',         50, 'connector', 'duplicate',           'the same charge told by an aggregator under a number of its own'),
  (13, 'connector_overlap',       10, 'connector', 'quarantined',         'two extra orders that overlap on one connector'),
  (14, 'conflicting_order',       10, 'order',     'quarantined',         'an extra order twice in one file with other content'),
  (15, 'negative_energy',         10, 'order',     'quarantined',         'an extra order with energy below zero'),
  (16, 'end_before_start',        10, 'order',     'quarantined',         'an extra order with start and end swapped'),
  (17, 'no_length',               10, 'order',     'quarantined',         'an extra order that ends when it starts'),
  (18, 'impossible_energy',       10, 'order',     'quarantined',         'an extra order of more than 1,000 kWh'),
  (19, 'sum_beyond_tolerance',    10, 'details',   'quarantined',         'an extra order whose details sum to 0.9 kWh more'),
  (20, 'unreadable_energy',       10, 'order',     'quarantined',         'an extra order whose energy is no number'),
  (21, 'unreadable_time',         10, 'order',     'quarantined',         'an extra order that ends on 30 February'),
  (22, 'no_number',               10, 'order',     'no order to name it', 'an extra order without a number')
) AS d(place, defect, places, needs, state, says)
