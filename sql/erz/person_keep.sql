insert into erz.person_before (person, enp, fam, im, ot, dr, w, snils, dead_on, package, row, replaced_by, replaced_row)
select p.id, p.enp, p.fam, p.im, p.ot, p.dr, p.w, p.snils, p.dead_on, p.package, p.row, r.package, r.row
from change_arriving r join erz.person p on p.id = r.person
where r.refusal is null and not r.is_new and r.does in ('state', 'data', 'open', 'death')
    and (p.enp, p.fam, p.im, p.ot, p.dr, p.w, p.snils, p.dead_on)
        is distinct from (coalesce(p.enp, r.enp), r.fam, r.im, r.ot, r.dr, r.w, coalesce(r.snils, p.snils),
            coalesce(r.dead_on, p.dead_on))
