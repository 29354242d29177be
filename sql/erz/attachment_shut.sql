update erz.attachment a
set date_out = case when a.date_in <= r.dead_on then r.dead_on else a.date_out end,
    in_effect = a.date_in <= r.dead_on,
    ended_by = r.package
from change_arriving r
where r.refusal is null and r.dead_on is not null
    and a.person = r.person and a.in_effect and (a.date_out is null or a.date_out > r.dead_on)
