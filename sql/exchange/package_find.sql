select id, name, sender, channel, received_at, state, result, records, accepted, findings, sha256, last_error
from exchange.package
where id::text = :what or name = :what or sha256 = :what
order by id
