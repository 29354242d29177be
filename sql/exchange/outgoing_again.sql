-- The answer of an earlier package once more, byte for byte, to where its repetition came from.
insert into exchange.outgoing
    (package, channel, address, name, sha256, size, subject, body, reference, created_at, due_at)
select :package, :channel, :address, name, sha256, size, subject, body, :reference, :created_at, :created_at
from exchange.outgoing where package = :first order by id
