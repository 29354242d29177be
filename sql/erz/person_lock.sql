select p.id
from erz.person p
where p.id in (select r.person from request_arriving r)
order by p.id
for no key update
