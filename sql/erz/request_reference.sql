update request_arriving r
set lpuid_et = known.lpu_id,
    datein_et = known.date_in,
    spos_et = known.spos
from (
    select distinct on (q.row) q.row, a.lpu_id, a.date_in, a.spos
    from request_arriving q join erz.attachment a on a.person = q.person and a.in_effect
    where q.lpuid_et is null
        and daterange(a.date_in, a.date_out, '[]') && daterange(q.date_in, q.date_out, '[]')
    order by q.row, a.date_in desc
) known
where r.row = known.row
