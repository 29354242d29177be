drop table erz.change;
alter table erz.person add column smo text, add column valid_from date, add column valid_to date;
update erz.person p
set smo = last.smo, valid_from = last.valid_from, valid_to = last.valid_to
from (
    select distinct on (person) person, coalesce(smo, okato) as smo, valid_from, valid_to
    from erz.policy
    order by person, in_effect desc, valid_from desc
) last
where last.person = p.id;
-- A person without any insurance has no place in the older register.
delete from erz.attachment a where not exists (select from erz.policy q where q.person = a.person);
update erz.request r set person = null where not exists (select from erz.policy q where q.person = r.person);
drop table erz.person_before;
delete from erz.person where smo is null;
alter table erz.person alter column smo set not null, alter column valid_from set not null,
    add check (valid_to >= valid_from);
drop table erz.policy;
drop table erz.document;
drop index erz.person_snils;
alter table erz.person drop column package, drop column row;
drop function erz.number_key(text);
