-- Decided cases of earlier months that this month's cases may repeat: of the same persons, or of persons unknown.
create temporary table history_chosen on commit drop as
select d.package, d."row", d.oplata, d.sump, d.person
from pump.decision d
where d.closing = any(:earlier)
  and (d.person is null
       or d.person in (select i.person from pump.identified i where i.closing = :closing and i.person is not null))
