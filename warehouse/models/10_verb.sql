-- What people do, and which of it is a meaningful action: something a client would otherwise have written or called for.

CREATE OR REPLACE TABLE dim_verb AS
SELECT * FROM (VALUES
    ('view', false, 'Opened a page or read it by the API'),
    ('list', false, 'Read a list by the API'),
    ('follow', false, 'Came in by a deep link'),
    ('sign_in', false, 'Signed in'),
    ('sign_out', false, 'Signed out'),
    ('view_as', false, 'Staff began to look as a client'),
    ('view_as_end', false, 'Staff stopped looking as a client'),
    ('sync_now', false, 'Staff asked for a source to be read'),
    ('link', false, 'Staff said whose a record is'),
    ('unlink', false, 'Staff took back whose a record is'),
    ('replay', false, 'Staff had held records tried again'),
    ('let_through', false, 'Staff let a braked stream through'),
    ('download', true, 'Took a file: an invoice, a statement, a document'),
    ('search', true, 'Looked for a document'),
    ('export', true, 'Took everything'),
    ('request', true, 'Asked for something new or for a status'),
    ('update', true, 'Changed contact or billing data'),
    ('approve', true, 'Approved a version'),
    ('request_changes', true, 'Asked for changes'),
    ('book', true, 'Booked a meeting'),
    ('comment', true, 'Wrote a comment'),
    ('upload', true, 'Handed in a file'),
    ('complete', true, 'Finished a task'),
    ('invite', true, 'Gave a colleague access'),
    ('remove', true, 'Took a colleague''s access away'),
    ('pay', true, 'Went to pay an invoice')
) AS verbs (verb, is_action, words);
COMMENT ON TABLE dim_verb IS 'The verbs of fact_activity. A verb that is missing here counts as looking, and the build warns.';
COMMENT ON COLUMN dim_verb.is_action IS 'Counts in actions per session.';
