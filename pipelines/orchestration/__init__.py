"""Airflow around the exchange: connections, assets, the watcher of the channels and the bodies of the DAGs."""
