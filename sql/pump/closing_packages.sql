-- Registers of a period with accepted cases.
select id from exchange.package
where subsystem = 'pump' and kind = any(:kinds) and period = :period and accepted > 0 and duplicate_of is null
  and state = 'ANSWERED'
order by id
