select h.osn, count(*) as positions, sum(h.applied)::bigint as amount, min(h.rule) as rule
from pump.hit h where h.closing = :id and h.applied > 0 group by h.osn order by amount desc, h.osn
