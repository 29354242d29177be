-- Medical organisations with the registers of a report month that were accepted from them.
with sent as (
    select p.sender, count(*) as registers, min(p.received_at) as first, sum(p.accepted)::bigint as accepted
    from exchange.package p
    where p.period = :period and p.result in ('ACCEPTED', 'PARTIAL') and p.kind like 'PUMP%'
    group by p.sender
)
select o.code, o.short_name, o.valid_from, o.valid_until, coalesce(s.registers, 0) as registers, s.first,
       coalesce(s.accepted, 0) as accepted
from exchange.organisation o left join sent s on s.sender = o.code
where o.kind = 'МО'
order by o.code
