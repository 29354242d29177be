select place, p.id as person, true as current
from open join erz.person p on p.enp = open.enp
union
select place, q.person, true
from open join erz.policy q on q.enp = open.enp
