-- The first package of the sender with the same name and bytes.
select id, state, result from exchange.package
where sender = :sender and name = :name and sha256 = :sha256 and size = :size and incomplete = :incomplete and attached = :attached
  and id < :id and result is distinct from 'DUPLICATE'
order by id limit 1
