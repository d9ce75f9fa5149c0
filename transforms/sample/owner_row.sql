-- Who the charges of one operator belong to, as the reward service would tell it, one row per charge with an owner.
SELECT operator_id AS operator,
  strftime(day, '%Y%m%d') || '0' || lpad(CAST(no AS VARCHAR), 9, '0') AS order_number,
  CAST(NULL AS VARCHAR) AS token,
  account_text(account_no) AS account,
  CAST(NULL AS VARCHAR) AS known_since
FROM owner_told
ORDER BY no
