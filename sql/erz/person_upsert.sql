insert into erz.person (id, enp, fam, im, ot, dr, w, snils, smo, valid_from, valid_to, dead_on)
select id, enp, fam, im, ot, dr, w, snils, smo, valid_from, valid_to, dead_on
from person_arriving
on conflict (id) do update set
    (enp, fam, im, ot, dr, w, snils, smo, valid_from, valid_to, dead_on)
    = row(excluded.enp, excluded.fam, excluded.im, excluded.ot, excluded.dr, excluded.w, excluded.snils, excluded.smo,
          excluded.valid_from, excluded.valid_to, excluded.dead_on)
