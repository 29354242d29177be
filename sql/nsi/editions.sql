select e.id, e.dictionary, e.sha256, e.version, e.issued, e.loaded_at, e.title, e.source,
    (select count(*) from nsi.entry as n where n.edition = e.id) as rows
from nsi.edition as e
where cast(:dictionary as text) is null or e.dictionary = :dictionary
order by e.dictionary, e.id
