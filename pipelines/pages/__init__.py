"""Pages of operators and auditors: a FastAPI application rendered on the server, behind Airflow's login."""
