-- Organisation of attachment of every identified person on the last day of the case.
update pump.identified i set attached = a.lpu_id
from pump.{kind}_zap z join erz.attachment a on a.in_effect
     and a.date_in <= z.date_z_2 and (a.date_out is null or a.date_out >= z.date_z_2)
where i.closing = :closing and z.report_month = :period and z.package = i.package and z."row" = i."row" and a.person = i.person
