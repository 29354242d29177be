update erz.attachment a
set date_out = case when a.date_in < r.date_in then r.date_in - 1 else a.date_out end,
    in_effect = a.date_in < r.date_in,
    ended_by = :package
from erz.request r
where r.package = :package and r.refusal is null
    and a.person = r.person and a.in_effect
    and daterange(a.date_in, a.date_out, '[]') && daterange(r.date_in, r.date_out, '[]')
    and (a.lpu_id, a.date_in, a.spos, coalesce(a.date_out, 'infinity'))
        <> (:sender, r.date_in, r.spos, coalesce(r.date_out, 'infinity'))
