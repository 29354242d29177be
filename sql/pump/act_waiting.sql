-- Packages of acts received up to a moment that no closing of a month has withheld.
select package.id
from exchange.package
where package.received_at <= :before
    and exists (select from pump.act where act.package = package.id)
    and not exists (
        select from pump.closing
        where closing.kind = 'month' and closing.state <> 'REJECTED' and package.id = any(closing.acts)
    )
order by package.id
