-- Packages of the subsystem that have no answer yet: whose month they are of is not known.
select count(*) from exchange.package where subsystem = 'pump' and state <> 'ANSWERED' and received_at <= :now
