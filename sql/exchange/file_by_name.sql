-- Files whose name begins so (capitals do not matter), with what bytes they are known.
(select 'sent' as role, g.name, g.sha256, g.size, g.package, p.name as package_name, coalesce(g.sent_at,
    (select max(e.at) from exchange.event e where e.package = g.package and e.name = 'DELIVERED'
     and e.details ->> 'name' = g.name)) as at, g.address, g.channel
 from exchange.outgoing g left join exchange.package p on p.id = g.package
 where upper(g.name) like upper(:begins) order by g.id desc limit :limit)
union all
(select 'package', p.name, p.sha256, p.size, p.id, p.name, p.received_at, p.address, p.channel
 from exchange.package p where upper(p.name) like upper(:begins) order by p.id desc limit :limit)
union all
(select 'member', m.name, m.sha256, m.size, m.package, p.name, p.received_at, p.address, p.channel
 from exchange.member m join exchange.package p on p.id = m.package
 where upper(m.name) like upper(:begins) order by m.package desc limit :limit)
order by at desc nulls last
limit :limit
