"""Where the rooms meet: the engine as plain functions, and Prefect's coat over them (prefect_flows)."""
