-- «По кодировкам счетов»: cases of each account by payer, in order, after one (keyset); of all accounts or one.
select a.package, p.name, a.code_mo, coalesce(m.short_name, a.code_mo) as mo, a.kind, a.payer, a.cases, a.sumv, a.paid,
       a.partly, a.refused, a.sank_it, a.sump
from (
    select * from pump.month_account
    where closing = :id and (code_mo, package, payer) > (:after_mo, cast(:after_package as bigint), :after_payer)
      and (cast(:package as bigint) is null or package = :package)
    order by code_mo, package, payer limit :limit
) a
left join exchange.package p on p.id = a.package
left join exchange.organisation m on m.code = a.code_mo
order by a.code_mo, a.package, a.payer
