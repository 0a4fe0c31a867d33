-- The firm's calendar months, from the first use to the month in which the file was built.

CREATE OR REPLACE TABLE dim_month AS
WITH spine AS (
    SELECT CAST(unnest(generate_series(
        date_trunc('month', (SELECT min(day) FROM rollup_client_day)),
        date_trunc('month', timezone(getvariable('zone'), timezone('UTC', getvariable('as_of')))),
        INTERVAL 1 MONTH
    )) AS DATE) AS month
)
SELECT
    month,
    timezone('UTC', timezone(getvariable('zone'), CAST(month AS TIMESTAMP))) AS starts_at,
    timezone('UTC', timezone(getvariable('zone'), CAST(month AS TIMESTAMP) + INTERVAL 1 MONTH)) AS ends_at
FROM spine ORDER BY month;
COMMENT ON TABLE dim_month IS 'The firm''s calendar months since the first use.';
COMMENT ON COLUMN dim_month.month IS 'Its first day.';
COMMENT ON COLUMN dim_month.starts_at IS 'UTC, inclusive.';
COMMENT ON COLUMN dim_month.ends_at IS 'UTC, exclusive.';
