-- Cases of an organisation that an insurer pays by a closing, with what an act says of them.
select account.year, account.month, account.code, account.nschet, account.dschet, account.summav,
    decision.idcase, register.lpu, decision.sump, register.date_z_2,
    (select min(visit.sl_id) from (
        select report_month, package, parent, sl_id from pump.h_sl
        union all select report_month, package, parent, sl_id from pump.c_sl
        union all select report_month, package, parent, sl_id from pump.t_sl
        union all select report_month, package, parent, sl_id from pump.x_sl
     ) visit
     where (visit.report_month, visit.package, visit.parent)
        = (register.report_month, register.package, register."row")) as sl_id
from pump.decision
join pump.closing on closing.id = decision.closing
join (
    select report_month, package, year, month, code, nschet, dschet, summav from pump.h_schet
    union all select report_month, package, year, month, code, nschet, dschet, summav from pump.c_schet
    union all select report_month, package, year, month, code, nschet, dschet, summav from pump.t_schet
    union all select report_month, package, year, month, code, nschet, dschet, summav from pump.x_schet
) account on (account.report_month, account.package) = (closing.period, decision.package)
join (
    select report_month, package, "row", lpu, date_z_2 from pump.h_zap
    union all select report_month, package, "row", lpu, date_z_2 from pump.c_zap
    union all select report_month, package, "row", lpu, date_z_2 from pump.t_zap
    union all select report_month, package, "row", lpu, date_z_2 from pump.x_zap
) register on (register.report_month, register.package, register."row")
    = (closing.period, decision.package, decision."row")
where decision.closing = :closing and decision.payer = :smo and decision.code_mo = :code_mo
order by decision.package, decision."row"
