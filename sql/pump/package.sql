select id, sender, channel, address, name, reference, sha256, size, received_at, incomplete, attached
from exchange.package where id = :id
