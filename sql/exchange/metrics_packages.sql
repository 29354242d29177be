-- Answered packages by kind and result: closed days from their totals, the others counted.
with counted as (
    select t.kind, t.result, t.packages from exchange.day_totals t
    union all
    select p.kind, p.result, 1 from exchange.package p
    where p.state = 'ANSWERED' and p.received_at >= (
        select coalesce(max(c.day) + 1, '-infinity')::timestamp at time zone :zone from exchange.day_closed c)
    union all
    select p.kind, p.result, 1
    from generate_series((select min(day) from exchange.day_closed), (select max(day) from exchange.day_closed),
        interval '1 day') d (day)
    join exchange.package p on p.state = 'ANSWERED' and p.received_at >= d.day::timestamp at time zone :zone
        and p.received_at < (d.day::timestamp + interval '1 day') at time zone :zone
    where not exists (select from exchange.day_closed c where c.day = d.day::date)
    union all
    select p.kind, p.result, 1 from exchange.package p
    where p.state = 'ANSWERED'
      and p.received_at < (select min(c.day)::timestamp at time zone :zone from exchange.day_closed c)
)
select coalesce(kind, '') as kind, result, sum(packages)::bigint as value from counted group by 1, 2 order by 1, 2
