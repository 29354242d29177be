-- Leases due files of a channel to this run; a run that dies lets them become due again.
update exchange.outgoing o set due_at = :lease, attempts = o.attempts + 1
where o.id in (
    select id from exchange.outgoing
    where sent_at is null and due_at <= :now and channel = :channel
    order by id limit :limit for update skip locked)
returning o.id, o.package, o.channel, o.address, o.name, o.sha256, o.subject, o.body, o.reference, o.attempts
