-- Registers with the decisions of closings on a package, as they were sent.
select d.closing, d.ordinal, d.name, d.recipient, g.channel, g.sent_at
from pump.closing c
join pump.document d on d.closing = c.id and d.kind in ('MO_REGISTER', 'SMO_REGISTER')
    and d.name like '%\_' || to_char(c.period, 'YYMM') || cast(:id as text) || '.zip'
join exchange.outgoing g on g.package is null and g.recipient = d.recipient and g.name = d.name and g.sha256 = d.sha256
where c.packages @> array[cast(:id as bigint)] and g.sent_at is not null
order by g.sent_at, d.ordinal
