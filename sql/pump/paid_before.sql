select l.payer, c.period as month, sum(l.payable + l.advance)::bigint as amount
from pump.line l join pump.closing c on c.id = l.closing
where l.closing = any(:closings) group by 1, 2 order by 2, 1
