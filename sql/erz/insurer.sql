select code
from exchange.organisation
where kind = 'СМО' and right(code, 2) = :ending and valid_from <= :today and (valid_until is null or valid_until >= :today)
