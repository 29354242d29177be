select count(*) as known, count(*) filter (where coalesce(p.enp <> all(cast(:listed as text[])), false)) as absent
from erz.policy q join erz.person p on p.id = q.person
where q.smo = :smo and q.in_effect and q.valid_to is null
