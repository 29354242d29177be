update pump.due set withheld = :withheld, rest = :rest
where closing = :closing and (payer, code_mo, what, act, date) = (:payer, :code_mo, :what, :act, :date) and amount = :amount
