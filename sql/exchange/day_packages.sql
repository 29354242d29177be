insert into exchange.day_packages
select cast(:day as date), sender, channel, kind, result, count(*), sum(size), coalesce(sum(records), 0),
       coalesce(sum(accepted), 0), coalesce(sum(findings), 0), coalesce(sum((sums ->> 'SUMV')::bigint), 0)
from exchange.package
where received_at >= cast(:day as timestamp) at time zone :zone
  and received_at < (cast(:day as timestamp) + interval '1 day') at time zone :zone
group by sender, channel, kind, result
