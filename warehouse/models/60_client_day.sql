-- Roll-up by client and day: the days that a touched row or a redrawn visit lies on.

CREATE OR REPLACE TEMP TABLE touched_day AS
SELECT day FROM touched
UNION SELECT day FROM leaving_session
UNION SELECT day FROM entering_session;
SET VARIABLE from_day = (SELECT coalesce(min(day), DATE '9999-01-01') FROM touched_day);

DELETE FROM rollup_client_day WHERE day >= getvariable('from_day') AND day IN (SELECT day FROM touched_day);

INSERT INTO rollup_client_day
WITH started AS (
    SELECT day, client_id, count(*) AS sessions FROM fact_session
    WHERE day >= getvariable('from_day') AND day IN (SELECT day FROM touched_day)
    GROUP BY day, client_id
)
SELECT
    day,
    client_id,
    count(*) AS uses,
    count(*) FILTER (WHERE is_action) AS actions,
    count(DISTINCT person_id) AS people,
    coalesce(any_value(started.sessions), 0) AS sessions,
    min(seq) AS first_seq,
    max(seq) AS last_seq
FROM fact_activity LEFT JOIN started USING (day, client_id)
-- A day starts at most 14 hours from its UTC namesake; happened_at is what the facts are roughly in order of.
WHERE is_use AND happened_at >= getvariable('from_day') - INTERVAL 1 DAY AND day IN (SELECT day FROM touched_day)
GROUP BY day, client_id
ORDER BY day, client_id;
