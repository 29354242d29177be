-- Accounts of an organisation in closings that are approved: closing and packages of each that is asked for, by its place.
select asked.place, closing.id as closing, account.package
from unnest(
    cast(:places as integer[]), cast(:periods as date[]), cast(:nschet as text[]), cast(:dschet as date[]),
    cast(:codes as bigint[])
) asked (place, period, nschet, dschet, code)
join pump.closing on closing.period = asked.period and closing.kind = 'month' and closing.state in ('APPROVED', 'DELIVERED')
join (
    select report_month, package, code_mo, code, nschet, dschet from pump.h_schet
    union all select report_month, package, code_mo, code, nschet, dschet from pump.c_schet
    union all select report_month, package, code_mo, code, nschet, dschet from pump.t_schet
    union all select report_month, package, code_mo, code, nschet, dschet from pump.x_schet
) account on account.report_month = asked.period and account.package = any(closing.packages)
    and account.code_mo = :code_mo
    and (account.nschet, account.dschet, account.code) = (asked.nschet, asked.dschet, asked.code)
order by asked.place, account.package
