select p.id, p.channel, p.address, p.name, coalesce(p.reference, '') as reference, p.state, p.result,
       coalesce(p.findings, 0) as findings,
       array(select distinct f.rule from exchange.finding f where f.package = p.id order by f.rule) as rules,
       coalesce((select jsonb_object_agg(o.name, o.sha256) from exchange.outgoing o where o.package = p.id), '{}') as answers
from exchange.package p
where p.id > :after
order by p.id
