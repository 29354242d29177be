select d.ordinal, d.kind, d.recipient, coalesce(o.short_name, d.recipient) as to_name, d.name, d.title, d.size, d.sha256,
       (select max(sent_at) from exchange.outgoing x
        where x.package is null and x.recipient = d.recipient and x.name = d.name and x.sha256 = d.sha256) as sent_at
from pump.document d left join exchange.organisation o on o.code = d.recipient
where d.closing = :id and (cast(:kind as text) is null or d.kind = :kind) and d.ordinal > :after
order by d.ordinal limit :limit
