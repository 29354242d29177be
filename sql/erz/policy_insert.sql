insert into erz.policy (person, kind, series, number, enp, smo, valid_from, valid_to, package, row)
select r.person, r.kind, r.series, r.number, p.enp, :smo, r.dbeg, r.dend, r.package, r.row
from change_arriving r join erz.person p on p.id = r.person
where r.refusal is null and r.opens
