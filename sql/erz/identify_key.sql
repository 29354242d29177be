with open as (
    select *
    from identify_asked a
    where not exists (select from identify_found f where f.place = a.place)
), candidate as materialized (
    {candidates}
), judged as materialized (
    select c.place, c.person, c.current,
           p.dr = a.dr or p.name_key = erz.name_key(a.fam, a.im, a.ot)
               or exists (select from erz.person_before b where b.person = p.id and b.dr = a.dr) as agrees
    from candidate c join identify_asked a using (place) join erz.person p on p.id = c.person
), weighed as materialized (
    select place,
           count(*) filter (where agrees) as persons,
           min(person) filter (where agrees) as one,
           count(*) filter (where agrees and current) as holders,
           min(person) filter (where agrees and current) as holder
    from judged
    group by place
), doubtful as (
    insert into identify_doubt (place, by, reason)
    select place, :by, case when persons = 0 then 'mismatch' else 'several' end
    from weighed
    where persons <> 1 and holders <> 1
)
insert into identify_found (place, person, by)
select place, case when holders = 1 then holder else one end, :by
from weighed
where persons = 1 or holders = 1
