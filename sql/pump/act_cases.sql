-- Cases of accounts by their numbers: who pays how much, when the care ended, what acts of other packages have withheld.
select asked.place, decision.package, decision."row", decision.payer, decision.sump, register.date_z_2 as ended,
    (select coalesce(sum(earlier.sank_it), 0)::bigint from pump.act_case earlier
     where (earlier.case_package, earlier.case_row) = (decision.package, decision."row")
        and earlier.package <> :package) as sanctions
from unnest(
    cast(:places as integer[]), cast(:closings as bigint[]), cast(:packages as bigint[]), cast(:numbers as bigint[])
) asked (place, closing, package, idcase)
join pump.decision on (decision.closing, decision.package, decision.idcase) = (asked.closing, asked.package, asked.idcase)
join pump.closing on closing.id = decision.closing
join (
    select report_month, package, "row", date_z_2 from pump.h_zap
    union all select report_month, package, "row", date_z_2 from pump.c_zap
    union all select report_month, package, "row", date_z_2 from pump.t_zap
    union all select report_month, package, "row", date_z_2 from pump.x_zap
) register on (register.report_month, register.package, register."row")
    = (closing.period, decision.package, decision."row")
where register.report_month = any(cast(:periods as date[]))
order by asked.place, decision.package, decision."row"
