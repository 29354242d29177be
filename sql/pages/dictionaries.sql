-- Dictionaries with their last edition and how many there were.
select distinct on (e.dictionary) e.dictionary, e.id, e.title, e.version, e.issued, e.loaded_at, e.source,
       (select count(*) from nsi.edition n where n.dictionary = e.dictionary) as editions,
       (select count(*) from nsi.entry r where r.edition = e.id) as rows
from nsi.edition e order by e.dictionary, e.id desc
