select distinct on (dictionary) dictionary, id, sha256
from nsi.edition
order by dictionary, id desc
