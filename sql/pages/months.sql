-- Closings with their sums as the visitor may see them, the newest first.
select c.id, c.period, c.kind, c.state, c.act_number, c.act_date, c.frozen_at, c.decided_by, c.decided_at, c.reason,
       cardinality(c.packages) as packages, d.cases, d.sumv, d.sump, d.sank_it, l.payable
from (select * from pump.closing order by id desc limit :limit) c
left join lateral (
    select coalesce(sum(cases), 0)::bigint as cases, sum(sumv)::bigint as sumv, sum(sump)::bigint as sump,
           sum(sank_it)::bigint as sank_it
    from pump.month_kind where closing = c.id) d on true
left join lateral (select sum(payable)::bigint as payable from pump.line where closing = c.id) l on true
order by c.id desc
