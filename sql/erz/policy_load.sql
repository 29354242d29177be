insert into erz.policy (person, kind, series, number, enp, smo, okato, valid_from, valid_to)
select id, coalesce(kind, case when enp is not null then 'П' end), series, coalesce(number, case when kind is null then enp end),
       enp, smo, okato, valid_from, valid_to
from person_arriving
