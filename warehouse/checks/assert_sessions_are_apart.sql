-- Two visits of one visitor are at least 30 minutes apart.
WITH touched_sessions AS (
    SELECT s.* FROM fact_session AS s SEMI JOIN touched_visitor AS t
        ON t.client_id = s.client_id AND t.visitor = s.visitor
),
gaps AS (
    SELECT *, started_at - lag(ended_at) OVER (PARTITION BY client_id, visitor ORDER BY started_at) AS gap
    FROM touched_sessions
)
SELECT * FROM gaps WHERE gap < INTERVAL 30 MINUTE;
