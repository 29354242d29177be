select distinct code_mo, nschet, year from pump.{kind}_schet
where report_month = any(:periods) and package in (select unnest(packages) from pump.closing where id = any(:earlier))
