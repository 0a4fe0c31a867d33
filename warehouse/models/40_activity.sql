-- Facts. The store's newest rows are read again each time, because rows may commit later than rows with higher numbers;
-- only those that differ from what is here are touched.

CREATE OR REPLACE TEMP TABLE arriving AS
SELECT
    seq,
    "at" AS happened_at,
    CAST(timezone(getvariable('zone'), timezone('UTC', "at")) AS DATE) AS day,
    client_id,
    person_id,
    session_id,
    coalesce(session_id, person_id) AS visitor,
    verb,
    object_kind,
    object_id,
    via,
    counted AND client_id IS NOT NULL AND person_id IS NOT NULL AND staff_email IS NULL AS is_use,
    is_use AND coalesce(is_action, false) AS is_action
FROM store_activity LEFT JOIN dim_verb USING (verb);

CREATE OR REPLACE TEMP TABLE leaving AS
SELECT * FROM fact_activity WHERE seq > getvariable('above')
EXCEPT SELECT * FROM arriving;

CREATE OR REPLACE TEMP TABLE entering AS
SELECT * FROM arriving
EXCEPT SELECT * FROM fact_activity WHERE seq > getvariable('above');

DELETE FROM fact_activity WHERE seq > getvariable('above') AND seq IN (SELECT seq FROM leaving);
INSERT INTO fact_activity SELECT * FROM entering ORDER BY seq;

CREATE OR REPLACE TEMP TABLE touched AS
SELECT client_id, visitor, happened_at, day FROM leaving WHERE is_use
UNION ALL
SELECT client_id, visitor, happened_at, day FROM entering WHERE is_use;
