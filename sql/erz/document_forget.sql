delete from erz.document
where package is null and person in (select id from person_arriving)
