create temporary table if not exists person_arriving on commit drop as
select id, enp, fam, im, ot, dr, w, snils, smo, valid_from, valid_to, dead_on
from erz.person
with no data
