-- The nouns that clients see, as they are now, each with its source, record and landing file.

CREATE OR REPLACE TABLE dim_person AS SELECT id AS person_id, * EXCLUDE (id) FROM store_person;
COMMENT ON TABLE dim_person IS 'People at clients. role NULL: known, but without access to the portal.';

CREATE OR REPLACE TABLE dim_project AS SELECT id AS project_id, * EXCLUDE (id) FROM store_project;
COMMENT ON TABLE dim_project IS 'Work for clients: projects, matters, campaigns, buildings, implementations (kind).';

CREATE OR REPLACE TABLE fact_request AS SELECT id AS request_id, * EXCLUDE (id) FROM store_request;
COMMENT ON TABLE fact_request IS 'What clients asked for. answer_by is the firm''s promise.';

CREATE OR REPLACE TABLE fact_shipment AS SELECT id AS shipment_id, * EXCLUDE (id) FROM store_shipment;
COMMENT ON TABLE fact_shipment IS 'Goods on their way. promised is the first promise, eta the present expectation: _at where the source knows the hour, _on where it knows the day alone.';

CREATE OR REPLACE TABLE fact_invoice AS SELECT id AS invoice_id, * EXCLUDE (id) FROM store_invoice;
COMMENT ON TABLE fact_invoice IS 'Invoices. Amounts are minor units (cents) of currency.';

CREATE OR REPLACE TABLE fact_payment AS SELECT id AS payment_id, * EXCLUDE (id) FROM store_payment;
COMMENT ON TABLE fact_payment IS 'Payments received. Amounts are minor units (cents) of currency.';
