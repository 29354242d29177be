-- A package to make documents of, held until the end of the transaction.
select p.id, p.sender, p.channel, p.address, p.name, p.reference, p.sha256, p.size, p.received_at, p.incomplete, p.attached,
       p.state, p.duplicate_of, p.purged_at,
       exists (select from exchange.member m where m.package = p.id) as opened
from exchange.package p
where p.id = :id
for no key update
