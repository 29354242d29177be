def beside(given):
    return {"ours": {}, "duckdb": {}, "threads": 0, "rows": 0}
