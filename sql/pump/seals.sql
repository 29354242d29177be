-- What the events of each closing sealed: decisions, settlement, list of files; null for a step that was not done.
select c.id,
       (select e.details ->> 'decisions_sha256' from exchange.event e
        where e.name = 'MONTH_CONTROLLED' and (e.details ->> 'closing')::bigint = c.id order by seq desc limit 1)
           as decisions_sha256,
       (select e.details ->> 'lines_sha256' from exchange.event e
        where e.name = 'MONTH_SETTLED' and (e.details ->> 'closing')::bigint = c.id order by seq desc limit 1)
           as lines_sha256,
       (select e.details ->> 'documents_sha256' from exchange.event e
        where e.name = 'MONTH_PACKED' and (e.details ->> 'closing')::bigint = c.id order by seq desc limit 1)
           as documents_sha256
from pump.closing c order by c.id
