select p.id, p.channel, p.address, p.name, p.state, p.result, p.findings, p.received_at, p.answered_at,
       coalesce((select array_agg(distinct f.rule order by f.rule) from exchange.finding f
                 where f.package = coalesce(p.duplicate_of, p.id)), '{}') as rules,
       coalesce((select array_agg(o.name order by o.id) from exchange.outgoing o where o.package = p.id), '{}') as answers
from exchange.package p
where p.id > :after
order by p.id
