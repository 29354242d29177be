-- Files of a closing that somebody is sent, with the channel and address that they go to.
select d.recipient, d.name, d.sha256, d.kind, o.channel, o.address
from pump.document d
left join exchange.outgoing o
    on o.package is null and o.recipient = d.recipient and o.name = d.name and o.sha256 = d.sha256
where d.closing = :closing and d.recipient is not null
order by d.ordinal
