-- And those whose SL_ID stands in this month's registers again.
insert into history_chosen (package, "row", oplata, sump, person)
select d.package, d."row", d.oplata, d.sump, d.person
from pump.decision d
where d.closing = any(:earlier)
  and (d.package, d."row") in (
    select old.package, old.parent from pump.{kind}_sl old
    where old.report_month = any(:periods) and old.sl_id in (
        select now.sl_id from pump.{kind}_sl now where now.report_month = :period and now.package = any(:packages)))
  and not exists (select from history_chosen h where (h.package, h."row") = (d.package, d."row"))
