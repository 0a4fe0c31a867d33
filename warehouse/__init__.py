"""The analysts' file: a DuckDB database built from the portal store, checked, and published by renaming.

models/   SQL that fills tables, run in file order; the tables' columns are documented in models/00_schema.sql
checks/   assert_*.sql: rows returned are a broken promise and stop the build; warn_*.sql are told and do not
metrics/  one YAML file per metric, and the SQL shape shared by each kind of metric
"""
