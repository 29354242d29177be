-- Opened packages answered in a day that have findings and no documents yet.
select p.id from exchange.package p
where p.answered_at >= :since and p.answered_at < :until and p.findings > 0 and p.purged_at is null
  and exists (select from exchange.member m where m.package = p.id)
  and not exists (select from exchange.document d where d.package = p.id)
order by p.id limit :limit
