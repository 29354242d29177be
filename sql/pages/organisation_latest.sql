-- Each organisation with its last package, and how many packages of its own wait.
select o.code, o.kind, o.name, o.short_name, o.valid_from, o.valid_until,
       last.id, last.name as package, last.received_at, last.state, last.result,
       (select array_agg(a.address order by a.address) from exchange.trusted_address a where a.organisation = o.code)
           as addresses
from exchange.organisation o
left join lateral (
    select p.id, p.name, p.received_at, p.state, p.result from exchange.package p
    where p.sender = o.code order by p.received_at desc, p.id desc limit 1
) last on true
order by o.kind, o.code
