-- «По кодировкам счетов»: cases of each account by payer.
select a.package, p.name, a.code_mo, coalesce(m.short_name, a.code_mo) as mo, a.kind, a.payer, a.cases, a.sumv, a.paid,
       a.partly, a.refused, a.sank_it, a.sump
from pump.month_account a
left join exchange.package p on p.id = a.package
left join exchange.organisation m on m.code = a.code_mo
where a.closing = :id order by a.code_mo, a.package, a.payer
