select e.id, e.title, e.version, e.issued, e.loaded_at, e.source, e.sha256,
       (select count(*) from nsi.entry r where r.edition = e.id) as rows
from nsi.edition e where e.dictionary = :dictionary order by e.id desc
