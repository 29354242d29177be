update erz.request r
set lpuid_et = known.lpu_id,
    datein_et = known.date_in,
    spos_et = known.spos
from (
    select distinct on (q.row) q.row, a.lpu_id, a.date_in, a.spos
    from erz.request q join erz.attachment a on a.person = q.person and a.in_effect
    where q.package = :package and q.lpuid_et is null
        and daterange(a.date_in, a.date_out, '[]') && daterange(q.date_in, q.date_out, '[]')
    order by q.row, a.date_in desc
) known
where r.package = :package and r.row = known.row
