select code_mo as "CODE_MO", unit as "UNIT", sum(quantity)::bigint as "QUANTITY", sum(money)::bigint as "MONEY"
from pump.volume where closing in (select id from pump.closing where id = any(:earlier) and period >= :since)
group by 1, 2 order by 1, 2
