insert into erz.document (person, doctype, docser, docnum)
select distinct id, doctype, docser, docnum
from person_arriving
where docnum is not null
