select id, dictionary, sha256, version, issued, loaded_at, title, source
from nsi.edition
where id = :id
