"""The demo stand: embedded servers, Airflow, and demo organisations that send their packages."""
