-- What readers get: points per user, what each session is worth and where it stands, and the entries in order.
CREATE TABLE out.user_points AS
SELECT 'cn_green_energy' AS programme, user_id, CAST(sum(points) AS BIGINT) AS points, CAST(0 AS BIGINT) AS final_points,
  CAST(sum(emission_reductions_ng) AS DECIMAL(38,0)) AS emission_reductions_ng, count(*) AS entries
FROM session_assessment GROUP BY user_id ORDER BY user_id;
CREATE TABLE out.session_assessment AS SELECT * FROM session_assessment ORDER BY session_id;
CREATE TABLE out.session_status AS
SELECT session_id, 'cn_green_energy' AS programme, vintage, user_id,
  CASE WHEN points > 0 THEN 'provisional' ELSE 'not awarded' END AS state FROM session_assessment ORDER BY session_id;
