-- Controls of days and closings of months that decided the cases of a package, with what they came to for it.
select c.id, c.kind, c.period, c.state, c.act_number, c.act_date, c.frozen_at, c.decided_by, c.decided_at, c.reason,
       max(e.at) filter (where e.name = 'MONTH_CONTROLLED') as controlled_at,
       max(e.at) filter (where e.name = 'MONTH_DELIVERED') as delivered_at,
       max(a.cases) as cases, max(a.sump) as sump, max(a.sank_it) as sank_it
from pump.closing c
left join exchange.event e on e.name like 'MONTH\_%' and (e.details ->> 'closing')::bigint = c.id
left join lateral (
    select sum(cases)::bigint as cases, sum(sump)::bigint as sump, sum(sank_it)::bigint as sank_it
    from pump.month_account where closing = c.id and package = :id
) a on true
where c.packages @> array[cast(:id as bigint)] and (c.kind = 'month' or cast(:id as bigint) = any(c.fresh))
group by c.id order by c.id
