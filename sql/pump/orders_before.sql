select count(distinct (closing, payer, code_mo)) from pump.document
where kind = 'payment_order' and closing = any(:closings)
