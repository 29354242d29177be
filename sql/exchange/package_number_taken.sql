-- An accepted package of the sender under the same number, other bytes; earlier ones under way must end first.
select id, state, received_at from exchange.package
where sender = :sender and kind = :kind and number = :number and id <> :id
  and (result in ('ACCEPTED', 'PARTIAL') or (state <> 'ANSWERED' and id < :id))
order by id limit 1
