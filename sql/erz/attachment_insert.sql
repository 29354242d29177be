insert into erz.attachment (package, row, person, lpu_id, date_in, date_out, spos)
select r.package, r.row, r.person, :sender, r.date_in, r.date_out, r.spos
from erz.request r
where r.package = :package and r.refusal is null
    and not exists (
        select from erz.attachment a
        where a.person = r.person and a.in_effect
            and (a.lpu_id, a.date_in, a.spos, coalesce(a.date_out, 'infinity'))
                = (:sender, r.date_in, r.spos, coalesce(r.date_out, 'infinity'))
    )
