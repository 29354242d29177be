-- Each sender's days with packages since a day, and its packages since a later one with those refused in whole or part.
with opened as (
    select d.day::date as day, d.day::timestamp at time zone :zone as since,
           (d.day::timestamp + interval '1 day') at time zone :zone as until
    from generate_series(
        greatest(cast(:first as date), (select min(received_at) at time zone :zone from exchange.package)::date),
        cast(:last as date), interval '1 day') d (day)
    where not exists (select from exchange.day_closed c where c.day = d.day::date)
), counted as (
    select t.sender, t.day, t.result, t.packages from exchange.day_packages t where t.day between :first and :last
    union all
    select p.sender, o.day, coalesce(p.result, p.state), 1
    from opened o
    cross join lateral ( -- by its index, day after day, whatever the planner thinks of the number of days
        select p.sender, p.result, p.state from exchange.package p
        where p.received_at >= o.since and p.received_at < o.until
        offset 0
    ) p
), of_day as (
    select sender, day, sum(packages) as packages,
           sum(packages) filter (where result in ('PARTIAL', 'REJECTED', 'QUARANTINED')) as faulty
    from counted group by sender, day
)
select sender, array_agg(day) as days, coalesce(sum(packages) filter (where day >= :counted), 0)::bigint as packages,
       coalesce(sum(faulty) filter (where day >= :counted), 0)::bigint as faulty
from of_day where sender is not null group by sender
