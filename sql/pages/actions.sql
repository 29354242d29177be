-- What people did, newest first, before an event (keyset).
select seq, package, at, name, actor, details from exchange.event
where actor <> 'система' and (cast(:before as bigint) is null or seq < :before)
  and (cast(:actor as text) is null or actor = :actor)
order by seq desc limit :limit
