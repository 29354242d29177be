select l.*, coalesce(m.short_name, l.code_mo) as mo, coalesce(p.short_name, 'другая территория') as payer_name
from pump.line l
left join exchange.organisation m on m.code = l.code_mo
left join exchange.organisation p on p.code = l.payer
where l.closing = :id order by p.code is null, l.payer, l.code_mo
