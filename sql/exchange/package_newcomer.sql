-- Those that another run is at are locked and left out.
select id from exchange.package
where subsystem = :subsystem and state = 'RECEIVED' and id > :after and size <= :small and not id = any(:named)
order by id limit 1
for update skip locked
