select count(*) as cases, coalesce(sum(sumv), 0) as sumv, coalesce(sum(sump), 0) as sump,
       count(*) filter (where oplata = 2) as refused, count(*) filter (where oplata = 3) as partly,
       coalesce(sum(sank_it), 0) as sank_it, count(distinct code_mo) as organisations
from pump.decision where closing = :closing
