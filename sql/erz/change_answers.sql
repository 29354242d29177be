select distinct on (c.row) c.row, c.refusal, p.enp, q.smo, q.valid_from::text, q.valid_to::text
from erz.change c
left join erz.person p on p.id = c.person
left join erz.policy q on q.person = c.person and q.in_effect
    and daterange(q.valid_from, q.valid_to, '[]') @> c.date_op
where c.package = :package
order by c.row, q.valid_from desc
