-- Seconds from receipt to answer of the packages that were received in the last hour: half, 95 of 100, the slowest.
select count(*) as packages,
       percentile_disc(array[0.5, 0.95, 1]) within group (order by extract(epoch from answered_at - received_at)::float8)
           as seconds
from exchange.package where received_at >= now() - interval '1 hour' and answered_at is not null
