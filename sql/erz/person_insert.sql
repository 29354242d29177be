insert into erz.person (id, enp, fam, im, ot, dr, w, snils, dead_on, package, row)
select person, enp, fam, im, ot, dr, w, snils, dead_on, package, row
from change_arriving
where refusal is null and is_new
