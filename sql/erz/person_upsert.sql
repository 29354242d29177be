insert into erz.person (id, enp, fam, im, ot, dr, w, snils, dead_on)
select distinct on (id) id, enp, fam, im, ot, dr, w, regexp_replace(snils, '\D', '', 'g'), dead_on
from person_arriving
on conflict (id) do update set
    (enp, fam, im, ot, dr, w, snils, dead_on)
    = row(excluded.enp, excluded.fam, excluded.im, excluded.ot, excluded.dr, excluded.w, excluded.snils, excluded.dead_on)
