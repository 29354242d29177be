-- What each day of a period comes to by result; closed days from their totals (:whole: of all senders).
with opened as (
    select d.day::date as day, d.day::timestamp at time zone :zone as since,
           (d.day::timestamp + interval '1 day') at time zone :zone as until
    from generate_series(
        greatest(cast(:first as date), (select min(received_at) at time zone :zone from exchange.package)::date),
        cast(:last as date), interval '1 day') d (day)
    where not exists (select from exchange.day_closed c where c.day = d.day::date)
), counted as (
    select t.day, t.result, t.packages, t.accepted, t.kopecks from exchange.day_totals t
    where :whole and t.day between :first and :last
    union all
    select t.day, t.result, t.packages, t.accepted, t.kopecks from exchange.day_packages t
    where not :whole and t.day between :first and :last
    union all
    select o.day, coalesce(p.result, p.state), 1, coalesce(p.accepted, 0), coalesce((p.sums ->> 'SUMV')::bigint, 0)
    from opened o
    cross join lateral ( -- by its index, day after day, whatever the planner thinks of the number of days
        select p.result, p.state, p.accepted, p.sums from exchange.package p
        where p.received_at >= o.since and p.received_at < o.until
        offset 0
    ) p
)
select day, result, sum(packages)::bigint as packages, sum(accepted)::bigint as accepted, sum(kopecks)::bigint as kopecks
from counted group by day, result order by day
