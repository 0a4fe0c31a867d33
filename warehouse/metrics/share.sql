-- A share of things that did it or did not, in percent, with Wilson's 95 % score interval.
WITH sums AS (
    SELECT month, CAST(sum(numerator) AS BIGINT) AS numerator, CAST(sum(denominator) AS BIGINT) AS denominator
    FROM metric_{name}_rows GROUP BY month
),
shares AS (SELECT *, numerator / denominator AS p, 1.959963984540054 AS z FROM sums)
SELECT
    month,
    numerator,
    denominator,
    100 * p AS value,
    -- The bounds are exact at 0 and 1, where rounding would step over them.
    CASE WHEN numerator = 0 THEN 0.0 ELSE 100 * (p + z * z / (2 * denominator)
        - z * sqrt(p * (1 - p) / denominator + z * z / (4 * denominator * denominator)))
        / (1 + z * z / denominator) END AS low,
    CASE WHEN numerator = denominator THEN 100.0 ELSE 100 * (p + z * z / (2 * denominator)
        + z * sqrt(p * (1 - p) / denominator + z * z / (4 * denominator * denominator)))
        / (1 + z * z / denominator) END AS high
FROM shares
