delete from erz.policy
where package is null and person in (select id from person_arriving)
