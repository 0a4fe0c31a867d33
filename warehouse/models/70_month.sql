-- The firm's calendar months, from the first use to the month in which the file was built.

-- The UTC instant at which a day of the firm begins. Where its first hour comes twice (Havana, 1 November 2026), DuckDB
-- takes the second one, and the day has begun already.
CREATE OR REPLACE TEMP MACRO begins(day) AS (
    SELECT CASE WHEN timezone(getvariable('zone'), timezone('UTC', plain - INTERVAL 1 HOUR)) >= day
                THEN plain - INTERVAL 1 HOUR ELSE plain END
    FROM (SELECT timezone('UTC', timezone(getvariable('zone'), CAST(day AS TIMESTAMP))) AS plain)
);

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
    begins(month) AS starts_at,
    begins(month + INTERVAL 1 MONTH) AS ends_at
FROM spine ORDER BY month;
COMMENT ON TABLE dim_month IS 'The firm''s calendar months since the first use.';
COMMENT ON COLUMN dim_month.month IS 'Its first day.';
COMMENT ON COLUMN dim_month.starts_at IS 'UTC, inclusive.';
COMMENT ON COLUMN dim_month.ends_at IS 'UTC, exclusive.';
