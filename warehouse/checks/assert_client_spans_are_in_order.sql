-- A client is live in spans that do not overlap and do not run backwards.
SELECT * FROM (
    SELECT *, lead(live_from) OVER (PARTITION BY client_id ORDER BY live_from NULLS FIRST) AS next_from FROM client_span
) WHERE next_from < live_until;
