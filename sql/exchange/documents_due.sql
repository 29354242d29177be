-- Documents whose term is over.
select id, package, name, sha256 from exchange.document
where purged_at is null and made_at < :before
order by id limit 10000
