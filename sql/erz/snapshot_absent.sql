select count(*) as known, count(*) filter (where p.enp is not null and listed.enp is null) as absent
from erz.policy q
join erz.person p on p.id = q.person
left join (select distinct unnest(cast(:listed as text[])) as enp) listed on listed.enp = p.enp
where q.smo = :smo and q.in_effect and q.valid_to is null
