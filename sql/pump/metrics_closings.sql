-- Closings of months and controls of days by state.
select kind, state, count(*) as value from pump.closing group by kind, state order by kind, state
