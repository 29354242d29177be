update erz.person p
set enp = coalesce(p.enp, r.enp), fam = r.fam, im = r.im, ot = r.ot, dr = r.dr, w = r.w,
    snils = coalesce(r.snils, p.snils), dead_on = coalesce(r.dead_on, p.dead_on),
    package = r.package, row = r.row
from change_arriving r join erz.person_before b on b.replaced_by = r.package and b.replaced_row = r.row
where p.id = r.person
