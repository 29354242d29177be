select id, name, size, sha256, channel, address, created_at, sent_at, attempts, due_at
from exchange.outgoing where package = :id order by id
