-- Packages of a day by sender and result, for all senders or one; closed days from their totals.
with opened as (
    select d.day::date as day, d.day::timestamp at time zone :zone as since,
           (d.day::timestamp + interval '1 day') at time zone :zone as until
    from generate_series(
        greatest(cast(:first as date), (select min(received_at) at time zone :zone from exchange.package)::date),
        cast(:last as date), interval '1 day') d (day)
    where not exists (select from exchange.day_closed c where c.day = d.day::date)
), counted as (
    select t.day, t.sender, t.result, t.packages, t.accepted, t.kopecks from exchange.day_packages t
    where t.day between :first and :last and (cast(:sender as text) is null or t.sender = :sender)
    union all
    select o.day, p.sender, coalesce(p.result, p.state), 1, coalesce(p.accepted, 0),
           coalesce((p.sums ->> 'SUMV')::bigint, 0)
    from opened o
    cross join lateral ( -- by its index, day after day, whatever the planner thinks of the number of days
        select p.sender, p.result, p.state, p.accepted, p.sums from exchange.package p
        where p.received_at >= o.since and p.received_at < o.until
          and (cast(:sender as text) is null or p.sender = :sender)
        offset 0
    ) p
)
select day, sender, result, sum(packages)::bigint as packages, sum(accepted)::bigint as accepted,
       sum(kopecks)::bigint as kopecks
from counted group by day, sender, result order by day
