select place, p.id as person, true as current
from open join erz.person p on p.snils = open.snils
