-- Visits. A touched visitor's visits are drawn anew from the first one that a touched row could join or split.

CREATE OR REPLACE TEMP TABLE touched_visitor AS
WITH earliest AS (SELECT client_id, visitor, min(happened_at) AS happened_at FROM touched GROUP BY ALL)
SELECT earliest.client_id, earliest.visitor, least(any_value(earliest.happened_at), min(started_at)) AS from_at
FROM earliest LEFT JOIN fact_session AS known
    ON known.client_id = earliest.client_id
    AND known.visitor = earliest.visitor
    AND known.ended_at > earliest.happened_at - INTERVAL 30 MINUTE
GROUP BY ALL;
-- A constant, so that the scan below skips what is older.
SET VARIABLE from_at = (SELECT coalesce(min(from_at), TIMESTAMP '9999-01-01') FROM touched_visitor);

CREATE OR REPLACE TEMP TABLE leaving_session AS
SELECT known.* FROM fact_session AS known JOIN touched_visitor AS t
    ON t.client_id = known.client_id AND t.visitor = known.visitor AND known.started_at >= t.from_at
WHERE known.started_at >= getvariable('from_at');

CREATE OR REPLACE TEMP TABLE entering_session AS
WITH uses AS (
    SELECT f.client_id, f.visitor, f.person_id, f.happened_at, f.day, f.seq, f.is_action
    FROM fact_activity AS f JOIN touched_visitor AS t
        ON t.client_id = f.client_id AND t.visitor = f.visitor AND f.happened_at >= t.from_at
    WHERE f.is_use AND f.happened_at >= getvariable('from_at')
),
starts AS (
    SELECT *, happened_at - lag(happened_at) OVER by_visitor < INTERVAL 30 MINUTE AS goes_on FROM uses
    WINDOW by_visitor AS (PARTITION BY client_id, visitor ORDER BY happened_at, seq)
),
numbered AS (
    SELECT *, count(*) FILTER (WHERE goes_on IS NOT true) OVER (
        PARTITION BY client_id, visitor ORDER BY happened_at, seq ROWS UNBOUNDED PRECEDING
    ) AS number FROM starts
)
SELECT
    client_id,
    visitor,
    arg_min(person_id, (happened_at, seq)) AS person_id,
    min(happened_at) AS started_at,
    max(happened_at) AS ended_at,
    min(day) AS day,
    count(*) AS uses,
    count(*) FILTER (WHERE is_action) AS actions,
    min(seq) AS first_seq,
    max(seq) AS last_seq
FROM numbered GROUP BY client_id, visitor, number;

DELETE FROM fact_session AS known USING leaving_session AS old
WHERE known.client_id = old.client_id AND known.visitor = old.visitor AND known.started_at = old.started_at;
INSERT INTO fact_session SELECT * FROM entering_session ORDER BY started_at, client_id, visitor;
