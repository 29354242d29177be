-- Which of the SL_ID asked for (by place) their cases have.
select distinct asked.place
from unnest(
    cast(:places as integer[]), cast(:packages as bigint[]), cast(:rows as integer[]), cast(:numbers as text[])
) asked (place, package, "row", sl_id)
join (
    select report_month, package, parent, sl_id from pump.h_sl
    union all select report_month, package, parent, sl_id from pump.c_sl
    union all select report_month, package, parent, sl_id from pump.t_sl
    union all select report_month, package, parent, sl_id from pump.x_sl
) visit on (visit.package, visit.parent, visit.sl_id) = (asked.package, asked."row", asked.sl_id)
where visit.report_month = any(cast(:periods as date[]))
