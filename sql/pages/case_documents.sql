-- Files of a closing that pay for a case: orders and bills of its payer and organisation, conclusions and registers of its package.
select d.ordinal, d.kind, d.name, d.title, d.recipient
from pump.document d join pump.closing c on c.id = d.closing
where d.closing = :closing and d.code_mo = :code_mo
  and ((d.kind in ('payment_order', 'bill') and d.payer = :payer)
       or (d.kind = 'conclusion' and d.payer = :payer and d.name like '%\_' || cast(:package as text) || '.%')
       or (d.kind in ('SMO_REGISTER', 'MO_REGISTER') and coalesce(d.payer, :payer) = :payer
           and d.name like '%\_' || to_char(c.period, 'YYMM') || cast(:package as text) || '.zip'))
order by array_position(array['payment_order', 'SMO_REGISTER', 'MO_REGISTER', 'bill', 'conclusion'], d.kind), d.ordinal
