-- What the last closing before a period could not withhold, as debts under the same documents.
select payer, code_mo as "CODE_MO", 'debt' as what, act, date, rest as amount
from pump.due
where rest > 0 and closing = (
    select id from pump.closing where id = any(:earlier) order by period desc limit 1)
order by ordinal
