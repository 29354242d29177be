select seq, package, to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') as at, name, actor,
       details::text as details, previous, hash
from exchange.event where seq > :after order by seq limit :limit
