-- Clients, and the spans of time in which each one was a live client of the firm.

CREATE OR REPLACE TABLE dim_client AS
SELECT id AS client_id, * EXCLUDE (id, client_id) FROM store_client;
COMMENT ON TABLE dim_client IS 'The firm''s clients as they are now, also those it no longer has.';
COMMENT ON COLUMN dim_client.source IS 'Which system the row comes from; stream and external_id name its record there.';
COMMENT ON COLUMN dim_client.batch IS 'The landing file that holds the raw record.';
COMMENT ON COLUMN dim_client.deleted_at IS 'Set when the source no longer has the client, or its mapping leaves it out, UTC.';
COMMENT ON COLUMN dim_client.deleted_reason IS 'Why: deleted, purged, left out (it became something else), left out by mapping (it never was meant).';

-- Added, removed and restored are told by the store's changes. A first load tells nothing: such a client was always
-- there. Where the last told change and the row disagree, the row is right.
CREATE OR REPLACE TABLE client_span AS
WITH told AS (
    SELECT entity_id AS client_id, seq, "at" AS happened_at, kind <> 'removed' AS alive
    FROM store_change SEMI JOIN store_client ON store_client.id = entity_id
),
ends AS (
    SELECT client_id, arg_min(alive, seq) AS first_alive, arg_max(alive, seq) AS last_alive FROM told GROUP BY client_id
),
moments AS (
    SELECT * FROM told
    UNION ALL
    SELECT id, -1, NULL, true FROM store_client LEFT JOIN ends ON ends.client_id = id
    WHERE NOT coalesce(first_alive, false)
    UNION ALL
    SELECT id, 9223372036854775807, coalesce(deleted_at, synced_at), deleted_at IS NULL
    FROM store_client LEFT JOIN ends ON ends.client_id = id
    WHERE coalesce(last_alive, true) <> (deleted_at IS NULL)
),
turns AS (
    -- Changes are numbered in order; a clock that was set back must not turn a span around.
    SELECT client_id, seq, alive, max(happened_at) OVER by_client AS happened_at,
           lag(alive) OVER by_client IS DISTINCT FROM alive AS turns
    FROM moments
    WINDOW by_client AS (PARTITION BY client_id ORDER BY seq)
),
spans AS (
    SELECT client_id, alive, happened_at AS live_from, lead(happened_at) OVER (PARTITION BY client_id ORDER BY seq) AS live_until
    FROM turns WHERE turns
)
SELECT client_id, live_from, live_until FROM spans
-- Whom somebody's edit of the mapping leaves out never was a client: earlier months do not count them either.
WHERE alive AND client_id NOT IN (SELECT id FROM store_client WHERE deleted_reason = 'left out by mapping')
ORDER BY ALL;
COMMENT ON TABLE client_span IS 'When each client was a live client of the firm.';
COMMENT ON COLUMN client_span.live_from IS 'UTC; NULL: since before the first load.';
COMMENT ON COLUMN client_span.live_until IS 'UTC, exclusive; NULL: still is.';
