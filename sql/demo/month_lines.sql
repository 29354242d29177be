-- Settlement of a closing by payer and organisation, kopecks.
select l.payer, coalesce(o.short_name, 'другая территория') as title, o.code is not null as insurer, l.code_mo,
       l.accepted_1 + l.accepted_2 + l.accepted_3 + l.accepted_4 as accepted, l.gross,
       l.advance + l.debt + l.sanction + l.fine as withheld, l.payable
from pump.line l left join exchange.organisation o on o.code = l.payer
where l.closing = :closing
order by o.code is null, l.payer, l.code_mo
