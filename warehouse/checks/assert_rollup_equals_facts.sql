-- A touched day's roll-up says what its facts say; uncounted rows are in neither.
WITH facts AS (
    SELECT day, client_id, count(*) AS uses, count(*) FILTER (WHERE is_action) AS actions
    FROM fact_activity
    WHERE is_use AND happened_at >= getvariable('from_day') - INTERVAL 1 DAY AND day IN (SELECT day FROM touched_day)
    GROUP BY day, client_id
),
rolled AS (
    SELECT day, client_id, uses, actions FROM rollup_client_day
    WHERE day >= getvariable('from_day') AND day IN (SELECT day FROM touched_day)
)
(SELECT * FROM facts EXCEPT SELECT * FROM rolled)
UNION ALL
(SELECT * FROM rolled EXCEPT SELECT * FROM facts);
