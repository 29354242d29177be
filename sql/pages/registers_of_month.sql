-- Medical organisations with the registers of a report month that were accepted from them.
select o.code, o.short_name, o.valid_from, o.valid_until, count(p.id) as registers, min(p.received_at) as first,
       max(p.received_at) as last, coalesce(sum(p.accepted), 0)::bigint as accepted,
       coalesce(sum((p.sums ->> 'SUMV')::bigint), 0)::bigint as kopecks
from exchange.organisation o
left join exchange.package p
    on p.sender = o.code and p.period = :period and p.kind like 'PUMP%' and p.result in ('ACCEPTED', 'PARTIAL')
where o.kind = 'МО'
group by o.code, o.short_name, o.valid_from, o.valid_until
order by o.code
