-- A policy that begins ends the one before it the day before.
update erz.policy q
set valid_to = r.dbeg - 1, ended_by = r.package, ended_row = r.row
from change_arriving r
where r.refusal is null and r.opens and not r.is_new
    and q.person = r.person and q.in_effect and (q.valid_to is null or q.valid_to >= r.dbeg)
