-- Tables that grow, with their documentation. Instants are TIMESTAMP in UTC; days and months are the firm's own.

CREATE TABLE IF NOT EXISTS warehouse_state (
    shape VARCHAR NOT NULL,
    zone VARCHAR NOT NULL,
    activity_seq BIGINT NOT NULL,
    as_of TIMESTAMP NOT NULL
);
COMMENT ON TABLE warehouse_state IS 'One row: what this file was built from, and when.';
COMMENT ON COLUMN warehouse_state.shape IS 'Fingerprint of the SQL that filled the tables; another one rebuilds them.';
COMMENT ON COLUMN warehouse_state.zone IS 'The firm''s time zone (IANA): days and months are its days and months.';
COMMENT ON COLUMN warehouse_state.activity_seq IS 'The last activity row of the store that this file knows.';
COMMENT ON COLUMN warehouse_state.as_of IS 'When the store was read, UTC.';

CREATE TABLE IF NOT EXISTS fact_activity (
    seq BIGINT NOT NULL,
    happened_at TIMESTAMP NOT NULL,
    day DATE NOT NULL,
    client_id VARCHAR,
    person_id VARCHAR,
    session_id VARCHAR,
    visitor VARCHAR,
    verb VARCHAR NOT NULL,
    object_kind VARCHAR,
    object_id VARCHAR,
    via VARCHAR NOT NULL,
    is_use BOOLEAN NOT NULL,
    is_action BOOLEAN NOT NULL
);
COMMENT ON TABLE fact_activity IS 'One row for each thing somebody did in the portal or its API.';
COMMENT ON COLUMN fact_activity.seq IS 'The row''s number in the store: activity.seq.';
COMMENT ON COLUMN fact_activity.happened_at IS 'When it happened, UTC.';
COMMENT ON COLUMN fact_activity.day IS 'The day it happened, in the firm''s time zone.';
COMMENT ON COLUMN fact_activity.visitor IS 'The signed-in browser or token it came from; the person where that is unknown.';
COMMENT ON COLUMN fact_activity.verb IS 'What was done; dim_verb explains it.';
COMMENT ON COLUMN fact_activity.via IS 'By which way: page, api, file, deep_link.';
COMMENT ON COLUMN fact_activity.is_use IS 'A signed-in person of a client did it. False for staff, scanners and bots.';
COMMENT ON COLUMN fact_activity.is_action IS 'It is a use, and its verb is a meaningful action. Looking is none.';

CREATE TABLE IF NOT EXISTS fact_session (
    client_id VARCHAR NOT NULL,
    visitor VARCHAR NOT NULL,
    person_id VARCHAR NOT NULL,
    started_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP NOT NULL,
    day DATE NOT NULL,
    uses BIGINT NOT NULL,
    actions BIGINT NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL
);
COMMENT ON TABLE fact_session IS 'One row for each visit: uses of one visitor, less than 30 minutes apart.';
COMMENT ON COLUMN fact_session.day IS 'The day it started, in the firm''s time zone.';
COMMENT ON COLUMN fact_session.uses IS 'How many rows of fact_activity it holds: same client and visitor, is_use, from started_at to ended_at.';
COMMENT ON COLUMN fact_session.actions IS 'How many of them are meaningful actions.';
COMMENT ON COLUMN fact_session.first_seq IS 'The lowest fact_activity.seq in it.';
COMMENT ON COLUMN fact_session.last_seq IS 'The highest fact_activity.seq in it.';

CREATE TABLE IF NOT EXISTS rollup_client_day (
    day DATE NOT NULL,
    client_id VARCHAR NOT NULL,
    uses BIGINT NOT NULL,
    actions BIGINT NOT NULL,
    people BIGINT NOT NULL,
    sessions BIGINT NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL
);
COMMENT ON TABLE rollup_client_day IS 'What each client did on each of the firm''s days. Days without use have no row.';
COMMENT ON COLUMN rollup_client_day.people IS 'Different persons of the client who did something.';
COMMENT ON COLUMN rollup_client_day.sessions IS 'Visits that started on that day.';
COMMENT ON COLUMN rollup_client_day.first_seq IS 'The lowest fact_activity.seq behind the row.';
COMMENT ON COLUMN rollup_client_day.last_seq IS 'The highest fact_activity.seq behind the row.';
