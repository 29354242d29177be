select state, result, count(*) as packages, max(received_at) as newest
from exchange.package group by state, result order by state, result
