select p.id
from erz.person p
where p.id in (select r.person from erz.request r where r.package = :package)
order by p.id
for no key update
