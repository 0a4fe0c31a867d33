-- A ratio of sums with a 95 % interval by the delta method, each client one cluster: what one client's people do in
-- several sessions is alike, and sessions taken as independent would promise too narrow an interval. No interval for
-- fewer than five clients.
WITH clients AS (
    SELECT month, client_id, sum(numerator) AS a, sum(denominator) AS s FROM metric_{name}_rows GROUP BY ALL
),
sums AS (
    SELECT month, CAST(sum(a) AS BIGINT) AS numerator, CAST(sum(s) AS BIGINT) AS denominator,
           sum(a) / sum(s) AS value, count(*) AS n
    FROM clients GROUP BY month
),
errors AS (
    SELECT month, any_value(n) AS n,
           sqrt(any_value(n) / (any_value(n) - 1) * sum((a - value * s) ** 2)) / any_value(denominator) AS se
    FROM clients JOIN sums USING (month) GROUP BY month
)
SELECT
    month,
    numerator,
    denominator,
    value,
    CASE WHEN errors.n >= 5 THEN greatest(0, value - 1.959963984540054 * se) END AS low,
    CASE WHEN errors.n >= 5 THEN value + 1.959963984540054 * se END AS high
FROM sums JOIN errors USING (month)
