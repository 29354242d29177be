create temporary table request_arriving (like erz.request) on commit drop
