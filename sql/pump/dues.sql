select payer, code_mo as "CODE_MO", what, act, date, amount from pump.due where closing = :closing order by ordinal
