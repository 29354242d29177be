select p.id, p.channel, p.sender, o.short_name, o.name as organisation, p.address, p.name, p.incomplete, p.attached, p.sha256,
       p.size, p.received_at, p.kind, p.subsystem, p.number, p.state, p.result, p.duplicate_of, p.period, p.records,
       p.accepted, p.findings, p.sums, p.answered_at, p.attempts, p.due_at, p.last_error, p.purged_at, p.run
from exchange.package p left join exchange.organisation o on o.code = p.sender
where p.id = :id
