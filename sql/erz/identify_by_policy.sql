select place, q.person, bool_or(q.in_effect and daterange(q.valid_from, q.valid_to, '[]') @> open.day) as current
from open join erz.policy q on q.number_key = erz.number_key(open.policy) and q.vpolis = open.vpolis
where open.policy <> '' and q.number_key <> '' and q.valid_from <= open.day
group by place, q.person
