select p.id, p.sender, p.channel, p.address, p.name, p.reference, p.sha256, p.size, p.received_at, p.incomplete,
       p.attached, p.kind, p.number, p.attempts
from exchange.package p
where p.id = :id and p.state in ('RECEIVED', 'FAILED')
for update skip locked
