-- Answered packages whose bytes are past their term and are named by no other package or answer that is kept.
select p.id, p.sha256 from exchange.package p
where p.purged_at is null and p.state = 'ANSWERED' and p.received_at < :before
  and not exists (select from exchange.package k where k.sha256 = p.sha256 and k.id <> p.id and k.received_at >= :before)
  and not exists (select from exchange.outgoing g where g.sha256 = p.sha256)
order by p.id limit 10000
