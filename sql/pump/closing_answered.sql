-- Registers of a period that the control of some day has answered.
select distinct unnest(fresh) as package from pump.closing where kind = 'day' and state <> 'REJECTED' and period = :period
