select id, dictionary, sha256, version, issued, loaded_at, title, source
from nsi.edition
where dictionary = :dictionary and id < :id
order by id desc
limit 1
