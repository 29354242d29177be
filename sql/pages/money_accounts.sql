-- Decisions of closings by month and kind of register; an account counts once for each payer.
select c.period, a.kind, sum(a.cases)::bigint as cases, sum(a.sumv)::bigint as sumv, sum(a.paid)::bigint as paid,
       sum(a.partly)::bigint as partly, sum(a.refused)::bigint as refused, sum(a.sank_it)::bigint as sank_it,
       sum(a.sump)::bigint as sump, sum(a.accounts)::bigint as accounts
from pump.month_kind a join pump.closing c on c.id = a.closing
where a.closing = any(cast(:closings as bigint[]))
group by c.period, a.kind order by c.period, a.kind
