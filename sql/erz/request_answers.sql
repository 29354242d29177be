select row, found, refusal, lpuid_et, datein_et::text, spos_et
from erz.request
where package = :package
order by row
