select fields, valid_from, valid_to
from nsi.entry
where edition = :edition
order by row
