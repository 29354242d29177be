select c.id, c.period, c.kind, c.state, c.act_number, c.act_date, c.decided_by, c.decided_at, c.reason,
       cardinality(c.packages) as packages,
       (select count(*) from pump.decision d where d.closing = c.id) as cases,
       (select sum(sumv) from pump.decision d where d.closing = c.id) as sumv,
       (select sum(sump) from pump.decision d where d.closing = c.id) as sump,
       (select sum(payable) from pump.line l where l.closing = c.id) as payable
from pump.closing c order by c.id
