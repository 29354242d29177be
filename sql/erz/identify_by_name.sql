select place, p.id as person, true as current
from open join erz.person p on p.name_key = erz.name_key(open.fam, open.im, open.ot) and p.dr = open.dr and p.w = coalesce(open.w, p.w)
