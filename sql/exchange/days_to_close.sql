-- Days before a day, from the first package on, that are not closed and whose packages are all answered.
select d.day::date as day
from generate_series(
    (select min(received_at) at time zone :zone from exchange.package)::date, cast(:before as date) - 1, interval '1 day'
) d (day)
where not exists (select from exchange.day_closed c where c.day = d.day::date)
  and not exists (
    select from exchange.package p
    where p.state <> 'ANSWERED' and p.received_at >= d.day::timestamp at time zone :zone
      and p.received_at < (d.day::timestamp + interval '1 day') at time zone :zone)
order by 1
