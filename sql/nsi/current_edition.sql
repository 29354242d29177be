select id, dictionary, sha256, version, issued, loaded_at
from nsi.edition
where dictionary = :dictionary
order by id desc
limit 1
