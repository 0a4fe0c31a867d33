"""The portal store: tables, migrations, engine, merge, crosswalk, inbox, scoped reading."""
