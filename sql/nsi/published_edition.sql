select id, dictionary, sha256, version, issued, loaded_at, title, source
from nsi.edition
where dictionary = :dictionary and version <> ''
order by issued desc nulls last, id desc
limit 1
