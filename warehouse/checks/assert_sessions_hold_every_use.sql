-- Each use of a touched visitor lies in exactly one of its visits: the counts add up.
WITH uses AS (
    SELECT f.client_id, f.visitor, count(*) AS uses FROM fact_activity AS f JOIN touched_visitor AS t
        ON t.client_id = f.client_id AND t.visitor = f.visitor AND f.happened_at >= t.from_at
    WHERE f.is_use AND f.happened_at >= getvariable('from_at') GROUP BY ALL
),
held AS (
    SELECT s.client_id, s.visitor, CAST(sum(s.uses) AS BIGINT) AS uses FROM fact_session AS s JOIN touched_visitor AS t
        ON t.client_id = s.client_id AND t.visitor = s.visitor AND s.started_at >= t.from_at
    GROUP BY ALL
)
(SELECT * FROM uses EXCEPT SELECT * FROM held)
UNION ALL
(SELECT * FROM held EXCEPT SELECT * FROM uses);
