-- Where bytes with this hash are known: sent, received as a package or as a file of one, made of a package.
select 'sent' as role, g.name, g.sha256, g.size, g.package, p.name as package_name, coalesce(g.sent_at,
    (select max(e.at) from exchange.event e where e.package = g.package and e.name = 'DELIVERED'
     and e.details ->> 'name' = g.name)) as at, g.address, g.channel
from exchange.outgoing g left join exchange.package p on p.id = g.package where g.sha256 = :sha256
union all
select 'package', p.name, p.sha256, p.size, p.id, p.name, p.received_at, p.address, p.channel
from exchange.package p where p.sha256 = :sha256
union all
select 'member', m.name, m.sha256, m.size, m.package, p.name, p.received_at, p.address, p.channel
from exchange.member m join exchange.package p on p.id = m.package where m.sha256 = :sha256
union all
select 'document', d.name, d.sha256, d.size, d.package, p.name, d.made_at, '', ''
from exchange.document d join exchange.package p on p.id = d.package where d.sha256 = :sha256
order by at nulls last, package
limit :limit
