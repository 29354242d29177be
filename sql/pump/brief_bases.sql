select osn, count(*) as positions, sum(applied) as amount
from pump.hit where closing = :closing and applied > 0 group by osn order by amount desc, osn
