select l.payer, coalesce(o.short_name, 'другая территория') as name, sum(l.gross) as gross,
       sum(l.advance + l.debt + l.sanction + l.fine) as withheld, sum(l.payable) as payable, sum(l.carried) as carried
from pump.line l left join exchange.organisation o on o.code = l.payer
where l.closing = :closing group by l.payer, o.code, o.short_name
order by o.code is null, l.payer
