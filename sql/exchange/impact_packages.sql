-- Packages that were opened and judged, by the report month; those that could not be opened have nothing to replay.
with judged as (
    select p.*, coalesce(p.period, date_trunc('month', p.received_at at time zone 'Europe/Moscow')::date) as month
    from exchange.package p
    where p.result in ('ACCEPTED', 'PARTIAL', 'REJECTED') and p.kind = any(:kinds)
      and exists (select from exchange.event e where e.package = p.id and e.name = 'OPENED')
)
select id, sender, channel, address, name, reference, sha256, size, received_at, incomplete, attached,
       kind, to_char(month, 'YYYY-MM') as period, purged_at
from judged
where month >= :since and month <= :until
order by id
